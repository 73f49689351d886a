/** `/tools/customers/`; of the other tools only that there are such. */
import { ApiRefusal } from '../api-refusal.js';
import { type ApiAnswer, type ApiCall, type Controller, created, isNumeric, isSet, renameKeys, textOf, validateKeys } from '../api-call.js';
import { presentAll, presentOne } from '../present.js';
import type { TableName } from '../schema.js';

const SUBCONTROLLERS = new Set([
  'customers',
  'tags',
  'devices',
  'device_types',
  'vlans',
  'vrfs',
  'nameservers',
  'scanagents',
  'locations',
  'racks',
  'nat',
]);

/** Of these only the list. */
const LISTS = ['nat', 'racks'] as const;

function get(call: ApiCall): ApiAnswer {
  const list = LISTS.find((name) => name === textOf(call.params, 'id'));
  if (list !== undefined && !isSet(call.params, 'id2')) return listOf(call, list, `tools/${list}`, 'No objects found');
  subcontroller(call);
  const { database } = call.ipam;
  const id = textOf(call.params, 'id2');
  const how = { as: 'tools/customers', isDotted: false };
  if (id === undefined) {
    const rows = database.all('customers');
    if (rows.length === 0) throw new ApiRefusal(404, 'No objects found');
    return { code: 200, data: presentAll(call, 'customers', rows, how) };
  }
  if (!isNumeric(id)) throw new ApiRefusal(400, 'Identifier must be numeric');
  const row = database.find('customers', id);
  // The words for one that is missing are those for none at all.
  if (row === undefined) throw new ApiRefusal(404, 'No objects found');
  return { code: 200, data: presentOne(call, 'customers', row, how) };
}

export function listOf(call: ApiCall, table: TableName, as: string, none: string): ApiAnswer {
  const rows = call.ipam.database.all(table);
  if (rows.length === 0) throw new ApiRefusal(404, none);
  return { code: 200, data: presentAll(call, table, rows, { as, isDotted: false }) };
}

function post(call: ApiCall): ApiAnswer {
  rewrite(call);
  const values = validateKeys(call, 'customers');
  if (Object.keys(values).length === 0) throw new ApiRefusal(400, 'No parameters');
  return created(call, 'tools/customers', call.ipam.database.insert('customers', values), { data: 'customers object created' });
}

function patch(call: ApiCall): ApiAnswer {
  rewrite(call);
  const values = validateKeys(call, 'customers');
  const id = existing(call);
  if (Object.keys(values).length <= 1) throw new ApiRefusal(400, 'No parameters');
  call.ipam.database.update('customers', id, values);
  return { code: 200, message: 'customers object updated' };
}

function remove(call: ApiCall): ApiAnswer {
  rewrite(call);
  call.ipam.database.remove('customers', existing(call));
  return { code: 200, message: 'customers object deleted' };
}

function subcontroller({ params }: ApiCall): void {
  const name = textOf(params, 'id') ?? '';
  if (!SUBCONTROLLERS.has(name)) throw new ApiRefusal(400, 'Invalid subcontroller');
  if (name !== 'customers') throw new ApiRefusal(501, 'Not Implemented');
}

/** `id` was the name of the table; now it is that of the row. */
function rewrite(call: ApiCall): void {
  subcontroller(call);
  const { params } = call;
  params.delete('id');
  for (const [to, from] of [
    ['id', 'id2'],
    ['id2', 'id3'],
  ] as const) {
    if (params.has(from)) params.set(to, params.get(from));
    params.delete(from);
  }
  renameKeys(params, { switch: 'deviceId', state: 'tag', ip_addr: 'ip' });
}

function existing({ ipam, params }: ApiCall): number {
  if (ipam.database.find('customers', params.get('id')) === undefined) throw new ApiRefusal(400, 'Invalid identifier');
  return Number(params.get('id'));
}

export const tools: Controller = { GET: get, POST: post, PATCH: patch, DELETE: remove };
