/**
 * What an OpenBSD gateway owes OpenBsdTransport. Run by test/long/openbsd-gateway.long.spec.ts against stand-ins of ifconfig and netstart, in two shells, and
 * against a real gateway where TRAME_OPENBSD_SSH names one: there is no OpenBSD in our own machines.
 */
import { generateSshKeyPair, OpenBsdTransport } from '#adapters/ssh';
import type { DeviceConnection, DeviceTarget, Expectations, PushIdentity } from '#contexts/deployment/ports';
import { compileFabric, type DeviceIntent } from '#engines/intent';
import { demoSnapshot, scenarios } from '#engines/intent/testing';
import { Ip } from '#engines/kernel';
import { type Artefact, renderDevice } from '#engines/rendering';

/** A gateway without any vxlan or bridge interface of the numbers below. */
export interface ContractGateway {
  readonly target: DeviceTarget;
  readFile(path: string): Promise<string | null>;
  writeFile(path: string, content: string): Promise<void>;
  /** Runs it as root. @returns what it printed. */
  run(command: string): Promise<string>;
  /** Names of the interfaces that exist. */
  interfaces(): Promise<string[]>;
  dropConnections(): void;
  /** Connections and the dead-man timer die, files and interfaces stay. */
  loseTimer(): Promise<void>;
  close(): Promise<void>;
}

const pf1 = compileFabric((scenarios['openbsd-gateway-multicast'] ?? demoSnapshot)()).devices.find(
  ({ slug }) => slug === 'pf1',
) as DeviceIntent;
/** Towards one peer each: groups need an interface that the machine really has. */
const withGateways = (count: number): readonly Artefact[] =>
  renderDevice({
    ...pf1,
    openbsd: pf1.openbsd && {
      ...pf1.openbsd,
      tunnelAddress: Ip.parse('127.0.0.1'),
      parent: null,
      gateways: pf1.openbsd.gateways.slice(0, count).map((gateway, at) => ({ ...gateway, destination: Ip.parse(`127.0.1.${at + 1}`) })),
    },
  });
export const [ONE, TWO] = [withGateways(1), withGateways(2)];
const PATHS = TWO.map(({ path }) => path);
const [TUNNEL, BRIDGE] = [PATHS[0] as string, PATHS[1] as string];
const NOTHING: Expectations = { vnis: [], neighbors: [] };

export const push = (fence: number): PushIdentity => ({ planId: `plan-${fence}`, revision: fence, fence });
export const edited = (artefacts: readonly Artefact[], path: string, edit: (content: string) => string): readonly Artefact[] =>
  artefacts.map((artefact) => (artefact.path === path ? { ...artefact, content: edit(artefact.content) } : artefact));

