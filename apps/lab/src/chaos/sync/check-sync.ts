/** At rest: what is in NetBox is what Trame has, once, and nothing of anybody else's went or was lost on the way. */
import { encodeId } from '#engines/kernel';
import type { NetBoxSimulator } from '../../netbox-simulator/index.js';
import type { ChaosDatabase } from '../chaos-database.js';
import type { Edits } from './edits.js';
import { KEPT_PATHS, type NetBoxColleague } from './netbox-colleague.js';

export interface SyncFindings {
  /** Marks, and natural keys of what is ours, that two objects there have. */
  readonly twins: readonly string[];
  /** Of others, gone or changed. */
  readonly foreign: readonly string[];
  /** Of ours, not there, there otherwise, or there although it is not ours any more. */
  readonly wrong: readonly string[];
  /** What a person wrote, and nobody can see what became of it. */
  readonly lostEdits: readonly string[];
  /** Words that differ on both sides, and are in no conflict. */
  readonly unlisted: readonly string[];
}

type Row = Readonly<Record<string, string | number | null>>;

/** What Trame has, asked of its tables and not of the code that keeps NetBox: by mark, the columns of NetBox that it stands for. */
const OURS: Readonly<Record<string, { readonly kind: Parameters<typeof encodeId>[0]; readonly query: string }>> = {
  'tenancy/tenants': { kind: 'tenant', query: 'SELECT id, slug, name, description FROM tenant' },
  'ipam/vrfs': { kind: 'vrf', query: 'SELECT id, name, description FROM vrf' },
  'vpn/l2vpns': { kind: 'network', query: `SELECT id, slug, vni AS identifier, description FROM network WHERE state <> 'RETIRED'` },
  'ipam/prefixes': {
    kind: 'prefix',
    query: `SELECT id, cidr::text AS prefix, description FROM prefix p WHERE state <> 'QUARANTINED'
      AND (role NOT IN ('CONTAINER', 'POOL') OR NOT EXISTS (SELECT FROM prefix i WHERE i.space_id = p.space_id AND i.cidr = p.cidr AND i.id <> p.id AND i.state <> 'QUARANTINED'
        AND (p.role = 'CONTAINER' OR i.role <> 'CONTAINER')))`,
  },
  'ipam/ip-addresses': {
    kind: 'ipAddress',
    query: `SELECT a.id, host(a.address) || '/' || masklen(s.cidr) AS address, coalesce(a.dns_name, '') AS dns_name, a.description
      FROM ip_address a JOIN subnet s ON s.id = a.subnet_id WHERE a.state <> 'QUARANTINED'`,
  },
};
/** VTEPs have no row among the addresses. */
const IS_OF_VTEP = /^(?:vtep_|pair-)/;

export async function checkSync(
  database: ChaosDatabase,
  netbox: NetBoxSimulator,
  colleague: NetBoxColleague,
  edits: Edits,
): Promise<SyncFindings> {
  const ours = new Map<string, ReadonlyMap<string, Row>>();
  for (const [path, { kind, query }] of Object.entries(OURS)) {
    const rows = await database.rows<Row & { id: string }>(query);
    ours.set(path, new Map(rows.map((row) => [encodeId(kind, row.id), row])));
  }
  return {
    twins: twins(netbox),
    foreign: colleague.touched(),
    wrong: [...ours].flatMap(([path, rows]) => compare(netbox, path, rows)),
    lostEdits: await lostEdits(database, netbox, ours, edits),
    unlisted: [...ours].flatMap(([path, rows]) => wordsApart(netbox, path, rows)),
  };
}

/** What differs in words that both may write, by mark. */
export async function wordsThatDiffer(database: ChaosDatabase, netbox: NetBoxSimulator): Promise<string[]> {
  const apart: string[] = [];
  for (const [path, { kind, query }] of Object.entries(OURS)) {
    const rows = await database.rows<Row & { id: string }>(query);
    apart.push(...wordsApart(netbox, path, new Map(rows.map((row) => [encodeId(kind, row.id), row]))));
  }
  return apart;
}

