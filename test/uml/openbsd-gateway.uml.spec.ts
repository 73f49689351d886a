/** The whole contract of OpenBSD gateways with stand-ins, in sh and in a relative of OpenBSD's ksh, and faults; too long for every run of the tests. */
import { existsSync } from 'node:fs';
import { OpenBsdTransport } from '#adapters/ssh';
import type { DeviceConnection } from '#contexts/deployment/ports';
import { missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeOpenBsdContract, edited, ONE, push, TWO } from '../contract/openbsd-gateway.contract.js';
import { standIn } from '../contract/openbsd-stand-in.js';
import { describeWith } from '../support/describe-with.js';

describeWith({ missing: missingForRealHosts() }, 'an OpenBSD gateway made of stand-ins', () => {
  describeOpenBsdContract('stand-ins, in sh', () => standIn(), 'ALL');

  describe('a fault', () => {
    let gateway: Awaited<ReturnType<typeof standIn>>;
    let connection: DeviceConnection;
    const open = (): Promise<DeviceConnection> =>
      new OpenBsdTransport({ connectMs: 5_000 }).open(gateway.target, new AbortController().signal);
    const interfaces = async (): Promise<string[]> => (await gateway.interfaces()).sort();
    beforeEach(async () => {
      gateway = await standIn();
      connection = await open();
      await connection.stage(push(1), ONE, []);
      await connection.apply(push(1), 60);
      await connection.confirm(push(1));
    });
    afterEach(async () => {
      await connection.close();
      await gateway.close();
    });

    it('of an interface that does not come up takes the change back', async () => {
      await gateway.run(': > /run/fault-up-vxlan903');
      await connection.stage(push(2), TWO, ONE);
      await expect(connection.apply(push(2), 60)).rejects.toMatchObject({
        code: 'APPLY_FAILED',
        facts: { detail: expect.stringContaining('Cannot allocate memory') as string },
      });
      expect(await interfaces()).toEqual(['bridge307', 'vxlan307']);
      expect((await connection.inspect([])).pending).toBeNull();
    });

    it('that finds no room for its words is no success: what the interfaces do is asked', async () => {
      await gateway.run('mount -t tmpfs -o size=16k tmpfs /tmp; : > /run/fault-up-vxlan903');
      await connection.stage(push(2), TWO, ONE);
      await gateway.run('head -c 64k /dev/zero > /tmp/full || :');
      await expect(connection.apply(push(2), 60)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
      await gateway.run('rm /tmp/full');
      expect(await interfaces()).toEqual(['bridge307', 'vxlan307']);
      expect((await connection.inspect([])).pending).toBeNull();
    });

    it('of an undo without room for its words is not told as one that worked', async () => {
      const moved = edited(ONE, '/etc/hostname.vxlan307', (content) => content.replace('127.0.1.1', '127.0.1.9'));
      await gateway.run('mount -t tmpfs -o size=16k tmpfs /tmp');
      await connection.stage(push(2), moved, ONE);
      await connection.apply(push(2), 60);
      await gateway.run('head -c 64k /dev/zero > /tmp/full; : > /run/fault-up-vxlan307');
      await expect(connection.revert(push(2))).rejects.toMatchObject({ code: 'REVERT_UNPROVEN' });
      await gateway.run('rm /tmp/full /run/fault-up-vxlan307');
      await connection.recover(push(3));
      expect(await gateway.run('ifconfig vxlan307')).toMatch(/<UP,[^]*--> 127\.0\.1\.1 /);
    });

    it('of /tmp at boot keeps nobody from undoing what was not confirmed', async () => {
      await connection.stage(push(2), TWO, ONE);
      await connection.apply(push(2), 60);
      await gateway.loseTimer();
      await gateway.run('mount -t tmpfs -o ro tmpfs /tmp; sh "$(cat /etc/trame/pending/program)" boot');
      expect(await interfaces()).toEqual(['bridge307', 'vxlan307']);
      await gateway.run('umount /tmp');
      const next = await open();
      expect(await next.inspect([])).toMatchObject({ pending: null, selfReverted: { fence: 2, by: 'BOOT' } });
      await next.close();
    });

    it('of netstart itself is no undo that is believed: it is tried until it works, and said to be pending meanwhile', async () => {
      await connection.stage(push(2), TWO, ONE);
      await connection.apply(push(2), 60);
      await gateway.run(': > /run/fault-netstart');
      const moved = await connection.revert(push(2)).catch((error: unknown) => error);
      expect(moved === undefined || (moved as { code: string }).code === 'REVERT_UNPROVEN').toBe(true);
      await gateway.run('rm /run/fault-netstart');
      await connection.recover(push(3));
      expect((await connection.inspect([])).pending).toBeNull();
      expect(await interfaces()).toEqual(['bridge307', 'vxlan307']);
    });

    it('of the program, killed while netstart works, leaves the timer to undo, and no lock behind', async () => {
      await gateway.run('echo 30 > /run/slow-netstart');
      await connection.stage(push(2), TWO, ONE);
      const applying = connection.apply(push(2), 3).catch((error: unknown) => error);
      await vi.waitFor(async () => expect(await interfaces()).toContain('vxlan903'), { timeout: 10_000, interval: 100 });
      await gateway.run('rm /run/slow-netstart; pkill -KILL -f "/etc/trame/push-[0-9a-f]*.sh apply"');
      expect(await applying).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      const next = await open();
      await vi.waitFor(async () => expect((await next.inspect([])).selfReverted).toEqual({ fence: 2, by: 'TIMER' }), {
        timeout: 20_000,
        interval: 200,
      });
      expect(await interfaces()).toEqual(['bridge307', 'vxlan307']);
      await next.stage(push(3), ONE, ONE);
      await next.close();
    });

    it('of everything at once leaves what the next push undoes', async () => {
      await connection.stage(push(2), TWO, ONE);
      await connection.apply(push(2), 60);
      await gateway.killWorkers();
      gateway.dropConnections();
      const next = await open();
      await next.recover(push(3));
      expect(await interfaces()).toEqual(['bridge307', 'vxlan307']);
      await next.close();
    });
  });
});

describeWith(
  { missing: [...missingForRealHosts(), ...(existsSync('/bin/mksh') ? [] : ['Debian package mksh'])] },
  'an OpenBSD gateway made of stand-ins, with a relative of its shell',
  () => describeOpenBsdContract('stand-ins, in mksh', () => standIn('/bin/mksh'), 'ALL'),
);
