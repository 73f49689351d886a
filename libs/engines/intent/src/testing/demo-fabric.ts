/**
 * The demo fabric: leaf TEST reflects routes to two hosts, iBGP in AS 65051.
 *
 *   pve1 ens19 192.168.100.2 ── Ethernet1 TEST Ethernet3 ── 192.168.101.2 ens19 pve2
 *   172.16.1.51                 172.16.1.1 │ Ethernet2      172.16.1.52
 *                                          └ customer port
 */
import type { FabricSnapshot } from '../snapshot.js';
import { SnapshotBuilder } from './snapshot-builder.js';

/** The fabric without any customer network; add some with `.network({…})`. */
export function demoFabric(): SnapshotBuilder {
  const reflector = { device: 'test', role: 'ROUTE_REFLECTOR' } as const;
  const client = { port: 'ens19', role: 'ROUTE_REFLECTOR_CLIENT' } as const;
  return new SnapshotBuilder()
    .device({
      slug: 'test',
      hostname: 'TEST',
      platform: 'ARISTA_EOS',
      vtep: '172.16.1.1',
      ports: [{ name: 'Ethernet1', description: 'pve1' }, 'Ethernet2', { name: 'Ethernet3', description: 'pve2' }],
    })
    .device({ slug: 'pve1', platform: 'DEBIAN_FRR', vtep: '172.16.1.51', ports: ['ens19', 'ens20'] })
    .device({ slug: 'pve2', platform: 'DEBIAN_FRR', vtep: '172.16.1.52', ports: ['ens19', 'ens20'] })
    .peering(
      '192.168.100.0/24',
      { ...reflector, port: 'Ethernet1', address: '192.168.100.1' },
      { ...client, device: 'pve1', address: '192.168.100.2' },
    )
    .peering(
      '192.168.101.0/24',
      { ...reflector, port: 'Ethernet3', address: '192.168.101.1' },
      { ...client, device: 'pve2', address: '192.168.101.2' },
    );
}

/** The demo fabric with one pure L2 network on both hosts and, untagged in VLAN 100, on the customer port of TEST. */
export function demoSnapshot(): FabricSnapshot {
  return demoFabric()
    .network({
      slug: 'blue',
      name: 'Blue customer',
      vni: 10_001,
      eviId: 1,
      on: ['pve1', 'pve2', { device: 'test', port: 'Ethernet2', vlan: 100 }],
      subnets: [{ cidr: '10.20.0.0/24' }],
    })
    .build();
}
