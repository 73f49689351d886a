/** A fabric as one JSON document: what an operator writes down once. Names refer to names; a key that is not known is refused. */
import { z } from 'zod';
import { deviceSubjects, lags, mlags, sessionFacts, underlay } from './facts.js';
import { networks, vrfs } from './running-networks.js';
import { cidr, ip, label, mac, portName, slug } from './words.js';

const NUMBER_KINDS = ['VNI', 'L3VNI', 'VLAN', 'EVI'] as const;
const PLATFORMS = ['DEBIAN_FRR', 'ARISTA_EOS', 'OPENBSD', 'HP_COMWARE', 'OPENNEBULA', 'PROXMOX', 'EXTERNAL'] as const;

const port = z.strictObject({
  name: portName,
  description: label.exactOptional(),
  mtu: z.int().min(576).max(9216).exactOptional(),
  /** Customers may be connected to it. */
  isEdge: z.boolean().exactOptional(),
  allowedMacs: z.array(mac).exactOptional(),
});

const device = z.strictObject({
  slug,
  hostname: z.string(),
  site: slug,
  platform: z.enum(PLATFORMS),
  managementAddress: z.string(),
  managementPort: z.int().min(1).max(65_535),
  username: z.string().default(''),
  /** A person, or another tool, configures it, though Trame could. Platforms without a transport are always so. */
  external: z.boolean().exactOptional(),
  /** OBSERVE: never written to, until `trame fabric manage`. Default: SECTION, and OBSERVE where something was adopted. */
  managed: z.enum(['OBSERVE', 'SECTION']).exactOptional(),
  /** File with the private key (SSH), the password (eAPI) or the secret of the token (Proxmox), beside this document; sealed before it is stored. */
  secretFile: z.string().exactOptional(),
  sshHostKeys: z.array(z.string()).exactOptional(),
  tlsSpkiSha256: z.array(z.string()).exactOptional(),
  /** Of the chassis; a box with another one is refused. Switches only. */
  serialNumber: z.string().exactOptional(),
  systemMac: mac.exactOptional(),
  vtep: z.strictObject({ address: ip, routerId: ip, asn: z.int() }).exactOptional(),
  ports: z.array(port).default([]),
  ...deviceSubjects,
});

const role = z.enum(['PEER', 'ROUTE_REFLECTOR', 'ROUTE_REFLECTOR_CLIENT', 'ROUTE_SERVER', 'ROUTE_SERVER_CLIENT']);
const sessionEnd = z.strictObject({ device: slug, address: ip, port: portName.exactOptional(), role: role.default('PEER') });
const linkEnd = z.strictObject({ device: slug, port: portName, address: ip });

const settings = { slug, name: label.exactOptional(), quarantineSeconds: z.int().min(0).exactOptional() };

export const fabricDocument = z.strictObject({
  fabric: z.strictObject({
    slug,
    name: label,
    asnScheme: z.enum(['IBGP', 'EBGP_PER_DEVICE']),
    rtAdministrator: z.int().min(1).max(65_534),
    vtepPool: cidr,
    vtepUdpPort: z.int().min(1).max(65_535).exactOptional(),
    replication: z.enum(['INGRESS_EVPN', 'INGRESS_STATIC', 'MULTICAST']).exactOptional(),
    underlayFamily: z.literal([4, 6]).exactOptional(),
    underlayMtu: z.int().min(1280).max(9216).exactOptional(),
    anycastGatewayMac: mac,
    underlay: underlay.exactOptional(),
    multicastScheme: z.enum(['LOW16', 'EXPLICIT']).exactOptional(),
  }),
  sites: z.array(z.strictObject({ slug, name: label })),
  devices: z.array(device),
  links: z.array(z.strictObject({ prefix: cidr, ends: z.tuple([linkEnd, linkEnd]) })).default([]),
  sessions: z
    .array(
      z.strictObject({
        ends: z.tuple([sessionEnd, sessionEnd]),
        families: z.array(z.enum(['IPV4_UNICAST', 'IPV6_UNICAST', 'L2VPN_EVPN'])).default(['IPV4_UNICAST', 'L2VPN_EVPN']),
        keepaliveSeconds: z.int().min(1).max(65_535).default(20),
        holdSeconds: z.int().min(3).max(65_535).default(60),
        ...sessionFacts,
      }),
    )
    .default([]),
  vlanDomains: z
    .array(
      z.strictObject({
        slug,
        kind: z.enum(['SITE', 'VTEP', 'MLAG_PAIR', 'OVS_BRIDGE', 'LIBVIRT_NETWORK']),
        devices: z.array(slug),
      }),
    )
    .default([]),
  lags: lags.default([]),
  mlags: mlags.default([]),
  pools: z
    .array(
      z.strictObject({
        ...settings,
        kind: z.enum(NUMBER_KINDS),
        /** VLANs are local to a domain. */
        vlanDomain: slug.exactOptional(),
        ranges: z.array(z.strictObject({ first: z.int(), last: z.int() })).min(1),
        /** Holds numbers that ran before: its ranges may lie where Trame itself would not number. */
        isAdopted: z.boolean().exactOptional(),
      }),
    )
    .default([]),
  addressSpaces: z
    .array(
      z.strictObject({
        slug,
        name: label,
        pools: z
          .array(
            z.strictObject({
              ...settings,
              ranges: z.array(cidr).min(1),
              minLength: z.int(),
              defaultLength: z.int(),
              maxLength: z.int(),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
  nameServers: z
    .array(
      z.strictObject({
        slug,
        /** Of PowerDNS, without `/api/v1/servers/localhost`. */
        url: z.url(),
        /** File with the API key, beside this document. */
        apiKeyFile: z.string(),
        zones: z.array(z.string()).min(1),
        ttlSeconds: z.int().min(1).max(604_800).exactOptional(),
        /** Absent: OBSERVE. Everything is computed and shown, nothing is written there. */
        mode: z.enum(['OBSERVE', 'WRITE']).exactOptional(),
      }),
    )
    .default([]),
  tenants: z.array(z.strictObject({ slug, name: label })).default([]),
  vrfs,
  networks,
});

export type FabricDocument = z.infer<typeof fabricDocument>;
