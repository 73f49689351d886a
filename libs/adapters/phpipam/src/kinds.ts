/** Kinds of the inventory as tables of phpIPAM: which columns hold which fields, and back. */
import { Cidr, Ip, Label, Slug } from '#engines/kernel';
import type { Fields, FieldValue, Ref } from '#engines/reconcile';
import { type MarkText, parseMark } from './mark-text.js';
import type { Body } from './phpipam-client.js';
import { numberOf, referenceOf, type Row, textOf } from './row.js';
import { UnfitValue } from './unfit-value.js';

export const PHPIPAM_KINDS = ['tenant', 'vrf', 'vlanGroup', 'vlan', 'prefix', 'ipAddress'] as const;
export type PhpIpamKind = (typeof PHPIPAM_KINDS)[number];

/** What an address takes from its subnet. */
export interface SubnetOfAddress {
  readonly id: number;
  readonly vrfId: number | null;
  readonly cidr: string;
}

export interface DecodeAt {
  readonly row: Row;
  readonly mark: MarkText | null;
  /** Of addresses only. */
  readonly subnet: SubnetOfAddress | null;
}

/** One field. `encode` is absent where it can be said only when the object is made. */
interface FieldCodec {
  readonly decode: (at: DecodeAt) => FieldValue;
  readonly encode?: (value: FieldValue) => Body;
}

export interface KindTable {
  /** Below the app. */
  readonly path: string;
  /** In the database, where an administrator adds the column. */
  readonly table: string;
  readonly fields: Readonly<Record<string, FieldCodec>>;
  readonly label: (at: DecodeAt) => string;
}

const text = (key: string, what: string, characters: number | null): FieldCodec => ({
  decode: ({ row }) => textOf(row, key),
  encode: (value) => {
    const written = value === null ? null : String(value as string);
    const length = [...(written ?? '')].length;
    if (characters !== null && length > characters)
      throw new UnfitValue(`${what} has ${length} characters, and phpIPAM keeps ${characters}`);
    return { [key]: written };
  },
});

const ref = (key: string, kind: PhpIpamKind): FieldCodec => ({
  decode: ({ row }) => refTo(kind, referenceOf(row, key)),
  encode: (value) => ({ [key]: idOf(kind, value) }),
});

const refTo = (kind: PhpIpamKind, id: number | null): Ref | null => (id === null ? null : { kind, id: `~${id}` });

/** @throws UnfitValue for what is not in phpIPAM: 0 or a guess would be another object. */
export function idOf(kind: PhpIpamKind, value: FieldValue | undefined): number | null {
  if (value === null || value === undefined) return null;
  const id = typeof value === 'object' && 'id' in value ? /^~([1-9]\d*)$/.exec(String(value.id))?.[1] : undefined;
  if (id === undefined) throw new UnfitValue(`its ${kind} is not in phpIPAM`);
  return Number(id);
}

const tenant = ref('customer_id', 'tenant');

/** A tag of an administrator's own is told by its number. */
const TAGS: readonly (readonly [tag: number, status: string])[] = [
  [1, 'deprecated'], // Offline
  [2, 'active'], // Used
  [3, 'reserved'],
  [4, 'dhcp'],
];
export const USED_TAG = 2;
export const OFFLINE_TAG = 1;

const statusTag: FieldCodec = {
  decode: ({ row }) => {
    const tag = numberOf(row, 'tag') ?? USED_TAG;
    return TAGS.find(([number]) => number === tag)?.[1] ?? `tag-${tag}`;
  },
  encode: (value) => {
    const tag = TAGS.find(([, status]) => status === value)?.[0];
    if (tag === undefined)
      throw new UnfitValue(`phpIPAM has no tag for ${String(value as string)}: ${TAGS.map(([, status]) => status).join(', ')}`);
    return { tag };
  },
};

const domainName: FieldCodec = {
  decode: ({ row }) => textOf(row, 'hostname')?.toLowerCase().replace(/\.$/, '') ?? null,
  encode: text('hostname', 'the DNS name', 255).encode as (value: FieldValue) => Body,
};

/** A slug that nobody wrote down is that of the name. */
function slugOf(name: string | null): string | null {
  try {
    return Slug.fromLabel(Label.parse(name)) || null;
  } catch {
    return null;
  }
}

