/** Routing on hosts: every way in which FRR carries loopbacks and EVPN, and every way out of a VRF. */
import { Cidr } from '#engines/kernel';
import type { FabricSnapshot, Platform, UnderlayFacts } from '../snapshot.js';
import { type SessionSpec, SnapshotBuilder } from './snapshot-builder.js';

const EVPN: SessionSpec = { families: ['L2VPN_EVPN'] };
const LOOPBACKS = [Cidr.parse('172.16.1.0/24')];
/** Faster than any keepalive, and slow enough for a busy machine. */
const BFD = { transmitMs: 300, receiveMs: 300, multiplier: 4 };
const blue = { slug: 'blue', vni: 11_000, eviId: 1 };

const host = (number: number, ports: readonly string[], asn?: number) => ({
  slug: `pve${number}`,
  platform: 'DEBIAN_FRR' as const,
  vtep: `172.16.1.${50 + number}`,
  ports,
  ...(asn !== undefined && { asn }),
});
const loopback = (number: number) => ({ device: `pve${number}`, port: 'lo', address: `172.16.1.${50 + number}` });

/** A host and a leaf in one AS, over one cable; the leaf is what the platform says. */
export function sessionPair(platform: Platform): FabricSnapshot {
  const port = platform === 'ARISTA_EOS' ? 'Ethernet1' : 'ens19';
  return new SnapshotBuilder()
    .device({ slug: 'leaf1', platform, vtep: '172.16.1.1', ports: [port, 'Ethernet2'] })
    .device(host(1, ['ens19']))
    .peering(
      '192.168.100.0/24',
      { device: 'leaf1', port, address: '192.168.100.1' },
      { device: 'pve1', port: 'ens19', address: '192.168.100.2' },
    )
    .network({
      slug: 'vnet1000',
      vni: 1000,
      eviId: 1000,
      on: ['pve1', platform === 'ARISTA_EOS' ? { device: 'leaf1', port: 'Ethernet2', vlan: 1000 } : 'leaf1'],
    })
    .build();
}

/** An AS for each node, no address on any cable, and nothing but loopbacks between them. */
const unnumberedEbgp = (): FabricSnapshot =>
  new SnapshotBuilder()
    .fabric({ underlay: { protocol: 'BGP', area: null, bfd: BFD, loopbacks: LOOPBACKS } })
    .device({ slug: 'spine', platform: 'DEBIAN_FRR', vtep: '172.16.1.1', asn: 65_000, ports: ['ens19', 'ens20'] })
    .device(host(1, ['ens19'], 65_001))
    .device(host(2, ['ens19'], 65_002))
    .unnumberedPeering({ device: 'spine', port: 'ens19' }, { device: 'pve1', port: 'ens19' })
    .unnumberedPeering({ device: 'spine', port: 'ens20' }, { device: 'pve2', port: 'ens19' })
    .network({ ...blue, on: ['pve1', 'pve2'] })
    .build();

/** A route server of another AS between two hosts, each again of its own. */
const routeServer = (): FabricSnapshot => {
  const server = { device: 'rs', role: 'ROUTE_SERVER' } as const;
  const client = { port: 'ens19', role: 'ROUTE_SERVER_CLIENT' } as const;
  return new SnapshotBuilder()
    .device({ slug: 'rs', platform: 'DEBIAN_FRR', vtep: '172.16.1.1', asn: 65_000, software: { frr: '8.4.4' }, ports: ['ens19', 'ens20'] })
    .device({ ...host(1, ['ens19', 'ens20'], 65_001), software: { frr: '8.4.4' } })
    .device({ ...host(2, ['ens19', 'ens20'], 65_002), software: { frr: '8.4.4' } })
    .link('10.1.0.0/31', { device: 'rs', port: 'ens19', address: '10.1.0.0' }, { device: 'pve1', port: 'ens19', address: '10.1.0.1' })
    .link('10.1.0.2/31', { device: 'rs', port: 'ens20', address: '10.1.0.2' }, { device: 'pve2', port: 'ens19', address: '10.1.0.3' })
    .peering(
      '10.1.0.4/31',
      { device: 'pve1', port: 'ens20', address: '10.1.0.4' },
      { device: 'pve2', port: 'ens20', address: '10.1.0.5' },
      { families: ['IPV4_UNICAST'] },
    )
    .session({ ...server, port: 'ens19', address: '10.1.0.0' }, { ...client, device: 'pve1', address: '10.1.0.1' })
    .session({ ...server, port: 'ens20', address: '10.1.0.2' }, { ...client, device: 'pve2', address: '10.1.0.3' })
    .network({ ...blue, on: ['pve1', 'pve2'] })
    .build();
};

