import type { FabricInventory } from '#contexts/fabric';
import type { DeviceEndpoint } from './demo-inventory.js';

const ASN = 65_053;
const REFLECTORS = 2;
const EDGE_PORTS = 3;

/** `leaf1` and `leaf2` reflect routes; every other leaf and every host is connected to both. */
export interface StarSize {
  /** Switches, the reflectors included. */
  readonly leafs: number;
  readonly hosts: number;
}

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n + 1}`);
export const starLeafs = ({ leafs }: StarSize): string[] => names('leaf', leafs);
export const starHosts = ({ hosts }: StarSize): string[] => names('host', hosts);
const clientsOf = (size: StarSize): string[] => [...starLeafs(size).slice(REFLECTORS), ...starHosts(size)];

/** Ports that a simulated switch of this fabric has. */
export const starPortCount = (size: StarSize): number => clientsOf(size).length + 1 + EDGE_PORTS;

/** The last ports of each leaf are for customers. */
export const starEdgePorts = (size: StarSize): string[] => names('Ethernet', starPortCount(size)).slice(starPortCount(size) - EDGE_PORTS);

/**
 * A fabric of any size that is quick to describe: two reflectors in the middle, leafs and hosts around them.
 *
 *        leaf1 172.16.3.1 ── leaf2 172.16.3.2
 *           │  EthernetN          │  EthernetN       N: the number of the client
 *        10.1.N.0/24           10.2.N.0/24
 *           └────── client N ─────┘                  172.16.3.(10 + N)
 */
export function starInventory(size: StarSize, endpoints: ReadonlyMap<string, DeviceEndpoint>, passwordSecret?: string): FabricInventory {
  const clients = clientsOf(size);
  const leafs = starLeafs(size);
  const reflectors = leafs.slice(0, REFLECTORS);
  const between = `Ethernet${clients.length + 1}`;
  const isHost = (slug: string): boolean => slug.startsWith('host');
  const uplink = (slug: string, r: number): string => (isHost(slug) ? `ens${19 + r}` : `Ethernet${r + 1}`);
  const edges = starEdgePorts(size).map((name) => ({ name, isEdge: true }));
  const timers = {
    families: ['IPV4_UNICAST', 'L2VPN_EVPN'],
    keepaliveSeconds: 20,
    holdSeconds: 60,
    ...(passwordSecret === undefined ? {} : { passwordSecret }),
  } as const;
  const vtep = (last: number) => ({ address: `172.16.3.${last}`, routerId: `172.16.3.${last}`, asn: ASN });
  const device = (slug: string, last: number) => {
    const endpoint = endpoints.get(slug);
    if (endpoint === undefined) throw new Error(`there is no ${slug}`);
    const { address, port, ...rest } = endpoint;
    const platform = isHost(slug) ? ('DEBIAN_FRR' as const) : ('ARISTA_EOS' as const);
    return { slug, hostname: slug, site: 'lab', platform, managementAddress: address, managementPort: port, ...rest, vtep: vtep(last) };
  };
  const ways = reflectors.flatMap((reflector, r) =>
    clients.map((client, c) => ({ reflector, client, net: `10.${r + 1}.${c + 1}`, port: `Ethernet${c + 1}`, uplink: uplink(client, r) })),
  );
  return {
    fabric: {
      slug: 'star',
      name: 'Star',
      asnScheme: 'IBGP',
      rtAdministrator: ASN,
      vtepPool: '172.16.3.0/24',
      anycastGatewayMac: '00:1c:73:00:00:03',
    },
    sites: [{ slug: 'lab', name: 'Lab' }],
    devices: [
      ...reflectors.map((slug, r) => ({
        ...device(slug, r + 1),
        ports: [...clients.map((client, c) => ({ name: `Ethernet${c + 1}`, description: `to ${client}` })), { name: between }, ...edges],
      })),
      ...clients.map((slug, c) => ({
        ...device(slug, 11 + c),
        ports: [
          ...reflectors.map((reflector, r) => ({ name: uplink(slug, r), description: `to ${reflector}` })),
          ...(isHost(slug) ? [] : edges),
        ],
      })),
    ],
    links: [
      ...ways.map(({ reflector, client, net, port, uplink: far }) => ({
        prefix: `${net}.0/24`,
        ends: [
          { device: reflector, port, address: `${net}.1` },
          { device: client, port: far, address: `${net}.2` },
        ] as const,
      })),
      {
        prefix: '10.3.0.0/24',
        ends: [
          { device: 'leaf1', port: between, address: '10.3.0.1' },
          { device: 'leaf2', port: between, address: '10.3.0.2' },
        ],
      },
    ],
    sessions: [
      ...ways.map(({ reflector, client, net }) => ({
        ends: [
          { device: reflector, address: `${net}.1`, role: 'ROUTE_REFLECTOR' },
          { device: client, address: `${net}.2`, role: 'ROUTE_REFLECTOR_CLIENT' },
        ] as const,
        ...timers,
      })),
      {
        ends: [
          { device: 'leaf1', address: '10.3.0.1', role: 'PEER' },
          { device: 'leaf2', address: '10.3.0.2', role: 'PEER' },
        ],
        ...timers,
      },
    ],
    vlanDomains: leafs.map((leaf) => ({ slug: leaf, kind: 'VTEP', devices: [leaf] })),
  };
}
