/** How rows leave phpIPAM: filtered, addresses dotted, keys renamed, folders gone, numbers as the release of PHP has them. */
import { ApiRefusal } from './api-refusal.js';
import { type ApiCall, textOf } from './api-call.js';
import { toDotted } from './ip-number.js';
import type { Cell, Row } from './ipam-database.js';
import { SCHEMA, type TableName } from './schema.js';

type View = Record<string, unknown>;

export interface Presentation {
  /** Whose key names: `vlans` calls `vlanId` `id`. */
  readonly as?: string;
  /** False: addresses stay decimal numbers. */
  readonly isDotted?: boolean;
  /** More, in the names of the API. */
  readonly extra?: (row: Row) => View;
}

const RENAMED: Readonly<Record<string, string>> = { switch: 'deviceId', state: 'tag', ip_addr: 'ip' };

export function presentAll(call: ApiCall, table: TableName, rows: readonly Row[], how: Presentation = {}): readonly View[] {
  const { as = call.controller, isDotted = true, extra = () => ({}) } = how;
  const filter = filterOf(call, table, rows);
  const kept = rows.filter((row) => filter?.(row) ?? true);
  if (filter !== null && kept.length === 0) throw new ApiRefusal(404, 'No results (filter applied)');
  const shown = call.controller === 'subnets' && table === 'subnets' ? kept.filter((row) => row['isFolder'] !== 1) : kept;
  if (shown.length === 0 && call.controller === 'subnets') throw new ApiRefusal(404, 'No subnets found');
  // A filter renames the keys before addresses are made readable, and misses `ip_addr` then.
  return shown.map((row) => ({
    ...view(call, table, row, as, { subnet: isDotted, ip_addr: isDotted && filter === null }),
    ...extra(row),
    ...links(call, table, row, as),
  }));
}

export function presentOne(call: ApiCall, table: TableName, row: Row, how: Presentation = {}): View {
  const [only] = presentAll({ ...call, params: new Map([...call.params].filter(([name]) => name !== 'filter_by')) }, table, [row], how);
  return only as View;
}

/** As in the database: what the API forgets to make readable. */
export function presentRaw(call: ApiCall, table: TableName, row: Row): View {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cellOf(call, table, name, value)]));
}

function view(call: ApiCall, table: TableName, row: Row, as: string, dotted: Readonly<Record<string, boolean>>): View {
  const names: Readonly<Record<string, string>> = {
    ...RENAMED,
    ...(as === 'vlans' && { vlanId: 'id' }),
    ...(as === 'vrfs' && { vrfId: 'id' }),
    ...(as === 'l2domains' && { permissions: 'sections' }),
  };
  const custom = new Set(call.ipam.database.customFields(table).map(({ name }) => name));
  const result: View = {};
  const nested: View = {};
  for (const [name, value] of Object.entries(row)) {
    const isDotted = dotted[name] === true && typeof value === 'string';
    const shown = isDotted ? toDotted(value) : cellOf(call, table, name, value);
    if (custom.has(name) && call.app.nestsCustomFields === true) nested[name] = shown;
    else result[names[name] ?? name] = shown;
  }
  if (call.app.nestsCustomFields === true) result['custom_fields'] = custom.size > 0 ? nested : null;
  return result;
}

function cellOf({ ipam, isStringified }: ApiCall, table: TableName, name: string, value: Cell): unknown {
  if (value === null) return null;
  const isNative = ipam.hasNativeNumbers && !isStringified;
  return isNative && SCHEMA[table].columns[name]?.type === 'int' ? Number(value) : String(value);
}

function links({ app, params }: ApiCall, table: TableName, row: Row, as: string): View {
  const isWanted = params.has('links') ? params.get('links') !== 'false' : app.showsLinks === true;
  if (!isWanted) return {};
  return { links: [{ rel: 'self', href: `/api/${app.id}/${as}/${row[SCHEMA[table].key]}/` }] };
}

/** Validated against the first row only; `!=` of PHP does not know types. */
function filterOf({ params }: ApiCall, table: TableName, rows: readonly Row[]): ((row: Row) => boolean) | null {
  const by = textOf(params, 'filter_by');
  if (by === undefined) return null;
  const wanted = textOf(params, 'filter_value');
  if (wanted === undefined) throw new ApiRefusal(400, 'Missing filter_value');
  if (wanted === '') throw new ApiRefusal(400, 'Empty filter_value');
  const column = Object.entries(RENAMED).find(([, key]) => key === by)?.[0] ?? by;
  const isHidden = RENAMED[by] !== undefined;
  if (isHidden || !(column in (rows[0] ?? {}) || column in SCHEMA[table].columns)) throw new ApiRefusal(400, 'Invalid filter_by');
  const match = textOf(params, 'filter_match') ?? 'full';
  if (match === 'partial') return (row) => String(row[column] ?? '').includes(wanted);
  if (match === 'full') return (row) => String(row[column] ?? '') === wanted;
  if (match !== 'regex') throw new ApiRefusal(400, 'Invalid filter_match');
  const expression = perlExpression(wanted);
  return (row) => expression.test(String(row[column] ?? ''));
}

function perlExpression(text: string): RegExp {
  const [, body, flags] = /^\/(.*)\/([imsu]*)$/s.exec(text) ?? [];
  try {
    if (body !== undefined) return new RegExp(body, flags);
  } catch {
    // said below
  }
  throw new ApiRefusal(400, 'Invalid regular expression (err=1)');
}