/** Three hosts in a row, of which the one in the middle reflects; EVPN between loopbacks that another protocol carries. */
function reflectedOver(underlay: UnderlayFacts, isNumbered: boolean): FabricSnapshot {
  const builder = new SnapshotBuilder()
    .fabric({ underlay })
    .device(host(1, ['ens19', 'ens20']))
    .device(host(2, ['ens19']))
    .device(host(3, ['ens19']));
  for (const [position, far] of [2, 3].entries()) {
    const [near, there] = [
      { device: 'pve1', port: `ens${19 + position}` },
      { device: `pve${far}`, port: 'ens19' },
    ];
    if (!isNumbered) builder.unnumberedLink(near, there);
    else
      builder.link(
        `10.1.0.${2 * position}/31`,
        { ...near, address: `10.1.0.${2 * position}` },
        { ...there, address: `10.1.0.${2 * position + 1}` },
      );
    builder.session({ ...loopback(1), role: 'ROUTE_REFLECTOR' }, { ...loopback(far), role: 'ROUTE_REFLECTOR_CLIENT' }, EVPN);
  }
  return builder.network({ ...blue, on: ['pve2', 'pve3'] }).build();
}

/** Timers of the fabric on one session, and other ones on the next, which crosses two hops between two AS. */
const bfd = (): FabricSnapshot =>
  new SnapshotBuilder()
    .fabric({ underlay: { protocol: 'BGP', area: null, bfd: { transmitMs: 300, receiveMs: 300, multiplier: 3 }, loopbacks: LOOPBACKS } })
    .device(host(1, ['ens19'], 65_001))
    .device(host(2, ['ens19'], 65_002))
    .peering(
      '10.1.0.0/31',
      { device: 'pve1', port: 'ens19', address: '10.1.0.0' },
      { device: 'pve2', port: 'ens19', address: '10.1.0.1' },
      { families: ['IPV4_UNICAST'] },
    )
    .session(loopback(1), loopback(2), {
      ...EVPN,
      multihop: 2,
      bfd: { transmitMs: 400, receiveMs: 500, multiplier: 5 },
      passwordSecret: 'overlay',
    })
    .network({ ...blue, on: ['pve1', 'pve2'] })
    .build();

/** Two hosts with a way out and one without; all in one AS, over one segment each. */
function threeNodes(): SnapshotBuilder {
  const builder = new SnapshotBuilder();
  for (const number of [1, 2, 3]) {
    builder.device({ ...host(number, ['ens19', 'ens20', 'vmbr0']), slug: `node${number}` });
  }
  return builder
    .peering(
      '10.1.0.0/31',
      { device: 'node3', port: 'ens19', address: '10.1.0.0', role: 'ROUTE_REFLECTOR' },
      { device: 'node1', port: 'ens19', address: '10.1.0.1', role: 'ROUTE_REFLECTOR_CLIENT' },
    )
    .peering(
      '10.1.0.2/31',
      { device: 'node3', port: 'ens20', address: '10.1.0.2', role: 'ROUTE_REFLECTOR' },
      { device: 'node2', port: 'ens19', address: '10.1.0.3', role: 'ROUTE_REFLECTOR_CLIENT' },
    );
}

