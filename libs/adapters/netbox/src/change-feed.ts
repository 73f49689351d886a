/** What NetBox' change log says that others did. Deletions are only there. */
import { z } from 'zod';
import type { ForeignChanges, InventoryKind } from '#contexts/sync/ports';
import { invalidValue } from '#engines/kernel';
import { KINDS } from './kinds.js';
import type { NetBoxAnswer, NetBoxQuery } from './netbox-client.js';
import { isNetBoxError, NetBoxError } from './netbox-error.js';
import { otherShape } from './row.js';

const PATH = 'core/object-changes'; // since 4.1; the documentation shows the place of before
const CALL = `GET /api/${PATH}/`;
const PAGE_SIZE = 1000;
/** Numbers are drawn before a transaction ends: a smaller one may come later than a larger, as late as a request may take. */
const LATE_MS = 3 * 60_000;
const MAX_GAPS = 200;
/** Ids in one question: gunicorn takes request lines of 4094 bytes. */
const IDS_AT_ONCE = 80;

const pageShape = z.looseObject({
  next: z.string().nullable(),
  results: z.array(
    z.looseObject({
      id: z.int().positive(),
      time: z.string(),
      request_id: z.string(),
      message: z.string().optional(), // from 4.4
      action: z.object({ value: z.string() }),
      changed_object_type: z.string(),
      changed_object_id: z.int(),
    }),
  ),
});
type Row = z.infer<typeof pageShape>['results'][number];

/** The part of `NetBoxClient` that is needed. */
interface Asked {
  get(path: string, query: NetBoxQuery, signal: AbortSignal): Promise<NetBoxAnswer>;
}

/** Numbers that were left out so far, with the time of the change after them. */
type Gaps = ReadonlyMap<number, number>;

const KIND_OF = new Map(Object.entries(KINDS).map(([kind, { objectType }]) => [objectType, kind as InventoryKind]));

/** `ipam.prefix` → prefix; null: not a kind of the inventory. */
export const kindOfType = (objectType: string): InventoryKind | null => KIND_OF.get(objectType) ?? null;

/**
 * @param cursor `<last number>;<number left out>@<ms>,…`; null: where the end is now.
 * @param isOwn what this installation did itself.
 */
export async function readChanges(
  client: Asked,
  cursor: string | null,
  isOwn: (change: { requestId: string; message: string }) => boolean,
  signal: AbortSignal,
): Promise<ForeignChanges> {
  if (cursor === null) return { changed: [], next: await end(client, signal), isMore: false, isGap: false };
  const { last, gaps } = parseCursor(cursor);
  const from = Math.max(1, Math.min(last, ...gaps.keys()));
  const { results, next } = await page(
    client,
    [
      ['id__gte', String(from)],
      ['ordering', 'id'],
      ['limit', String(PAGE_SIZE)],
    ],
    signal,
  );
  // The last one is asked for once more: if it is not there, what came after it may not be, either.
  const isGap = last > 0 && !results.some(({ id }) => id === last) && (next === null || (results.at(-1)?.id ?? 0) > last);
  if (isGap) return { changed: [], next: await end(client, signal), isMore: false, isGap };
  const fresh = results.filter(({ id }) => id > last || gaps.has(id));
  const changed = fresh.flatMap((row) => {
    const kind = kindOfType(row.changed_object_type);
    if (kind === null || isOwn({ requestId: row.request_id, message: row.message ?? '' })) return [];
    return [{ kind, remoteId: String(row.changed_object_id), isDelete: row.action.value === 'delete' }];
  });
  const reached = Math.max(last, results.at(-1)?.id ?? 0);
  return { changed, next: print(reached, gapsAfter(last, gaps, results)), isMore: next !== null, isGap };
}

/**
 * Of these objects, those whose deletion is in the change log. Numbers are not given twice, so what was deleted does not come back.
 * Nothing where the token may not read the log.
 */
export async function provenGone(
  client: Asked,
  objectType: string,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const asked = new Set(ids);
  const gone = new Set<string>();
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const query: NetBoxQuery = [
      ['action', 'delete'],
      ['changed_object_type', objectType],
      ...ids.slice(at, at + IDS_AT_ONCE).map((id) => ['changed_object_id', String(id)] as const),
      ['ordering', 'id'],
      ['limit', String(PAGE_SIZE)],
    ];
    const found = await page(client, query, signal).catch((error: unknown) => {
      if (isNetBoxError(error, 'NETBOX_FORBIDDEN')) return { results: [] };
      throw error;
    });
    // Looked at once more: a filter that is ignored is no proof.
    for (const { action, changed_object_type: type, changed_object_id: id } of found.results)
      if (action.value === 'delete' && type === objectType && asked.has(id)) gone.add(String(id));
  }
  return gone;
}

/** A cursor behind everything that there is. */
async function end(client: Asked, signal: AbortSignal): Promise<string> {
  const query: NetBoxQuery = [
    ['ordering', '-id'],
    ['limit', '1'],
  ];
  const { results } = await page(client, query, signal);
  return print(results[0]?.id ?? 0, new Map());
}

function gapsAfter(last: number, gaps: Gaps, rows: readonly Row[]): Gaps {
  const open = new Map(gaps);
  let newest = Math.max(0, ...gaps.values());
  let before = last;
  for (const row of rows) {
    open.delete(row.id);
    if (row.id <= last) continue;
    const at = Date.parse(row.time);
    newest = Math.max(newest, at);
    for (let id = Math.max(before + 1, row.id - MAX_GAPS); id < row.id; id++) open.set(id, at);
    before = row.id;
  }
  return new Map([...open].filter(([, at]) => newest - at < LATE_MS).slice(-MAX_GAPS));
}

async function page(client: Asked, query: NetBoxQuery, signal: AbortSignal): Promise<z.infer<typeof pageShape>> {
  const fields = 'id,time,request_id,message,action,changed_object_type,changed_object_id';
  const parsed = pageShape.safeParse((await client.get(PATH, [...query, ['fields', fields]], signal)).json);
  if (!parsed.success) throw otherShape(CALL, parsed.error.issues[0]?.path.join('.') ?? 'the page');
  const { results, next } = parsed.data;
  const isAscending = results.every(({ id }, at) => at === 0 || id > (results[at - 1]?.id ?? 0));
  if (isAscending) return { results, next };
  throw new NetBoxError('NETBOX_INCOMPLETE', { call: CALL, words: 'changes are not in the order of their numbers', retriable: true });
}

function parseCursor(cursor: string): { last: number; gaps: Map<number, number> } {
  const [, last, gaps = ''] = /^(\d{1,15})(?:;((?:\d+@\d+,?)*))?$/.exec(cursor) ?? [];
  if (last === undefined) throw invalidValue('cursor', cursor, 'what the call before gave as next');
  const pairs = gaps.split(',').filter((pair) => pair !== '');
  return { last: Number(last), gaps: new Map(pairs.map((pair) => pair.split('@').map(Number) as [number, number])) };
}

const print = (last: number, gaps: Gaps): string => `${last};${[...gaps].map(([id, at]) => `${id}@${at}`).join(',')}`;
