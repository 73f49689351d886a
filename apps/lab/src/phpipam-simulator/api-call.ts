import { ApiRefusal } from './api-refusal.js';
import type { Ipam, IpamApp } from './ipam.js';
import type { Cell } from './ipam-database.js';
import type { TableName } from './schema.js';

/** Path parts `id`, `id2`, `id3`, query, form and JSON: all in one namespace. */
export type Params = Map<string, unknown>;

export interface ApiCall {
  readonly ipam: Ipam;
  readonly app: IpamApp;
  readonly method: string;
  readonly controller: string;
  readonly params: Params;
  /** `api-stringify-results`. */
  readonly isStringified: boolean;
}

export interface ApiAnswer {
  readonly code: number;
  readonly message?: string;
  readonly id?: string;
  readonly data?: unknown;
  readonly location?: string;
}

export type Controller = Partial<Record<string, (call: ApiCall) => ApiAnswer>>;

/** PHP's `isset`: there, and not null. */
export const isSet = (params: Params, key: string): boolean => params.get(key) !== undefined && params.get(key) !== null;
export const textOf = (params: Params, key: string): string | undefined => (isSet(params, key) ? String(params.get(key)) : undefined);
export const isNumeric = (text: string | undefined): boolean => text !== undefined && /^\d+(\.\d+)?$/.test(text.trim());

/**
 * What a write sets, by column. Whatever is not a column is an error; tags of HTML are taken out and empty texts are NULL.
 * @throws ApiRefusal 400
 */
export function validateKeys({ ipam, params }: ApiCall, table: TableName): Record<string, Cell> {
  const columns = ipam.database.columnsOf(table);
  const values: Record<string, Cell> = {};
  for (const [name, value] of params) {
    if (name === 'app_id' || name === 'controller') continue;
    if (!columns.has(name) || name === 'editDate') throw new ApiRefusal(400, `Invalid request key ${name}`);
    values[name] = cell(value);
  }
  return values;
}

function cell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return value;
  const text = String(value as string)
    .replace(/<[^>]*>/g, '')
    .trim();
  return text === '' ? null : text;
}

/** Keys of the API in the place of columns: `tag` is `state`. */
export function renameKeys(params: Params, names: Readonly<Record<string, string>>): void {
  for (const [column, key] of Object.entries(names)) {
    if (!params.has(key)) continue;
    params.set(column, params.get(key));
    params.delete(key);
  }
}

export const created = ({ app }: ApiCall, path: string, id: number, more: Partial<ApiAnswer>): ApiAnswer => ({
  code: 201,
  id: String(id),
  location: `/api/${app.id}/${path}/${id}/`,
  ...more,
});
