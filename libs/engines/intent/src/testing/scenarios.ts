/** Small fabrics, each named after the one thing it shows: golden files are rendered from them. */
import type { FabricSnapshot } from '../snapshot.js';
import { demoFabric, demoSnapshot } from './demo-fabric.js';
import { externalScenarios } from './scenarios-external.js';
import { libvirtScenarios, refusedLibvirtScenarios } from './scenarios-libvirt.js';
import { openVswitchScenarios, refusedOpenVswitchScenarios } from './scenarios-openvswitch.js';
import { hostScenarios } from './scenarios-hosts.js';
import { proxmoxScenarios } from './scenarios-proxmox.js';
import { refusedBeforeRendering } from './scenarios-refused.js';
import { routingScenarios } from './scenarios-routing.js';
import { switchScenarios } from './scenarios-switches.js';
import type { SnapshotBuilder } from './snapshot-builder.js';

/** Beside the demo a leaf and a host of other AS: what changes when routes cross an AS. */
function ebgpFabric(): SnapshotBuilder {
  return demoFabric()
    .device({
      slug: 'leaf2',
      hostname: 'LEAF2',
      platform: 'ARISTA_EOS',
      vtep: '172.16.1.2',
      asn: 65_052,
      ports: ['Ethernet1', 'Ethernet2'],
    })
    .device({ slug: 'pve3', platform: 'DEBIAN_FRR', vtep: '172.16.1.53', asn: 65_053, ports: ['ens19'] })
    .peering(
      '192.168.103.0/31',
      { device: 'leaf2', port: 'Ethernet1', address: '192.168.103.0' },
      { device: 'pve3', port: 'ens19', address: '192.168.103.1' },
    );
}

export const scenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  ...openVswitchScenarios,
  ...proxmoxScenarios,
  'l2-two-hosts-one-leaf': demoSnapshot,
  /** The same fabric after the network was deprovisioned: the bytes of before it was ordered. */
  'l2-removed': () => demoFabric().build(),
  'vrf-anycast-two-leaves': () =>
    demoFabric()
      .device({
        slug: 'leaf2',
        hostname: 'LEAF2',
        platform: 'ARISTA_EOS',
        vtep: '172.16.1.2',
        ports: ['Ethernet1', 'Ethernet2', 'Port-Channel5'],
      })
      .device({ slug: 'pve3', platform: 'DEBIAN_FRR', vtep: '172.16.1.53', ports: ['ens19', 'ens20'] })
      .peering(
        '192.168.102.0/31',
        { device: 'leaf2', port: 'Ethernet1', address: '192.168.102.0', role: 'ROUTE_REFLECTOR' },
        { device: 'pve3', port: 'ens19', address: '192.168.102.1', role: 'ROUTE_REFLECTOR_CLIENT' },
      )
      .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
      .network({
        slug: 'web',
        name: 'Société Générale <web> "front"',
        vni: 10_010,
        eviId: 10,
        vrf: 'red',
        on: [
          'pve1',
          { device: 'test', port: 'Ethernet2', vlan: 163, tagging: 'TAGGED' },
          { device: 'leaf2', port: 'Port-Channel5', vlan: 110 },
          { device: 'pve3', port: 'ens20' },
        ],
        subnets: [
          { cidr: '10.20.1.0/24', gateway: '10.20.1.1', mode: 'ANYCAST_VTEP' },
          { cidr: '10.20.3.0/24', gateway: '10.20.3.1', mode: 'ANYCAST_VTEP' },
          { cidr: '2001:db8:1::/64', gateway: '2001:db8:1::1', mode: 'ANYCAST_VTEP' },
        ],
      })
      .network({
        slug: 'db',
        vni: 10_011,
        eviId: 11,
        vrf: 'red',
        on: [
          { device: 'test', port: 'Ethernet2', vlan: 63, tagging: 'TAGGED' },
          { device: 'leaf2', port: 'Port-Channel5', vlan: 111, tagging: 'TAGGED' },
          { device: 'leaf2', port: 'Ethernet2', vlan: 111, tagging: 'TAGGED' },
          { device: 'pve3', port: 'ens20', vlan: 42, tagging: 'TAGGED' },
        ],
        subnets: [{ cidr: '10.20.2.0/24', gateway: '10.20.2.1', mode: 'ANYCAST_VTEP' }],
      })
      .build(),
  'ebgp-leaf-and-host': () =>
    ebgpFabric()
      .network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['pve3', { device: 'leaf2', port: 'Ethernet2', vlan: 100 }] })
      .build(),
  ...hostScenarios,
  ...routingScenarios,
  ...switchScenarios,
  ...externalScenarios,
  ...libvirtScenarios,
};

/** Fabrics that are refused: their goldens are the findings. */
export const refusedScenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  ...refusedLibvirtScenarios,
  ...refusedOpenVswitchScenarios,
  ...refusedBeforeRendering,
  'error-half-open-targets': () =>
    demoFabric()
      .network({
        slug: 'blue',
        vni: 10_001,
        eviId: 1,
        on: ['pve1', 'pve2'],
        importTargets: ['65051:10001'],
        exportTargets: ['65000:10001'],
      })
      .build(),
  'error-tenants-joined': () =>
    demoFabric()
      .network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['pve1'] })
      .network({ slug: 'green', vni: 10_002, eviId: 2, on: ['pve2'], importTargets: ['65051:10002', '65051:10001'] })
      .build(),
  'error-nothing-fits': () =>
    demoFabric()
      .fabric({ replication: 'MULTICAST' })
      .network({
        slug: 'blue',
        vni: 10_001,
        eviId: 1,
        mtu: 1500,
        on: ['pve1', { device: 'test', port: 'Ethernet1' }],
        subnets: [{ cidr: '10.20.0.0/24', gateway: '10.20.1.1', mode: 'ANYCAST_VTEP' }],
      })
      .network({ slug: 'green', vni: 10_001, eviId: 1, on: [{ device: 'pve2', port: 'ens99' }] })
      .build(),
};
