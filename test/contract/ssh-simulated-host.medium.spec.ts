/** The transport against simulated hosts: the same contract as real ones, and the faults that only a simulator can bring. */
import { generateSshKeyPair, type HostTimeouts, SshHostTransport } from '#adapters/ssh';
import type { DeviceConnection, PushIdentity } from '#contexts/deployment/ports';
import { FRR_PATH } from '#engines/rendering';
import { overlappingPushes, SimulatedHost, type SimulatedHosts, startSimulatedHosts } from '../../apps/lab/src/simulated-host/index.js';
import { SimulatedFabric } from '../../apps/lab/src/simulated-fabric.js';
import { type ContractHost, describeSshTransportContract, UNDERLAY_ONLY, WITH_NETWORK } from './ssh-transport.contract.js';

async function simulatedHost(): Promise<ContractHost> {
  const client = generateSshKeyPair();
  const host = await SimulatedHost.start({ slug: 'pve1', authorizedKeys: [client.publicKey], fabric: new SimulatedFabric(), applyMs: 50 });
  return {
    target: {
      slug: 'pve1',
      address: host.sshAddress,
      port: host.sshPort,
      username: 'root',
      secret: client.privateKey,
      sshHostKeys: [host.sshHostKey],
      tlsSpkiSha256: [],
    },
    readFile: (path) => Promise.resolve(host.system.readFile(path)),
    writeFile: (path, content) => Promise.resolve(host.system.writeFile(path, content)),
    runningConfig: () => Promise.resolve(host.system.routing.lines.join('\n')),
    interfaces: () => Promise.resolve(host.system.interfaces.map(({ name }) => name)),
    logins: () => Promise.resolve(host.logins),
    dropConnections: () => host.dropConnections(),
    loseTimer: () => Promise.resolve(host.reboot()),
    close: () => host.close(),
  };
}

describeSshTransportContract('a simulated host', simulatedHost);

