/** Debian hosts with ifupdown2: what they are beside the fabric, and every way in which their tunnels reach each other. */
import { Ip, Mac, PortName } from '#engines/kernel';
import type { DeviceFacts, FabricSnapshot, ReplicationMode } from '../snapshot.js';
import { demoFabric } from './demo-fabric.js';
import { forwardPort, hostFacts, type HostSpec, masquerade, snat } from './host-facts.js';
import { SnapshotBuilder } from './snapshot-builder.js';

/** A fabric of hosts that only have interfaces of their own. */
function hosts(specs: Readonly<Record<string, { readonly ports: readonly string[]; readonly host: HostSpec }>>): FabricSnapshot {
  const builder = new SnapshotBuilder();
  for (const [slug, { ports, host }] of Object.entries(specs)) {
    builder.device({ slug, platform: 'DEBIAN_FRR', vtep: null, ports }).deviceFacts(slug, { host: hostFacts(host) });
  }
  return builder.build();
}

const management = (port: string, address: string): Partial<DeviceFacts> => ({
  management: { port: PortName.parse(port), address: Ip.parse(address) },
});

/** Three hosts on one wire, VTEP and management address in one: `vmbr0` is nobody's but the operator's. */
function onOneWire(replication: ReplicationMode): SnapshotBuilder {
  const builder = new SnapshotBuilder().fabric({ replication, rtAdministrator: 65_000 });
  for (const number of [1, 2, 3]) {
    builder
      .device({ slug: `node${number}`, platform: 'DEBIAN_FRR', vtep: `192.168.0.${number}`, asn: 65_000, ports: ['vmbr0'] })
      .deviceFacts(`node${number}`, management('vmbr0', `192.168.0.${number}`));
  }
  return builder;
}

function evpnOnOneWire(): FabricSnapshot {
  const builder = onOneWire('INGRESS_EVPN').fabric({ anycastGatewayMac: Mac.parse('32:f4:05:fe:6c:0a') });
  for (const [a, b] of [
    [1, 2],
    [1, 3],
    [2, 3],
  ]) {
    const end = (number: number | undefined) => ({ device: `node${number}`, port: 'vmbr0', address: `192.168.0.${number}` });
    builder.session(end(a), end(b), { families: ['L2VPN_EVPN'] });
  }
  return builder
    .vrf({
      name: 'vrf_myevpnzone',
      l3vni: 10_000,
      eviId: 10_000,
      exits: [
        { device: 'node1', via: ['vmbr0 192.168.0.254'], isPrimary: true },
        { device: 'node2', via: ['vmbr0 192.168.0.254'] },
      ],
    })
    .network({
      slug: 'myvnet1',
      vni: 11_000,
      eviId: 11_000,
      vrf: 'vrf_myevpnzone',
      on: ['node1', 'node2', 'node3'],
      subnets: [{ cidr: '10.0.1.0/24', gateway: '10.0.1.1', mode: 'ANYCAST_VTEP' }],
    })
    .network({
      slug: 'myvnet2',
      vni: 12_000,
      eviId: 12_000,
      vrf: 'vrf_myevpnzone',
      on: ['node1', 'node2', 'node3'],
      subnets: [{ cidr: '10.0.2.0/24', gateway: '10.0.2.1', mode: 'ANYCAST_VTEP' }],
    })
    .build();
}

/** Two hypervisors that find each other by a group for each network. */
function multicast(): FabricSnapshot {
  const builder = new SnapshotBuilder().fabric({ replication: 'MULTICAST' });
  for (const number of [1, 2]) {
    const slug = `hv${number}`;
    builder
      .device({ slug, platform: 'DEBIAN_FRR', vtep: `10.5.0.${number}`, ports: ['eth0'] })
      .deviceFacts(slug, { host: hostFacts({ ports: [{ name: 'eth0', addresses: [`10.5.0.${number}/24`] }] }) });
  }
  return builder
    .network({ slug: 'net307', vni: 307, eviId: 307, on: ['hv1', 'hv2'] })
    .network({ slug: 'net903', vni: 903, eviId: 903, on: ['hv1', 'hv2'] })
    .build();
}

/** VTEPs with IPv6 addresses, and lists of VTEPs, because no released FRR of Debian carries EVPN between such. */
function overIpv6(): FabricSnapshot {
  return new SnapshotBuilder()
    .fabric({ replication: 'INGRESS_STATIC', underlayFamily: 6 })
    .device({ slug: 'pve1', platform: 'DEBIAN_FRR', vtep: '2001:db8:16::51', ports: ['ens19'] })
    .device({ slug: 'pve2', platform: 'DEBIAN_FRR', vtep: '2001:db8:16::52', ports: ['ens19'] })
    .link(
      '2001:db8:100::/64',
      { device: 'pve1', port: 'ens19', address: '2001:db8:100::1' },
      { device: 'pve2', port: 'ens19', address: '2001:db8:100::2' },
    )
    .network({ slug: 'blue', vni: 2000, eviId: 2000, mtu: 1430, on: ['pve1', 'pve2'] })
    .build();
}

const mesh = (number: number) => ({
  ports: ['eno1', 'eno3', 'eno4'],
  host: {
    bonds: [{ name: 'bond1', mode: 'broadcast' as const, members: ['eno3', 'eno4'], addresses: [`172.16.0.${number}/24`] }],
    bridges: [{ name: 'vswtch0', ports: ['eno1'], addresses: [`192.168.131.${number}/24`], gateway: '192.168.131.254' }],
  },
});

