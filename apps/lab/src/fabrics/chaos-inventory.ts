import type { FabricInventory } from '#contexts/fabric';
import type { DeviceEndpoint } from './demo-inventory.js';

export const CHAOS_LEAFS = ['leaf1', 'leaf2'] as const;
export const CHAOS_HOSTS = ['host1', 'host2', 'host3', 'host4', 'host5', 'host6'] as const;
export type ChaosLeafName = (typeof CHAOS_LEAFS)[number];
export type ChaosHostName = (typeof CHAOS_HOSTS)[number];

/** Ports of each leaf: one per host, one to the other leaf, and those of customers. */
export const LEAF_PORT_COUNT = 10;
const LEAF_TO_LEAF = 'Ethernet7';
export const LEAF_EDGE_PORTS = ['Ethernet8', 'Ethernet9', 'Ethernet10'] as const;

const ASN = 65_052;

/**
 * The fabric that the crash harness breaks: two Arista leafs that reflect routes, six Debian hosts connected to both.
 *
 *        leaf1 172.16.2.1 ── Ethernet7 ── leaf2 172.16.2.2
 *           │  Ethernet1…6                    │  Ethernet1…6
 *         ens19 (192.168.1x.0/24)           ens20 (192.168.2x.0/24)
 *               host1 … host6, 172.16.2.11 … 172.16.2.16
 */
export function chaosInventory(endpoints: Readonly<Record<ChaosLeafName | ChaosHostName, DeviceEndpoint>>): FabricInventory {
  const access = CHAOS_LEAFS.flatMap((leaf, l) =>
    CHAOS_HOSTS.map((host, h) => ({
      leaf,
      host,
      net: `192.168.${(l + 1) * 10 + h + 1}`,
      uplink: `ens${19 + l}`,
      downlink: `Ethernet${h + 1}`,
    })),
  );
  const timers = { families: ['IPV4_UNICAST', 'L2VPN_EVPN'], keepaliveSeconds: 20, holdSeconds: 60 } as const;
  const vtep = (address: string) => ({ address, routerId: address, asn: ASN });
  return {
    fabric: {
      slug: 'chaos',
      name: 'Chaos',
      asnScheme: 'IBGP',
      rtAdministrator: ASN,
      vtepPool: '172.16.2.0/24',
      anycastGatewayMac: '00:1c:73:00:00:02',
    },
    sites: [{ slug: 'lab', name: 'Lab' }],
    devices: [
      ...CHAOS_HOSTS.map((slug, h) => ({
        slug,
        hostname: slug,
        site: 'lab',
        platform: 'DEBIAN_FRR' as const,
        ...management(endpoints[slug]),
        vtep: vtep(`172.16.2.${11 + h}`),
        ports: [
          { name: 'ens19', description: 'to leaf1' },
          { name: 'ens20', description: 'to leaf2' },
        ],
      })),
      ...CHAOS_LEAFS.map((slug, l) => ({
        slug,
        hostname: slug,
        site: 'lab',
        platform: 'ARISTA_EOS' as const,
        ...management(endpoints[slug]),
        vtep: vtep(`172.16.2.${1 + l}`),
        ports: [
          ...CHAOS_HOSTS.map((host, h) => ({ name: `Ethernet${h + 1}`, description: `to ${host}` })),
          { name: LEAF_TO_LEAF, description: 'to the other leaf' },
          ...LEAF_EDGE_PORTS.map((name) => ({ name, isEdge: true })),
        ],
      })),
    ],
    links: [
      ...access.map(({ leaf, host, net, uplink, downlink }) => ({
        prefix: `${net}.0/24`,
        ends: [
          { device: leaf, port: downlink, address: `${net}.1` },
          { device: host, port: uplink, address: `${net}.2` },
        ] as const,
      })),
      {
        prefix: '192.168.30.0/24',
        ends: [
          { device: 'leaf1', port: LEAF_TO_LEAF, address: '192.168.30.1' },
          { device: 'leaf2', port: LEAF_TO_LEAF, address: '192.168.30.2' },
        ],
      },
    ],
    sessions: [
      ...access.map(({ leaf, host, net }) => ({
        ends: [
          { device: leaf, address: `${net}.1`, role: 'ROUTE_REFLECTOR' },
          { device: host, address: `${net}.2`, role: 'ROUTE_REFLECTOR_CLIENT' },
        ] as const,
        ...timers,
      })),
      {
        ends: [
          { device: 'leaf1', address: '192.168.30.1', role: 'PEER' },
          { device: 'leaf2', address: '192.168.30.2', role: 'PEER' },
        ],
        ...timers,
      },
    ],
    vlanDomains: CHAOS_LEAFS.map((leaf) => ({ slug: leaf, kind: 'VTEP', devices: [leaf] })),
  };
}

const management = ({ address, port, ...rest }: DeviceEndpoint) => ({ managementAddress: address, managementPort: port, ...rest });
