/** Networks and VRFs that devices carry already, with the numbers that they have there. */
import { z } from 'zod';
import { RouteDistinguisher, RouteTarget } from '#engines/kernel';
import { cidr, deviceName, evi, fqdn, ip, label, mac, parsed, portName, slug, vlan, vni, zonePrefix } from './words.js';

const target = parsed(RouteTarget.parse);
const distinguishers = z.array(z.strictObject({ device: slug, rd: parsed(RouteDistinguisher.parse) })).default([]);

const common = {
  slug,
  name: label,
  /** One of `tenants`, or one that is there. */
  tenant: slug,
  evi,
  /** Without a direction: imported and exported. */
  targets: z.array(z.strictObject({ target, direction: z.enum(['IMPORT', 'EXPORT']).nullable().default(null) })).min(1),
  distinguishers,
};

export const vrfs = z.array(z.strictObject({ ...common, deviceName, l3vni: vni })).default([]);

const subnet = z
  .strictObject({
    cidr,
    addressSpace: slug,
    gatewayMode: z.enum(['ANYCAST_VTEP', 'CENTRAL_VRRP', 'EXTERNAL_FIREWALL', 'NONE']),
    gatewayAddress: ip.nullable().default(null),
    snat: z.boolean().exactOptional(),
    /** Names of its addresses in `dnsZone` are published as `<name>.<dnsZonePrefix>.<dnsZone>`. */
    dnsZone: fqdn.exactOptional(),
    dnsZonePrefix: zonePrefix.exactOptional(),
    dnsTtlSeconds: z.int().min(1).max(604_800).exactOptional(),
  })
  .refine(({ dnsZone, dnsZonePrefix }) => dnsZonePrefix === undefined || dnsZone !== undefined, {
    path: ['dnsZonePrefix'],
    message: 'a prefix only with a dnsZone beside it',
  });

const place = z.strictObject({
  device: slug,
  port: portName.nullable().default(null),
  tagging: z.enum(['UNTAGGED', 'TAGGED', 'BRIDGE_ONLY']),
});

export const networks = z
  .array(
    z.strictObject({
      ...common,
      vrf: slug.nullable().default(null),
      vni,
      mtu: z.int().min(576).max(9166),
      vlans: z.array(z.strictObject({ vlanDomain: slug, vlan })).default([]),
      subnets: z.array(subnet).default([]),
      places: z.array(place).default([]),
      replication: z.enum(['INGRESS_EVPN', 'INGRESS_STATIC', 'MULTICAST']).exactOptional(),
      multicastGroup: ip.exactOptional(),
      bundle: z
        .string()
        .regex(/^[\w.-]{1,64}$/, '1 to 64 letters, digits, dots, dashes')
        .exactOptional(),
      remoteTarget: target.exactOptional(),
      isProtected: z.boolean().exactOptional(),
      guestMacs: z.array(mac).exactOptional(),
    }),
  )
  .default([]);
