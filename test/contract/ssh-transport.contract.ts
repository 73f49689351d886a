/**
 * What every host owes SshHostTransport, real or simulated. Run by test/lab/host-transport.lab.spec.ts against namespaces
 * with real FRR and by test/contract/ssh-simulated-host.medium.spec.ts against the simulator: where both pass, a test that
 * uses the simulator says something about real hosts.
 */
import { generateSshKeyPair, SshHostTransport } from '#adapters/ssh';
import type { DeviceConnection, DeviceTarget, Expectations, PushIdentity } from '#contexts/deployment/ports';
import { compileFabric } from '#engines/intent';
import { demoFabric, demoSnapshot } from '#engines/intent/testing';
import { type Artefact, FRR_PATH, INTERFACES_PATH, renderDevice } from '#engines/rendering';

/** A host like pve1 of the demo fabric, blank: a management stanza, FRR running with its hostname only, no peers. */
export interface ContractHost {
  readonly target: DeviceTarget;
  /** Bytes of a file on the host; null where it does not exist. */
  readFile(path: string): Promise<string | null>;
  writeFile(path: string, content: string): Promise<void>;
  /** What the routing daemons run, in their own words. */
  runningConfig(): Promise<string>;
  /** Names of the network interfaces that exist. */
  interfaces(): Promise<string[]>;
  /** How often somebody was let in since the start. */
  logins(): Promise<number>;
  /** Cuts the SSH connections; the host itself goes on. */
  dropConnections(): void;
  /** Connections and the dead-man timer die, files and live state stay: a reboot as far as a push can tell. */
  loseTimer(): Promise<void>;
  close(): Promise<void>;
}

const artefactsOf = (snapshot: ReturnType<typeof demoSnapshot>): readonly Artefact[] => {
  const pve1 = compileFabric(snapshot).devices.find(({ slug }) => slug === 'pve1');
  if (pve1 === undefined) throw new Error('the demo fabric has no pve1');
  return renderDevice(pve1);
};

export const UNDERLAY_ONLY = artefactsOf(demoFabric().build());
export const WITH_NETWORK = artefactsOf(demoSnapshot());
const VNI = 10_001;

const NOTHING_EXPECTED: Expectations = { vnis: [], neighbors: [] };
const PATHS = [INTERFACES_PATH, FRR_PATH];

const push = (fence: number): PushIdentity => ({ planId: `plan-${fence}`, revision: fence, fence });

const replace = (artefacts: readonly Artefact[], path: string, edit: (content: string) => string): readonly Artefact[] =>
  artefacts.map((artefact) => (artefact.path === path ? { ...artefact, content: edit(artefact.content) } : artefact));