export const KINDS: Readonly<Record<PhpIpamKind, KindTable>> = {
  tenant: {
    path: '/tools/customers/',
    table: 'customers',
    fields: {
      name: text('title', 'the name', 128),
      // In our column, beside the mark: see `mark-text`.
      slug: { decode: ({ row, mark }) => mark?.slug ?? slugOf(textOf(row, 'title')), encode: () => ({}) },
      description: text('note', 'the description', null),
    },
    label: ({ row }) => textOf(row, 'title') ?? 'a customer without a title',
  },
  vrf: {
    path: '/vrfs/',
    table: 'vrf',
    fields: { name: text('name', 'the name', 32), tenant, description: text('description', 'the description', 256) },
    label: ({ row }) => `VRF ${textOf(row, 'name') ?? ''}`,
  },
  vlanGroup: {
    path: '/l2domains/',
    table: 'vlanDomains',
    // One column for both; of ours they are the same.
    fields: { name: text('name', 'the name', 64), slug: text('name', 'the slug', 64) },
    label: ({ row }) => `L2 domain ${textOf(row, 'name') ?? ''}`,
  },
  vlan: {
    path: '/vlans/',
    table: 'vlans',
    fields: {
      vid: { decode: ({ row }) => numberOf(row, 'number'), encode: (value) => ({ number: Number(value) }) },
      name: text('name', 'the name', 255),
      group: ref('domainId', 'vlanGroup'),
      tenant,
    },
    label: ({ row }) => `VLAN ${textOf(row, 'number') ?? ''} ${textOf(row, 'name') ?? ''} (L2 domain ${textOf(row, 'domainId') ?? ''})`,
  },
  prefix: {
    path: '/subnets/',
    table: 'subnets',
    fields: {
      prefix: { decode: ({ row }) => cidrOf(row) },
      vrf: ref('vrfId', 'vrf'),
      tenant,
      vlan: ref('vlanId', 'vlan'),
      description: text('description', 'the description', null),
    },
    label: ({ row }) => `${cidrOf(row)} (section ${textOf(row, 'sectionId') ?? ''}${within(referenceOf(row, 'vrfId'))})`,
  },
  ipAddress: {
    path: '/addresses/',
    table: 'ipaddresses',
    fields: {
      host: { decode: ({ row }) => hostOf(row) },
      // Of the subnet that it is in, which an address never leaves.
      vrf: { decode: ({ subnet }) => refTo('vrf', subnet?.vrfId ?? null) },
      tenant,
      dnsName: domainName,
      status: statusTag,
      description: text('description', 'the description', 64),
    },
    label: ({ row, subnet }) => `${hostOf(row)} (${subnet?.cidr ?? 'a subnet'}${within(subnet?.vrfId ?? null)})`,
  },
};

const within = (vrfId: number | null): string => (vrfId === null ? '' : `, VRF ${vrfId}`);

/** As it stands where it is no prefix: whoever wrote it sees it, and it is nothing of ours. */
export function cidrOf(row: Row): string {
  const cidr = `${textOf(row, 'subnet') ?? ''}/${textOf(row, 'mask') ?? ''}`;
  return orAsItStands(cidr, Cidr.parse);
}

/** Filtered lists show the number of the database. */
export function hostOf(row: Row): string {
  const host = textOf(row, 'ip') ?? textOf(row, 'ip_addr') ?? '';
  if (/^\d{1,39}$/.test(host)) return orAsItStands(host, () => Ip.fromBigInt(BigInt(host) < 2n ** 32n ? 4 : 6, BigInt(host)));
  return orAsItStands(host, Ip.parse);
}

function orAsItStands(value: string, parse: (text: string) => string): string {
  try {
    return parse(value);
  } catch {
    return value;
  }
}

export function decodeFields(kind: PhpIpamKind, at: DecodeAt): Fields {
  return Object.fromEntries(Object.entries(KINDS[kind].fields).map(([name, { decode }]) => [name, decode(at)]));
}

/** @throws UnfitValue for what phpIPAM cannot hold. */
export function encodeFields(kind: PhpIpamKind, fields: Fields): Body {
  const bodies = Object.entries(fields).map(([name, value]) => KINDS[kind].fields[name]?.encode?.(value) ?? {});
  return Object.assign({}, ...bodies) as Body;
}

export const markOf = (row: Row, column: string): MarkText | null => parseMark(textOf(row, column));
