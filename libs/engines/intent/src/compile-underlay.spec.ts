import { compileFabric, type DeviceIntent, deviceIntent, type FabricSnapshot, type SwitchFacts } from '#engines/intent';
import { SnapshotBuilder } from '#engines/intent/testing';
import { Cidr, VlanId } from '#engines/kernel';

const compiled = (snapshot: FabricSnapshot, slug: string): DeviceIntent => deviceIntent(compileFabric(snapshot), slug);

const pair = (asns: { readonly a?: number; readonly b?: number } = {}) =>
  new SnapshotBuilder()
    .device({ slug: 'a', platform: 'DEBIAN_FRR', vtep: '172.16.1.51', ...(asns.a && { asn: asns.a }), ports: ['ens19', 'ens20'] })
    .device({ slug: 'b', platform: 'ARISTA_EOS', vtep: '172.16.1.1', ...(asns.b && { asn: asns.b }), ports: ['Ethernet1', 'Ethernet2'] });
const A = { device: 'a', port: 'ens19', address: '10.1.0.0' };
const B = { device: 'b', port: 'Ethernet1', address: '10.1.0.1' };
const neighbors = (snapshot: FabricSnapshot, slug: string) => compiled(snapshot, slug).bgp?.neighbors;
/** A gateway between EVPN domains. */
const gateway = (id: string): SwitchFacts => ({
  internalVlans: { first: VlanId.parse(3700), last: VlanId.parse(3999) },
  varpAddresses: [],
  tunnelPorts: [],
  translations: [],
  domain: { id, remoteId: null },
});
const BFD = { transmitMs: 300, receiveMs: 300, multiplier: 3 };

describe('a session', () => {
  it('says nothing that it was not told: no port, no BFD, no password, no hops, local domain', () => {
    expect(neighbors(pair().peering('10.1.0.0/31', A, B).build(), 'a')).toEqual([
      expect.objectContaining({
        address: '10.1.0.1',
        port: null,
        bfd: null,
        multihop: null,
        passwordSecret: null,
        domain: 'LOCAL',
        routeServerClient: false,
        isRouteServer: false,
      }),
    ]);
  });

  it('over a port is known by that port at either end, and the ports have no addresses', () => {
    const snapshot = pair({ b: 65_001 }).unnumberedPeering({ device: 'a', port: 'ens19' }, { device: 'b', port: 'Ethernet1' }).build();
    expect(neighbors(snapshot, 'a')).toEqual([expect.objectContaining({ port: 'ens19', address: '172.16.1.1', remoteAsn: 65_001 })]);
    expect(neighbors(snapshot, 'b')).toEqual([expect.objectContaining({ port: 'Ethernet1', address: '172.16.1.51', remoteAsn: 65_051 })]);
    expect(compiled(snapshot, 'a').underlayPorts).toEqual([expect.objectContaining({ port: 'ens19', address: null })]);
  });

  it('with a route server is one of a server at one end and of a client at the other', () => {
    const snapshot = pair({ b: 65_001 })
      .peering('10.1.0.0/31', { ...A, role: 'ROUTE_SERVER_CLIENT' }, { ...B, role: 'ROUTE_SERVER' })
      .build();
    expect(neighbors(snapshot, 'a')).toEqual([expect.objectContaining({ isRouteServer: true, routeServerClient: false })]);
    expect(neighbors(snapshot, 'b')).toEqual([expect.objectContaining({ isRouteServer: false, routeServerClient: true })]);
  });

  it('has the BFD of the fabric unless it has its own, and options of one record at both ends', () => {
    const builder = pair().fabric({ underlay: { protocol: 'BGP', area: null, bfd: BFD } });
    expect(neighbors(builder.peering('10.1.0.0/31', A, B).build(), 'a')).toEqual([expect.objectContaining({ bfd: BFD })]);
    const own = pair({ b: 65_001 })
      .deviceFacts('a', { platform: 'ARISTA_EOS', switch: gateway('65051:1') })
      .deviceFacts('b', { switch: gateway('65001:1') })
      .fabric({ underlay: { protocol: 'BGP', area: null, bfd: BFD } })
      .session(
        { ...A, address: '172.16.1.51' },
        { ...B, address: '172.16.1.1' },
        {
          bfd: { ...BFD, multiplier: 5 },
          multihop: 4,
          passwordSecret: 'overlay',
          domain: 'REMOTE',
        },
      )
      .build();
    for (const slug of ['a', 'b']) {
      expect(neighbors(own, slug)).toEqual([
        expect.objectContaining({ bfd: { ...BFD, multiplier: 5 }, multihop: 4, passwordSecret: 'overlay', domain: 'REMOTE' }),
      ]);
    }
  });
});

describe('an underlay', () => {
  const over = (protocol: 'BGP' | 'OSPF' | 'ISIS' | 'OPENFABRIC', area: string | null = null) =>
    pair()
      .deviceFacts('b', { platform: protocol === 'OPENFABRIC' ? 'DEBIAN_FRR' : 'ARISTA_EOS' })
      .fabric({ underlay: { protocol, area, bfd: null, loopbacks: [Cidr.parse('172.16.1.0/24')] } })
      .link('10.1.0.0/31', A, B)
      .unnumberedLink({ device: 'a', port: 'ens20' }, { device: 'b', port: 'Ethernet2' })
      .session({ ...A, address: '172.16.1.51' }, { ...B, address: '172.16.1.1' }, { families: ['L2VPN_EVPN'] })
      .build();

  it('of BGP has its loopbacks in BGP and no other protocol', () => {
    const { igp, bgp } = compiled(over('BGP'), 'a');
    expect(igp).toBeNull();
    expect(bgp).toMatchObject({ originate: ['172.16.1.51/32'], loopbacks: ['172.16.1.0/24'] });
  });

  it('of OSPF is on every link, and BGP has no loopback to hide its route', () => {
    const { igp, bgp } = compiled(over('OSPF'), 'a');
    expect(igp).toEqual({ protocol: 'OSPF', area: '0.0.0.0', net: null, ports: ['ens19', 'ens20'], bfd: null });
    expect(bgp?.originate).toEqual([]);
    expect(compiled(over('OSPF', '0.0.0.7'), 'a').igp?.area).toBe('0.0.0.7');
  });

  it.each(['ISIS', 'OPENFABRIC'] as const)('of %s has a title made of area and router id', (protocol) => {
    expect(compiled(over(protocol), 'a').igp?.net).toBe('49.0001.1720.1600.1051.00');
    expect(compiled(over(protocol, '49.0002'), 'b').igp?.net).toBe('49.0002.1720.1600.1001.00');
  });

  it('lends the address of the loopback to an unnumbered port', () => {
    expect(
      compiled(over('OSPF'), 'a').underlayPorts.map(({ port, address, prefixLength }) => `${port} ${address}/${prefixLength}`),
    ).toEqual(['ens19 10.1.0.0/31', 'ens20 172.16.1.51/32']);
  });
});
