/** Fabrics of Arista switches: pairs, segments, route servers, bundles, other ways to flood, domains. Each shows one thing. */
import { Asn, Cidr, Ip, Mac, PortName, RouteTarget, VlanId, type DeviceId, type NetworkId, type VrfId } from '#engines/kernel';
import type { DeviceFacts, FabricSnapshot, LagFacts, MlagFacts, NetworkFacts, SubnetFacts, SwitchFacts } from '../snapshot.js';
import { SnapshotBuilder, type NetworkSpec } from './snapshot-builder.js';

const deviceId = (slug: string): DeviceId => `device-${slug}` as DeviceId;
const networkId = (slug: string): NetworkId => `network-${slug}` as NetworkId;

interface LagSpec {
  readonly mode?: 'LACP' | 'STATIC';
  readonly segment?: string;
  /** `device name member member…`, the hanging end last. */
  readonly ends: readonly string[];
}

export function lag({ mode = 'LACP', segment, ends }: LagSpec): LagFacts {
  return {
    mode,
    segment: segment === undefined ? null : Mac.parse(segment),
    ends: ends.map((end) => {
      const [device = '', name, ...members] = end.split(' ');
      return { deviceId: deviceId(device), name: PortName.parse(name), members: members.map(PortName.parse) };
    }),
  };
}

export function mlag(a: string, b: string, sharedVtep: string | null): MlagFacts {
  const member = (slug: string, address: string) => ({
    deviceId: deviceId(slug),
    peerLink: PortName.parse('Port-Channel1000'),
    peerLinkMembers: [PortName.parse('Ethernet47'), PortName.parse('Ethernet48')],
    address: Ip.parse(address),
    prefixLength: 31,
  });
  return {
    domain: `${a}-${b}`,
    vlan: VlanId.parse(4094),
    members: [member(a, '169.254.0.0'), member(b, '169.254.0.1')],
    ...(sharedVtep !== null && { sharedVtep: Ip.parse(sharedVtep) }),
  };
}

export const switchFacts = (facts: Partial<SwitchFacts> = {}): SwitchFacts => ({
  internalVlans: { first: VlanId.parse(3700), last: VlanId.parse(3999) },
  varpAddresses: [],
  tunnelPorts: [],
  translations: [],
  domain: null,
  ...facts,
});

interface Additions {
  readonly lags?: readonly LagFacts[];
  readonly mlags?: readonly MlagFacts[];
  readonly devices?: Readonly<Record<string, Partial<DeviceFacts>>>;
  readonly networks?: Readonly<Record<string, Partial<NetworkFacts>>>;
  /** By network and family. */
  readonly subnets?: Readonly<Record<string, { readonly 4?: Partial<SubnetFacts>; readonly 6?: Partial<SubnetFacts> }>>;
}

/** The snapshot with what the builder does not say. */
export function extended(snapshot: FabricSnapshot, { lags, mlags, devices = {}, networks = {}, subnets = {} }: Additions): FabricSnapshot {
  return {
    ...snapshot,
    ...(lags && { lags }),
    ...(mlags && { mlags }),
    devices: snapshot.devices.map((device) => ({ ...device, ...devices[device.slug] })),
    networks: snapshot.networks.map((network) => ({
      ...network,
      ...networks[network.slug],
      subnets: network.subnets.map((subnet) => ({ ...subnet, ...subnets[network.slug]?.[Cidr.family(subnet.cidr)] })),
    })),
  };
}

const leaf = (slug: string, vtep: string, asn?: number) => ({
  slug,
  hostname: slug.toUpperCase(),
  platform: 'ARISTA_EOS' as const,
  vtep,
  ...(asn !== undefined && { asn }),
  ports: [...Array.from({ length: 12 }, (_, at) => `Ethernet${at + 1}`), 'Ethernet47', 'Ethernet48', 'Port-Channel5', 'Port-Channel7'],
});

/** A spine that reflects to its leafs over the links; iBGP. */
export function clos(...leafs: readonly string[]): SnapshotBuilder {
  const builder = new SnapshotBuilder().device({ ...leaf('spine', '10.255.0.100'), vtep: '10.255.0.100' });
  leafs.forEach((slug, at) => {
    builder
      .device(leaf(slug, `10.255.0.${at + 1}`))
      .peering(
        `10.0.${at}.0/31`,
        { device: 'spine', port: `Ethernet${at + 1}`, address: `10.0.${at}.0`, role: 'ROUTE_REFLECTOR' },
        { device: slug, port: 'Ethernet1', address: `10.0.${at}.1`, role: 'ROUTE_REFLECTOR_CLIENT' },
      );
  });
  return builder;
}

