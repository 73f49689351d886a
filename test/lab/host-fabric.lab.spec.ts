/**
 * Rendered configuration on real hosts: two hypervisors, a route reflector that forwards between them, a guest on each.
 * The reflector runs FRR here; in the demo it is a switch.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSshKeyPair, SshHostTransport } from '#adapters/ssh';
import type { DeviceConnection, DeviceTarget, Expectations } from '#contexts/deployment/ports';
import { compileFabric } from '#engines/intent';
import { demoFabric, demoSnapshot } from '#engines/intent/testing';
import { type Artefact, FRR_PATH, INTERFACES_PATH, renderDevice } from '#engines/rendering';
import { Lab, type LabHost, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';

const REFLECTOR = `frr defaults datacenter
hostname TEST
service integrated-vtysh-config
!
router bgp 65051
 bgp router-id 172.16.1.1
 no bgp default ipv4-unicast
 neighbor 192.168.100.2 remote-as 65051
 neighbor 192.168.100.2 timers connect 1
 neighbor 192.168.101.2 remote-as 65051
 neighbor 192.168.101.2 timers connect 1
 !
 address-family ipv4 unicast
  network 172.16.1.1/32
  neighbor 192.168.100.2 activate
  neighbor 192.168.100.2 route-reflector-client
  neighbor 192.168.100.2 next-hop-self force
  neighbor 192.168.101.2 activate
  neighbor 192.168.101.2 route-reflector-client
  neighbor 192.168.101.2 next-hop-self force
 exit-address-family
 !
 address-family l2vpn evpn
  neighbor 192.168.100.2 activate
  neighbor 192.168.100.2 route-reflector-client
  neighbor 192.168.101.2 activate
  neighbor 192.168.101.2 route-reflector-client
 exit-address-family
exit
!
`;

const MANAGEMENT = 'auto lo\niface lo inet loopback\n\nsource /etc/network/interfaces.d/*\n';
const VNI = 10_001;
const NEIGHBOR = { pve1: '192.168.100.1', pve2: '192.168.101.1' } as const;
type Slug = keyof typeof NEIGHBOR;

function rendered(snapshot: ReturnType<typeof demoSnapshot>, slug: Slug): readonly Artefact[] {
  const device = compileFabric(snapshot).devices.find((candidate) => candidate.slug === slug);
  if (device === undefined) throw new Error(`the demo fabric has no ${slug}`);
  return renderDevice(device);
}

describeWith({ missing: missingForRealHosts() }, 'two real hosts behind a route reflector', () => {
  const transport = new SshHostTransport();
  const client = generateSshKeyPair();
  let directory: string;
  let lab: Lab;
  let hosts: Record<Slug, LabHost>;
  let leaf: LabNode;
  let connections: DeviceConnection[];
  let fence = 0;

  beforeEach(async () => {
    connections = [];
    directory = await mkdtemp(join(tmpdir(), 'trame-fabric-'));
    lab = await Lab.create(directory);
    const options = { authorizedKeys: [client.publicKey] };
    const [test, pve1, pve2] = await Promise.all([lab.node('TEST'), lab.host('pve1', options), lab.host('pve2', options)]);
    leaf = test;
    hosts = { pve1, pve2 };
    await Promise.all([lab.link(leaf, 'Ethernet1', pve1, 'ens19'), lab.link(leaf, 'Ethernet3', pve2, 'ens19')]);
    await leaf.run([
      'sh',
      '-c',
      'ip addr add 192.168.100.1/24 dev Ethernet1; ip addr add 192.168.101.1/24 dev Ethernet3; ip addr add 172.16.1.1/32 dev lo',
    ]);
    await leaf.startFrr(REFLECTOR);
  });

  afterEach(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await lab.close();
    await rm(directory, { recursive: true, force: true });
  });

  const target = (slug: Slug): DeviceTarget => ({
    slug,
    address: hosts[slug].sshAddress,
    port: hosts[slug].sshPort,
    username: 'root',
    secret: client.privateKey,
    sshHostKeys: [hosts[slug].sshHostKey],
    tlsSpkiSha256: [],
  });
  const open = async (slug: Slug): Promise<DeviceConnection> => {
    const connection = await transport.open(target(slug), new AbortController().signal);
    connections.push(connection);
    return connection;
  };
  const nextPush = (): { planId: string; revision: number; fence: number } => {
    fence += 1;
    return { planId: `plan-${fence}`, revision: fence, fence };
  };
  /** @returns failed checks, in words. */
  const push = async (slug: Slug, artefacts: readonly Artefact[], expectations: Expectations): Promise<string[]> => {
    const identity = nextPush();
    const connection = await open(slug);
    await connection.inspect([INTERFACES_PATH, FRR_PATH]);
    await connection.stage(identity, artefacts, []);
    await connection.apply(identity, 60);
    const { checks } = await connection.verify(identity, artefacts, expectations, 15_000);
    await connection.confirm(identity);
    return checks.filter(({ ok }) => !ok).map(({ message }) => message);
  };

  it('carries frames between two guests over VXLAN, of full length, and none after the network is gone', async () => {
    const [vm1, vm2] = await Promise.all([
      lab.addVm(hosts.pve1, 'vm1', { address: '10.20.0.11/24', mac: 'bc:24:11:00:00:01' }),
      lab.addVm(hosts.pve2, 'vm2', { address: '10.20.0.12/24', mac: 'bc:24:11:00:00:02' }),
    ]);
    const empty = demoFabric().build();
    await Promise.all(
      (['pve1', 'pve2'] as const).map((slug) => push(slug, rendered(empty, slug), { vnis: [], neighbors: [NEIGHBOR[slug]] })),
    );

    const started = Date.now();
    const expectations = (slug: Slug): Expectations => ({ vnis: [VNI], neighbors: [NEIGHBOR[slug]] });
    const plugged = Promise.all([vm1.attach(`vnet${VNI}`), vm2.attach(`vnet${VNI}`)]);
    const failed = await Promise.all(
      (['pve1', 'pve2'] as const).map((slug) => push(slug, rendered(demoSnapshot(), slug), expectations(slug))),
    );
    const pushed = Date.now() - started;
    await plugged;
    const ping = await vm1.ping('10.20.0.12', { withinMs: 10_000 });
    console.log(`both hosts pushed and verified after ${pushed} ms, first ping answered after ${Date.now() - started} ms`);
    expect(failed).toEqual([[], []]);
    expect(ping.ok).toBe(true);
    // 1422 + 8 ICMP + 20 IP = the guests' MTU of 1450; with 50 octets of VXLAN exactly the 1500 of the underlay.
    expect(await vm1.ping('10.20.0.12', { size: 1_422, dontFragment: true, withinMs: 2_000 })).toMatchObject({ ok: true });

    const later = await open('pve1');
    const proof = {
      ...expectations('pve1'),
      remoteVteps: new Map([[VNI, ['172.16.1.52']]]),
      routes: new Map([[VNI, [{ vtep: '172.16.1.52', rd: '172.16.1.52:1', target: `65051:${VNI}` }]]]),
      paths: [{ from: '172.16.1.51', to: '172.16.1.52', octets: 1_500 }],
      addresses: [{ port: 'lo', address: '172.16.1.51' }],
    };
    const identity = { planId: 'x', revision: 1, fence };
    const report = await later.verify(identity, rendered(demoSnapshot(), 'pve1'), proof, 5_000);
    // The guests' taps are in the bridges: that is no drift.
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([`route of 172.16.1.52 in vni ${VNI}`, 'path 172.16.1.51 to 172.16.1.52', 'addresses of lo']),
    );
    const wrong = await later.verify(
      identity,
      rendered(demoSnapshot(), 'pve1'),
      {
        vnis: [],
        neighbors: [],
        routes: new Map([[VNI, [{ vtep: '172.16.1.52', rd: '172.16.1.52:1', target: '65051:99' }]]]),
        paths: [
          { from: '172.16.1.51', to: '172.16.1.52', octets: 1_501 },
          { from: '172.16.1.51', to: '172.16.1.99', octets: 84 },
        ],
        addresses: [{ port: 'lo', address: '172.16.1.52' }],
      },
      0,
    );
    expect(wrong.checks.filter(({ ok }) => !ok).map(({ message }) => message)).toEqual([
      expect.stringContaining(
        `expected route of 172.16.1.52 rd 172.16.1.52:1 target 65051:99, found rd 172.16.1.52:1 targets 65051:${VNI}`,
      ),
      expect.stringMatching(/172\.16\.1\.52 from 172\.16\.1\.51 with 1501 octets in one piece: .* found .* of 3/),
      expect.stringMatching(/172\.16\.1\.99 .* found .* of 3/),
      'lo: expected 172.16.1.52, found 127.0.0.1 172.16.1.51 ::1',
    ]);
    expect(await later.observe?.()).toEqual({ establishedNeighbors: [NEIGHBOR.pve1], remoteVteps: ['172.16.1.52'], vrfNeighbors: [] });

    await Promise.all(
      (['pve1', 'pve2'] as const).map((slug) => push(slug, rendered(empty, slug), { vnis: [], neighbors: [NEIGHBOR[slug]] })),
    );
    expect(await vm1.ping('10.20.0.12', { withinMs: 500 })).toMatchObject({ ok: false });
    expect(await hosts.pve1.node.exec(['ip', 'link', 'show', `vnet${VNI}`])).toMatchObject({ code: 1 });
  });

  it('joins our address on lo with the loopback of the management stanza, and takes only ours away', async () => {
    expect(await push('pve1', rendered(demoFabric().build(), 'pve1'), { vnis: [], neighbors: [] })).toEqual([]);
    const addresses = await hosts.pve1.node.run(['ip', '-o', '-4', 'addr', 'show', 'dev', 'lo']);
    expect(addresses).toContain('127.0.0.1/8');
    expect(addresses).toContain('172.16.1.51/32');
    const identity = nextPush();
    const connection = await open('pve1');
    const artefacts = rendered(demoFabric().build(), 'pve1');
    await connection.stage(
      identity,
      artefacts.filter(({ path }) => path === FRR_PATH),
      artefacts,
    );
    await connection.apply(identity, 60);
    await connection.confirm(identity);
    const after = await hosts.pve1.node.run(['ip', '-o', '-4', 'addr', 'show', 'dev', 'lo']);
    expect(after).toContain('127.0.0.1/8');
    expect(after).not.toContain('172.16.1.51/32');
  });

  it('keeps the established sessions and the guests of another network while one is added', async () => {
    const artefacts = rendered(demoSnapshot(), 'pve1');
    expect(await push('pve1', artefacts, { vnis: [VNI], neighbors: [NEIGHBOR.pve1] })).toEqual([]);
    const vm = await lab.addVm(hosts.pve1, 'vm3', { address: '10.20.0.13/24' });
    await vm.attach(`vnet${VNI}`);
    const uptime = async (): Promise<number> => {
      const summary = JSON.parse(await hosts.pve1.node.run(['vtysh', '-c', 'show bgp summary json'])) as {
        l2VpnEvpn: { peers: Record<string, { connectionsEstablished: number }> };
      };
      return summary.l2VpnEvpn.peers[NEIGHBOR.pve1]?.connectionsEstablished ?? 0;
    };
    const before = await uptime();
    const more = demoFabric()
      .network({ slug: 'blue', name: 'Blue customer', vni: VNI, eviId: 1, on: ['pve1', 'pve2'], subnets: [{ cidr: '10.20.0.0/24' }] })
      .network({ slug: 'green', name: 'Green customer', vni: 10_002, eviId: 2, on: ['pve1', 'pve2'], subnets: [{ cidr: '10.20.1.0/24' }] })
      .build();
    const connection = await open('pve1');
    expect((await connection.inspect([])).establishedNeighbors).toEqual([NEIGHBOR.pve1]);
    expect(await push('pve1', rendered(more, 'pve1'), { vnis: [VNI, 10_002], neighbors: [NEIGHBOR.pve1] })).toEqual([]);
    expect(await uptime()).toBe(before);
    expect(await hosts.pve1.node.run(['ls', `/sys/class/net/vnet${VNI}/brif`])).toContain('tapvm3');
  });

  it('says that FRR does not run and changes nothing', async () => {
    const { node } = hosts.pve1;
    await node.run(['sh', '-c', 'kill -9 $(pidof bgpd)']);
    const connection = await open('pve1');
    expect((await connection.inspect([])).version).toContain('FRR does not answer');
    const before = await node.exec(['cat', INTERFACES_PATH]);
    const identity = nextPush();
    await connection.stage(identity, rendered(demoSnapshot(), 'pve1'), []);
    const refusal = await connection.apply(identity, 60).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'APPLY_FAILED',
      facts: { detail: expect.stringMatching(/FRR does not answer \(bgpd\)/) as string },
    });
    expect(await node.exec(['cat', INTERFACES_PATH])).toEqual(before);
    expect((await connection.inspect([])).pending).toBeNull();
  });

  it('owns up when it cannot undo, keeps the change pending, and undoes it once the host can', async () => {
    const { node } = hosts.pve1;
    const connection = await open('pve1');
    const identity = nextPush();
    await connection.stage(identity, rendered(demoSnapshot(), 'pve1'), []);
    await connection.apply(identity, 60);
    await node.run(['sh', '-c', 'kill -9 $(pidof bgpd)']);
    await expect(connection.revert(identity)).rejects.toMatchObject({ code: 'REVERT_UNPROVEN' });
    expect((await connection.inspect([])).pending).toEqual({ fence: identity.fence, applied: true });
    await node.run(['/usr/lib/frr/bgpd', '-d', '-A', '127.0.0.1']);
    await connection.revert(identity);
    expect((await connection.inspect([])).pending).toBeNull();
    expect(await node.exec(['cat', INTERFACES_PATH])).toMatchObject({ code: 1 });
  });

  it('keeps trying to undo an unconfirmed change when its time comes while FRR is down', async () => {
    const { node } = hosts.pve1;
    const connection = await open('pve1');
    const identity = nextPush();
    await connection.stage(identity, rendered(demoSnapshot(), 'pve1'), []);
    await connection.apply(identity, 1);
    await node.run(['sh', '-c', 'kill -9 $(pidof bgpd)']);
    // The files come back at the first attempt; without a proof the push stays pending.
    await vi.waitFor(async () => expect(await node.exec(['cat', INTERFACES_PATH])).toMatchObject({ code: 1 }), {
      timeout: 10_000,
      interval: 100,
    });
    expect((await connection.inspect([])).pending).toEqual({ fence: identity.fence, applied: true });
    await node.run(['/usr/lib/frr/bgpd', '-d', '-A', '127.0.0.1']);
    await vi.waitFor(async () => expect((await connection.inspect([])).pending).toBeNull(), { timeout: 15_000, interval: 100 });
  });

  /** From now on ifreload takes four seconds longer, before or after our interfaces: many others, or a slow DHCP server. */
  const slowDown = (host: LabHost, when: 'before ours' | 'after ours'): Promise<void> => {
    const slow = 'auto slow0\niface slow0\n    bridge-stp off\n    pre-up sleep 4\n';
    return host.node.writeFile('/etc/network/interfaces', when === 'before ours' ? `${slow}\n${MANAGEMENT}` : `${MANAGEMENT}\n${slow}`);
  };

  it('gives the full time to confirm after a slow change', async () => {
    const connection = await open('pve1');
    const identity = nextPush();
    await connection.stage(identity, rendered(demoSnapshot(), 'pve1'), []);
    await slowDown(hosts.pve1, 'after ours');
    const started = Date.now();
    await connection.apply(identity, 3);
    expect(Date.now() - started).toBeGreaterThan(4_000);
    await connection.confirm(identity);
    expect((await connection.inspect([])).pending).toBeNull();
    expect(await hosts.pve1.node.readFile(INTERFACES_PATH)).toContain(`vnet${VNI}`);
  });

  it('undoes a change whose program was killed half-way, after what the program had begun has ended', async () => {
    const { node } = hosts.pve1;
    const connection = await open('pve1');
    const identity = nextPush();
    await connection.stage(identity, rendered(demoSnapshot(), 'pve1'), []);
    await slowDown(hosts.pve1, 'before ours');
    const applying = connection.apply(identity, 1).catch((error: unknown) => error);
    await vi.waitFor(async () => expect(await node.exec(['pgrep', '-f', 'sleep 4'])).toMatchObject({ code: 0 }), {
      timeout: 5_000,
      interval: 100,
    });
    await node.run(['pkill', '-KILL', '-f', 'push-[0-9a-f]*.sh apply']);
    expect(await applying).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await vi.waitFor(async () => expect((await connection.inspect([])).pending).toBeNull(), { timeout: 30_000, interval: 100 });
    expect(await node.exec(['pgrep', '-f', 'sleep 4'])).toMatchObject({ code: 1 });
    expect(await node.exec(['cat', INTERFACES_PATH])).toMatchObject({ code: 1 });
    expect(await node.exec(['ip', 'link', 'show', `vnet${VNI}`])).toMatchObject({ code: 1 });
  });

  it('leaves no interface behind when ifreload itself is killed half-way', async () => {
    const { node } = hosts.pve1;
    const connection = await open('pve1');
    const identity = nextPush();
    await connection.stage(identity, rendered(demoSnapshot(), 'pve1'), []);
    await slowDown(hosts.pve1, 'after ours');
    const applying = connection.apply(identity, 60).catch((error: unknown) => error);
    await vi.waitFor(async () => expect(await node.exec(['ip', 'link', 'show', `vxlan${VNI}`])).toMatchObject({ code: 0 }), {
      timeout: 5_000,
      interval: 100,
    });
    await node.run(['pkill', '-KILL', '-f', 'ifreload -a']);
    expect(await applying).toMatchObject({ code: 'APPLY_FAILED' });
    for (const name of [`vxlan${VNI}`, `vnet${VNI}`]) expect(await node.exec(['ip', 'link', 'show', name])).toMatchObject({ code: 1 });
    expect(await node.exec(['ip', 'link', 'show', 'ens19'])).toMatchObject({ code: 0 });
    expect((await connection.inspect([])).pending).toBeNull();
  });

  it('sees what was typed into vtysh behind our back, and puts it right although the files are equal', async () => {
    const artefacts = rendered(demoSnapshot(), 'pve1');
    expect(await push('pve1', artefacts, { vnis: [VNI], neighbors: [] })).toEqual([]);
    await hosts.pve1.node.run(['vtysh', '-c', 'configure terminal', '-c', 'ip route 10.99.0.0/16 192.168.100.77']);
    await hosts.pve1.node.run(['ip', 'link', 'set', `vxlan${VNI}`, 'mtu', '1400']);
    const identity = nextPush();
    const connection = await open('pve1');
    const staged = await connection.stage(identity, artefacts, artefacts);
    expect(staged.isNoop).toBe(false);
    expect(staged.diff).toContain('ip route 10.99.0.0/16 192.168.100.77');
    expect(staged.diff).toMatch(new RegExp(`vxlan${VNI} mtu is "1400"`));
    await connection.apply(identity, 60);
    await vi.waitFor(async () => expect((await connection.verify(identity, artefacts, { vnis: [VNI], neighbors: [] }, 0)).ok).toBe(true), {
      timeout: 5_000,
      interval: 100,
    });
    await connection.confirm(identity);
    expect(await hosts.pve1.node.run(['vtysh', '-c', 'show running-config'])).not.toContain('10.99.0.0');
  });
});
