/** Fabrics that people draw on paper and that would come up, and carry nothing: each is refused with the way out. */
import { Ip, Mac, PortName } from '#engines/kernel';
import type { FabricSnapshot } from '../snapshot.js';
import { ovsBridge, ovsHost, ovsPort } from './scenarios-openvswitch.js';
import { SnapshotBuilder } from './snapshot-builder.js';

/** A leaf and two hosts over IPv6; one host has the FRR of Proxmox 9, of the other nobody says which. */
const ipv6Vteps = (): FabricSnapshot => {
  const builder = new SnapshotBuilder()
    .fabric({ underlayFamily: 6 })
    .device({ slug: 'test', platform: 'ARISTA_EOS', vtep: '2001:db8:16::1', ports: ['Ethernet1', 'Ethernet2', 'Ethernet3'] })
    .device({
      slug: 'pve1',
      platform: 'DEBIAN_FRR',
      vtep: '2001:db8:16::51',
      ports: ['ens19'],
      software: { frr: '10.3.1', ifupdown2: '3.3.0' },
    })
    .device({ slug: 'pve2', platform: 'DEBIAN_FRR', vtep: '2001:db8:16::52', ports: ['ens19'] });
  for (const number of [1, 2]) {
    const prefix = `2001:db8:100:${number}::`;
    builder.peering(
      `${prefix}/127`,
      { device: 'test', port: `Ethernet${number}`, address: prefix, role: 'ROUTE_REFLECTOR' },
      { device: `pve${number}`, port: 'ens19', address: `${prefix}1`, role: 'ROUTE_REFLECTOR_CLIENT' },
      { families: ['IPV6_UNICAST', 'L2VPN_EVPN'] },
    );
  }
  return builder
    .network({
      slug: 'vnet1000',
      vni: 1000,
      eviId: 1000,
      mtu: 1430,
      on: ['pve1', 'pve2', { device: 'test', port: 'Ethernet3', vlan: 1000 }],
    })
    .build();
};

/** The group is made of the VNI: one is too large for 239.0.0.0/16, one lies where no switch filters, and one is as it should be. */
const groupsOfVnis = (): FabricSnapshot => {
  const builder = new SnapshotBuilder().fabric({ replication: 'MULTICAST', vtepUdpPort: 8472 });
  for (const number of [1, 2])
    builder.device({ slug: `kvm${number}`, platform: 'DEBIAN_FRR', vtep: `172.16.1.${50 + number}`, ports: ['ens19'] });
  return builder
    .link(
      '192.168.100.0/24',
      { device: 'kvm1', port: 'ens19', address: '192.168.100.1' },
      { device: 'kvm2', port: 'ens19', address: '192.168.100.2' },
    )
    .network({ slug: 'faculty', vni: 307, eviId: 307, on: ['kvm1', 'kvm2'] })
    .network({ slug: 'laboratory', vni: 70_000, eviId: 7000, on: ['kvm1', 'kvm2'] })
    .network({ slug: 'legacy', vni: 77, eviId: 77, on: ['kvm1', 'kvm2'] })
    .build();
};

/** A rented machine: its provider shuts the port when it sees a MAC that was not ordered. One network is known, one has a stranger, one nobody knows. */
const providerPort = (): FabricSnapshot => {
  const ordered = ['52:54:00:66:66:01', '52:54:00:66:66:02'].map(Mac.parse);
  const card = { name: PortName.parse('eno1'), description: null, mtu: null, allowedMacs: ordered };
  const onBr0 = (vlan: number) => [{ device: 'hv1', port: 'br0', tagging: 'BRIDGE_ONLY' as const, vlan }];
  return ovsHost('OVSDB', [ovsBridge('br0', [ovsPort('eno1')]), ovsBridge('brint', [])])
    .deviceFacts('hv1', { ports: [card], management: { port: PortName.parse('eno2'), address: Ip.parse('192.168.1.10') } })
    .network({ slug: 'routers', vni: 10_001, eviId: 1, on: onBr0(10) })
    .networkFacts('routers', { guestMacs: ordered })
    .network({ slug: 'mail', vni: 10_002, eviId: 2, on: onBr0(20) })
    .networkFacts('mail', { guestMacs: [...ordered, Mac.parse('52:54:00:aa:bb:cc')] })
    .network({ slug: 'test-bench', vni: 10_003, eviId: 3, on: onBr0(30) })
    .network({ slug: 'databases', vni: 10_004, eviId: 4, on: [{ device: 'hv1', port: 'brint', tagging: 'BRIDGE_ONLY', vlan: 40 }] })
    .build();
};

export const refusedBeforeRendering: Readonly<Record<string, () => FabricSnapshot>> = {
  'error-ipv6-vtep-old-frr': ipv6Vteps,
  'error-vni-without-group': groupsOfVnis,
  'error-provider-port-unknown-mac': providerPort,
};
