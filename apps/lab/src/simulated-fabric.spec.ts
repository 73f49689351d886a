import { SimulatedFabric, type SimulatedFacts } from './simulated-fabric.js';

const LINKS = { pve1: ['192.168.100.2', '192.168.100.1'], pve2: ['192.168.101.2', '192.168.101.1'] } as const;
const evi = (importRts: readonly string[], exportRts = importRts) => ({ vni: 10_001, importRts, exportRts });

function host(slug: 'pve1' | 'pve2', vtep: string, changes: Partial<SimulatedFacts> = {}): SimulatedFacts {
  const [own, far] = LINKS[slug];
  return {
    vtep,
    asn: 65_051,
    addresses: [own, vtep],
    neighbors: [{ address: far, remoteAsn: 65_051, evpn: true, routeReflectorClient: false }],
    evis: [evi(['65051:10001'])],
    ...changes,
  };
}

const reflector = (isReflecting = true): SimulatedFacts => ({
  vtep: '172.16.1.1',
  asn: 65_051,
  addresses: ['192.168.100.1', '192.168.101.1', '172.16.1.1'],
  neighbors: ['192.168.100.2', '192.168.101.2'].map((address) => ({
    address,
    remoteAsn: 65_051,
    evpn: true,
    routeReflectorClient: isReflecting,
  })),
  evis: [],
});

function fabricOf(devices: Record<string, SimulatedFacts | null>): SimulatedFabric {
  const fabric = new SimulatedFabric();
  for (const [slug, facts] of Object.entries(devices)) fabric.register({ slug, facts: () => facts });
  return fabric;
}

describe('the simulated fabric', () => {
  const [one, two] = [host('pve1', '172.16.1.51'), host('pve2', '172.16.1.52')];

  it('has a session only when both ends name each other and their AS numbers agree', () => {
    expect(fabricOf({ test: reflector(), pve1: one }).establishedNeighbors('pve1')).toEqual([
      { address: '192.168.100.1', peer: 'test', evpn: true },
    ]);
    expect(fabricOf({ pve1: one }).establishedNeighbors('pve1')).toEqual([]);
    expect(fabricOf({ test: { ...reflector(), asn: 65_052 }, pve1: one }).establishedNeighbors('pve1')).toEqual([]);
    expect(fabricOf({ test: { ...reflector(), neighbors: [] }, pve1: one }).establishedNeighbors('pve1')).toEqual([]);
    expect(fabricOf({ test: null, pve1: one }).establishedNeighbors('pve1')).toEqual([]);
  });

  it('shows remote VTEPs through a reflector, and none through a speaker that does not reflect', () => {
    expect(fabricOf({ test: reflector(), pve1: one, pve2: two }).remoteVteps('pve1', 10_001)).toEqual(['172.16.1.52']);
    expect(fabricOf({ test: reflector(false), pve1: one, pve2: two }).remoteVteps('pve1', 10_001)).toEqual([]);
  });

  it('imports by route target, one way if they meet one way', () => {
    const exportsOther = host('pve2', '172.16.1.52', { evis: [evi(['65051:10001'], ['65051:666'])] });
    const fabric = fabricOf({ test: reflector(), pve1: one, pve2: exportsOther });
    expect(fabric.remoteVteps('pve1', 10_001)).toEqual([]);
    expect(fabric.remoteVteps('pve2', 10_001)).toEqual(['172.16.1.51']);
  });

  it('forgets a device that is taken off', () => {
    const fabric = fabricOf({ test: reflector(), pve1: one });
    const remove = fabric.register({ slug: 'pve2', facts: () => two });
    expect(fabric.remoteVteps('pve1', 10_001)).toEqual(['172.16.1.52']);
    remove();
    expect(fabric.remoteVteps('pve1', 10_001)).toEqual([]);
  });
});
