/** Where something that is to be made belongs, and what is there already. */
import type { ForeignWrite } from '#contexts/sync/ports';
import { Cidr, Ip } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import type { Found, IpamReader } from './ipam-reader.js';
import { cidrOf, decodeFields, idOf, KINDS, markOf, type PhpIpamKind } from './kinds.js';
import type { Body } from './phpipam-client.js';
import { numberOf, referenceOf, type Row, textOf } from './row.js';
import { UnfitValue } from './unfit-value.js';

type Create = Extract<ForeignWrite, { verb: 'CREATE' }>;

/** It is there and carries the mark; or what is sent beside the fields. */
export type Place = { readonly present: Found } | { readonly body: Body };

/** @throws UnfitValue where another one is in its place, or there is none for it. */
export function placeOf(kind: PhpIpamKind, write: Create, reader: IpamReader, signal: AbortSignal): Promise<Place> {
  if (kind === 'prefix') return placeOfPrefix(write, reader, signal);
  if (kind === 'ipAddress') return placeOfAddress(write, reader, signal);
  return placeInTable(kind, write, reader, signal);
}

async function placeInTable(
  kind: Exclude<PhpIpamKind, 'prefix' | 'ipAddress'>,
  { mark, fields }: Create,
  reader: IpamReader,
  signal: AbortSignal,
): Promise<Place> {
  const rows = await reader.flat(kind, signal);
  const found = rows.map((row) => ({ row, subnet: null }));
  return settled(kind, mark, found, (one) => isTwin(kind, fields, one, reader.markColumn), reader);
}

/** What would be a second one for phpIPAM or for people: it has one VRF of a name and one customer of a title, whoever's they are. */
function isTwin(kind: PhpIpamKind, fields: Fields, { row, subnet }: Found, markColumn: string): boolean {
  const there = decodeFields(kind, { row, subnet, mark: markOf(row, markColumn) });
  const same = (field: string): boolean => fields[field] !== undefined && lower(fields[field]) === lower(there[field]);
  if (kind === 'vlan') return same('vid') && idOf('vlanGroup', fields['group']) === referenceOf(row, 'domainId');
  return same('name');
}

const lower = (value: unknown): string => JSON.stringify(value ?? null).toLowerCase();

/** A subnet is made below the nearest one that contains it, in the same VRF, and in its section; else in the first section, at the top. */
async function placeOfPrefix({ mark, fields }: Create, reader: IpamReader, signal: AbortSignal): Promise<Place> {
  const cidr = Cidr.parse(fields['prefix']);
  const vrfId = idOf('vrf', fields['vrf']);
  const sections = await reader.sections(signal);
  const near = (await reader.overlapping(cidr, signal)).filter((row) => isWithin(row, sections, vrfId));
  const equal = near.filter((row) => cidrOf(row) === cidr).map((row) => ({ row, subnet: null }));
  const found = settled('prefix', mark, equal, () => true, reader);
  if ('present' in found) return found;
  const master = nearest(near, cidr);
  const sectionId = (master && numberOf(master, 'sectionId')) ?? sections[0] ?? 0;
  return {
    body: {
      subnet: Cidr.network(cidr),
      mask: String(Cidr.length(cidr)),
      sectionId,
      ...(master && { masterSubnetId: numberOf(master, 'id') }),
      ...(vrfId !== null && { vrfId }),
    },
  };
}

/** An address is made in the smallest subnet of its VRF that holds it. */
async function placeOfAddress({ mark, fields }: Create, reader: IpamReader, signal: AbortSignal): Promise<Place> {
  const host = Ip.parse(fields['host']);
  const vrfId = idOf('vrf', fields['vrf']);
  const there = (await reader.addressesWith(host, signal)).filter(({ subnet }) => subnet?.vrfId === vrfId);
  const found = settled('ipAddress', mark, there, () => true, reader);
  if ('present' in found) return found;
  const whole = Cidr.parse(`${host}/${Ip.family(host) === 4 ? 32 : 128}`);
  const sections = await reader.sections(signal);
  const subnet = nearest(
    (await reader.overlapping(whole, signal)).filter((row) => isWithin(row, sections, vrfId)),
    whole,
    true,
  );
  if (subnet === null)
    throw new UnfitValue(`no subnet of ${vrfId === null ? 'no VRF' : `VRF ${vrfId}`} in the sections that are kept holds ${host}`);
  return { body: { ip: host, subnetId: numberOf(subnet, 'id') } };
}

/** @throws UnfitValue for a twin that is not ours: making a second one, or taking the first, is a person's decision. */
function settled(kind: PhpIpamKind, mark: string, rows: readonly Found[], isOther: (found: Found) => boolean, reader: IpamReader): Place {
  const ours = rows.find(({ row }) => markOf(row, reader.markColumn)?.id === mark);
  if (ours !== undefined) return { present: ours };
  const other = rows.find(isOther);
  if (other === undefined) return { body: {} };
  const at = { ...other, mark: markOf(other.row, reader.markColumn) };
  const owner = at.mark === null ? 'carries no mark' : `carries the mark ${at.mark.id.slice(0, 80)}`;
  throw new UnfitValue(`${KINDS[kind].label(at)} is there already and ${owner}`);
}

const isWithin = (row: Row, sections: readonly number[], vrfId: number | null): boolean =>
  sections.includes(numberOf(row, 'sectionId') ?? 0) && referenceOf(row, 'vrfId') === vrfId;

/** The longest of those that contain it; of two, the older. */
function nearest(rows: readonly Row[], inner: Cidr, isEqualTaken = false): Row | null {
  const { first, last } = Cidr.bounds(inner);
  const around = rows.flatMap((row) => {
    const cidr = cidrOrNull(row);
    if (cidr === null || Cidr.family(cidr) !== Cidr.family(inner)) return [];
    const bounds = Cidr.bounds(cidr);
    const contains = bounds.first <= first && last <= bounds.last && (isEqualTaken || cidr !== inner);
    return contains ? [{ row, length: Cidr.length(cidr), id: Number(textOf(row, 'id')) }] : [];
  });
  return around.sort((a, b) => b.length - a.length || a.id - b.id)[0]?.row ?? null;
}

function cidrOrNull(row: Row): Cidr | null {
  try {
    return Cidr.parse(cidrOf(row));
  } catch {
    return null; // what somebody typed, and no prefix
  }
}