const vlanAware = (number: number) => ({
  ports: ['eno1'],
  host: {
    bridges: [
      { name: 'vmbr0', ports: ['eno1'], vlans: [[2, 4094]] as const },
      { name: 'myvnet1', ports: ['vmbr0.10'] },
    ],
    vlans: [
      { name: 'vmbr0.10', parent: 'vmbr0', vlan: 10 },
      { name: 'vmbr0.100', parent: 'vmbr0', vlan: 100, addresses: [`192.168.0.${number}/24`] },
    ],
  },
});

export const hostScenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  /** The VTEP address on a device made for it; the bridge of the management is in somebody else's file. */
  'host-loopback-on-dummy': () =>
    demoFabric()
      .deviceFacts('pve1', { ...management('vmbr0', '192.168.1.154'), host: hostFacts({ loopback: 'lo1' }) })
      .network({ slug: 'vnet1000', vni: 1000, eviId: 1000, on: ['pve1', { device: 'test', port: 'Ethernet2', vlan: 1000 }] })
      .build(),
  'host-bridge': () =>
    hosts({
      proxmox1: {
        ports: ['eno1'],
        host: { bridges: [{ name: 'vmbr0', ports: ['eno1'], addresses: ['192.168.131.1/24'], gateway: '192.168.131.254' }] },
      },
    }),
  'host-routed-bridge-nat': () =>
    hosts({
      vps: {
        ports: ['eno1'],
        host: {
          bridges: [
            { name: 'vbr0', ports: ['eno1'], addresses: ['213.45.67.8/25'], gateway: '213.45.67.1' },
            { name: 'vbr1', addresses: ['192.168.131.1/24'] },
            { name: 'vbr2', addresses: ['192.168.132.1/24', '2001:db8:132::1/64'] },
            { name: 'vbr3', addresses: ['192.168.133.1/24'] },
          ],
          nat: [
            masquerade('vbr1', '192.168.131.0/24', 'vbr0'),
            forwardPort('vbr1', 'vbr0', 443, '192.168.131.200:443'),
            forwardPort('vbr1', 'vbr0', 25, '192.168.131.201:25'),
            forwardPort('vbr1', 'vbr0', 143, '192.168.131.202:143'),
            snat('vbr2', '192.168.132.0/24', 'vbr0', '213.45.67.8'),
            masquerade('vbr2', '2001:db8:132::/64', 'vbr0'),
          ],
        },
      },
    }),
  'host-bond-lacp': () =>
    hosts({
      proxmox1: {
        ports: ['enp1s0f0', 'enp1s0f1'],
        host: {
          bonds: [{ name: 'bond0', mode: '802.3ad', members: ['enp1s0f0', 'enp1s0f1'], hashPolicy: 'layer3+4', lacpRate: 'slow' }],
          bridges: [{ name: 'vmbr0', ports: ['bond0'], addresses: ['192.168.131.1/24'], gateway: '192.168.131.254' }],
        },
      },
    }),
  'host-bond-modes': () =>
    hosts({
      seven: {
        ports: [0, 1, 2, 3, 4, 5, 6].flatMap((mode) => [`eno${mode}a`, `eno${mode}b`]),
        host: {
          bonds: [
            { name: 'bond0', mode: 'balance-rr', members: ['eno0a', 'eno0b'] },
            { name: 'bond1', mode: 'active-backup', members: ['eno1a', 'eno1b'], primary: 'eno1b', updelay: 200 },
            { name: 'bond2', mode: 'balance-xor', members: ['eno2a', 'eno2b'], hashPolicy: 'layer2+3' },
            { name: 'bond3', mode: 'broadcast', members: ['eno3a', 'eno3b'] },
            {
              name: 'bond4',
              mode: '802.3ad',
              members: ['eno4a', 'eno4b'],
              hashPolicy: 'encap3+4',
              lacpRate: 'fast',
              minLinks: 1,
              mtu: 9000,
            },
            { name: 'bond5', mode: 'balance-tlb', members: ['eno5a', 'eno5b'], primary: 'eno5a', hashPolicy: 'layer3+4' },
            { name: 'bond6', mode: 'balance-alb', members: ['eno6a', 'eno6b'], primary: 'eno6a', addresses: ['2001:db8:6::1/64'] },
          ],
        },
      },
    }),
  'host-mesh-broadcast': () => hosts({ proxmox1: mesh(1), proxmox2: mesh(2), proxmox3: mesh(3) }),
  'host-vlan-aware-bridge': () => hosts({ node1: vlanAware(1), node2: vlanAware(2) }),
  /** 802.1Q inside 802.1ad, and a spanning tree. */
  'host-vlan-in-vlan': () =>
    hosts({
      node1: {
        ports: ['eno1', 'eno2'],
        host: {
          ports: [{ name: 'eno1', mtu: 1504 }],
          vlans: [
            { name: 'eno1.20', parent: 'eno1', vlan: 20, protocol: '802.1ad', mtu: 1504 },
            { name: 'customer100', parent: 'eno1.20', vlan: 100, mtu: 1500 },
          ],
          bridges: [{ name: 'vmbr1', ports: ['customer100', 'eno2'], hasStp: true }],
        },
      },
    }),
  'host-vxlan-static-peers': () =>
    onOneWire('INGRESS_STATIC')
      .network({ slug: 'myvnet1', vni: 100_000, eviId: 1, on: ['node1', 'node2', 'node3'] })
      .build(),
  'host-evpn-on-one-wire': evpnOnOneWire,
  'host-vxlan-multicast': multicast,
  'host-vxlan-over-ipv6': overIpv6,
};