const tagged = (device: string, port: string, vlan: number) => ({ device, port, vlan, tagging: 'TAGGED' as const });
const anycast = (cidr: string, gateway: string) => ({ cidr, gateway, mode: 'ANYCAST_VTEP' as const });

/** Two networks of a VRF on two leafs, on ports of one name. */
const routed = (port: string): readonly NetworkSpec[] => [
  {
    slug: 'web',
    vni: 10_010,
    eviId: 10_010,
    vrf: 'red',
    on: [tagged('leaf1', port, 110), tagged('leaf2', port, 110)],
    subnets: [anycast('10.20.1.0/24', '10.20.1.1'), anycast('2001:db8:1::/64', '2001:db8:1::1')],
  },
  {
    slug: 'db',
    vni: 10_011,
    eviId: 10_011,
    vrf: 'red',
    on: [tagged('leaf1', port, 111), tagged('leaf2', port, 111)],
    subnets: [anycast('10.20.2.0/24', '10.20.2.1')],
  },
];

/** The leaf of a blog post: one host behind Ethernet1, one customer in VLAN 1000 on Ethernet2. */
export function seedLeaf(): FabricSnapshot {
  return new SnapshotBuilder()
    .device({ slug: 'test', hostname: 'TEST', platform: 'ARISTA_EOS', vtep: '172.16.1.1', ports: ['Ethernet1', 'Ethernet2'] })
    .device({ slug: 'pve1', platform: 'DEBIAN_FRR', vtep: '172.16.1.51', ports: ['ens19'] })
    .peering(
      '192.168.100.0/24',
      { device: 'test', port: 'Ethernet1', address: '192.168.100.1' },
      { device: 'pve1', port: 'ens19', address: '192.168.100.2' },
    )
    .network({ slug: 'vnet1000', vni: 1000, eviId: 1000, on: ['pve1', { device: 'test', port: 'Ethernet2', vlan: 1000 }] })
    .build();
}

export function mlagPair(): FabricSnapshot {
  const builder = clos('leaf1', 'leaf2', 'leaf3')
    .device({ slug: 'host', platform: 'EXTERNAL', vtep: null, ports: ['bond0', 'eno1', 'eno2', 'eno3'] })
    .vrf({ name: 'red', l3vni: 15_000, eviId: 15_000 });
  for (const network of routed('Port-Channel5')) builder.network(network);
  builder.attach('web', tagged('leaf3', 'Ethernet2', 210)).attach('web', tagged('leaf1', 'Ethernet4', 110));
  return extended(builder.build(), {
    lags: [lag({ ends: ['leaf1 Port-Channel5 Ethernet5', 'leaf2 Port-Channel5 Ethernet5 Ethernet6', 'host bond0 eno1 eno2 eno3'] })],
    mlags: [mlag('leaf1', 'leaf2', '10.255.1.1')],
    devices: { leaf1: { switch: switchFacts() }, leaf2: { switch: switchFacts() } },
  });
}

export function segmentPair(): FabricSnapshot {
  const builder = clos('leaf1', 'leaf2')
    .device({ slug: 'host', platform: 'EXTERNAL', vtep: null, ports: ['bond0', 'eno1', 'eno2', 'eno3'] })
    .device({ slug: 'box', platform: 'EXTERNAL', vtep: null, ports: ['lag1', 'p1', 'p2'] })
    .vrf({ name: 'red', l3vni: 15_000, eviId: 15_000 });
  for (const network of routed('Port-Channel5')) builder.network(network);
  builder.network({ slug: 'flat', vni: 10_020, eviId: 10_020, on: [{ device: 'leaf1', port: 'Port-Channel5', vlan: 120 }, { device: 'leaf2', port: 'Port-Channel5', vlan: 120 }, { device: 'leaf1', port: 'Port-Channel7', vlan: 120 }] }); // biome-ignore format: one network
  return extended(builder.build(), {
    lags: [
      lag({
        segment: '00:01:10:10:10:10',
        ends: ['leaf1 Port-Channel5 Ethernet5', 'leaf2 Port-Channel5 Ethernet5 Ethernet6', 'host bond0 eno1 eno2 eno3'],
      }),
      lag({ mode: 'STATIC', ends: ['leaf1 Port-Channel7 Ethernet3 Ethernet4', 'box lag1 p1 p2'] }),
    ],
  });
}

