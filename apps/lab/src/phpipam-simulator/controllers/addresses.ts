import { ApiRefusal } from '../api-refusal.js';
import { type ApiAnswer, type ApiCall, type Controller, created, isNumeric, isSet, renameKeys, textOf, validateKeys } from '../api-call.js';
import { toDecimal, toDotted } from '../ip-number.js';
import type { Row } from '../ipam-database.js';
import { presentAll, presentOne, presentRaw } from '../present.js';
import { firstFree, hostsOf } from '../subnet-rules.js';
import { customFieldsOf } from './custom-fields.js';

const KEYS = { state: 'tag', switch: 'deviceId', ip_addr: 'ip' };
const USED = 2;

function get(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  const { database } = ipam;
  const [id, id2] = [textOf(params, 'id'), textOf(params, 'id2')];
  if (id === undefined || id === 'all') {
    const rows = database.all('ipaddresses');
    if (rows.length === 0) throw new ApiRefusal(500, 'Unable to read addresses');
    return { code: 200, data: presentAll(call, 'ipaddresses', rows) };
  }
  switch (id) {
    case 'custom_fields':
      return customFieldsOf(call, 'ipaddresses');
    case 'first_free':
      return { code: 200, data: freeOf(call).ip };
    case 'tags':
      return tags(call);
    case 'search': {
      const decimal = toDecimal(id2 ?? '');
      if (decimal === null) throw new ApiRefusal(400, 'Invalid address');
      return some(
        call,
        database.where('ipaddresses', (row) => row['ip_addr'] === decimal),
        'Address not found',
        true,
      );
    }
    case 'search_hostname':
      return some(
        call,
        database.where('ipaddresses', (row) => row['hostname'] === id2),
        'Hostname not found',
        false,
      );
    default:
      return isNumeric(id) ? byId(call, id) : byAddress(call, id, id2);
  }
}

function byId(call: ApiCall, id: string): ApiAnswer {
  const row = call.ipam.database.find('ipaddresses', id);
  if (row === undefined) throw new ApiRefusal(404, 'Invalid Id');
  return { code: 200, data: presentOne(call, 'ipaddresses', row) };
}

/** Its keys are those of the database. */
function byAddress(call: ApiCall, ip: string, subnetId: string | undefined): ApiAnswer {
  const decimal = toDecimal(ip);
  if (decimal === null || subnetId === undefined) throw new ApiRefusal(400, 'Invalid Id');
  const row = inSubnet(call, decimal, Number(subnetId));
  if (row === undefined) throw new ApiRefusal(404, 'No addresses found');
  return { code: 200, data: { ...presentRaw(call, 'ipaddresses', row), ip: toDotted(decimal) } };
}

function tags(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  const id = textOf(params, 'id2');
  if (id === undefined) return { code: 200, data: presentAll(call, 'ipTags', ipam.database.all('ipTags')) };
  if (!isNumeric(id)) throw new ApiRefusal(400, 'Invalid tag identifier');
  const tag = ipam.database.find('ipTags', id);
  if (tag === undefined) throw new ApiRefusal(404, 'Address tag does not exist');
  if (textOf(params, 'id3') !== 'addresses') return { code: 200, data: presentOne(call, 'ipTags', tag) };
  return some(
    call,
    ipam.database.where('ipaddresses', (row) => row['state'] === Number(id)),
    'No addresses found',
    false,
  );
}

function some(call: ApiCall, rows: readonly Row[], none: string, isDotted: boolean): ApiAnswer {
  if (rows.length === 0) throw new ApiRefusal(404, none);
  return { code: 200, data: presentAll(call, 'ipaddresses', rows, { isDotted }) };
}

function freeOf({ ipam, params }: ApiCall): { readonly ip: string; readonly subnetId: number } {
  const subnet = ipam.database.find('subnets', params.get('subnetId') ?? params.get('id2'));
  if (subnet === undefined) throw new ApiRefusal(400, 'Invalid subnet identifier');
  const hasSlaves = ipam.database.where('subnets', (row) => row['masterSubnetId'] === subnet['id']).length > 0;
  const free = subnet['isFull'] === 1 || hasSlaves ? null : firstFree(ipam, subnet);
  if (free === null) throw new ApiRefusal(404, 'No free addresses found');
  return { ip: toDotted(String(free)), subnetId: Number(subnet['id']) };
}

