import { z } from 'zod';
import type { InventoryKind } from '#contexts/sync/ports';
import type { Fields } from '#engines/reconcile';
import {
  boolean,
  choice,
  cidr,
  descriptionBesideProxmox,
  dnsName,
  type FieldCodec,
  genericRef,
  number,
  ref,
  refs,
  routeTargetName,
  slugOf,
  text,
} from './field-codecs.js';
import { addressParts, rangeEnd } from './address-codecs.js';
import { type Alike, byRef, byValue } from './alike.js';
import { column, type Row } from './row.js';

export interface KindCodec {
  /** Below `/api`. */
  readonly path: string;
  readonly objectType: string;
  readonly fields: Readonly<Record<string, FieldCodec>>;
  readonly alike: Alike;
  /** Column of the object that it is in, for people: `10.0.0.0/24 (VRF acme)`. */
  readonly within?: { readonly column: string; readonly word: string };
}

const parentShape = z.looseObject({ display: z.string(), name: z.string().optional() }).nullable();

const description = text('description');
const name = text('name');
const slug = text('slug');
const tenant = ref('tenant', 'tenant');
const vrf = ref('vrf', 'vrf');
const targets = { importTargets: refs('import_targets', 'routeTarget'), exportTargets: refs('export_targets', 'routeTarget') };
const status = choice('status');
/** Where NetBox has other words for what is kept for later and for what goes away. */
const plannedStatus = choice('status', { reserved: 'planned', deprecated: 'decommissioning' });
const withinVrf = { column: 'vrf', word: 'VRF' };
/** In the words of NetBox. */
export const KINDS: Readonly<Record<InventoryKind, KindCodec>> = {
  tenant: {
    path: 'tenancy/tenants',
    objectType: 'tenancy.tenant',
    fields: { name, slug, description },
    alike: byValue('slug', 'slug'),
  },
  routeTarget: {
    path: 'ipam/route-targets',
    objectType: 'ipam.routetarget',
    fields: { name: routeTargetName('name'), tenant, description },
    alike: byValue('name', 'name'),
  },
  vrf: {
    path: 'ipam/vrfs',
    objectType: 'ipam.vrf',
    fields: { name, tenant, ...targets, description },
    alike: byValue('name', 'name', ['tenant']),
  },
  vlanGroup: {
    path: 'ipam/vlan-groups',
    objectType: 'ipam.vlangroup',
    fields: { name, slug, description },
    alike: byValue('slug', 'slug'),
  },
  vlan: {
    path: 'ipam/vlans',
    objectType: 'ipam.vlan',
    fields: { vid: number('vid'), name, group: ref('group', 'vlanGroup'), tenant, status, description },
    alike: byValue('vid', 'vid', ['group'], { field: 'group', filter: 'group_id' }),
    within: { column: 'group', word: 'group' },
  },
  l2vpn: {
    path: 'vpn/l2vpns',
    objectType: 'vpn.l2vpn',
    fields: { name, slug, identifier: number('identifier'), tenant, status: { ...plannedStatus, since: 3 }, ...targets, description },
    alike: byValue('identifier', 'identifier'),
  },
  l2vpnTermination: {
    path: 'vpn/l2vpn-terminations',
    objectType: 'vpn.l2vpntermination',
    fields: { l2vpn: ref('l2vpn', 'l2vpn'), vlan: genericRef('assigned_object', 'ipam.vlan', 'vlan') },
    alike: byRef('vlan', 'vlan_id', ['l2vpn']),
    within: { column: 'l2vpn', word: 'L2VPN' },
  },
  prefix: {
    path: 'ipam/prefixes',
    objectType: 'ipam.prefix',
    fields: { prefix: cidr('prefix'), vrf, tenant, vlan: ref('vlan', 'vlan'), status, isPool: boolean('is_pool'), description },
    alike: byValue('prefix', 'prefix', ['vrf'], { field: 'vrf', filter: 'vrf_id' }),
    within: withinVrf,
  },
  ipRange: {
    path: 'ipam/ip-ranges',
    objectType: 'ipam.iprange',
    fields: { start: rangeEnd('start'), end: rangeEnd('end'), vrf, tenant, status, description },
    alike: byValue('start', 'start_address', ['end', 'vrf'], { field: 'vrf', filter: 'vrf_id' }),
    within: withinVrf,
  },
  asn: {
    path: 'ipam/asns',
    objectType: 'ipam.asn',
    fields: { asn: number('asn'), description },
    alike: byValue('asn', 'asn'),
  },
  device: {
    path: 'dcim/devices',
    objectType: 'dcim.device',
    fields: { name, site: slugOf('site'), status: plannedStatus, description },
    alike: byValue('name', 'name'),
  },
  interface: {
    path: 'dcim/interfaces',
    objectType: 'dcim.interface',
    fields: { device: ref('device', 'device'), name, description },
    alike: byValue('name', 'name', ['device'], { field: 'device', filter: 'device_id' }),
    within: { column: 'device', word: 'device' },
  },
  ipAddress: {
    path: 'ipam/ip-addresses',
    objectType: 'ipam.ipaddress',
    fields: {
      ...addressParts,
      vrf,
      tenant,
      dnsName: dnsName('dns_name'),
      status,
      role: choice('role'),
      interface: genericRef('assigned_object', 'dcim.interface', 'interface'),
      description: descriptionBesideProxmox(),
    },
    alike: byValue('host', 'address', ['vrf'], { field: 'vrf', filter: 'vrf_id' }),
    within: withinVrf,
  },
};

/** @param names of the fields that are compared. */
export function decodeFields(kind: KindCodec, names: readonly string[], row: Row): Fields {
  const known = names.map((field) => [field, kind.fields[field]?.decode(row)] as const);
  return Object.fromEntries(known.flatMap(([field, value]) => (value === undefined ? [] : [[field, value]])));
}

export function labelOf({ within }: KindCodec, row: Row): string {
  if (!within) return row.display;
  const parent = column(row, within.column, parentShape);
  return parent === null ? row.display : `${row.display} (${within.word} ${parent.name ?? parent.display})`;
}