const EXITS = [
  { device: 'node1', via: ['vmbr0 192.0.2.1'], isPrimary: true, snat: 'MASQUERADE' },
  { device: 'node2', via: ['vmbr0 192.0.2.1'], snat: 'MASQUERADE' },
] as const;

/** Two networks of one VRF, and two nodes that let it out: the first for everybody, the second when the first cannot. IPv6 goes out beside local routing. */
export function exitNodes(hasLocalRouting = false): FabricSnapshot {
  const mode = 'ANYCAST_VTEP' as const;
  const routed = (cidr: string, gateway: string) => [{ cidr, gateway, mode }];
  const six = hasLocalRouting ? [{ cidr: '2001:db8:2::/64', gateway: '2001:db8:2::1', mode }] : [];
  const via = (ways: readonly string[]): readonly string[] => (hasLocalRouting ? [...ways, 'vmbr0 2001:db8:f::1'] : ways);
  return threeNodes()
    .vrf({ name: 'vrf_myzone', l3vni: 10_000, eviId: 100, exits: EXITS.map((exit) => ({ ...exit, via: via(exit.via), hasLocalRouting })) })
    .network({
      slug: 'myvnet1',
      vni: 11_000,
      eviId: 1,
      vrf: 'vrf_myzone',
      on: ['node1', 'node2', 'node3'],
      subnets: routed('10.0.1.0/24', '10.0.1.1'),
    })
    .network({
      slug: 'myvnet2',
      vni: 12_000,
      eviId: 2,
      vrf: 'vrf_myzone',
      on: ['node3'],
      subnets: [...routed('10.0.2.0/24', '10.0.2.1'), ...six],
    })
    .build();
}

/** Two tenants that use the same services and cannot see each other. */
export const leakingVrfs = (): FabricSnapshot => {
  const subnet = (second: number) => [{ cidr: `10.6${second}.0.0/24`, gateway: `10.6${second}.0.1`, mode: 'ANYCAST_VTEP' as const }];
  return threeNodes()
    .vrf({ name: 'red', l3vni: 10_001, eviId: 101, importsFrom: ['services'] })
    .vrf({ name: 'green', l3vni: 10_002, eviId: 102, importsFrom: ['services'] })
    .vrf({
      name: 'services',
      l3vni: 10_003,
      eviId: 103,
      importsFrom: ['red', 'green'],
      routes: [{ prefix: '10.70.0.0/24', nextHop: '10.69.0.9', on: ['node2'] }],
      loopbacks: [{ device: 'node2', number: 103, address: '10.99.0.2' }],
    })
    .network({ slug: 'red-web', vni: 11_001, eviId: 1, vrf: 'red', on: ['node1'], subnets: subnet(1) })
    .network({ slug: 'green-web', vni: 11_002, eviId: 2, vrf: 'green', on: ['node1'], subnets: subnet(2) })
    .network({ slug: 'dns', vni: 11_003, eviId: 3, vrf: 'services', on: ['node2'], subnets: subnet(9) })
    .build();
};

export const routingScenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  'frr-session-pair': () => sessionPair('ARISTA_EOS'),
  'frr-unnumbered-ebgp': unnumberedEbgp,
  'frr-route-server': routeServer,
  'frr-ospf': () => reflectedOver({ protocol: 'OSPF', area: '0.0.0.0', bfd: BFD }, true),
  'frr-isis': () => reflectedOver({ protocol: 'ISIS', area: '49.0001', bfd: BFD }, true),
  'frr-openfabric': () => reflectedOver({ protocol: 'OPENFABRIC', area: '49.0001', bfd: null }, false),
  'frr-bfd': bfd,
  'frr-exit-nodes': () => exitNodes(),
  'frr-exit-nodes-local': () => exitNodes(true),
  'frr-leaking-vrfs': leakingVrfs,
};
