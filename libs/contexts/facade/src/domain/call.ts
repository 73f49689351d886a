import type { Scope } from '#platform';
import { isDomainError } from '#engines/kernel';
import type { Facade, Listed, PageOf } from './facade.js';
import { conflict, NetBoxRefusal, noSuch, wrongField } from './netbox-refusal.js';

/** One request, of a client that has proved whose it is. */
export interface Call {
  readonly facade: Facade;
  /** The tenant's: row-level security holds whatever is asked. */
  readonly scope: Scope;
  /** Up to and with `/api`, as the client wrote it. */
  readonly base: string;
  /** Below `/api`, with the slash at its end. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface Answer {
  readonly status: 200 | 201 | 204;
  readonly body?: unknown;
}

const MOST = 1000;
const PER_PAGE = 50;
/** They say how a list is shown and not what is in it. */
const SHAPE: readonly string[] = ['limit', 'offset', 'ordering', 'brief', 'format', 'exclude', 'fields', 'omit'];

/**
 * What a list is asked for. @param known the filters that it has. A filter that is not known is refused: an answer that ignores it would show too much.
 * @throws NetBoxRefusal 400.
 */
export function filtersOf({ query }: Call, known: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const unknown = [...query.keys()].find((name) => !known.includes(name) && !SHAPE.includes(name));
  if (unknown !== undefined) throw wrongField(unknown.slice(0, 64), `Unknown filter. Known here: ${known.join(', ') || 'none'}.`);
  return new Map(known.filter((name) => query.has(name)).map((name) => [name, query.getAll(name)]));
}

/** @throws NetBoxRefusal 400. */
export function pageOf({ query }: Call): PageOf {
  const number = (name: string, otherwise: number): number => {
    const text = query.get(name) ?? '';
    if (text === '') return otherwise;
    if (!/^\d{1,9}$/.test(text)) throw wrongField(name, 'A valid integer is required.');
    return Number(text);
  };
  const limit = number('limit', PER_PAGE);
  return { offset: number('offset', 0), limit: limit === 0 ? MOST : Math.min(limit, MOST) };
}

/** `data` beside `results`: Proxmox reads it when it looks whether a gateway is there. */
export function listAnswer(call: Call, { offset, limit }: PageOf, { rows, count }: Listed<unknown>): Answer {
  const at = (start: number): string => {
    const query = new URLSearchParams(call.query);
    query.set('limit', String(limit));
    query.set('offset', String(start));
    return `${call.base}${call.path}?${query.toString()}`;
  };
  const next = offset + limit < count ? at(offset + limit) : null;
  const previous = offset > 0 ? at(Math.max(0, offset - limit)) : null;
  return { status: 200, body: { count, next, previous, results: rows, data: rows } };
}

export type Fields = Readonly<Record<string, unknown>>;

/** An object, or a list of at most a hundred. @throws NetBoxRefusal 400. */
export function bodiesOf({ body }: Call): { readonly bodies: readonly Fields[]; readonly isList: boolean } {
  const isList = Array.isArray(body);
  const bodies: readonly unknown[] = isList ? (body as unknown[]) : [body ?? {}];
  if (bodies.length > 100) throw wrongField('non_field_errors', 'At most 100 objects at once.');
  if (bodies.every(isFields)) return { bodies, isList };
  throw wrongField('non_field_errors', 'Invalid data. Expected a dictionary.');
}

export function fieldsOf(call: Call): Fields {
  const { bodies, isList } = bodiesOf(call);
  const [fields] = bodies;
  if (isList || fields === undefined) throw wrongField('non_field_errors', 'Invalid data. Expected a dictionary, but got list.');
  return fields;
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What other parts of Trame refuse, in NetBox's words. @param field which is at fault where the value is. */
export async function inNetBoxWords<T>(field: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refusalOf(field, error) ?? error;
  }
}

function refusalOf(field: string, error: unknown): NetBoxRefusal | undefined {
  if (!isDomainError(error)) return undefined;
  switch (error.code) {
    case 'INVALID_VALUE':
    case 'OUT_OF_RANGE':
    case 'ALREADY_EXISTS':
    case 'OVERLAPS':
      return wrongField(field, error.message, { cause: error });
    case 'POOL_EXHAUSTED':
    case 'QUOTA_EXCEEDED':
    case 'IN_USE':
    case 'INVALID_STATE':
    case 'VERSION_CONFLICT':
    case 'IDEMPOTENCY_KEY_REUSED':
      return conflict(error.message, { cause: error });
    case 'NOT_FOUND':
      return noSuch('object');
    default:
      return undefined;
  }
}
