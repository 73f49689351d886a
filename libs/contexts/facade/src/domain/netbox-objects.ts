/** Objects as NetBox serialises them (4.2 to 4.6: nested objects, choices as value and label); only `url` and numbers are ours. */
import { Cidr } from '#engines/kernel';

export interface Numbered {
  readonly number: number;
  readonly name: string;
}

export interface Surroundings {
  /** Up to and with `/api`. */
  readonly base: string;
  readonly tenant: Numbered & { readonly slug: string };
  readonly vrf: Numbered | null;
}

type NetBoxObject = Readonly<Record<string, unknown>>;

const choice = (value: string): NetBoxObject => ({ value, label: `${value.charAt(0).toUpperCase()}${value.slice(1)}` });
const family = (cidr: Cidr): NetBoxObject => ({ value: Cidr.family(cidr), label: `IPv${Cidr.family(cidr)}` });

export function tenantBrief({ base, tenant }: Surroundings): NetBoxObject {
  const { number, name, slug } = tenant;
  return { id: number, url: `${base}/tenancy/tenants/${number}/`, display: name, name, slug, description: '' };
}

export function vrfBrief({ base, vrf }: Surroundings): NetBoxObject | null {
  return vrf && { id: vrf.number, url: `${base}/ipam/vrfs/${vrf.number}/`, display: vrf.name, name: vrf.name, rd: null, description: '' };
}

const common = (around: Surroundings, path: string, number: number, display: string): NetBoxObject => ({
  id: number,
  url: `${around.base}/${path}/${number}/`,
  display,
});
const placed = (around: Surroundings): NetBoxObject => ({ vrf: vrfBrief(around), tenant: tenantBrief(around) });
const unused = { role: null, comments: '', tags: [], custom_fields: {} } as const;

export const prefixObject = (
  around: Surroundings,
  prefix: { readonly number: number; readonly cidr: Cidr; readonly description: string | null },
): NetBoxObject => ({
  ...common(around, 'ipam/prefixes', prefix.number, prefix.cidr),
  family: family(prefix.cidr),
  prefix: prefix.cidr,
  ...placed(around),
  scope_type: null,
  scope_id: null,
  scope: null,
  vlan: null,
  status: choice('active'),
  is_pool: false,
  mark_utilized: false,
  description: prefix.description ?? '',
  ...unused,
  children: 0,
  _depth: 0,
});

export interface AddressFacts {
  readonly number: number;
  /** With the length of its subnet. */
  readonly address: string;
  readonly subnet: Cidr;
  readonly dnsName: string | null;
  readonly description: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const addressObject = (around: Surroundings, address: AddressFacts): NetBoxObject => ({
  ...common(around, 'ipam/ip-addresses', address.number, address.address),
  family: family(address.subnet),
  address: address.address,
  ...placed(around),
  status: choice('active'),
  assigned_object_type: null,
  assigned_object_id: null,
  assigned_object: null,
  nat_inside: null,
  nat_outside: [],
  dns_name: address.dnsName ?? '',
  description: address.description,
  ...unused,
  created: address.createdAt.toISOString(),
  last_updated: address.updatedAt.toISOString(),
});

export const rangeObject = (
  around: Surroundings,
  range: {
    readonly number: number;
    readonly first: string;
    readonly last: string;
    readonly subnet: Cidr;
    readonly size: number;
    readonly description: string;
  },
): NetBoxObject => ({
  ...common(around, 'ipam/ip-ranges', range.number, `${range.first}-${range.last}`),
  family: family(range.subnet),
  start_address: range.first,
  end_address: range.last,
  size: range.size,
  ...placed(around),
  status: choice('active'),
  mark_populated: false,
  mark_utilized: false,
  description: range.description,
  ...unused,
});

export const aggregateObject = (around: Surroundings, aggregate: { readonly number: number; readonly cidr: Cidr }): NetBoxObject => ({
  ...common(around, 'ipam/aggregates', aggregate.number, aggregate.cidr),
  family: family(aggregate.cidr),
  prefix: aggregate.cidr,
  rir: null,
  tenant: tenantBrief(around),
  date_added: null,
  description: '',
  ...unused,
});

export const freeAddress = (around: Surroundings, address: string, subnet: Cidr): NetBoxObject => ({
  family: Cidr.family(subnet),
  address,
  vrf: vrfBrief(around),
});
