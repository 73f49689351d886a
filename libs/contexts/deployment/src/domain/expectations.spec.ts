import { compileFabric, type DeviceIntent, type FabricSnapshot } from '#engines/intent';
import { RouteTarget } from '#engines/kernel';
import { demoFabric, demoSnapshot, scenarios } from '#engines/intent/testing';
import { expectationsOf, type Peer } from './expectations.js';

const VNI = 10_001;
const intents = (snapshot: FabricSnapshot): ReadonlyMap<string, DeviceIntent> =>
  new Map(compileFabric(snapshot).devices.map((device) => [device.slug, device]));
const of = (snapshot: FabricSnapshot, slug: string): DeviceIntent => intents(snapshot).get(slug) ?? expect.fail(slug);
const scenario = (name: string): FabricSnapshot => scenarios[name]?.() ?? expect.fail(name);
/** All the others, on and as they shall be. */
const peersOf = (snapshot: FabricSnapshot, slug: string, over: Readonly<Record<string, Partial<Peer>>> = {}): Peer[] =>
  [...intents(snapshot)].filter(([name]) => name !== slug).map(([name, intent]) => ({ slug: name, intent, excuse: null, ...over[name] }));

describe('what a device must know of its networks', () => {
  it('is every other VTEP, its route with its own RD and our route target, and a path as long as a full packet of a guest', () => {
    const { expectations, excuses } = expectationsOf(of(demoSnapshot(), 'pve1'), peersOf(demoSnapshot(), 'pve1'));
    expect(excuses.size).toBe(0);
    expect(expectations).toEqual({
      vnis: [VNI],
      neighbors: ['192.168.100.1'],
      evis: new Map([[VNI, { rd: '172.16.1.51:1', importTargets: ['65051:10001'], exportTargets: ['65051:10001'] }]]),
      addresses: [],
      remoteVteps: new Map([[VNI, ['172.16.1.1', '172.16.1.52']]]),
      routes: new Map([
        [
          VNI,
          [
            { vtep: '172.16.1.1', rd: '172.16.1.1:1', target: '65051:10001' },
            { vtep: '172.16.1.52', rd: '172.16.1.52:1', target: '65051:10001' },
          ],
        ],
      ]),
      paths: [
        { from: '172.16.1.51', to: '172.16.1.1', octets: 1_500 },
        { from: '172.16.1.51', to: '172.16.1.52', octets: 1_500 },
      ],
    });
  });

  it('is nothing of a device that is off, or that does not carry the network yet; and why is said', () => {
    const before = of(demoFabric().build(), 'test');
    const peers = peersOf(demoSnapshot(), 'pve1', { pve2: { excuse: 'pve2 is off.' }, test: { intent: before } });
    const { expectations, excuses } = expectationsOf(of(demoSnapshot(), 'pve1'), peers);
    expect(expectations.remoteVteps).toEqual(new Map([[VNI, []]]));
    expect(expectations.routes).toBeUndefined();
    expect(expectations.paths).toEqual([]);
    expect(excuses.get(VNI)).toEqual(['test does not carry it yet.', 'pve2 is off.']);
  });

  it('is nothing of a VTEP that nobody here has, and no session with a device that is off', () => {
    const { expectations, excuses } = expectationsOf(
      of(demoSnapshot(), 'pve1'),
      peersOf(demoSnapshot(), 'pve1', { test: { excuse: 'test is off.' } }).filter(({ slug }) => slug !== 'pve2'),
    );
    expect(expectations.neighbors).toEqual([]);
    expect(excuses.get(VNI)).toEqual(['test is off.', 'No device that is looked at has the VTEP 172.16.1.52.']);
  });

  it('has the guests of the others where those were read, behind their RDs', () => {
    const macs = new Map([[VNI, ['bc:24:11:00:00:02']]]);
    const { expectations } = expectationsOf(of(demoSnapshot(), 'pve1'), peersOf(demoSnapshot(), 'pve1', { pve2: { macs } }));
    const expected = { vtep: '172.16.1.52', rd: '172.16.1.52:1', target: '65051:10001', mac: 'bc:24:11:00:00:02' };
    expect(expectations.macs).toEqual(new Map([[VNI, [expected]]]));
  });

  it('is only of the networks that are asked for', () => {
    const two = demoFabric()
      .network({ slug: 'blue', name: 'Blue', vni: VNI, eviId: 1, on: ['pve1', 'pve2'], subnets: [{ cidr: '10.20.0.0/24' }] })
      .network({ slug: 'green', name: 'Green', vni: 10_002, eviId: 2, on: ['pve1', 'pve2'], subnets: [{ cidr: '10.20.1.0/24' }] })
      .build();
    const { expectations } = expectationsOf(of(two, 'pve1'), peersOf(two, 'pve1'), new Set([10_002]));
    expect(expectations.vnis).toEqual([10_002]);
    expect([...(expectations.routes ?? [])].map(([vni]) => vni)).toEqual([10_002]);
  });

  it('has the gateways where the platform shows them, and the subnets that the others announce in the VRF', () => {
    const snapshot = scenario('vrf-anycast-two-leaves');
    const onHost = expectationsOf(of(snapshot, 'pve3'), peersOf(snapshot, 'pve3')).expectations;
    expect(onHost.addresses).toEqual(expect.arrayContaining([{ port: 'vnet10010', address: '10.20.1.1' }]));
    const onSwitch = expectationsOf(of(snapshot, 'leaf2'), peersOf(snapshot, 'leaf2')).expectations;
    expect(onSwitch.addresses).toEqual(expect.arrayContaining([{ port: 'Vlan110', address: '10.20.1.1' }]));
    const announced = onSwitch.prefixes?.get(15_000) ?? [];
    const pve3 = of(snapshot, 'pve3').vrfs[0] ?? expect.fail('no VRF');
    expect(announced).toContainEqual({ vtep: '172.16.1.53', rd: pve3.rd, target: pve3.exportTargets[0], prefix: '10.20.1.0/24' });
  });

  it('is both RDs of a pair that shares its tunnel, a pair that is well, and nothing of the other half itself', () => {
    const snapshot = scenario('eos-mlag-pair');
    const pair = [...intents(snapshot).values()].filter(({ mlag }) => mlag !== null);
    expect(pair).toHaveLength(2);
    const [one] = pair.map(({ slug }) => slug);
    const { expectations } = expectationsOf(of(snapshot, one ?? ''), peersOf(snapshot, one ?? ''));
    expect(expectations.mlag).toEqual({ state: 'active', negotiation: 'connected', peerLink: 'up', sanity: 'consistent' });
    const shared = pair[0]?.mlag?.sharedVtep;
    for (const vteps of expectations.remoteVteps?.values() ?? []) expect(vteps).not.toContain(shared);
  });

  it('is no VTEP and no route of a network that EVPN does not announce', () => {
    for (const name of ['eos-head-end', 'eos-multicast']) {
      const snapshot = scenario(name);
      for (const [slug, device] of intents(snapshot)) {
        const { expectations, excuses } = expectationsOf(device, peersOf(snapshot, slug));
        for (const { vni, replication } of device.l2vnis.filter((network) => network.replication !== 'INGRESS_EVPN')) {
          expect(expectations.remoteVteps?.has(vni)).toBe(false);
          expect(excuses.get(vni)).toEqual([`${replication} is not announced by EVPN: no VTEP and no route is expected.`]);
        }
      }
    }
  });

  it('is nothing of a member whose routes it does not import, such as another spoke of a hub', () => {
    const spoke = of(demoSnapshot(), 'pve2');
    const l2vnis = spoke.l2vnis.map((network) => ({ ...network, exportTargets: [RouteTarget.parse('65051:7')] }));
    const peers = peersOf(demoSnapshot(), 'pve1', { pve2: { intent: { ...spoke, l2vnis } } });
    const { expectations } = expectationsOf(of(demoSnapshot(), 'pve1'), peers);
    expect(expectations.remoteVteps).toEqual(new Map([[VNI, ['172.16.1.1']]]));
    expect(expectations.routes?.get(VNI)?.map(({ rd }) => rd)).toEqual(['172.16.1.1:1']);
  });
});
