/**
 * The FRR files of the scenarios, in the daemons that they are for: taken without a word, nothing left to change, and then they do what
 * they are for. Ways out of VRFs and routes between VRFs need a kernel with VRFs: test/uml/frr-vrfs.uml.spec.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FabricSnapshot } from '#engines/intent';
import { routingScenarios, sessionPair } from '#engines/intent/testing';
import { missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';
import { FrrFabric } from '../support/frr-fabric.js';

const WITHIN = { timeout: 40_000, interval: 250 };
const PATIENCE = 120_000;

describeWith({ missing: missingForRealHosts() }, 'FRR daemons', () => {
  /** One fabric for one test: they run beside each other, because most of the time is waiting for timers. */
  async function inFabric(snapshot: FabricSnapshot, prove: (lab: FrrFabric) => Promise<void>): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'trame-frr-'));
    try {
      const lab = await FrrFabric.start(join(directory, 'lab'), snapshot);
      try {
        for (const slug of lab.slugs) expect(await lab.residue(slug), slug).toBe('');
        await prove(lab);
      } finally {
        await lab.close();
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  const inScenario = (name: string, prove: (lab: FrrFabric) => Promise<void>): Promise<void> => {
    const snapshot = routingScenarios[name];
    if (!snapshot) throw new Error(`no scenario ${name}`);
    return inFabric(snapshot(), prove);
  };

  /** Guests on either side see each other: underlay, EVPN and data path. */
  async function guestsMeet(lab: FrrFabric, left: string, right: string, bridge: string): Promise<void> {
    const [a, b] = await Promise.all([
      lab.lab.addVm(lab.node(left), 'vma', { address: '10.0.0.1/24' }),
      lab.lab.addVm(lab.node(right), 'vmb', { address: '10.0.0.2/24' }),
    ]);
    await Promise.all([a.attach(bridge), b.attach(bridge)]);
    expect(await a.ping('10.0.0.2', { withinMs: 40_000 })).toMatchObject({ ok: true });
  }

  const vni = async (lab: FrrFabric, slug: string, number: number) => lab.show(slug, `bgp l2vpn evpn vni ${number}`);
  const peers = async (lab: FrrFabric, slug: string) => {
    const { peers: found = {} } = (await lab.show(slug, 'bgp l2vpn evpn summary')) as { peers?: Record<string, { state: string }> };
    return Object.fromEntries(Object.entries(found).map(([name, { state }]) => [name, state]));
  };

  it.concurrent('of a host and a leaf in one AS know the VTEP of the other by RD and targets of the model', () => inFabric(sessionPair('DEBIAN_FRR'), async (lab) => {
    expect(await vni(lab, 'pve1', 1000)).toMatchObject({ rd: '172.16.1.51:1000', importRts: ['65051:1000'], exportRts: ['65051:1000'] });
    await vi.waitFor(async () => expect(await lab.show('pve1', 'evpn vni 1000')).toMatchObject({ numRemoteVteps: ['172.16.1.1'] }), WITHIN);
    await lab.node('pve1').run(['vtysh', '-c', 'configure terminal', '-c', 'router bgp 65051', '-c', 'neighbor 192.168.100.1 timers 3 9']);
    expect(await lab.residue('pve1')).toContain('neighbor 192.168.100.1 timers 20 60'); // what is not so would have been seen
  }), PATIENCE);

  it.concurrent('without an address on any cable find their peers by port, take loopbacks only, and carry guests over a third AS', () => inScenario('frr-unnumbered-ebgp', async (lab) => {
    await vi.waitFor(async () => expect(await peers(lab, 'spine')).toEqual({ ens19: 'Established', ens20: 'Established' }), WITHIN);
    await guestsMeet(lab, 'pve1', 'pve2', 'vnet11000');
    expect(await lab.node('pve1').run(['ip', 'route', 'show', '172.16.1.52'])).toContain('via inet6 fe80:');
    await lab.node('spine').run(['vtysh', '-c', 'configure terminal', '-c', 'ip route 10.9.9.0/24 blackhole', '-c', 'router bgp 65000', '-c', 'address-family ipv4 unicast', '-c', 'redistribute static', '-c', 'no neighbor ens19 route-map TRAME-UNDERLAY out']);
    await vi.waitFor(async () => expect(await lab.show('pve1', 'bgp ipv4 unicast summary')).toMatchObject({ peers: { ens19: { pfxRcd: 2 } } }), WITHIN);
    const { routes = {} } = (await lab.show('pve1', 'bgp ipv4 unicast')) as { routes?: Record<string, unknown> };
    expect(Object.keys(routes).sort()).toEqual(['172.16.1.1/32', '172.16.1.51/32', '172.16.1.52/32']);
  }), PATIENCE);

  it.concurrent('of a route server pass EVPN on with the VTEP and the path of its client', () => inScenario('frr-route-server', async (lab) => {
    await vi.waitFor(async () => expect(await lab.show('pve1', 'evpn vni 11000')).toMatchObject({ numRemoteVteps: ['172.16.1.52'] }), WITHIN);
    const all = JSON.stringify(await lab.show('pve1', 'bgp l2vpn evpn route type multicast'));
    expect(all).toContain('"path":"65002"');
    await guestsMeet(lab, 'pve1', 'pve2', 'vnet11000');
  }), PATIENCE);

  it.concurrent.each([
    ['frr-ospf', async (lab: FrrFabric) => expect(await lab.show('pve1', 'ip ospf neighbor')).toMatchObject({ neighbors: { '172.16.1.52': [{ nbrState: 'Full/-' }], '172.16.1.53': [{ nbrState: 'Full/-' }] } }), 'ospf'],
    ['frr-isis', async (lab: FrrFabric) => expect((await lab.node('pve1').run(['vtysh', '-c', 'show isis neighbor'])).match(/ Up /g)).toHaveLength(2), 'isis'],
    ['frr-openfabric', async (lab: FrrFabric) => expect((await lab.node('pve1').run(['vtysh', '-c', 'show openfabric neighbor'])).match(/ Up /g)).toHaveLength(2), 'openfabric'],
  ])('of %s carry loopbacks by that protocol, and EVPN by a reflector between them', (name, adjacent, protocol) => inScenario(name, async (lab) => {
    await vi.waitFor(() => adjacent(lab), WITHIN);
    await vi.waitFor(
      async () => expect(await lab.show('pve2', 'ip route 172.16.1.53/32')).toMatchObject({ '172.16.1.53/32': [{ protocol, selected: true }] }),
      WITHIN,
    );
    await vi.waitFor(async () => expect(await peers(lab, 'pve1')).toEqual({ '172.16.1.52': 'Established', '172.16.1.53': 'Established' }), WITHIN);
    await guestsMeet(lab, 'pve2', 'pve3', 'vnet11000');
  }), PATIENCE);

  it.concurrent('watch their sessions by BFD, each with the timers that it was given, and see a dead peer at once', () => inScenario('frr-bfd', async (lab) => {
    const watched = async () => {
      const found = (await lab.show('pve1', 'bfd peers')) as { peer: string; status: string; 'receive-interval': number; 'transmit-interval': number; 'detect-multiplier': number }[];
      return Object.fromEntries(found.map((one) => [one.peer, [one.status, one['transmit-interval'], one['receive-interval'], one['detect-multiplier']]]));
    };
    await vi.waitFor(async () => expect(await watched()).toEqual({ '10.1.0.1': ['up', 300, 300, 3], '172.16.1.52': ['up', 400, 500, 5] }), WITHIN);
    await vi.waitFor(async () => expect(await peers(lab, 'pve1')).toEqual({ '172.16.1.52': 'Established' }), WITHIN);
    await lab.node('pve2').run(['sh', '-c', 'kill -STOP $(pidof bfdd)']);
    await vi.waitFor(async () => expect((await watched())['10.1.0.1']?.[0]).toBe('down'), { timeout: 5000, interval: 100 });
  }), PATIENCE);

  it.concurrent.each(['frr-exit-nodes', 'frr-exit-nodes-local', 'frr-leaking-vrfs'])('take the files of %s although this kernel has no VRF', (name) => inScenario(name, () => Promise.resolve()), PATIENCE);
});