/** Underlay and overlay apart: eBGP on the links, EVPN between loopbacks through a route server, BFD, several hops, a password. */
export function routeServer(): FabricSnapshot {
  const builder = new SnapshotBuilder()
    .fabric({ underlay: { protocol: 'BGP', area: null, bfd: null, loopbacks: [Cidr.parse('10.255.0.0/24'), Cidr.parse('10.254.0.1/32')] } })
    .device({ ...leaf('spine', '10.255.0.100', 65_100) });
  for (const at of [1, 2]) {
    const [slug, address] = [`leaf${at}`, `10.255.0.${at}`];
    builder
      .device(leaf(slug, address, 65_100 + at))
      .link(
        `10.0.${at}.0/31`,
        { device: 'spine', port: `Ethernet${at}`, address: `10.0.${at}.0` },
        { device: slug, port: 'Ethernet1', address: `10.0.${at}.1` },
      )
      .session(
        { device: 'spine', port: `Ethernet${at}`, address: `10.0.${at}.0` },
        { device: slug, port: 'Ethernet1', address: `10.0.${at}.1` },
        { families: ['IPV4_UNICAST'], keepalive: 60, hold: 180 },
      )
      .session(
        { device: 'spine', port: '', address: '10.255.0.100', role: 'ROUTE_SERVER' },
        { device: slug, port: '', address, role: 'ROUTE_SERVER_CLIENT' },
        {
          families: ['L2VPN_EVPN'],
          multihop: 3,
          bfd: { transmitMs: 300, receiveMs: 300, multiplier: 3 },
          passwordSecret: 'overlay.key',
        },
      );
  }
  builder.network({ slug: 'blue', vni: 10_001, eviId: 10_001, on: [tagged('leaf1', 'Ethernet2', 63), tagged('leaf2', 'Ethernet2', 163)] });
  return extended(builder.build(), {
    devices: Object.fromEntries(['spine', 'leaf1', 'leaf2'].map((slug) => [slug, { switch: switchFacts({ hasPeerGroups: true }) }])),
  });
}

/** Two reflectors with the clients of both, one more than nine sessions: peer groups by themselves. */
export function manyClients(count = 9): FabricSnapshot {
  const builder = clos(...Array.from({ length: count }, (_, at) => `leaf${at + 1}`));
  builder.network({ slug: 'blue', vni: 10_001, eviId: 10_001, on: [tagged('leaf1', 'Ethernet2', 10), tagged('leaf2', 'Ethernet2', 10)] });
  return extended(builder.build(), {
    devices: { spine: { switch: switchFacts({ clusterId: Ip.parse('10.255.0.200'), hasPeerGroups: true }) } },
  });
}

/** VARP on two leafs, addresses from a DHCP server in another VRF, and from one in their own. */
export function varpAndRelay(): FabricSnapshot {
  const builder = clos('leaf1', 'leaf2')
    .vrf({
      name: 'services',
      l3vni: 15_001,
      eviId: 15_001,
      loopbacks: [
        { device: 'leaf1', number: 100, address: '10.99.0.1' },
        { device: 'leaf1', number: 106, address: '2001:db8:98::1' },
        { device: 'leaf2', number: 106, address: '2001:db8:98::2' },
        { device: 'leaf2', number: 100, address: '10.99.0.2' },
      ],
      routes: [{ prefix: '10.9.9.0/24', nextHop: '10.30.0.9', on: ['leaf1'] }],
    })
    .vrf({
      name: 'red',
      l3vni: 15_000,
      eviId: 15_000,
      loopbacks: [
        { device: 'leaf1', number: 101, address: '10.98.0.1' },
        { device: 'leaf2', number: 101, address: '10.98.0.2' },
      ],
    });
  for (const network of routed('Ethernet2')) builder.network(network);
  builder.network({
    slug: 'servers',
    vni: 10_030,
    eviId: 10_030,
    vrf: 'services',
    on: [tagged('leaf1', 'Ethernet3', 130)],
    subnets: [anycast('10.30.0.0/24', '10.30.0.1')],
  });
  const own = (slug: string, addresses: readonly string[]) =>
    addresses.map((address) => ({ networkId: networkId(slug), address: Ip.parse(address), prefixLength: address.includes(':') ? 64 : 24 }));
  return extended(builder.build(), {
    devices: {
      leaf1: { switch: switchFacts({ varpAddresses: own('web', ['10.20.1.2', '2001:db8:1::2']) }) },
      leaf2: { switch: switchFacts({ varpAddresses: own('web', ['10.20.1.3', '2001:db8:1::3']) }) },
    },
    subnets: {
      web: {
        4: { dhcpRelay: { servers: [Ip.parse('10.9.9.9'), Ip.parse('10.9.9.10')], vrfId: 'vrf-services' as VrfId } },
        6: { dhcpRelay: { servers: [Ip.parse('2001:db8:99::9')], vrfId: 'vrf-services' as VrfId } },
      },
      db: { 4: { dhcpRelay: { servers: [Ip.parse('10.20.1.67')], vrfId: null } } },
    },
  });
}

