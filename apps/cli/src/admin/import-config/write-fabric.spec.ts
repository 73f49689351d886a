import type { FabricSnapshot } from '#engines/intent';
import { Cidr, Ip, RouteTarget } from '#engines/kernel';
import { onboard } from '#engines/onboarding';
import { switchFabric } from '#engines/onboarding/testing';
import { writeFabric } from './write-fabric.js';

const { snapshot } = onboard(switchFabric());
const to = { slug: 'par', site: 'par1', tenant: 'acme', management: new Map() };
const [vrf] = snapshot.vrfs;
const [network] = snapshot.networks;
const lost = (over: Partial<FabricSnapshot>): readonly string[] => writeFabric({ ...snapshot, ...over }, to).notCarried;

describe('a fabric document that is written', () => {
  it('says all that was read', () => {
    expect(lost({})).toEqual([]);
  });

  it('has pools for what is there, and for nothing else but EVI ids', () => {
    const { pools, addressSpaces } = writeFabric(snapshot, to).document as { pools: { kind: string }[]; addressSpaces: object[] };
    expect(pools.map(({ kind }) => kind)).toEqual(['VNI', 'L3VNI', 'EVI', 'EVI', 'VLAN', 'VLAN']);
    expect(pools).toContainEqual({
      slug: 'par-evi-adopted',
      kind: 'EVI',
      isAdopted: true,
      ranges: [
        { first: 30, last: 30 },
        { first: 50, last: 50 },
      ],
    });
    expect(addressSpaces).toMatchObject([{ slug: 'vrf-blue', pools: [{ ranges: ['10.30.0.0/24'], minLength: 24, maxLength: 24 }] }]);
  });

  it('names each fact that it has no place for', () => {
    if (vrf === undefined || network === undefined) throw new Error('the fabric has a VRF with a network');
    const route = { prefix: Cidr.parse('0.0.0.0/0'), nextHop: Ip.parse('10.30.0.2'), deviceIds: [] };
    expect(lost({ vrfs: [{ ...vrf, staticRoutes: [route] }] })).toEqual(['VRF BLUE: staticRoutes']);
    const subnets = network.subnets.map((subnet) => ({ ...subnet, dhcpRelay: { servers: [Ip.parse('10.1.1.1')], vrfId: null } }));
    expect(lost({ networks: [{ ...network, subnets }] })).toEqual(['network vni10030: the DHCP relay of 10.30.0.0/24']);
    const twice = [...network.subnets, ...network.subnets];
    expect(lost({ networks: [{ ...network, subnets: twice }] })).toEqual([
      'network vni10030: 10.30.0.0/24 overlaps another subnet of the VRF blue',
    ]);
    const [first, ...links] = snapshot.links;
    expect(lost({ links: first === undefined ? links : [{ ...first, prefix: null }, ...links] })).toEqual([
      expect.stringMatching(/^the link .*: it has no addresses$/),
    ]);
  });

  it('names what of the names of guests cannot be said', () => {
    expect(writeFabric(snapshot, to, { subnets: [], refused: ['network vni7: how names are published'] }).notCarried).toEqual([
      'network vni7: how names are published',
    ]);
  });

  it('says in which direction a target goes', () => {
    if (network === undefined) throw new Error('the fabric has a network');
    const { networks } = writeFabric(
      { ...snapshot, networks: [{ ...network, importTargets: [...network.importTargets, RouteTarget.parse('7:7')] }] },
      to,
    ).document as { networks: { targets: object[] }[] };
    expect(networks[0]?.targets).toEqual([{ target: '7:7', direction: 'IMPORT' }, { target: '65000:10030' }]);
  });
});
