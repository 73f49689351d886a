import { compileFabric, type DeviceIntent } from '#engines/intent';
import { demoSnapshot, scenarios } from '#engines/intent/testing';
import { Ip } from '#engines/kernel';
import { lostVitals, withoutLeaving } from './vitals.js';

const pve1 = compileFabric(demoSnapshot()).devices.find(({ slug }) => slug === 'pve1') as DeviceIntent;
const peers = (pve1.bgp?.neighbors ?? []).map(({ address }) => address as string);
const vteps = [...new Set(pve1.l2vnis.flatMap(({ remoteVteps }) => remoteVteps as readonly string[]))];
const before = { establishedNeighbors: [...peers, '198.51.100.1'], remoteVteps: [...vteps, '198.51.100.2'] };

describe('what a device has lost since it was pushed to', () => {
  it('is nothing while it has what it had', () => {
    expect(peers.length).toBeGreaterThan(0);
    expect(vteps.length).toBeGreaterThan(0);
    expect(lostVitals(before, before, pve1)).toEqual([]);
  });

  it('is nothing that the intent no longer asks for', () => {
    expect(lostVitals(before, { establishedNeighbors: peers, remoteVteps: vteps }, pve1)).toEqual([]);
    const alone = { ...pve1, l2vnis: [], bgp: pve1.bgp && { ...pve1.bgp, neighbors: [] } };
    expect(lostVitals(before, { establishedNeighbors: [], remoteVteps: [] }, alone)).toEqual([]);
  });

  it('is a session, or a VTEP, that was there and ought to be', () => {
    expect(lostVitals(before, { ...before, establishedNeighbors: [] }, pve1)).toMatchObject([
      { check: 'BGP_PEER', message: expect.stringContaining(peers[0] as string) as string },
    ]);
    expect(lostVitals(before, { ...before, remoteVteps: [] }, pve1)).toMatchObject([
      { check: 'REMOTE_VTEP', message: expect.stringContaining(vteps[0] as string) as string },
    ]);
  });
});

describe('a session in a VRF', () => {
  const leaf = routedLeaf();
  const network = leaf.l2vnis.find(({ vrf, gateways }) => vrf !== null && gateways.length > 0) ?? expect.fail('no routed network');
  const gateway = network.gateways[0]?.address as string;
  const inside = `${network.vrf} ${gateway.replace(/[^.:]+$/, '77')}`;
  const onLink = `${network.vrf} fe80::1%Vl${network.vlan}`;
  const elsewhere = `${network.vrf} 203.0.113.9`;
  const all = { establishedNeighbors: [], remoteVteps: [], vrfNeighbors: [inside, onLink, elsewhere] };
  const left = (after: DeviceIntent) => withoutLeaving(all, leaf, after);

  it('is not missed where the network that it runs over goes and the VRF stays; every other one is', () => {
    const without = { ...leaf, l2vnis: leaf.l2vnis.filter(({ vni }) => vni !== network.vni) };
    expect(left(without).vrfNeighbors).toEqual([elsewhere]);
    const gone = lostVitals(left(without), { ...all, vrfNeighbors: [elsewhere] }, without);
    expect(gone).toEqual([]);
    expect(lostVitals(left(without), { ...all, vrfNeighbors: [] }, without)).toMatchObject([
      { check: 'BGP_PEER', message: expect.stringContaining('203.0.113.9') as string },
    ]);
  });

  it('is not missed where the gateway, a port or a far end of its network goes', () => {
    const changed = (over: object) => ({
      ...leaf,
      l2vnis: leaf.l2vnis.map((one) => (one.vni === network.vni ? { ...one, ...over } : one)),
    });
    expect(left(changed({ gateways: [] })).vrfNeighbors).toEqual([elsewhere]);
    const far = { ...network, remoteVteps: [...network.remoteVteps, Ip.parse('198.51.100.7')] };
    const wider = { ...leaf, l2vnis: leaf.l2vnis.map((one) => (one.vni === network.vni ? far : one)) };
    expect(withoutLeaving(all, wider, leaf).vrfNeighbors).toEqual([elsewhere]);
    const port = { port: 'Ethernet40', members: [{ vni: network.vni, vlan: network.vlan, tagging: 'UNTAGGED' }] };
    const ported = { ...leaf, edgePorts: [...leaf.edgePorts, port] } as DeviceIntent;
    expect(withoutLeaving(all, ported, leaf).vrfNeighbors).toEqual([elsewhere]);
    // What is only added takes nothing away.
    expect(withoutLeaving(all, leaf, ported)).toEqual(all);
    expect(withoutLeaving(all, leaf, wider)).toEqual(all);
  });

  it('is demanded in another VRF with the same addresses, and where nothing was ever confirmed', () => {
    const without = { ...leaf, l2vnis: leaf.l2vnis.filter(({ vni }) => vni !== network.vni) };
    const twin = { ...all, vrfNeighbors: [`other ${gateway}`] };
    expect(withoutLeaving(twin, leaf, without)).toEqual(twin);
    expect(withoutLeaving(all, null, without)).toEqual(all);
  });
});

function routedLeaf(): DeviceIntent {
  for (const scenario of Object.values(scenarios)) {
    const found = compileFabric(scenario()).devices.find(
      ({ platform, l2vnis }) => platform === 'ARISTA_EOS' && l2vnis.some(({ vrf, gateways, vlan }) => vrf && vlan && gateways.length > 0),
    );
    if (found) return found;
  }
  return expect.fail('no scenario has a leaf that routes');
}
