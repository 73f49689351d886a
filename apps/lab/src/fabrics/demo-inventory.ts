import type { FabricInventory } from '#contexts/fabric';

/** How each device of the demo fabric is reached: the lab knows, the inventory does not. */
export interface DeviceEndpoint {
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly secret: string;
  readonly sshHostKeys?: readonly string[];
  readonly tlsSpkiSha256?: readonly string[];
}
export type DemoDevice = 'pve1' | 'pve2' | 'test';

/**
 * A small operator's fabric: the Arista leaf TEST, which reflects routes, and two Proxmox hosts behind it.
 *
 *        TEST 172.16.1.1 ── Ethernet2: a customer
 *        Ethernet1   Ethernet3
 *   192.168.100.0/24   192.168.101.0/24
 *       ens19             ens19
 *        pve1 172.16.1.51  pve2 172.16.1.52
 */
export function demoInventory(endpoints: Readonly<Record<DemoDevice, DeviceEndpoint>>): FabricInventory {
  const host = (slug: 'pve1' | 'pve2', vtep: string) => ({
    slug,
    hostname: slug,
    site: 'par1',
    platform: 'DEBIAN_FRR' as const,
    ...management(endpoints[slug]),
    vtep: { address: vtep, routerId: vtep, asn: 65_051 },
    ports: [{ name: 'ens19', description: 'to TEST' }],
  });
  const session = (client: 'pve1' | 'pve2', leafAddress: string, hostAddress: string) => ({
    ends: [
      { device: 'test', address: leafAddress, role: 'ROUTE_REFLECTOR' },
      { device: client, address: hostAddress, role: 'ROUTE_REFLECTOR_CLIENT' },
    ] as const,
    families: ['IPV4_UNICAST', 'L2VPN_EVPN'] as const,
    keepaliveSeconds: 20,
    holdSeconds: 60,
  });
  return {
    fabric: {
      slug: 'lab',
      name: 'Lab',
      asnScheme: 'IBGP',
      rtAdministrator: 65_051,
      vtepPool: '172.16.1.0/24',
      anycastGatewayMac: '00:1c:73:00:00:01',
    },
    sites: [{ slug: 'par1', name: 'Paris 1' }],
    devices: [
      host('pve1', '172.16.1.51'),
      host('pve2', '172.16.1.52'),
      {
        slug: 'test',
        hostname: 'TEST',
        site: 'par1',
        platform: 'ARISTA_EOS',
        ...management(endpoints.test),
        vtep: { address: '172.16.1.1', routerId: '172.16.1.1', asn: 65_051 },
        ports: [
          { name: 'Ethernet1', description: 'to pve1' },
          { name: 'Ethernet2', isEdge: true },
          { name: 'Ethernet3', description: 'to pve2' },
          { name: 'Ethernet4', isEdge: true },
        ],
      },
    ],
    links: [
      {
        prefix: '192.168.100.0/24',
        ends: [
          { device: 'test', port: 'Ethernet1', address: '192.168.100.1' },
          { device: 'pve1', port: 'ens19', address: '192.168.100.2' },
        ],
      },
      {
        prefix: '192.168.101.0/24',
        ends: [
          { device: 'test', port: 'Ethernet3', address: '192.168.101.1' },
          { device: 'pve2', port: 'ens19', address: '192.168.101.2' },
        ],
      },
    ],
    sessions: [session('pve1', '192.168.100.1', '192.168.100.2'), session('pve2', '192.168.101.1', '192.168.101.2')],
    vlanDomains: [{ slug: 'leaf-test', kind: 'VTEP', devices: ['test'] }],
  };
}

const management = ({ address, port, ...rest }: DeviceEndpoint) => ({ managementAddress: address, managementPort: port, ...rest });
