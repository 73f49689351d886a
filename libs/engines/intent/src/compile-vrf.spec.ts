import { compileFabric, deviceIntent, type FabricSnapshot, type VrfIntent } from '#engines/intent';
import { demoFabric, type VrfSpec } from '#engines/intent/testing';

const vrf = (snapshot: FabricSnapshot, slug: string, name: string): VrfIntent | undefined =>
  deviceIntent(compileFabric(snapshot), slug).vrfs.find((candidate) => candidate.name === name);
const names = (snapshot: FabricSnapshot, slug: string) => deviceIntent(compileFabric(snapshot), slug).vrfs.map(({ name }) => name);

const fabric = (red: Partial<VrfSpec> = {}, blue: Partial<VrfSpec> = {}) =>
  demoFabric()
    .vrf({ name: 'red', l3vni: 15_000, eviId: 100, ...red })
    .vrf({ name: 'blue', l3vni: 15_001, eviId: 101, ...blue })
    .network({
      slug: 'web',
      vni: 10_010,
      eviId: 10,
      vrf: 'red',
      on: ['pve1'],
      subnets: [{ cidr: '10.20.1.0/24', gateway: '10.20.1.1', mode: 'ANYCAST_VTEP' }],
    })
    .network({
      slug: 'db',
      vni: 10_011,
      eviId: 11,
      vrf: 'blue',
      on: ['pve2'],
      subnets: [{ cidr: '10.20.2.0/24', gateway: '10.20.2.1', mode: 'ANYCAST_VTEP' }],
    })
    .build();

describe('a VRF', () => {
  it('is where its networks are routed, where it has a route or an address, and at its way out', () => {
    const snapshot = fabric({
      routes: [{ prefix: '10.30.0.0/16', nextHop: '10.20.1.9', on: ['pve1'] }],
      loopbacks: [{ device: 'test', number: 100, address: '10.40.0.1' }],
      exits: [{ device: 'pve2', via: ['ens20 192.0.2.1'] }],
    });
    expect(names(snapshot, 'pve1')).toEqual(['red']);
    expect(vrf(snapshot, 'pve1', 'red')).toMatchObject({
      staticRoutes: [{ prefix: '10.30.0.0/16', nextHop: '10.20.1.9' }],
      loopbacks: [],
      exit: null,
    });
    expect(vrf(snapshot, 'test', 'red')).toMatchObject({ staticRoutes: [], loopbacks: [{ number: 100, address: '10.40.0.1' }] });
    expect(vrf(snapshot, 'pve2', 'red')?.exit).not.toBeNull();
  });

  it('that imports another has that one beside it, by one edge and by a chain of them', () => {
    const snapshot = fabric({ importsFrom: ['blue'] });
    expect(names(snapshot, 'pve1')).toEqual(['blue', 'red']);
    expect(names(snapshot, 'pve2')).toEqual(['blue']);
    expect(vrf(snapshot, 'pve1', 'red')?.leaksFrom).toEqual([{ name: 'blue', targets: ['65051:15001'], families: [4] }]);
    expect(vrf(snapshot, 'pve1', 'red')?.importTargets).toEqual(['65051:15000']);
    expect(vrf(snapshot, 'pve1', 'blue')?.leaksFrom).toEqual([]);
    const chain = demoFabric()
      .vrf({ name: 'one', l3vni: 15_000, eviId: 100, importsFrom: ['two'] })
      .vrf({ name: 'two', l3vni: 15_001, eviId: 101, importsFrom: ['three'] })
      .vrf({ name: 'three', l3vni: 15_002, eviId: 102 })
      .network({
        slug: 'web',
        vni: 10_010,
        eviId: 10,
        vrf: 'one',
        on: ['pve1'],
        subnets: [{ cidr: '10.20.1.0/24', gateway: '10.20.1.1', mode: 'ANYCAST_VTEP' }],
      })
      .build();
    expect(names(chain, 'pve1')).toEqual(['one', 'three', 'two']);
  });
});

describe('an exit node', () => {
  const exits = (primary: string | null, hasLocalRouting = false) =>
    fabric({
      exits: ['pve1', 'pve2'].map((device) => ({
        device,
        via: ['ens20 192.0.2.1'],
        isPrimary: device === primary,
        hasLocalRouting,
        snat: 'MASQUERADE' as const,
      })),
    });

  it('is preferred where it is the primary one, or nobody is', () => {
    const preferred = (snapshot: FabricSnapshot) => ['pve1', 'pve2'].map((slug) => vrf(snapshot, slug, 'red')?.exit?.isPreferred);
    expect(preferred(exits('pve2'))).toEqual([false, true]);
    expect(preferred(exits(null))).toEqual([true, true]);
  });

  it('knows the subnets of its VRF wherever they are, and none of another', () => {
    expect(vrf(exits(null), 'pve2', 'red')?.exit).toMatchObject({
      gateways: [{ port: 'ens20', address: '192.0.2.1' }],
      prefixes: ['10.20.1.0/24'],
      snat: 'MASQUERADE',
      transit: null,
    });
  });

  it('that may reach the VRF itself has a cable into it, with addresses that no other VRF has', () => {
    expect(vrf(exits(null, true), 'pve1', 'red')?.exit?.transit).toEqual({
      mainPort: 'xvrf15000',
      vrfPort: 'xvrfp15000',
      mainAddresses: [
        { address: '100.64.0.200', prefixLength: 31 },
        { address: 'fe80::1', prefixLength: 64 },
      ],
      vrfAddresses: [
        { address: '100.64.0.201', prefixLength: 31 },
        { address: 'fe80::2', prefixLength: 64 },
      ],
    });
  });
});
