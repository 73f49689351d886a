/** Clusters of Proxmox VE: two nodes behind a leaf, with EVPN and with a list of VTEPs. */
import { Asn, Ip, Vni } from '#engines/kernel';
import type { FabricSnapshot, ProxmoxFacts } from '../snapshot.js';
import { SnapshotBuilder } from './snapshot-builder.js';

const cluster: ProxmoxFacts = {
  cluster: 'par1',
  nodes: [
    { name: 'node2', vtep: Ip.parse('172.16.1.62') },
    { name: 'node1', vtep: Ip.parse('172.16.1.61') },
  ],
  zone: 'trame',
};

const withLeaf = (): SnapshotBuilder =>
  new SnapshotBuilder()
    .device({ slug: 'leaf1', hostname: 'LEAF1', platform: 'ARISTA_EOS', vtep: '172.16.1.1', ports: ['Ethernet1', 'Ethernet2'] })
    .device({ slug: 'par1', platform: 'PROXMOX', vtep: '172.16.1.61', ports: ['eno1'] })
    .link(
      '192.168.104.0/24',
      { device: 'leaf1', port: 'Ethernet1', address: '192.168.104.1' },
      { device: 'par1', port: 'eno1', address: '192.168.104.61' },
    );

/** The leaf reflects; the nodes speak from their loopbacks. */
const evpn = (): SnapshotBuilder => {
  const leaf = { device: 'leaf1', port: 'Loopback0', address: '172.16.1.1', role: 'ROUTE_REFLECTOR' } as const;
  const node = (address: string) => ({ device: 'par1', port: 'lo', address, role: 'ROUTE_REFLECTOR_CLIENT' }) as const;
  return withLeaf()
    .session(leaf, node('172.16.1.61'), { families: ['L2VPN_EVPN'] })
    .session(leaf, node('172.16.1.62'), { families: ['L2VPN_EVPN'] })
    .deviceFacts('par1', {
      proxmox: {
        ...cluster,
        evpn: { controller: 'trame', asn: Asn.parse(65_051), peers: [Ip.parse('172.16.1.1')], vrfVni: Vni.parse(19_999) },
      },
    });
};

export const proxmoxScenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  'proxmox-evpn': () =>
    evpn()
      .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
      .network({ slug: 'lan', vni: 10_001, eviId: 1, on: ['par1', { device: 'leaf1', port: 'Ethernet2', vlan: 101 }] })
      .network({ slug: 'wide', vni: 16_777_214, eviId: 2, on: ['par1'] })
      .network({
        slug: 'web',
        vni: 10_010,
        eviId: 10,
        vrf: 'red',
        on: ['par1'],
        subnets: [
          { cidr: '10.20.1.0/24', gateway: '10.20.1.1', mode: 'ANYCAST_VTEP' },
          { cidr: '2001:db8:1::/64', gateway: '2001:db8:1::1', mode: 'ANYCAST_VTEP' },
        ],
      })
      .build(),
  'proxmox-evpn-empty': () => evpn().build(),
  'proxmox-vxlan': () =>
    withLeaf()
      .fabric({ replication: 'INGRESS_STATIC', vtepUdpPort: 8472 })
      .deviceFacts('par1', { proxmox: cluster })
      .network({ slug: 'lan', vni: 10_001, eviId: 1, on: ['par1', { device: 'leaf1', port: 'Ethernet2', vlan: 101 }] })
      .build(),
};
