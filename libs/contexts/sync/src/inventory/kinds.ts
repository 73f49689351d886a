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

/**
 * What is compared, and whose word counts unless a connector says otherwise. Numbers and addresses are Trame's; what people write for
 * people is whoever wrote it last. Texts: names as NetBox calls them; `status` active, reserved, deprecated, container.
 */
export const DEFAULT_RULES: Readonly<Record<InventoryKind, KindRules>> = {
  tenant: { name: shared, slug: us, description: shared },
  routeTarget: { name: guarded, tenant: us, description: shared },
  vrf: {
    name: us,
    tenant: guarded,
    importTargets: { ...guarded, isSet: true },
    exportTargets: { ...guarded, isSet: true },
    description: shared,
  },
  vlanGroup: { name: us, slug: us, description: shared },
  vlan: { vid: us, name: us, group: us, tenant: us, status: us, description: shared },
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
  prefix: { prefix: us, vrf: us, tenant: guarded, vlan: us, status: us, isPool: us, description: shared },
  ipRange: { start: us, end: us, vrf: us, tenant: us, status: us, description: shared },
  asn: { asn: us, description: shared },
  device: { name: us, site: shared, status: shared, description: shared },
  interface: { device: us, name: us, description: shared },
  /** `host` the address (RFC 5952), `length` of its mask, `role` loopback, anycast, vip … or null. */
  ipAddress: { host: us, length: us, vrf: us, tenant: guarded, dnsName: us, status: us, role: us, interface: us, description: shared },
};