export function describeSshTransportContract(name: string, makeHost: () => Promise<ContractHost>): void {
  describe(`SshHostTransport with ${name}`, () => {
    const transport = new SshHostTransport({ connectMs: 5_000 });
    let host: ContractHost;
    let connections: DeviceConnection[];

    beforeEach(async () => {
      connections = [];
      host = await makeHost();
    });

    afterEach(async () => {
      await Promise.all(connections.map((connection) => connection.close()));
      await host.close();
    });

    const open = async (
      target: Partial<DeviceTarget> = {},
      signal: AbortSignal = new AbortController().signal,
    ): Promise<DeviceConnection> => {
      const connection = await transport.open({ ...host.target, ...target }, signal);
      connections.push(connection);
      return connection;
    };
    const files = async (): Promise<(string | null)[]> => Promise.all(PATHS.map((path) => host.readFile(path)));
    /** A whole push that nobody disturbs. */
    const pushAndConfirm = async (fence: number, artefacts: readonly Artefact[]): Promise<void> => {
      const connection = await open();
      await connection.stage(push(fence), artefacts, []);
      await connection.apply(push(fence), 60);
      await connection.confirm(push(fence));
      await connection.close();
    };

    it('takes a blank host to a network and says what it did; the same push again is a no-op', async () => {
      const started = Date.now();
      const times: string[] = [];
      const lap = (what: string): unknown => times.push(`${what} ${Date.now() - started}`);
      const connection = await open();
      lap('open');
      const found = await connection.inspect(PATHS);
      lap('inspect');
      expect(found).toMatchObject({ hostname: 'pve1', pending: null, establishedNeighbors: [] });
      expect(found.version).toMatch(/^frr 8\S+, ifupdown2 3\S+$/);
      expect(found.actual.get(INTERFACES_PATH)).toBeNull();
      expect(found.actual.get(FRR_PATH)).toContain('hostname pve1');

      const staged = await connection.stage(push(1), WITH_NETWORK, []);
      lap('stage');
      expect(staged.isNoop).toBe(false);
      expect(staged.diff).toContain(`--- /dev/null\n+++ ${INTERFACES_PATH}\n`);
      expect(staged.diff).toContain(`+  vni ${VNI}\n`);
      expect(await host.readFile(INTERFACES_PATH)).toBeNull();

      await connection.apply(push(1), 60);
      lap('apply');
      expect((await connection.inspect(PATHS)).pending).toEqual({ fence: 1, applied: true });
      lap('inspect');
      const report = await connection.verify(push(1), WITH_NETWORK, { vnis: [VNI], neighbors: [] }, 5_000);
      lap('verify');
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(report.ok).toBe(true);
      await connection.confirm(push(1));
      lap('confirm');
      console.log(`${name}: milliseconds since the start: ${times.join(', ')}`);

      expect(await files()).toEqual(WITH_NETWORK.map(({ content }) => content));
      expect(await host.interfaces()).toEqual(expect.arrayContaining([`vnet${VNI}`, `vxlan${VNI}`]));
      expect(await connection.inspect(PATHS)).toMatchObject({ pending: null });
      expect(await connection.stage(push(2), WITH_NETWORK, WITH_NETWORK)).toEqual({ diff: '', isNoop: true });
    });

    it('takes a network away again and leaves the bytes of before', async () => {
      await pushAndConfirm(1, UNDERLAY_ONLY);
      const before = await files();
      const running = await host.runningConfig();
      await pushAndConfirm(2, WITH_NETWORK);
      expect(await host.runningConfig()).toContain(`vni ${VNI}`);
      await pushAndConfirm(3, UNDERLAY_ONLY);
      expect(await files()).toEqual(before);
      expect(await host.runningConfig()).toBe(running);
      expect(await host.interfaces()).not.toContain(`vnet${VNI}`);
    });

    it('refuses a host with another key than the pinned one, or with no key pinned, before it logs in', async () => {
      await expect(open({ sshHostKeys: [generateSshKeyPair().publicKey] })).rejects.toMatchObject({ code: 'WRONG_HOST_KEY' });
      await expect(open({ sshHostKeys: [] })).rejects.toMatchObject({ code: 'WRONG_HOST_KEY' });
      await expect(open({ sshHostKeys: ['ssh-dss AAAAB3NzaC1kc3M='] })).rejects.toMatchObject({ code: 'WRONG_HOST_KEY' });
      expect(await host.logins()).toBe(0);
      await open();
      expect(await host.logins()).toBe(1);
    });

    it('tells an unreachable host from one that does not accept our key', async () => {
      await expect(open({ port: 1 })).rejects.toMatchObject({ code: 'UNREACHABLE' });
      await expect(open({ secret: generateSshKeyPair().privateKey })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
      await expect(open({ secret: 'not a key' })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    });

    it.each([
      [
        'interfaces with an address that is none',
        INTERFACES_PATH,
        '192.168.100.2/24',
        '192.168.300.2/24',
        /interfaces: .*192\.168\.300\.2/,
      ],
      [
        'interfaces with a word where yes or no belongs',
        INTERFACES_PATH,
        'vxlan-learning off',
        'vxlan-learning perhaps',
        /interfaces: .*perhaps/,
      ],
      [
        'a routing configuration with an unknown command',
        FRR_PATH,
        'advertise-all-vni',
        'advertise-all-vnis',
        /frr: .*Unknown command.*advertise-all-vnis/,
      ],
      ['a VNI out of range', FRR_PATH, `vni ${VNI}`, 'vni 16777216', /frr: .*16777216/],
    ])('refuses %s with the words of the host and leaves nothing', async (_what, path, right, wrong, words) => {
      const before = await files();
      const connection = await open();
      const artefacts = replace(WITH_NETWORK, path, (content) => content.replace(right, wrong));
      const refusal = await connection.stage(push(1), artefacts, []).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'CONFIG_REFUSED', facts: { detail: expect.stringMatching(words) as string } });
      expect(await files()).toEqual(before);
      expect(await connection.inspect(PATHS)).toMatchObject({ pending: null });
      await expect(connection.apply(push(1), 60)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
      expect(await files()).toEqual(before);
    });

    it('restores everything when the routing daemons accept only a part of a change', async () => {
      await pushAndConfirm(1, UNDERLAY_ONLY);
      const [before, running] = [await files(), await host.runningConfig()];
      // Right by its syntax, wrong by its meaning: no such peer group. frr-reload.py applies the rest and ends with 1.
      const artefacts = replace(WITH_NETWORK, FRR_PATH, (content) => content.replace('update-source 192.168.100.2', 'peer-group NOBODY'));
      const connection = await open();
      await connection.stage(push(2), artefacts, UNDERLAY_ONLY);
      await expect(connection.apply(push(2), 60)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
      expect(await files()).toEqual(before);
      expect(await host.runningConfig()).toBe(running);
      expect(await host.interfaces()).not.toContain(`vnet${VNI}`);
      expect((await connection.inspect(PATHS)).pending).toBeNull();
    });

    it('undoes an applied change at once, byte for byte, and removes a file that was not there', async () => {
      const before = await files();
      const running = await host.runningConfig();
      expect(before[0]).toBeNull();
      const connection = await open();
      await connection.stage(push(1), WITH_NETWORK, []);
      await connection.apply(push(1), 60);
      expect(await files()).not.toEqual(before);
      await connection.revert(push(1));
      expect(await files()).toEqual(before);
      expect(await host.runningConfig()).toBe(running);
      expect(await host.interfaces()).not.toContain(`vnet${VNI}`);
      await connection.revert(push(1));
      await expect(connection.confirm(push(1))).rejects.toMatchObject({ code: 'APPLY_FAILED' });
      expect(await files()).toEqual(before);
    });

    it('undoes by itself what nobody confirms in time, although the connection is gone', async () => {
      const before = await files();
      const connection = await open();
      await connection.stage(push(1), WITH_NETWORK, []);
      const applied = Date.now();
      await connection.apply(push(1), 2);
      host.dropConnections();
      expect(await files()).toEqual(WITH_NETWORK.map(({ content }) => content));
      await vi.waitFor(async () => expect(await files()).toEqual(before), { timeout: 15_000, interval: 100 });
      console.log(`${name}: asked to confirm within 2 s, files were back after ${Date.now() - applied} ms`);
      const late = await open();
      await vi.waitFor(async () => expect(await late.inspect(PATHS)).toMatchObject({ pending: null }), { timeout: 10_000, interval: 100 });
      await expect(late.confirm(push(1))).rejects.toMatchObject({ code: 'APPLY_FAILED' });
      expect(await host.interfaces()).not.toContain(`vnet${VNI}`);
    });

    it('keeps a confirmed change when its time is over, and confirms twice without harm', async () => {
      const connection = await open();
      await connection.stage(push(1), WITH_NETWORK, []);
      await connection.apply(push(1), 2);
      const applied = Date.now();
      await connection.confirm(push(1));
      await connection.confirm(push(1));
      await vi.waitFor(() => Promise.resolve(expect(Date.now() - applied).toBeGreaterThan(4_000)), { timeout: 5_000, interval: 100 });
      expect(await files()).toEqual(WITH_NETWORK.map(({ content }) => content));
      await expect(connection.revert(push(1))).rejects.toMatchObject({ code: 'REVERT_UNPROVEN' });
      expect(await files()).toEqual(WITH_NETWORK.map(({ content }) => content));
    });

    it('finds and undoes what a push left whose host lost its timer before the confirmation', async () => {
      await pushAndConfirm(1, UNDERLAY_ONLY);
      const before = await files();
      const first = await open();
      await first.stage(push(2), WITH_NETWORK, UNDERLAY_ONLY);
      await first.apply(push(2), 60);
      await host.loseTimer();
      const second = await open();
      expect(await second.inspect(PATHS)).toMatchObject({ pending: { fence: 2, applied: true } });
      await expect(second.stage(push(3), WITH_NETWORK, UNDERLAY_ONLY)).rejects.toMatchObject({ code: 'PUSH_IN_PROGRESS' });
      await second.recover(push(3));
      await second.recover(push(3));
      expect(await files()).toEqual(before);
      expect(await host.interfaces()).not.toContain(`vnet${VNI}`);
      expect(await second.inspect(PATHS)).toMatchObject({ pending: null });
      await expect(first.confirm(push(2))).rejects.toMatchObject({ code: 'STALE_FENCE' });
    });

    it('reports what is staged only, and forgets it on recovery', async () => {
      const connection = await open();
      await connection.stage(push(4), WITH_NETWORK, []);
      expect((await connection.inspect(PATHS)).pending).toEqual({ fence: 4, applied: false });
      await connection.recover(push(5));
      expect((await connection.inspect(PATHS)).pending).toBeNull();
      await expect(connection.apply(push(5), 60)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
    });

    it('refuses an execution that is older than one the host has seen, in every step', async () => {
      const connection = await open();
      await connection.stage(push(7), WITH_NETWORK, []);
      await expect(connection.stage(push(6), UNDERLAY_ONLY, [])).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await expect(connection.recover(push(6))).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await expect(connection.apply(push(6), 60)).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await connection.apply(push(7), 60);
      await expect(connection.revert(push(6))).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await expect(connection.confirm(push(6))).rejects.toMatchObject({ code: 'STALE_FENCE' });
      await connection.confirm(push(7));
      expect(await files()).toEqual(WITH_NETWORK.map(({ content }) => content));
    });

    it('refuses a revision that is older than the one it carries, although the execution is newer', async () => {
      await pushAndConfirm(7, WITH_NETWORK);
      const connection = await open();
      await expect(connection.stage({ ...push(8), revision: 6 }, UNDERLAY_ONLY, WITH_NETWORK)).rejects.toMatchObject({
        code: 'STALE_REVISION',
        facts: {
          carriedRevision: 7,
          pushedRevision: 6,
          detail: expect.stringMatching(/carries revision 7, the request is of revision 6/) as string,
        },
      });
      expect((await connection.inspect(PATHS)).pending).toBeNull();
      expect(await connection.stage({ ...push(9), revision: 7 }, UNDERLAY_ONLY, WITH_NETWORK)).toMatchObject({ isNoop: false });
      expect(await files()).toEqual(WITH_NETWORK.map(({ content }) => content));
    });

    it('does not overwrite what somebody edited between staging and applying', async () => {
      await pushAndConfirm(1, UNDERLAY_ONLY);
      const connection = await open();
      await connection.stage(push(2), WITH_NETWORK, UNDERLAY_ONLY);
      const edited = `${await host.readFile(INTERFACES_PATH)}# by hand\n`;
      await host.writeFile(INTERFACES_PATH, edited);
      await expect(connection.apply(push(2), 60)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
      expect(await host.readFile(INTERFACES_PATH)).toBe(edited);
      expect((await connection.inspect(PATHS)).pending).toBeNull();
    });

    it('removes a file that was ours and is no longer wanted', async () => {
      await pushAndConfirm(1, WITH_NETWORK);
      const frrOnly = UNDERLAY_ONLY.filter(({ path }) => path === FRR_PATH);
      const connection = await open();
      const staged = await connection.stage(push(2), frrOnly, WITH_NETWORK);
      expect(staged.diff).toContain(`--- ${INTERFACES_PATH}\n+++ /dev/null\n`);
      await connection.apply(push(2), 60);
      await connection.confirm(push(2));
      expect(await host.readFile(INTERFACES_PATH)).toBeNull();
      expect(await host.interfaces()).not.toContain(`vxlan${VNI}`);
    });

    it('names in verification what is not as it should be', async () => {
      const connection = await open();
      await connection.stage(push(1), WITH_NETWORK, []);
      await connection.apply(push(1), 60);
      const expectations = { vnis: [VNI, 10_002], neighbors: ['192.168.100.1'], remoteVteps: new Map([[VNI, ['172.16.1.52']]]) };
      const report = await connection.verify(push(1), WITH_NETWORK, expectations, 300);
      expect(report.ok).toBe(false);
      const failed = report.checks.filter(({ ok }) => !ok).map(({ name: check, message }) => `${check}: ${message}`);
      expect(failed).toEqual([
        expect.stringMatching(/^bgp 192\.168\.100\.1: .*expected Established, found (Idle|Active|Connect)$/),
        expect.stringMatching(/^vni 10002: .*does not know/),
        expect.stringMatching(/^remote VTEPs of vni 10001: .*expected remote VTEPs 172\.16\.1\.52, found none$/),
      ]);
      await host.writeFile(INTERFACES_PATH, 'auto lo\niface lo inet loopback\n');
      const again = await connection.verify(push(1), WITH_NETWORK, NOTHING_EXPECTED, 300);
      expect(again.checks.filter(({ ok }) => !ok).map(({ name: check }) => check)).toContain(`file ${INTERFACES_PATH}`);
    });

    it('lets one of several executions win, and the losers leave nothing', async () => {
      const before = await files();
      const race = async (fence: number): Promise<string> => {
        const connection = await open();
        try {
          await connection.recover(push(fence));
          await connection.stage(push(fence), WITH_NETWORK, []);
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
      expect(await files()).toEqual(outcomes.includes('confirmed') ? WITH_NETWORK.map(({ content }) => content) : before);
      // Nobody is newer than 3, so nothing could keep it from the end.
      expect(outcomes[0]).toBe('confirmed');
    });

    it('closes everything at once when it is aborted; the host undoes by itself what was not confirmed', async () => {
      const before = await files();
      const lease = new AbortController();
      const connection = await open({}, lease.signal);
      await connection.stage(push(1), WITH_NETWORK, []);
      const applying = connection.apply(push(1), 1);
      const aborted = Date.now();
      lease.abort();
      await expect(applying).rejects.toMatchObject({ code: 'ABORTED' });
      await expect(connection.inspect(PATHS)).rejects.toMatchObject({ code: 'ABORTED' });
      expect(Date.now() - aborted).toBeLessThan(500);
      const next = await open();
      await vi.waitFor(async () => expect((await next.inspect(PATHS)).pending?.applied ?? false).toBe(false), {
        timeout: 15_000,
        interval: 100,
      });
      await next.recover(push(2));
      expect(await files()).toEqual(before);
    });

    it('refuses paths, fences, plan ids and times that it does not know, without touching the host', async () => {
      const connection = await open();
      const [artefact] = WITH_NETWORK;
      if (artefact === undefined) throw new Error('nothing rendered');
      await expect(connection.inspect(['/etc/shadow'])).rejects.toMatchObject({ code: 'INVALID_VALUE' });
      await expect(connection.stage(push(1), [{ ...artefact, path: '/etc/passwd' }], [])).rejects.toMatchObject({ code: 'INVALID_VALUE' });
      await expect(connection.stage(push(1), [{ ...artefact, mode: 0o777 }], [])).rejects.toMatchObject({ code: 'CONFIG_REFUSED' });
      await expect(connection.stage({ ...push(1), planId: 'a; reboot\n' }, WITH_NETWORK, [])).rejects.toMatchObject({
        code: 'INVALID_VALUE',
      });
      for (const fence of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
        await expect(connection.recover({ ...push(1), fence })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
      }
      await expect(connection.apply(push(1), 0)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
      expect(await connection.inspect(PATHS)).toMatchObject({ pending: null });
    });
  });
}
