/** What is in phpIPAM, as objects of the inventory. Subnets are read by section, addresses by subnet: nothing there has pages. */
import type { ForeignObject } from '#contexts/sync/ports';
import { canonicalJson, Cidr, digest, type Ip } from '#engines/kernel';
import { cidrOf, decodeFields, KINDS, markOf, type PhpIpamKind, type SubnetOfAddress } from './kinds.js';
import { marksExpression } from './mark-text.js';
import type { PhpIpamClient } from './phpipam-client.js';
import { isPhpIpamError, PhpIpamError } from './phpipam-error.js';
import { numberOf, referenceOf, type Row, textOf } from './row.js';
import type { Sections } from './sections.js';

/** Ids of the database are below 2³¹; 22 bits are left for the section or the subnet. */
const IDS = 2 ** 31;
const MAX_PARTS = 2 ** 22;
/** Marks in one question: a URL has its bounds. */
const MARKS_AT_ONCE = 50;
/** Up to here each is searched by the database. */
const FEW_MARKS = 5;

/** A row and, of an address, its subnet. */
export interface Found {
  readonly row: Row;
  readonly subnet: SubnetOfAddress | null;
}

export class IpamReader {
  constructor(
    private readonly client: PhpIpamClient,
    private readonly kept: Sections,
    readonly markColumn: string,
  ) {}

  /** Those that are kept and there, in the order of the settings. @throws PhpIpamError PHPIPAM_NO_SECTION */
  sections(signal: AbortSignal): Promise<readonly number[]> {
    return this.kept.ids(signal);
  }

  /** Customers, VRFs, L2 domains or VLANs: all of them. */
  flat(kind: Exclude<PhpIpamKind, 'prefix' | 'ipAddress'>, signal: AbortSignal): Promise<readonly Row[]> {
    return this.client.rows(KINDS[kind].path, {}, signal);
  }

  /**
   * Subnets of one section, without folders. The filter is asked first, for the list of a section counts the addresses of each of its subnets;
   * where PHP has no memory for all subnets, or there are none at all (it cannot tell the two apart), that list is what knows.
   */
  async subnetsOf(section: number, signal: AbortSignal): Promise<readonly Row[]> {
    const query = { filter_by: 'sectionId', filter_value: String(section), filter_match: 'full' };
    const rows = await this.client.rows('/subnets/', query, signal).catch((error: unknown) => {
      if (!isTooMuch(error)) throw error;
      return this.client.rows(`/sections/${section}/subnets/`, {}, signal);
    });
    return rows.filter((row) => numberOf(row, 'sectionId') === section && isSubnet(row));
  }

  /** A subnet that went meanwhile took its addresses with it. */
  async addressesOf(subnet: SubnetOfAddress, signal: AbortSignal): Promise<readonly Found[]> {
    const path = `/subnets/${subnet.id}/addresses/`;
    try {
      return (await this.client.rows(path, {}, signal)).map((row) => ({ row, subnet }));
    } catch (error) {
      const isGone =
        isPhpIpamError(error, 'PHPIPAM_REFUSED') && error.facts.status === 404 && (await this.one('prefix', subnet.id, signal)) === null;
      if (!isGone) throw error;
      return [];
    }
  }

  /** What addresses need of the subnets of all sections, in the order of their ids: a few dozen bytes each. */
  async subnetIndex(signal: AbortSignal): Promise<readonly SubnetOfAddress[]> {
    const all: SubnetOfAddress[] = [];
    for (const section of await this.sections(signal)) for (const row of await this.subnetsOf(section, signal)) all.push(subnetOf(row));
    return all.sort((a, b) => a.id - b.id);
  }

  /** Null: it is not there. */
  async one(kind: PhpIpamKind, id: number, signal: AbortSignal): Promise<Found | null> {
    const row = await this.client.row(`${KINDS[kind].path}${id}/`, signal);
    if (row === null || (kind === 'prefix' && !isSubnet(row))) return null;
    if (kind !== 'ipAddress') return { row, subnet: null };
    const subnetId = referenceOf(row, 'subnetId');
    const subnet = subnetId === null ? null : await this.client.row(`/subnets/${subnetId}/`, signal);
    return subnet === null ? null : { row, subnet: subnetOf(subnet) };
  }

  /** Those of these that are there. */
  async many(kind: PhpIpamKind, ids: readonly number[], signal: AbortSignal): Promise<readonly Found[]> {
    const rows: Row[] = [];
    for (const id of ids) {
      const row = await this.client.row(`${KINDS[kind].path}${id}/`, signal);
      if (row !== null && (kind !== 'prefix' || isSubnet(row))) rows.push(row);
    }
    if (kind !== 'ipAddress') return rows.map((row) => ({ row, subnet: null }));
    return (await this.withSubnets(rows, signal)).map(({ found }) => found);
  }

  /** Over all sections: whatever overlaps it. */
  async overlapping(cidr: Cidr, signal: AbortSignal): Promise<readonly Row[]> {
    const rows = await this.client.rows(`/subnets/overlapping/${Cidr.network(cidr)}/${Cidr.length(cidr)}/`, {}, signal);
    return rows.filter(isSubnet);
  }

  /** In our sections: the search of phpIPAM knows neither sections nor VRFs. */
  async addressesWith(host: Ip, signal: AbortSignal): Promise<readonly Found[]> {
    const rows = await this.client.rows(`/addresses/search/${host}/`, {}, signal);
    const sections = await this.sections(signal);
    return (await this.withSubnets(rows, signal)).filter(({ section }) => sections.includes(section)).map(({ found }) => found);
  }

