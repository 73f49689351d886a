import { ApiRefusal } from '../api-refusal.js';
import { type ApiAnswer, type ApiCall, type Controller, created, isNumeric, renameKeys, textOf, validateKeys } from '../api-call.js';
import { presentAll, presentOne } from '../present.js';
import { customFieldsOf } from './custom-fields.js';

/** The one that is always there, and takes the VLANs of those that go. */
const DEFAULT_DOMAIN = 1;
const KEYS = { permissions: 'sections' };

function get(call: ApiCall): ApiAnswer {
  const { database } = call.ipam;
  const id = textOf(call.params, 'id');
  if (id === 'custom_fields') return customFieldsOf(call, 'vlanDomains');
  if (id === undefined || id === 'all') return { code: 200, data: presentAll(call, 'vlanDomains', database.all('vlanDomains')) };
  const domain = existing(call);
  if (textOf(call.params, 'id2') !== 'vlans') {
    return { code: 200, data: presentOne(call, 'vlanDomains', database.find('vlanDomains', domain) ?? {}) };
  }
  const rows = database.where('vlans', (row) => row['domainId'] === domain);
  if (rows.length === 0) throw new ApiRefusal(404, 'No vlans belonging to this domain');
  return { code: 200, data: presentAll(call, 'vlans', rows) };
}

function post(call: ApiCall): ApiAnswer {
  renameKeys(call.params, KEYS);
  const values = validateKeys(call, 'vlanDomains');
  if ((textOf(call.params, 'name') ?? '') === '') throw new ApiRefusal(400, 'Domain name is mandatory');
  return created(call, 'l2domains', call.ipam.database.insert('vlanDomains', values), { message: 'L2 domain created' });
}

function patch(call: ApiCall): ApiAnswer {
  renameKeys(call.params, KEYS);
  if (textOf(call.params, 'name') === '') throw new ApiRefusal(400, 'Domain name is mandatory');
  const id = existing(call);
  call.ipam.database.update('vlanDomains', id, validateKeys(call, 'vlanDomains'));
  return { code: 200, message: 'L2 domain updated' };
}

function remove(call: ApiCall): ApiAnswer {
  const { ipam } = call;
  const id = existing(call);
  if (id === DEFAULT_DOMAIN && ipam.isAtLeast(8)) throw new ApiRefusal(409, 'Default domain cannot be deleted');
  ipam.database.remove('vlanDomains', id);
  ipam.database.dereference('vlans', 'domainId', id, DEFAULT_DOMAIN);
  return { code: 200, message: 'L2 domain deleted and vlans migrated to default domain' };
}

function existing({ ipam, params }: ApiCall): number {
  const id = textOf(params, 'id') ?? String(DEFAULT_DOMAIN);
  if (!isNumeric(id)) throw new ApiRefusal(400, 'Domain id must be numeric');
  if (ipam.database.find('vlanDomains', id) === undefined) throw new ApiRefusal(404, 'Invalid domain id');
  return Number(id);
}

export const l2domains: Controller = { GET: get, POST: post, PATCH: patch, DELETE: remove };