/** Bundles, where every VTEP is an EOS switch; QinQ and translated VLANs. */
export function bundles(): FabricSnapshot {
  const builder = clos('leaf1', 'leaf2');
  [1, 2, 3].forEach((n) =>
    builder.network({
      slug: `n${n}`,
      vni: 10_000 + n,
      eviId: 10_000 + n,
      on: [tagged('leaf1', 'Ethernet2', 100 + n), ...(n === 2 ? [] : [tagged('leaf2', 'Ethernet2', 200 + n)])],
    }),
  );
  builder.network({ slug: 'tunnel', mtu: 1446, vni: 10_004, eviId: 10_004, on: [{ device: 'leaf1', port: 'Ethernet3', vlan: 300 }, { device: 'leaf2', port: 'Ethernet3', vlan: 300 }] }); // biome-ignore format: one network
  const bundle = { bundle: 'TENANT_A' };
  return extended(builder.build(), {
    networks: { n1: bundle, n2: bundle, n3: bundle },
    devices: {
      leaf1: { switch: switchFacts({ tunnelPorts: [PortName.parse('Ethernet3')] }) },
      leaf2: {
        switch: switchFacts({
          tunnelPorts: [PortName.parse('Ethernet3')],
          translations: [{ port: PortName.parse('Ethernet2'), from: VlanId.parse(1201), networkId: networkId('n1') }],
        }),
      },
    },
  });
}

const flooding = (builder: SnapshotBuilder): SnapshotBuilder =>
  builder
    .network({
      slug: 'blue',
      vni: 10_001,
      eviId: 10_001,
      on: [tagged('leaf1', 'Ethernet2', 10), tagged('leaf2', 'Ethernet2', 20), tagged('leaf3', 'Ethernet2', 10)],
    })
    .network({ slug: 'green', vni: 10_002, eviId: 10_002, on: [tagged('leaf1', 'Ethernet2', 11), tagged('leaf3', 'Ethernet2', 11)] });

/** Flood lists made of who has the network; nothing is learned from EVPN. */
export const headEnd = (): FabricSnapshot =>
  flooding(clos('leaf1', 'leaf2', 'leaf3'))
    .fabric({ replication: 'INGRESS_STATIC' })
    .build();

/** Groups of the underlay, one by the VNI and one by hand; a third network by EVPN beside them. */
export function multicast(): FabricSnapshot {
  const builder = flooding(clos('leaf1', 'leaf2', 'leaf3')).fabric({ replication: 'MULTICAST' });
  builder.network({ slug: 'red', vni: 10_003, eviId: 10_003, on: [tagged('leaf1', 'Ethernet3', 12), tagged('leaf2', 'Ethernet3', 12)] });
  return extended(builder.build(), { networks: { red: { replication: 'INGRESS_EVPN' } } });
}

/** VTEPs and links of IPv6 alone. */
export function ipv6(): FabricSnapshot {
  const builder = new SnapshotBuilder().fabric({ underlayFamily: 6, underlayMtu: 9214 });
  for (const at of [1, 2]) {
    builder.device({ ...leaf(`leaf${at}`, `2001:db8:ffff::${at}`, 65_100 + at), ports: [{ name: 'Ethernet1', mtu: 9214 }, 'Ethernet2'] });
  }
  return builder
    .peering(
      '2001:db8:0:1::/127',
      { device: 'leaf1', port: 'Ethernet1', address: '2001:db8:0:1::' },
      { device: 'leaf2', port: 'Ethernet1', address: '2001:db8:0:1::1' },
      { families: ['IPV6_UNICAST', 'L2VPN_EVPN'] },
    )
    .network({ slug: 'blue', vni: 10_001, eviId: 10_001, on: [tagged('leaf1', 'Ethernet2', 10), tagged('leaf2', 'Ethernet2', 10)] })
    .build();
}