function post(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  renameKeys(params, KEYS);
  const isFirstFree = textOf(params, 'id') === 'first_free';
  if (isFirstFree) {
    const { ip, subnetId } = freeOf(call);
    params.delete('id2');
    params.set('ip_addr', ip).set('subnetId', subnetId);
    if (!isSet(params, 'description')) params.set('description', 'API created');
  }
  const subnetId = textOf(params, 'subnetId');
  if (!isNumeric(subnetId)) throw new ApiRefusal(400, 'SubnetId must be numeric');
  const subnet = ipam.database.find('subnets', subnetId);
  if (subnet === undefined) throw new ApiRefusal(404, 'Invalid subnet Id');
  const decimal = toDecimal(textOf(params, 'ip_addr') ?? '');
  if (decimal === null) throw new ApiRefusal(400, 'Invalid address');
  if (inSubnet(call, decimal, Number(subnetId)) !== undefined) throw new ApiRefusal(409, 'IP address already exists');
  refuseOutside(call, subnet, decimal);
  validateCommon(call);
  const id = ipam.database.insert('ipaddresses', { ...validateKeys(call, 'ipaddresses'), ip_addr: decimal });
  return created(call, 'addresses', id, { message: 'Address created', ...(isFirstFree && { data: toDotted(decimal) }) });
}

/** Later releases have lost this check. */
function refuseOutside({ ipam }: ApiCall, subnet: Row, decimal: string): void {
  if (ipam.isAtLeast(7) || subnet['isFolder'] === 1) return;
  const { first, last } = hostsOf(subnet);
  if (BigInt(decimal) < first || BigInt(decimal) > last) throw new ApiRefusal(500, 'IP address not in selected subnet');
}

/** Whoever says no tag says `Used`, in a change too. */
function validateCommon({ ipam, params }: ApiCall): void {
  if (!isSet(params, 'state')) params.set('state', USED);
  else if (!isNumeric(textOf(params, 'state'))) throw new ApiRefusal(400, 'Invalid state');
  if (ipam.database.find('ipTags', params.get('state')) === undefined) throw new ApiRefusal(400, 'Tag does not exist');
  const mac = textOf(params, 'mac');
  if (mac === undefined || mac === '') return;
  const digits = mac.toLowerCase().replace(/[:.-]/g, '');
  if (!/^[0-9a-f]{12}$/.test(digits)) throw new ApiRefusal(400, 'Invalid MAC address');
  params.set('mac', (digits.match(/../g) ?? []).join(':'));
}

function patch(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  renameKeys(params, KEYS);
  if (isSet(params, 'ip_addr')) throw new ApiRefusal(400, 'IP address cannot be changed');
  if (isSet(params, 'subnetId')) throw new ApiRefusal(400, 'Subnet cannot be changed');
  const id = Number(existing(call)['id']);
  if ([...params.keys()].every((key) => key === 'id')) throw new ApiRefusal(400, 'No data provided');
  validateCommon(call);
  ipam.database.update('ipaddresses', id, validateKeys(call, 'ipaddresses'));
  return { code: 200, message: 'Address updated' };
}

function remove(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  const decimal = isNumeric(textOf(params, 'id')) ? null : toDecimal(textOf(params, 'id') ?? '');
  const row = decimal === null ? existing(call) : inSubnet(call, decimal, Number(params.get('id2')));
  if (row === undefined) throw new ApiRefusal(404, 'No addresses found');
  ipam.database.remove('ipaddresses', Number(row['id']));
  return { code: 200, message: 'Address deleted' };
}

function existing({ ipam, params }: ApiCall): Row {
  const row = ipam.database.find('ipaddresses', params.get('id'));
  if (row === undefined) throw new ApiRefusal(404, 'Address does not exist');
  return row;
}

const inSubnet = ({ ipam }: ApiCall, decimal: string, subnetId: number): Row | undefined =>
  ipam.database.where('ipaddresses', (row) => row['ip_addr'] === decimal && row['subnetId'] === subnetId)[0];

export const addresses: Controller = { GET: get, POST: post, PATCH: patch, DELETE: remove };