describe('faults of simulated hosts as a push sees them', () => {
  const client = generateSshKeyPair();
  let lab: SimulatedHosts;
  let connections: DeviceConnection[];

  beforeEach(async () => {
    connections = [];
    lab = await startSimulatedHosts({ hosts: [{ slug: 'pve1' }, { slug: 'pve2' }], authorizedKeys: [client.publicKey] });
  });

  afterEach(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await lab.close();
  });

  const host = (slug: string): SimulatedHost => {
    const found = lab.hosts.get(slug);
    if (found === undefined) throw new Error(`no host ${slug}`);
    return found;
  };
  const open = async (
    slug: string,
    timeouts: Partial<HostTimeouts> = {},
    signal = new AbortController().signal,
  ): Promise<DeviceConnection> => {
    const { sshAddress, sshPort, sshHostKey } = host(slug);
    const target = {
      slug,
      address: sshAddress,
      port: sshPort,
      username: 'root',
      secret: client.privateKey,
      sshHostKeys: [sshHostKey],
      tlsSpkiSha256: [],
    };
    const connection = await new SshHostTransport(timeouts).open(target, signal);
    connections.push(connection);
    return connection;
  };
  const push = (fence: number): PushIdentity => ({ planId: `plan-${fence}`, revision: fence, fence });

  it('is unreachable while it refuses or hangs, and well again afterwards', async () => {
    host('pve1').setReachability('refuses');
    await expect(open('pve1')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    host('pve1').setReachability('hangs');
    const started = Date.now();
    await expect(open('pve1', { connectMs: 300 })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(Date.now() - started).toBeLessThan(2_000);
    host('pve1').setReachability('normal');
    expect((await (await open('pve1')).inspect([])).hostname).toBe('pve1');
  });

  it('stops connecting at once when the push is aborted', async () => {
    host('pve1').setReachability('hangs');
    const lease = new AbortController();
    const opening = open('pve1', {}, lease.signal);
    const started = Date.now();
    setTimeout(() => lease.abort(), 50);
    await expect(opening).rejects.toMatchObject({ code: 'ABORTED' });
    expect(Date.now() - started).toBeLessThan(1_000);
    await expect(open('pve1', {}, lease.signal)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('ends a push whose overall time is over, whatever is under way', async () => {
    const connection = await open('pve1', { overallMs: 300 });
    const verifying = connection.verify(push(1), UNDERLAY_ONLY, { vnis: [], neighbors: [] }, 60_000);
    await expect(verifying).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('is another host when it offers another key', async () => {
    host('pve1').setReachability('offers another host key');
    await expect(open('pve1')).rejects.toMatchObject({ code: 'WRONG_HOST_KEY' });
    expect(host('pve1').logins).toBe(0);
  });

  it('leaves the outcome unknown when the connection drops before the answer; the host tells it to the next one', async () => {
    host('pve1').failNextApply('drops the connection before answering');
    const connection = await open('pve1');
    await connection.stage(push(1), WITH_NETWORK, []);
    await expect(connection.apply(push(1), 60)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    const next = await open('pve1');
    expect((await next.inspect([])).pending).toEqual({ fence: 1, applied: true });
    // The same connection object finds its way back, too.
    await connection.revert(push(1));
    expect((await next.inspect([])).pending).toBeNull();
  });

  it('has the change live and nobody watching after a reboot, until recovery undoes it', async () => {
    const before = host('pve1').system.readFile(FRR_PATH);
    host('pve1').failNextApply('reboots before it is confirmed');
    const connection = await open('pve1');
    await connection.stage(push(1), WITH_NETWORK, []);
    await connection.apply(push(1), 1);
    await vi.waitFor(async () => expect((await (await open('pve1')).inspect([])).pending).toEqual({ fence: 1, applied: true }), {
      timeout: 5_000,
      interval: 100,
    });
    const next = await open('pve1');
    await next.recover(push(2));
    expect(host('pve1').system.readFile(FRR_PATH)).toBe(before);
  });

  it('fails verification when the management connection does not come back', async () => {
    const connection = await open('pve1', { connectMs: 200 });
    await connection.stage(push(1), WITH_NETWORK, []);
    await connection.apply(push(1), 60);
    host('pve1').setReachability('refuses');
    const report = await connection.verify(push(1), WITH_NETWORK, { vnis: [], neighbors: [] }, 300);
    expect(report).toMatchObject({ ok: false, checks: [{ name: 'management', ok: false }] });
  });

  it('does not verify what its daemons dropped without a word', async () => {
    const artefacts = WITH_NETWORK.map((artefact) => ({
      ...artefact,
      content: artefact.content.replace('rd 172.16.1.51:1', 'rd 1:99999999999'),
    }));
    const connection = await open('pve1');
    await connection.stage(push(1), artefacts, []);
    await connection.apply(push(1), 60);
    const report = await connection.verify(push(1), artefacts, { vnis: [], neighbors: [] }, 0);
    expect(report.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['frr running configuration']);
  });

  it('sees an interface that somebody deleted', async () => {
    const connection = await open('pve1');
    await connection.stage(push(1), WITH_NETWORK, []);
    await connection.apply(push(1), 60);
    await connection.confirm(push(1));
    host('pve1').system.deleteInterface('vxlan10001');
    const staged = await connection.stage(push(2), WITH_NETWORK, WITH_NETWORK);
    expect(staged).toMatchObject({ isNoop: false, diff: expect.stringContaining('vxlan10001 does not exist') as string });
  });

  it('writes down who did what when, and no two pushes overlap although they race', async () => {
    const race = async (fence: number): Promise<void> => {
      const connection = await open('pve1');
      try {
        await connection.recover(push(fence));
        await connection.stage(push(fence), WITH_NETWORK, []);
        await connection.apply(push(fence), 60);
        await connection.confirm(push(fence));
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(STALE_FENCE|APPLY_FAILED|PUSH_IN_PROGRESS)$/) as string });
      }
    };
    await Promise.all([1, 2, 3, 4, 5, 6].map(race));
    const entries = lab.journal.all().filter(({ device }) => device === 'pve1');
    expect(new Set(entries.map(({ connection }) => connection)).size).toBe(6);
    expect(entries.some(({ verb, status }) => verb === 'confirm' && status === 0)).toBe(true);
    expect(overlappingPushes(entries)).toEqual([]);
  });
});

describe('the journal of pushes', () => {
  const entry = (fence: number, verb: string, startedAt: number, endedAt: number, status = 0) => ({
    device: 'pve1',
    connection: fence,
    verb,
    fence,
    startedAt,
    endedAt,
    status,
  });

  it('finds a push that began to change a device before another one had ended', () => {
    const entries = [entry(1, 'stage', 0, 10), entry(1, 'apply', 20, 40), entry(2, 'stage', 30, 35), entry(1, 'confirm', 50, 51)];
    expect(overlappingPushes(entries)).toEqual([{ device: 'pve1', fences: [1, 2] }]);
  });

  it('does not count what the device refused, nor pushes to other devices', () => {
    const entries = [
      entry(2, 'stage', 30, 35),
      entry(1, 'apply', 33, 34, 65),
      entry(2, 'confirm', 50, 51),
      { ...entry(3, 'stage', 31, 32), device: 'pve2' },
    ];
    expect(overlappingPushes(entries)).toEqual([]);
  });
});