/** Links without addresses (RFC 8950), IPv4 loopbacks. */
export function unnumbered(): FabricSnapshot {
  const builder = new SnapshotBuilder().device(leaf('spine', '10.255.0.100', 65_100));
  for (const at of [1, 2]) {
    builder
      .device(leaf(`leaf${at}`, `10.255.0.${at}`, 65_100 + at))
      .unnumberedPeering(
        { device: 'spine', port: `Ethernet${at}` },
        { device: `leaf${at}`, port: 'Ethernet1' },
        { bfd: { transmitMs: 300, receiveMs: 300, multiplier: 3 } },
      );
  }
  return builder
    .network({ slug: 'blue', vni: 10_001, eviId: 10_001, on: [tagged('leaf1', 'Ethernet2', 10), tagged('leaf2', 'Ethernet2', 10)] })
    .build();
}

/** A link of the underlay over two cables, with a name that no device can write. */
export function routedLag(): FabricSnapshot {
  const ports = [{ name: 'Port-Channel1', description: '部門' }, 'Ethernet1', 'Ethernet2', 'Ethernet3'];
  const builder = new SnapshotBuilder();
  for (const at of [1, 2]) builder.device({ slug: `leaf${at}`, platform: 'ARISTA_EOS', vtep: `10.255.0.${at}`, ports });
  builder
    .peering(
      '10.0.1.0/31',
      { device: 'leaf1', port: 'Port-Channel1', address: '10.0.1.0' },
      { device: 'leaf2', port: 'Port-Channel1', address: '10.0.1.1' },
    )
    .network({ slug: 'blue', vni: 10_001, eviId: 10_001, on: [tagged('leaf1', 'Ethernet3', 10), tagged('leaf2', 'Ethernet3', 10)] });
  return extended(builder.build(), {
    lags: [lag({ ends: ['leaf1 Port-Channel1 Ethernet1 Ethernet2', 'leaf2 Port-Channel1 Ethernet1 Ethernet2'] })],
  });
}

/** OSPF over links that borrow the address of the loopback. */
export function borrowed(): FabricSnapshot {
  const builder = new SnapshotBuilder().fabric({ underlay: { protocol: 'OSPF', area: '0.0.0.1', bfd: null } });
  for (const at of [1, 2]) builder.device(leaf(`leaf${at}`, `10.255.0.${at}`));
  return builder
    .unnumberedLink({ device: 'leaf1', port: 'Ethernet1' }, { device: 'leaf2', port: 'Ethernet1' })
    .session(
      { device: 'leaf1', port: '', address: '10.255.0.1' },
      { device: 'leaf2', port: '', address: '10.255.0.2' },
      { families: ['L2VPN_EVPN'] },
    )
    .network({ slug: 'blue', vni: 10_001, eviId: 10_001, on: [tagged('leaf1', 'Ethernet2', 10), tagged('leaf2', 'Ethernet2', 10)] })
    .build();
}

/** Loopbacks by OSPF or IS-IS; EVPN between them. */
export function interior(protocol: 'OSPF' | 'ISIS'): FabricSnapshot {
  const builder = new SnapshotBuilder().fabric({
    underlay: { protocol, area: null, bfd: { transmitMs: 300, receiveMs: 300, multiplier: 3 } },
  });
  for (const at of [1, 2]) builder.device(leaf(`leaf${at}`, `10.255.0.${at}`));
  return builder
    .link(
      '10.0.1.0/31',
      { device: 'leaf1', port: 'Ethernet1', address: '10.0.1.0' },
      { device: 'leaf2', port: 'Ethernet1', address: '10.0.1.1' },
    )
    .session(
      { device: 'leaf1', port: '', address: '10.255.0.1' },
      { device: 'leaf2', port: '', address: '10.255.0.2' },
      { families: ['L2VPN_EVPN'] },
    )
    .network({ slug: 'blue', vni: 10_001, eviId: 10_001, on: [tagged('leaf1', 'Ethernet2', 10), tagged('leaf2', 'Ethernet2', 10)] })
    .build();
}

