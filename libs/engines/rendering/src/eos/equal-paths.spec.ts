/** What a switch does with several ways to one place, and with the IPv6 of its VRFs. */
import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { demoFabric, SnapshotBuilder, switchScenarios, type VrfSpec } from '#engines/intent/testing';
import { renderDevice } from '#engines/rendering';

const lines = (snapshot: FabricSnapshot, slug: string): string[] =>
  renderDevice(deviceIntent(compileFabric(snapshot), slug)).flatMap(({ content }) => content.split('\n').map((line) => line.trim()));
const scenario = (name: string, slug: string): string[] => {
  const found = switchScenarios[name];
  if (!found) throw new Error(`there is no scenario ${name}`);
  return lines(found(), slug);
};
const isMultipath = (text: readonly string[]): boolean => text.includes('maximum-paths 4 ecmp 4');

/** Leafs with as many spines as asked for, one cable to each or several. */
function clos({
  spines,
  cables = 1,
  spineAsn = 65_000,
  leafAsn = 65_000,
}: {
  spines: number;
  cables?: number;
  spineAsn?: number;
  leafAsn?: number;
}): FabricSnapshot {
  const ports = Array.from({ length: 8 }, (_, at) => `Ethernet${at + 1}`);
  const builder = new SnapshotBuilder().device({ slug: 'leaf', platform: 'ARISTA_EOS', vtep: '10.255.0.1', asn: leafAsn, ports });
  const isInternal = spineAsn === leafAsn;
  for (let spine = 0; spine < spines; spine += 1) {
    builder.device({ slug: `spine${spine}`, platform: 'ARISTA_EOS', vtep: `10.255.0.${100 + spine}`, asn: spineAsn, ports });
    for (let cable = 0; cable < cables; cable += 1) {
      const net = `10.0.${spine}.${cable * 2}`;
      builder.peering(
        `${net}/31`,
        { device: `spine${spine}`, port: `Ethernet${cable + 1}`, address: net, role: isInternal ? 'ROUTE_REFLECTOR' : 'PEER' },
        {
          device: 'leaf',
          port: `Ethernet${spine * cables + cable + 1}`,
          address: `10.0.${spine}.${cable * 2 + 1}`,
          role: isInternal ? 'ROUTE_REFLECTOR_CLIENT' : 'PEER',
        },
      );
    }
  }
  return builder.build();
}

describe('a switch with several equal ways', () => {
  it.each([
    ['two spines of its own AS', { spines: 2 }],
    ['four spines of another AS', { spines: 4, leafAsn: 65_001 }],
    ['one spine over two cables', { spines: 1, cables: 2 }],
  ])('takes all of them: %s', (_, shape) => {
    expect(isMultipath(lines(clos(shape), 'leaf'))).toBe(true);
  });

  it('has nothing to say of them with one spine over one cable, and nothing as the reflector of clients that have one cable each', () => {
    expect(isMultipath(lines(clos({ spines: 1 }), 'leaf'))).toBe(false);
    expect(isMultipath(lines(clos({ spines: 2 }), 'spine0'))).toBe(false);
  });

  it('takes one where its pair reflects to it, so that the halves do not send to each other', () => {
    expect(scenario('eos-mlag-pair', 'leaf1').some((line) => /^neighbor 169\.254\.0\.1 route-reflector-client$/.test(line))).toBe(true);
    expect(isMultipath(scenario('eos-mlag-pair', 'leaf1'))).toBe(false);
  });
});

describe('IPv6 in a VRF of a switch', () => {
  const red: VrfSpec = { name: 'red', l3vni: 15_000, eviId: 100 };
  const routed = (vrf: string, number: number, cidr: string, gateway: string) => ({
    slug: `net${number}`,
    vni: 10_000 + number,
    eviId: number,
    vrf,
    on: [{ device: 'test', port: 'Ethernet2', vlan: 100 + number, tagging: 'TAGGED' as const }],
    subnets: [{ cidr, gateway, mode: 'ANYCAST_VTEP' as const }],
  });
  const v4 = routed('red', 1, '10.20.1.0/24', '10.20.1.1');
  const forwarding = (snapshot: FabricSnapshot): string[] =>
    lines(snapshot, 'test').flatMap((line) => /^ipv6 unicast-routing vrf (\S+)$/.exec(line)?.[1] ?? []);
  const fabric = (more: Partial<VrfSpec>, ...networks: ReturnType<typeof routed>[]): FabricSnapshot => {
    const builder = demoFabric().vrf({ ...red, ...more });
    for (const network of networks) builder.network(network);
    return builder.build();
  };

  it('is forwarded nowhere where all is IPv4', () => {
    expect(forwarding(fabric({}, v4))).toEqual([]);
  });

  it.each<[string, Partial<VrfSpec>, ReturnType<typeof routed>]>([
    ['a gateway', {}, routed('red', 1, '2001:db8:1::/64', '2001:db8:1::1')],
    ['a loopback', { loopbacks: [{ device: 'test', number: 100, address: '2001:db8:ffff::1' }] }, v4],
    ['a static route', { routes: [{ prefix: '2001:db8:9::/48', nextHop: '2001:db8:1::9', on: ['test'] }] }, v4],
  ])('is forwarded for %s', (_, more, network) => {
    expect(forwarding(fabric(more, network))).toEqual(['red']);
  });

  it('is forwarded in both VRFs where one takes routes of the other', () => {
    const builder = (cidr: string, gateway: string) =>
      demoFabric()
        .vrf({ ...red, importsFrom: ['grey'] })
        .vrf({ name: 'grey', l3vni: 15_001, eviId: 101 })
        .network(v4)
        .network(routed('grey', 2, cidr, gateway))
        .build();
    expect(forwarding(builder('10.20.2.0/24', '10.20.2.1'))).toEqual([]);
    expect(forwarding(builder('2001:db8:2::/64', '2001:db8:2::1'))).toEqual(['grey', 'red']);
  });
});