const kept = (netbox: NetBoxSimulator, path: string) =>
  netbox.state.objects(path).flatMap(({ id, values, custom }) => {
    const mark = custom['trame_id'];
    return typeof mark === 'string' && mark !== '' ? [{ id, mark, values }] : [];
  });

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);

/** What two objects of ours never have both, beside their marks. */
const NATURAL: Readonly<Record<string, readonly string[]>> = {
  'tenancy/tenants': ['slug'],
  'vpn/l2vpns': ['slug'],
  'ipam/prefixes': ['prefix', 'vrf'],
  'ipam/ip-addresses': ['address', 'vrf'],
  'ipam/route-targets': ['name'],
  'ipam/asns': ['asn'],
};

function twins(netbox: NetBoxSimulator): string[] {
  return KEPT_PATHS.flatMap((path) => {
    const seen = new Map<string, number[]>();
    const note = (key: string, id: number): unknown => seen.set(key, [...(seen.get(key) ?? []), id]);
    for (const { id, mark, values } of kept(netbox, path)) {
      note(`the mark ${mark}`, id);
      const key = NATURAL[path]?.map((column) => textOf(values[column])).join(' in ');
      if (key !== undefined) note(key, id);
    }
    return [...seen].flatMap(([key, ids]) => (ids.length > 1 ? [`${path} ${ids.join(', ')} all have ${key}`] : []));
  });
}

function compare(netbox: NetBoxSimulator, path: string, rows: ReadonlyMap<string, Row>): string[] {
  const there = new Map(kept(netbox, path).map((object) => [object.mark, object.values]));
  const findings: string[] = [];
  for (const [mark, { id: _id, description: _description, ...wanted }] of rows) {
    const values = there.get(mark);
    if (!values) findings.push(`${path}: ${mark} is not there: ${JSON.stringify(wanted)}`);
    else
      for (const [name, value] of Object.entries(wanted))
        if (textOf(values[name]) !== textOf(value))
          findings.push(`${path}: ${mark} has ${name} ${JSON.stringify(values[name])} and not ${JSON.stringify(value)}`);
  }
  for (const mark of there.keys())
    if (!rows.has(mark) && !IS_OF_VTEP.test(mark)) findings.push(`${path}: ${mark} is there, and Trame has it no more`);
  return findings;
}

function wordsApart(netbox: NetBoxSimulator, path: string, rows: ReadonlyMap<string, Row>): string[] {
  return kept(netbox, path).flatMap(({ mark, values }) => {
    const row = rows.get(mark);
    const [here, there] = [textOf(row?.['description']), textOf(values['description'])];
    return !row || here === there ? [] : [`${mark} ${path}: ${JSON.stringify(here)} here, ${JSON.stringify(there)} there`];
  });
}

/** Where something overwritten is kept: what stood there, what stood here, and what two people disagreed about. */
const KEPT_WORDS = `SELECT coalesce(string_agg(t, ' '), '') AS words FROM (
    SELECT c.before::text || coalesce(to_jsonb(c)->>'replaced', '') AS t FROM sync_change c UNION ALL SELECT ours::text || theirs::text FROM sync_conflict) x`;

async function lostEdits(
  database: ChaosDatabase,
  netbox: NetBoxSimulator,
  ours: ReadonlyMap<string, ReadonlyMap<string, Row>>,
  edits: Edits,
): Promise<string[]> {
  const [{ words } = { words: '' }] = await database.rows<{ words: string }>(KEPT_WORDS);
  const there = KEPT_PATHS.flatMap((path) => netbox.state.objects(path).map(({ values }) => JSON.stringify(values))).join(' ');
  const here = JSON.stringify([...ours.values()].flatMap((rows) => [...rows.values()]));
  const alive = new Set([...ours.values()].flatMap((rows) => [...rows.keys()]));
  const isSomewhere = (text: string): boolean => [words, there, here].some((all) => new RegExp(`\\b${text}\\b`).test(all));
  return edits.standing
    .filter(({ mark, text }) => alive.has(mark) && !isSomewhere(text))
    .map(({ side, mark, field, text, at }) => `${side}: ${text} in ${field} of ${mark}, written at ${at}, is nowhere`);
}
