import { ApiRefusal } from '../api-refusal.js';
import { type ApiAnswer, type ApiCall, type Controller, created, isNumeric, isSet, textOf, validateKeys } from '../api-call.js';
import type { Row } from '../ipam-database.js';
import { presentAll, presentOne } from '../present.js';
import { customFieldsOf } from './custom-fields.js';

function get(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  const { database } = ipam;
  const [id, id2] = [textOf(params, 'id'), textOf(params, 'id2')];
  if (id === 'custom_fields') return customFieldsOf(call, 'vlans');
  if (id === undefined || id === 'all') return some(call, database.all('vlans'), 'No vlans configured');
  if (id === 'search')
    return some(
      call,
      database.where('vlans', (row) => row['number'] === Number(id2)),
      'Vlans not found',
    );
  if (id2 === 'subnets') {
    const row = existing(call);
    const section = textOf(params, 'id3');
    const rows = database.where(
      'subnets',
      (one) => one['vlanId'] === row['vlanId'] && (section === undefined || one['sectionId'] === Number(section)),
    );
    if (rows.length === 0) throw none(call, 'No subnets found');
    return { code: 200, data: presentAll(call, 'subnets', rows, { as: 'subnets' }) };
  }
  const row = database.find('vlans', id);
  if (row === undefined) throw none(call, 'Vlan not found');
  return { code: 200, data: presentOne(call, 'vlans', row) };
}

/** 1.5 answers 200 to what is not there, and says in the body that it is none. */
const none = ({ ipam }: ApiCall, text: string): ApiRefusal => new ApiRefusal(ipam.isAtLeast(7) ? 404 : 200, text);

function some(call: ApiCall, rows: readonly Row[], text: string): ApiAnswer {
  if (rows.length === 0) throw none(call, text);
  return { code: 200, data: presentAll(call, 'vlans', rows) };
}

function post(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  const values = validateKeys(call, 'vlans');
  const domain = textOf(params, 'domainId') ?? '1';
  if (!isNumeric(domain)) throw new ApiRefusal(400, 'Domain id must be numeric');
  if (ipam.database.find('vlanDomains', domain) === undefined) throw new ApiRefusal(400, 'Invalid domain id');
  validateEdit(call, Number(domain));
  return created(call, 'vlans', ipam.database.insert('vlans', { ...values, domainId: Number(domain) }), { message: 'Vlan created' });
}

/** A change is not compared with the others of its domain, and needs a name. */
function patch(call: ApiCall): ApiAnswer {
  validateEdit(call, null);
  const id = Number(existing(call)['vlanId']);
  call.params.delete('id');
  call.ipam.database.update('vlans', id, validateKeys(call, 'vlans'));
  return { code: 200, message: 'Vlan updated' };
}

function validateEdit({ ipam, params }: ApiCall, domain: number | null): void {
  const { vlanMax, vlanDuplicate } = ipam.settings;
  const number = textOf(params, 'number');
  if (Number(number ?? 0) > vlanMax) throw new ApiRefusal(500, `Highest possible VLAN number is ${vlanMax}!`);
  if (domain !== null) {
    const isTwin = ipam.database.where('vlans', (row) => row['domainId'] === domain && row['number'] === Number(number)).length > 0;
    if (isTwin && !vlanDuplicate) throw new ApiRefusal(409, 'Vlan already exists');
    if (Number(number) < 0) throw new ApiRefusal(400, 'Vlan number cannot be negative');
    if (!isNumeric(number)) throw new ApiRefusal(400, 'Vlan number must be number');
  }
  if ((textOf(params, 'name') ?? '').trim() === '') throw new ApiRefusal(400, 'Vlan name is required');
}

function remove(call: ApiCall): ApiAnswer {
  const { database } = call.ipam;
  const id = Number(existing(call)['vlanId']);
  database.remove('vlans', id);
  database.dereference('subnets', 'vlanId', id);
  return { code: 200, message: 'Vlan deleted' };
}

function existing({ ipam, params }: ApiCall): Row {
  if (!isSet(params, 'id')) throw new ApiRefusal(400, 'Vlan Id is required');
  if (!isNumeric(textOf(params, 'id'))) throw new ApiRefusal(400, 'Vlan Id must be numeric');
  const row = ipam.database.find('vlans', params.get('id'));
  if (row === undefined) throw new ApiRefusal(404, 'Invalid Vlan id');
  return row;
}

export const vlans: Controller = { GET: get, POST: post, PATCH: patch, DELETE: remove };