/** @param size BRIEF: what a regression would break first, in a quarter of the time. */
export function describeOpenBsdContract(name: string, makeGateway: () => Promise<ContractGateway>, size: 'ALL' | 'BRIEF'): void {
  const more: (what: string, test: () => Promise<void>) => void = size === 'ALL' ? it : () => undefined;
  describe(`OpenBsdTransport with ${name}`, () => {
    const transport = new OpenBsdTransport({ connectMs: 5_000 });
    let gateway: ContractGateway;
    let connections: DeviceConnection[];
    beforeEach(async () => {
      connections = [];
      gateway = await makeGateway();
    });
    afterEach(async () => {
      await Promise.all(connections.map((connection) => connection.close()));
      await gateway.close();
    });
    const open = async (over: Partial<DeviceTarget> = {}, signal = new AbortController().signal): Promise<DeviceConnection> => {
      const connection = await transport.open({ ...gateway.target, ...over }, signal);
      connections.push(connection);
      return connection;
    };
    const files = (): Promise<(string | null)[]> => Promise.all(PATHS.map((path) => gateway.readFile(path)));
    const wanted = (artefacts: readonly Artefact[]): (string | null)[] =>
      PATHS.map((path) => artefacts.find((artefact) => artefact.path === path)?.content ?? null);
    const ours = async (): Promise<string[]> => (await gateway.interfaces()).filter((one) => /^(vxlan|bridge)\d{3}$/.test(one)).sort();
    const put = async (fence: number, artefacts: readonly Artefact[], previous: readonly Artefact[] = []): Promise<void> => {
      const connection = await open();
      await connection.stage(push(fence), artefacts, previous);
      await connection.apply(push(fence), 60);
      const report = await connection.verify(push(fence), artefacts, NOTHING, 5_000);
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
      await connection.confirm(push(fence));
    };

    it('puts networks in force, proves it over a new connection, and has nothing to do the second time', async () => {
      const connection = await open();
      expect(await connection.inspect(PATHS)).toMatchObject({ pending: null, actual: new Map(PATHS.map((path) => [path, null])) });
      const staged = await connection.stage(push(1), TWO, []);
      expect(staged.diff).toContain(`+++ ${TUNNEL}\n`);
      expect([await files(), await ours()]).toEqual([wanted([]), []]);
      await connection.apply(push(1), 60);
      const report = await connection.verify(push(1), TWO, { vnis: [307], neighbors: [] }, 5_000);
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(report.checks.map((check) => check.name)).toEqual(
        expect.arrayContaining(['push', `file ${TUNNEL}`, 'interface vxlan307', 'interface bridge307', 'vni 307']),
      );
      expect((await connection.inspect(PATHS)).pending).toEqual({ fence: 1, applied: true });
      await connection.confirm(push(1));
      expect([await files(), await ours()]).toEqual([wanted(TWO), ['bridge307', 'bridge903', 'vxlan307', 'vxlan903']]);
      expect((await gateway.run(`ls -l ${TUNNEL}`)).slice(0, 10)).toBe('-rw-r-----');
      expect(await connection.stage(push(2), TWO, TWO)).toEqual({ diff: '', isNoop: true });
      expect((await connection.collect?.(PATHS))?.live).toEqual([]);
    });

    it('takes a network away with its interfaces, and leaves the bytes of before and what is not ours', async () => {
      await gateway.run('ifconfig vxlan777 create');
      await put(1, ONE);
      await put(2, TWO, ONE);
      await put(3, ONE, TWO);
      expect([await files(), await ours()]).toEqual([wanted(ONE), ['bridge307', 'vxlan307', 'vxlan777']]);
      await put(4, [], ONE);
      expect([await files(), await ours()]).toEqual([wanted([]), ['vxlan777']]);
      await gateway.run('ifconfig vxlan777 destroy');
    });

    more('makes a tunnel anew when it changes, with the bridge that it is in', async () => {
      await put(1, ONE);
      const moved = edited(ONE, TUNNEL, (content) => content.replace('127.0.1.1', '127.0.1.9').replace('10.4.3.254/24', '10.4.3.253/24'));
      await put(2, moved, ONE);
      const says = await gateway.run('ifconfig vxlan307');
      expect(says).toMatch(/127\.0\.1\.9/);
      expect(says).not.toContain('10.4.3.254');
      expect(await gateway.run('ifconfig bridge307')).toContain('vxlan307 flags=');
    });

    more('makes again what somebody has changed or taken away though the files are right', async () => {
      await put(1, ONE);
      await gateway.run('ifconfig vxlan307 mtu 1400');
      const connection = await open();
      expect((await connection.collect?.(PATHS))?.live).toEqual([
        { path: TUNNEL, subject: 'vxlan307', message: 'mtu is 1400, expected 1450' },
      ]);
      const staged = await connection.stage(push(2), ONE, ONE);
      expect(staged).toEqual({ diff: '# vxlan307 is not as its file says: it is made again\n', isNoop: false });
      await connection.apply(push(2), 60);
      expect((await connection.verify(push(2), ONE, NOTHING, 5_000)).ok).toBe(true);
      await connection.confirm(push(2));
      await gateway.run('ifconfig bridge307 destroy');
      await put(3, ONE, ONE);
      expect(await gateway.run('ifconfig bridge307')).toContain('vxlan307 flags=');
    });

    more('refuses a gateway with another key than the pinned one, one that does not answer, and whoever is not root', async () => {
      await expect(open({ sshHostKeys: [generateSshKeyPair().publicKey] })).rejects.toMatchObject({ code: 'WRONG_HOST_KEY' });
      await expect(open({ port: 1 })).rejects.toMatchObject({ code: 'UNREACHABLE' });
      await expect(open({ secret: generateSshKeyPair().privateKey })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    });

    it.each([
      ['a command', (text: string) => `${text}!reboot\n`, /vxlan307: not allowed here: !reboot/],
      ['words for a shell', (text: string) => text.replace('"', '"$(reboot)'), /not allowed here: description "\$\(reboot\)/],
      [
        'a second command in a line',
        (text: string) => text.replace('vnetid 307', 'vnetid 307; reboot'),
        /not allowed here: vnetid 307; reboot/,
      ],
      ['a word that it does not know', (text: string) => text.replace('mtu 1450', 'metric 3'), /not allowed here: metric 3/],
    ])('refuses %s in a file, and leaves nothing', async (_what, edit, words) => {
      const connection = await open();
      const refusal = await connection.stage(push(1), edited(ONE, TUNNEL, edit), []).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'CONFIG_REFUSED', facts: { detail: expect.stringMatching(words) as string } });
      expect([await files(), await ours()]).toEqual([wanted([]), []]);
      expect((await connection.inspect(PATHS)).pending).toBeNull();
      await expect(connection.apply(push(1), 60)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
    });

    it('goes back when netstart cannot do all of it, though that ends with 0', async () => {
      await put(1, ONE);
      const says = await gateway.run('ifconfig vxlan307');
      // Right by its form, wrong by its meaning: ifconfig refuses it when it comes to it.
      const wrong = edited(TWO, '/etc/hostname.vxlan903', (content) => content.replace('127.0.1.2', '300.0.1.2'));
      const connection = await open();
      await connection.stage(push(2), wrong, ONE);
      await expect(connection.apply(push(2), 60)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
      expect([await files(), await ours()]).toEqual([wanted(ONE), ['bridge307', 'vxlan307']]);
      expect(await gateway.run('ifconfig vxlan307')).toBe(says);
      expect((await connection.inspect(PATHS)).pending).toBeNull();
    });

    more('undoes an applied change at once, byte for byte, and what it once undid nobody confirms', async () => {
      await put(1, ONE);
      const connection = await open();
      await connection.stage(push(2), TWO, ONE);
      await connection.apply(push(2), 60);
      expect(await ours()).toContain('vxlan903');
      await connection.revert(push(2));
      expect([await files(), await ours()]).toEqual([wanted(ONE), ['bridge307', 'vxlan307']]);
      await connection.revert(push(2));
      await expect(connection.confirm(push(2))).rejects.toMatchObject({ code: 'APPLY_FAILED' });
    });

    more('owns nothing of what was undone: what somebody makes there by hand afterwards stays', async () => {
      await put(1, ONE);
      const owned = await gateway.run('cat /etc/trame/owned');
      const connection = await open();
      await connection.stage(push(2), TWO, ONE);
      await connection.apply(push(2), 60);
      await connection.revert(push(2));
      expect(await gateway.run('cat /etc/trame/owned')).toBe(owned);
      await connection.stage(push(3), TWO, ONE);
      await connection.apply(push(3), 60);
      await gateway.loseTimer();
      await gateway.run('sh "$(cat /etc/trame/pending/program)" boot');
      expect(await gateway.run('cat /etc/trame/owned')).toBe(owned);
      const byHand = 'description "by hand"\nup\n';
      await gateway.writeFile('/etc/hostname.vxlan903', byHand);
      await expect((await open()).stage(push(4), ONE, TWO)).rejects.toMatchObject({
        code: 'CONFIG_REFUSED',
        facts: { detail: expect.stringContaining('vxlan903: is not ours to take away') as string },
      });
      expect(await gateway.readFile('/etc/hostname.vxlan903')).toBe(byHand);
      await gateway.run('rm /etc/hostname.vxlan903');
    });

    more('overwrites no file of others, but takes over one that says what is wanted or what was read before', async () => {
      const byHand = 'description "by hand"\nup\n';
      await gateway.writeFile(BRIDGE, byHand);
      const connection = await open();
      await expect(connection.stage(push(1), ONE, [])).rejects.toMatchObject({
        code: 'CONFIG_REFUSED',
        facts: { detail: expect.stringContaining('bridge307: has a file that is not ours') as string },
      });
      expect(await gateway.readFile(BRIDGE)).toBe(byHand);
      expect((await connection.inspect(PATHS)).pending).toBeNull();
      await put(
        2,
        ONE,
        edited(ONE, BRIDGE, () => byHand).filter(({ path }) => path === BRIDGE),
      );
      expect(await files()).toEqual(wanted(ONE));
    });

    it('undoes by itself what nobody confirms in time, although the connection is gone', async () => {
      await put(1, ONE);
      const connection = await open();
      await connection.stage(push(2), TWO, ONE);
      await connection.apply(push(2), 2);
      gateway.dropConnections();
      await vi.waitFor(async () => expect(await files()).toEqual(wanted(ONE)), { timeout: 20_000, interval: 200 });
      const late = await open();
      await vi.waitFor(
        async () => expect(await late.inspect(PATHS)).toMatchObject({ pending: null, selfReverted: { fence: 2, by: 'TIMER' } }),
        {
          timeout: 10_000,
          interval: 200,
        },
      );
      expect(await ours()).toEqual(['bridge307', 'vxlan307']);
      await expect(late.confirm(push(2))).rejects.toMatchObject({ code: 'APPLY_FAILED' });
    });

    more('keeps a confirmed change when its time is over, and confirms twice without harm', async () => {
      const connection = await open();
      await connection.stage(push(1), ONE, []);
      await connection.apply(push(1), 2);
      const applied = Date.now();
      await connection.confirm(push(1));
      await connection.confirm(push(1));
      await vi.waitFor(() => Promise.resolve(expect(Date.now() - applied).toBeGreaterThan(4_000)), { timeout: 5_000, interval: 100 });
      expect(await files()).toEqual(wanted(ONE));
      await expect(connection.revert(push(1))).rejects.toMatchObject({ code: 'REVERT_UNPROVEN' });
    });

    it('finds and undoes what a push left whose gateway lost its timer; the hook at boot does the same', async () => {
      await put(1, ONE);
      const first = await open();
      await first.stage(push(2), TWO, ONE);
      await first.apply(push(2), 60);
      await gateway.loseTimer();
      const second = await open();
      expect(await second.inspect(PATHS)).toMatchObject({ pending: { fence: 2, applied: true } });
      await expect(second.stage(push(3), TWO, ONE)).rejects.toMatchObject({ code: 'PUSH_IN_PROGRESS' });
      await second.recover(push(3));
      await second.recover(push(3));
      expect([await files(), await ours()]).toEqual([wanted(ONE), ['bridge307', 'vxlan307']]);
      await expect(first.confirm(push(2))).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await second.stage(push(4), TWO, ONE);
      await second.apply(push(4), 60);
      await gateway.loseTimer();
      await gateway.run('sh "$(cat /etc/trame/pending/program)" boot');
      expect([await files(), await ours()]).toEqual([wanted(ONE), ['bridge307', 'vxlan307']]);
      expect(await (await open()).inspect(PATHS)).toMatchObject({ pending: null, selfReverted: { fence: 4, by: 'BOOT' } });
    });

    it('refuses an execution that is older than one the gateway has seen, in every step', async () => {
      const connection = await open();
      await connection.stage(push(7), ONE, []);
      await expect(connection.stage(push(6), TWO, [])).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await expect(connection.recover(push(6))).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await expect(connection.apply(push(6), 60)).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await connection.apply(push(7), 60);
      await expect(connection.revert(push(6))).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await expect(connection.confirm(push(6))).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await connection.confirm(push(7));
      expect(await files()).toEqual(wanted(ONE));
    });

    more('refuses a revision that is older than the one it carries, although the execution is newer', async () => {
      await put(7, ONE);
      const connection = await open();
      await expect(connection.stage({ ...push(8), revision: 6 }, TWO, ONE)).rejects.toMatchObject({
        code: 'STALE_REVISION',
        facts: { carriedRevision: 7, pushedRevision: 6 },
      });
      expect((await connection.inspect(PATHS)).pending).toBeNull();
      expect(await files()).toEqual(wanted(ONE));
    });

    more('takes away an interface whose file is gone already: its VNI would be given to somebody else one day', async () => {
      await put(1, ONE);
      await gateway.run(`rm ${TUNNEL} ${BRIDGE}`);
      const connection = await open();
      const staged = await connection.stage(push(2), [], ONE);
      expect(staged).toEqual({
        diff: expect.stringContaining('# vxlan307 is there without its file: it is destroyed\n') as string,
        isNoop: false,
      });
      await connection.apply(push(2), 60);
      expect(await connection.verify(push(2), [], NOTHING, 5_000)).toMatchObject({ ok: true });
      await connection.confirm(push(2));
      expect(await ours()).toEqual([]);
      expect(await connection.stage(push(3), [], ONE)).toEqual({ diff: '', isNoop: true });
    });

    more('does not overwrite what somebody edited between staging and applying, and takes no interface that is not ours', async () => {
      await put(1, ONE);
      const connection = await open();
      await connection.stage(push(2), TWO, ONE);
      const byHand = `${await gateway.readFile(BRIDGE)}# by hand\n`;
      await gateway.writeFile(BRIDGE, byHand);
      await expect(connection.apply(push(2), 60)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
      expect(await gateway.readFile(BRIDGE)).toBe(byHand);
      await gateway.run('ifconfig vxlan903 create');
      await expect(connection.stage(push(3), TWO, ONE)).rejects.toMatchObject({
        code: 'CONFIG_REFUSED',
        facts: { detail: expect.stringContaining('vxlan903: is there already') as string },
      });
      await gateway.run('ifconfig vxlan903 destroy');
    });

    more('lets one of several executions win, and the losers leave nothing', async () => {
      const race = async (fence: number): Promise<string> => {
        const connection = await open();
        try {
          await connection.recover(push(fence));
          // Another one may have been through already: then there is nothing to do.
          if ((await connection.stage(push(fence), ONE, [])).isNoop) return 'confirmed';
          await connection.apply(push(fence), 60);
          await connection.confirm(push(fence));
          return 'confirmed';
        } catch (error) {
          return String((error as { code?: unknown }).code);
        }
      };
      const outcomes = await Promise.all([3, 1, 2].map(race));
      for (const outcome of outcomes) expect(outcome).toMatch(/^(confirmed|STALE_FENCE|APPLY_FAILED|PUSH_IN_PROGRESS)$/);
      const last = await open();
      await last.recover(push(9));
      expect((await last.inspect(PATHS)).pending).toBeNull();
      expect(await files()).toEqual(wanted(outcomes.includes('confirmed') ? ONE : []));
      expect(outcomes[0]).toBe('confirmed');
    });

    more('refuses paths, fences, plan ids and times that it does not know, without touching the gateway', async () => {
      const connection = await open();
      const [artefact] = ONE;
      if (artefact === undefined) throw new Error('nothing rendered');
      for (const path of ['/etc/shadow', '/etc/hostname.em0', '/etc/hostname.vxlan1/../x'])
        await expect(connection.inspect([path])).rejects.toMatchObject({ code: 'INVALID_VALUE' });
      await expect(connection.stage(push(1), [{ ...artefact, mode: 0o644 }], [])).rejects.toMatchObject({ code: 'CONFIG_REFUSED' });
      await expect(connection.stage({ ...push(1), planId: 'a; reboot\n' }, ONE, [])).rejects.toMatchObject({ code: 'INVALID_VALUE' });
      for (const fence of [0, -1, 1.5, Number.NaN, 2 ** 53])
        await expect(connection.recover({ ...push(1), fence })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
      await expect(connection.apply(push(1), 0)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
      expect(await connection.inspect(PATHS)).toMatchObject({ pending: null });
    });
  });
}