/** Two EVPN domains, a gateway each; one network is in both, one stays. */
export function domains(): FabricSnapshot {
  const builder = new SnapshotBuilder();
  for (const site of [1, 2]) {
    builder.device(leaf(`leaf${site}`, `10.255.${site}.1`, 65_100 * site)).device(leaf(`gw${site}`, `10.255.${site}.2`, 65_100 * site));
    builder.peering(
      `10.0.${site}.0/31`,
      { device: `gw${site}`, port: 'Ethernet1', address: `10.0.${site}.0`, role: 'ROUTE_REFLECTOR' },
      { device: `leaf${site}`, port: 'Ethernet1', address: `10.0.${site}.1`, role: 'ROUTE_REFLECTOR_CLIENT' },
    );
  }
  builder.peering(
    '10.0.9.0/31',
    { device: 'gw1', port: 'Ethernet2', address: '10.0.9.0' },
    { device: 'gw2', port: 'Ethernet2', address: '10.0.9.1' },
    { domain: 'REMOTE' },
  );
  const at = (...slugs: readonly string[]) => slugs.map((slug) => tagged(slug, 'Ethernet5', 10));
  builder
    .network({ slug: 'wide', vni: 10_001, eviId: 10_001, on: at('leaf1', 'gw1', 'gw2', 'leaf2') })
    .network({ slug: 'narrow', vni: 10_002, eviId: 10_002, on: [tagged('leaf1', 'Ethernet6', 20), tagged('gw1', 'Ethernet6', 20)] });
  const gateway = (own: string, other: string) => ({ switch: switchFacts({ domain: { id: own, remoteId: other } }) });
  return extended(builder.build(), {
    networks: { wide: { remoteTarget: RouteTarget.parse('65000:10001') } },
    devices: { gw1: gateway('1:1', '9:9'), gw2: gateway('2:2', '9:9') },
  });
}

/** Spokes reach the hub and not each other. */
export function hubAndSpokes(): FabricSnapshot {
  const builder = clos('leaf1', 'leaf2')
    .vrf({ name: 'hub', l3vni: 15_000, eviId: 15_000, importsFrom: ['spoke1', 'spoke2'] })
    .vrf({ name: 'spoke1', l3vni: 15_001, eviId: 15_001, importsFrom: ['hub'] })
    .vrf({ name: 'spoke2', l3vni: 15_002, eviId: 15_002, importsFrom: ['hub'] });
  ['hub', 'spoke1', 'spoke2'].forEach((vrf, at) =>
    builder.network({
      slug: `net-${vrf}`,
      vni: 10_010 + at,
      eviId: 10_010 + at,
      vrf,
      on: [tagged(at === 0 ? 'leaf1' : 'leaf2', 'Ethernet2', 110 + at)],
      subnets: [anycast(`10.20.${at}.0/24`, `10.20.${at}.1`)],
    }),
  );
  return builder.build();
}

/** Numbers of a 4-byte AS fit beside 16 bits only: the targets have the administrator of the fabric, the session has the AS. */
export function wideAsn(): FabricSnapshot {
  const builder = new SnapshotBuilder();
  for (const at of [1, 2]) builder.device(leaf(`leaf${at}`, `10.255.0.${at}`, Asn.parse(4_200_000_000 + at)));
  return builder
    .peering(
      '10.0.1.0/31',
      { device: 'leaf1', port: 'Ethernet1', address: '10.0.1.0' },
      { device: 'leaf2', port: 'Ethernet1', address: '10.0.1.1' },
    )
    .network({ slug: 'blue', vni: 16_777_214, eviId: 65_535, on: [tagged('leaf1', 'Ethernet2', 4093), tagged('leaf2', 'Ethernet2', 2)] })
    .build();
}

/** The pair before its first network: nothing comes out of the LAG, not even VLAN 1. */
export function emptyPair(): FabricSnapshot {
  const full = mlagPair();
  return { ...full, networks: [], attachments: [], vlanMappings: [], routeDistinguishers: [], vrfs: [] };
}

export const switchScenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  'eos-seed-leaf': seedLeaf,
  'eos-mlag-pair': mlagPair,
  'eos-mlag-pair-empty': emptyPair,
  'eos-ethernet-segment': segmentPair,
  'eos-route-server': routeServer,
  'eos-many-clients': manyClients,
  'eos-varp-and-relay': varpAndRelay,
  'eos-bundles-and-tunnels': bundles,
  'eos-head-end': headEnd,
  'eos-multicast': multicast,
  'eos-ipv6': ipv6,
  'eos-unnumbered': unnumbered,
  'eos-ospf': () => interior('OSPF'),
  'eos-ospf-borrowed': borrowed,
  'eos-routed-lag': routedLag,
  'eos-isis': () => interior('ISIS'),
  'eos-domains': domains,
  'eos-hub-and-spokes': hubAndSpokes,
  'eos-wide-asn': wideAsn,
};
