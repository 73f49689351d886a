import type { KindRules } from '#engines/reconcile';

/** In the order in which they are created; deleted the other way round. */
export const INVENTORY_KINDS = [
  'tenant',
  'routeTarget',
  'vrf',
  'vlanGroup',
  'vlan',
  'l2vpn',
  'l2vpnTermination',
  'prefix',
  'ipRange',
  'asn',
  'device',
  'interface',
  'ipAddress',
] as const;
export type InventoryKind = (typeof INVENTORY_KINDS)[number];

/** Natural key of each kind: what makes two objects the same one for a person. Fields of it never change by a merge. */
export const NATURAL_KEY: Readonly<Record<InventoryKind, readonly string[]>> = {
  tenant: ['slug'],
  routeTarget: ['name'],
  vrf: ['name', 'tenant'],
  vlanGroup: ['slug'],
  vlan: ['group', 'vid'],
  l2vpn: ['identifier'],
  l2vpnTermination: ['l2vpn', 'vlan'],
  prefix: ['prefix', 'vrf'],
  ipRange: ['start', 'end', 'vrf'],
  asn: ['asn'],
  device: ['name'],
  interface: ['device', 'name'],
  ipAddress: ['host', 'vrf'],
};

const us = { authority: 'US' } as const;
const guarded = { authority: 'US', isGuarded: true } as const;
const shared = { authority: 'LAST_WRITER_WITH_REVIEW' } as const;
const ignored = { authority: 'IGNORE' } as const;

/**
 * What is compared, and whose word counts unless a connector says otherwise. Numbers and addresses are Trame's; what people write for
 * people is whoever wrote it last. Texts: names as NetBox calls them; a description that is empty is null. A field that Trame does not keep
 * of a kind (the description of an ASN, whether a prefix is a pool) has no rule: it is theirs. What VLANs and their groups are called is said when they
 * are made and left alone from then on: Trame has no words for them but the slugs of networks and domains, which never change, and people know them by theirs.
 *
 * `status`, in the words of all systems: `container` groups others; `reserved` is ours and not in use yet (PLANNED, PROVISIONING, HELD) or given to
 * nobody (RESERVED); `active` is in use; `deprecated` is on its way out (DEPROVISIONING). What rests in quarantine, or is retired, is not ours.
 */
export const DEFAULT_RULES: Readonly<Record<InventoryKind, KindRules>> = {
  tenant: { name: shared, slug: us, description: shared },
  routeTarget: { name: guarded, tenant: us },
  vrf: {
    name: us,
    tenant: guarded,
    importTargets: { ...guarded, isSet: true },
    exportTargets: { ...guarded, isSet: true },
    description: shared,
  },
  vlanGroup: { name: ignored, slug: us },
  vlan: { vid: us, name: ignored, group: us, tenant: us, status: us },
  l2vpn: {
    name: us,
    slug: us,
    identifier: guarded,
    tenant: guarded,
    status: us,
    importTargets: { ...guarded, isSet: true },
    exportTargets: { ...guarded, isSet: true },
    description: shared,
  },
  l2vpnTermination: { l2vpn: us, vlan: us },
  /** `vlan` is of the subnet's network; absent where there is none, or it has VLANs in several domains: then it is theirs, and what we said before is taken back. */
  prefix: { prefix: us, vrf: us, tenant: guarded, vlan: us, status: us, description: shared },
  ipRange: { start: us, end: us, vrf: us, tenant: us, status: us, description: shared },
  asn: { asn: us },
  /** `site` is the slug of one. */
  device: { name: us, site: us, description: shared },
  interface: { device: us, name: us },
  /**
   * `host` the address (RFC 5952), `length` of its mask, `role` loopback, anycast, vip, vrrp or null. Only addresses of devices say `interface`:
   * what a station's address is on is theirs.
   */
  ipAddress: { host: us, length: us, vrf: us, tenant: guarded, dnsName: us, status: us, role: us, interface: us, description: shared },
};
