import { ApiRefusal } from '../api-refusal.js';
import { type ApiAnswer, type ApiCall, type Controller, created, isNumeric, isSet, textOf, validateKeys } from '../api-call.js';
import type { Row } from '../ipam-database.js';
import { presentAll, presentOne } from '../present.js';
import { customFieldsOf } from './custom-fields.js';

function get(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  const { database } = ipam;
  const [id, id2] = [textOf(params, 'id'), textOf(params, 'id2')];
  if (id === 'custom_fields') return customFieldsOf(call, 'vrf');
  if (id === undefined || id === 'all') {
    const rows = database.all('vrf');
    if (rows.length === 0) throw new ApiRefusal(404, 'No vrfs configured');
    return { code: 200, data: presentAll(call, 'vrf', rows) };
  }
  if (id2 !== undefined && id2 !== 'subnets') throw new ApiRefusal(400, 'Invalid identifier');
  const row = existing(call);
  if (id2 === undefined) return { code: 200, data: presentOne(call, 'vrf', row) };
  const rows = database.where('subnets', (one) => one['vrfId'] === row['vrfId']);
  if (rows.length === 0) throw new ApiRefusal(404, 'No subnets belonging to this vrf');
  return { code: 200, data: presentAll(call, 'subnets', rows, { as: 'subnets' }) };
}

function post(call: ApiCall): ApiAnswer {
  const values = validateKeys(call, 'vrf');
  const name = textOf(call.params, 'name') ?? '';
  if (name === '') throw new ApiRefusal(400, 'VRF name is required');
  refuseTaken(call, name);
  return created(call, 'vrfs', call.ipam.database.insert('vrf', values), { message: 'VRF created' });
}

function patch(call: ApiCall): ApiAnswer {
  const before = existing(call);
  const name = textOf(call.params, 'name');
  if (name !== undefined && name !== before['name']) refuseTaken(call, name);
  call.params.delete('id');
  call.ipam.database.update('vrf', Number(before['vrfId']), validateKeys(call, 'vrf'));
  return { code: 200, message: 'VRF updated' };
}

function refuseTaken({ ipam }: ApiCall, name: string): void {
  const isTaken = ipam.database.where('vrf', (row) => String(row['name']).toLowerCase() === name.toLowerCase()).length > 0;
  if (isTaken) throw new ApiRefusal(409, 'VRF with that name already exists');
}

function remove(call: ApiCall): ApiAnswer {
  const { database } = call.ipam;
  const id = Number(existing(call)['vrfId']);
  database.remove('vrf', id);
  database.dereference('subnets', 'vrfId', id);
  return { code: 200, message: 'VRF deleted' };
}

/** A VRF that is not there is a bad request, not a missing one. */
function existing({ ipam, params }: ApiCall): Row {
  if (!isSet(params, 'id')) throw new ApiRefusal(400, 'Vrf Id is required');
  if (!isNumeric(textOf(params, 'id'))) throw new ApiRefusal(400, 'Vrf Id must be numeric');
  const row = ipam.database.find('vrf', params.get('id'));
  if (row === undefined) throw new ApiRefusal(400, 'Invalid VRF id');
  return row;
}

export const vrfs: Controller = { GET: get, POST: post, PATCH: patch, DELETE: remove };