  /** Wherever they are: what carries a mark of ours is found in a section that is not kept, too. */
  async marked(kind: PhpIpamKind, marks: readonly string[], signal: AbortSignal): Promise<readonly Found[]> {
    const found: Found[] = [];
    if (kind !== 'prefix' && kind !== 'ipAddress') {
      for (const row of await this.flat(kind, signal)) found.push({ row, subnet: null });
    } else {
      for (let i = 0; i < marks.length; i += MARKS_AT_ONCE)
        found.push(...(await this.filteredByMark(kind, marks.slice(i, i + MARKS_AT_ONCE), signal)));
    }
    const wanted = new Set(marks);
    return found.filter(({ row }) => wanted.has(markOf(row, this.markColumn)?.id ?? ''));
  }

  toObject(kind: PhpIpamKind, { row, subnet }: Found): ForeignObject {
    const { path } = KINDS[kind];
    const id = numberOf(row, 'id') ?? numberOf(row, kind === 'vrf' ? 'vrfId' : 'vlanId');
    if (id === null)
      throw new PhpIpamError('PHPIPAM_UNEXPECTED_ANSWER', { call: `GET ${path}`, words: 'a row without an id', retriable: false });
    const mark = markOf(row, this.markColumn);
    const at = { row, mark, subnet };
    const fields = decodeFields(kind, at);
    // `editDate` is empty until the first change and knows no less than a second: what was read is the version.
    const version = digest(canonicalJson({ fields, mark })).slice(0, 16);
    return {
      remoteId: String(id),
      order: orderOf(partOf(kind, row), id),
      version,
      mark: mark?.id ?? null,
      fields,
      label: KINDS[kind].label(at),
    };
  }

  /** A list of all subnets or addresses is filtered by PHP, after it was loaded: for a few marks, or where that is too much, there are other ways. */
  private async filteredByMark(kind: 'prefix' | 'ipAddress', marks: readonly string[], signal: AbortSignal): Promise<readonly Found[]> {
    if (kind === 'ipAddress' && marks.length <= FEW_MARKS) return this.searched(marks, signal);
    const query = { filter_by: this.markColumn, filter_match: 'regex', filter_value: marksExpression(marks) };
    try {
      const rows = await this.client.rows(KINDS[kind].path, query, signal);
      if (kind === 'prefix') return rows.filter(isSubnet).map((row) => ({ row, subnet: null }));
      return (await this.withSubnets(rows, signal)).map(({ found }) => found);
    } catch (error) {
      if (!isTooMuch(error)) throw error;
      return kind === 'prefix' ? this.subnetsMarked(marks, signal) : this.searched(marks, signal);
    }
  }

  private async searched(marks: readonly string[], signal: AbortSignal): Promise<readonly Found[]> {
    const rows: Row[] = [];
    for (const mark of marks)
      rows.push(...(await this.client.searchAddresses(mark, signal)).filter((row) => markOf(row, this.markColumn)?.id === mark));
    return (await this.withSubnets(rows, signal)).map(({ found }) => found);
  }

  private async subnetsMarked(marks: readonly string[], signal: AbortSignal): Promise<readonly Found[]> {
    const wanted = new Set(marks);
    const found: Found[] = [];
    for (const section of await this.sections(signal)) {
      const rows = await this.subnetsOf(section, signal);
      found.push(...rows.filter((row) => wanted.has(markOf(row, this.markColumn)?.id ?? '')).map((row) => ({ row, subnet: null })));
    }
    return found;
  }

  private async withSubnets(
    rows: readonly Row[],
    signal: AbortSignal,
  ): Promise<readonly { readonly found: Found; readonly section: number }[]> {
    const subnets = new Map<number, Row | null>();
    const result: { found: Found; section: number }[] = [];
    for (const row of rows) {
      const id = referenceOf(row, 'subnetId');
      if (id === null) continue;
      const subnet = subnets.get(id) ?? (await this.client.row(`/subnets/${id}/`, signal));
      subnets.set(id, subnet);
      if (subnet !== null) result.push({ found: { row, subnet: subnetOf(subnet) }, section: numberOf(subnet, 'sectionId') ?? 0 });
    }
    return result;
  }
}

export function subnetOf(row: Row): SubnetOfAddress {
  const id = numberOf(row, 'id');
  if (id === null)
    throw new PhpIpamError('PHPIPAM_UNEXPECTED_ANSWER', { call: 'GET /subnets/', words: 'a subnet without an id', retriable: false });
  return { id, vrfId: referenceOf(row, 'vrfId'), cidr: cidrOf(row) };
}

/** A folder is a subnet without a prefix. */
const isSubnet = (row: Row): boolean => textOf(row, 'isFolder') !== '1';

/** What PHP says where a whole table is asked for and its memory does not suffice, or the table is empty. */
const isTooMuch = (error: unknown): boolean => isPhpIpamError(error, 'PHPIPAM_UNEXPECTED_ANSWER') && error.facts.status === 500;

const partOf = (kind: PhpIpamKind, row: Row): number =>
  kind === 'prefix' ? (numberOf(row, 'sectionId') ?? 0) : kind === 'ipAddress' ? (numberOf(row, 'subnetId') ?? 0) : 0;

/** Of a scan: lists of sections and of subnets come one after another, so these come first. */
export function orderOf(part: number, id: number): number {
  if (part < MAX_PARTS && id < IDS) return part * IDS + id;
  throw new PhpIpamError('PHPIPAM_TOO_LARGE', {
    call: 'GET /subnets/',
    words: `ids ${part} and ${id} are larger than can be put in order`,
    retriable: false,
  });
}
