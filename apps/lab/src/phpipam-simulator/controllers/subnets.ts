import { ApiRefusal } from '../api-refusal.js';
import { type ApiAnswer, type ApiCall, type Controller, created, isNumeric, isSet, textOf, validateKeys } from '../api-call.js';
import { networkOf, overlaps, toDecimal, toDotted } from '../ip-number.js';
import type { Row } from '../ipam-database.js';
import { presentAll, presentOne } from '../present.js';
import {
  cidrOf,
  deleteSubnet,
  firstFree,
  firstSubnet,
  hostsOf,
  networkOfRow,
  refuseOverlap,
  subnetOrder,
  truncateSubnet,
  usageOf,
} from '../subnet-rules.js';
import { customFieldsOf } from './custom-fields.js';

const NONE = 'No subnets found';

function get(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  const [id, id2] = [textOf(params, 'id'), textOf(params, 'id2')];
  const { database } = ipam;
  if (id === undefined || id === 'all') {
    const rows = database.all('subnets');
    // An empty table and a table that cannot be read are the same to it.
    if (rows.length === 0) throw new ApiRefusal(500, 'Unable to read subnets');
    return { code: 200, data: presentAll(call, 'subnets', rows, { extra: (row) => wrongGateway(call, row) }) };
  }
  if (id === 'custom_fields') return customFieldsOf(call, 'subnets');
  if (id2 === undefined) {
    if (!isNumeric(id)) throw new ApiRefusal(404, 'Invalid Id');
    const row = database.find('subnets', id);
    if (row === undefined) throw new ApiRefusal(400, `Invalid subnet Id (${id})`);
    return {
      code: 200,
      data: presentOne(call, 'subnets', row, { extra: (one) => ({ ...gateway(call, one), calculation: calculation(one) }) }),
    };
  }
  if (id === 'cidr' || id === 'search' || id === 'overlapping') return list(call, sought(call, id === 'overlapping', id2));
  return ofSubnet(call, existing(call), id2);
}

/** Over all sections and VRFs. */
function sought({ ipam, params }: ApiCall, isOverlapping: boolean, address: string): readonly Row[] {
  const decimal = toDecimal(address);
  const mask = textOf(params, 'id3') ?? '';
  if (decimal === null || !isNumeric(mask)) return [];
  if (!isOverlapping) return ipam.database.where('subnets', (row) => row['subnet'] === decimal && row['mask'] === mask);
  const wanted = networkOf(decimal, Number(mask));
  return ipam.database.where('subnets', (row) => row['isFolder'] !== 1 && overlaps(networkOfRow(row), wanted));
}

function ofSubnet(call: ApiCall, subnet: Row, what: string): ApiAnswer {
  const { ipam, params } = call;
  const { database } = ipam;
  const mask = Number(textOf(params, 'id3'));
  switch (what) {
    case 'addresses': {
      const wanted = toDecimal(textOf(params, 'id3') ?? '');
      const rows = database
        .where('ipaddresses', (row) => row['subnetId'] === subnet['id'] && (wanted === null || row['ip_addr'] === wanted))
        .sort((a, b) => (BigInt(a['ip_addr'] ?? 0) < BigInt(b['ip_addr'] ?? 0) ? -1 : 1));
      if (rows.length === 0) throw new ApiRefusal(404, 'No addresses found');
      return { code: 200, data: presentAll(call, 'ipaddresses', rows, { as: 'addresses' }) };
    }
    case 'slaves':
    case 'slaves_recursive': {
      const rows = slaves(call, Number(subnet['id']), what === 'slaves_recursive');
      if (rows.length === 0) throw new ApiRefusal(404, 'No slaves');
      return { code: 200, data: presentAll(call, 'subnets', rows) };
    }
    case 'usage':
      return { code: 200, data: usageOf(ipam, subnet) };
    case 'first_free': {
      if (slaves(call, Number(subnet['id']), false).length > 0) throw new ApiRefusal(409, 'Subnet contains subnets');
      const free = subnet['isFull'] === 1 ? null : firstFree(ipam, subnet);
      if (free === null) throw new ApiRefusal(404, 'No free addresses found');
      return { code: 200, data: toDotted(String(free)) };
    }
    case 'first_subnet': {
      const free = firstSubnet(ipam, subnet, mask);
      if (free === null) throw new ApiRefusal(404, NONE);
      return { code: 200, data: `${toDotted(free)}/${mask}` };
    }
    default:
      throw new ApiRefusal(400, 'Invalid request');
  }
}

function post(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  if (!isSet(params, 'isFolder')) params.set('isFolder', '0');
  if (textOf(params, 'id2') === 'first_subnet') takeFirstSubnet(call);
  const isFolder = textOf(params, 'isFolder') === '1';
  if (isFolder) for (const key of ['subnet', 'mask']) params.delete(key);

  const address = isFolder ? '0' : toDecimal(textOf(params, 'subnet') ?? '');
  const mask = Number(textOf(params, 'mask') ?? '0');
  if (address === null || (!isFolder && !isNumeric(textOf(params, 'mask')))) throw new ApiRefusal(400, 'Invalid subnet/mask!');
  const network = networkOf(address, mask);
  if (!isFolder && String(network.first) !== address) throw new ApiRefusal(400, 'Address is not subnet');
  const masterId = masterOf(call, isFolder, address, mask);
  const section = sectionOf(call);
  const vrfId = isSet(params, 'vrfId') ? Number(params.get('vrfId')) : null;
  if (!isFolder) refuseOverlap(ipam, section, { network, cidr: `${toDotted(address)}/${mask}`, vrfId, masterId });
  validateReferences(call);
  const values = validateKeys(call, 'subnets');
  const inherited = masterId === 0 ? section : ipam.database.find('subnets', masterId);
  const row = { ...values, subnet: address, masterSubnetId: masterId, permissions: inherited?.['permissions'] ?? null };
  const id = ipam.database.insert('subnets', row);
  return created(call, 'subnets', id, { message: 'Subnet created', data: `${toDotted(address)}/${isFolder ? '' : mask}` });
}

/** Section and permissions are inherited, VRF and VLAN are not. */
function takeFirstSubnet(call: ApiCall): void {
  const { ipam, params } = call;
  const master = existing(call);
  const mask = Number(textOf(params, 'id3'));
  const free = firstSubnet(ipam, master, mask);
  if (free === null) throw new ApiRefusal(404, NONE);
  for (const key of ['id', 'id2', 'id3']) params.delete(key);
  params.set('subnet', toDotted(free)).set('mask', String(mask)).set('sectionId', master['sectionId']).set('masterSubnetId', master['id']);
  if (!isSet(params, 'description')) params.set('description', 'API autocreated');
}

function masterOf({ ipam, params }: ApiCall, isFolder: boolean, address: string, mask: number): number {
  const id = Number(textOf(params, 'masterSubnetId') ?? 0);
  if (id === 0) return 0;
  const master = ipam.database.find('subnets', id);
  if (master === undefined) throw new ApiRefusal(404, `Master Subnet does not exist (id=${id})`);
  const outer = networkOfRow(master);
  const inner = networkOf(address, mask);
  const isInside = outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
  if (!isFolder && master['isFolder'] !== 1 && !isInside) throw new ApiRefusal(409, 'Subnet is not within boundaries of its master subnet');
  return id;
}

function sectionOf({ ipam, params }: ApiCall): Row {
  const id = textOf(params, 'sectionId');
  if (id === undefined) throw new ApiRefusal(400, 'Invalid Section ()');
  if (!isNumeric(id)) throw new ApiRefusal(400, `Section Id must be numeric (${id})`);
  const section = ipam.database.find('sections', id);
  if (section === undefined) throw new ApiRefusal(400, `Section id (${id}) does not exist`);
  return section;
}

/** `isset` is true of 0, and nothing has the id 0. */
function validateReferences({ ipam, params }: ApiCall): void {
  if (isSet(params, 'vlanId') && ipam.database.find('vlans', params.get('vlanId')) === undefined)
    throw new ApiRefusal(404, 'Vlan does not exist');
  if (isSet(params, 'vrfId') && ipam.database.find('vrf', params.get('vrfId')) === undefined)
    throw new ApiRefusal(404, 'VRF does not exist');
}

function patch(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  const subnet = existing(call);
  const id2 = textOf(params, 'id2');
  if (id2 === 'resize') return resize(call, subnet);
  if (id2 !== undefined) throw new ApiRefusal(400, 'Invalid parameters');
  if (isSet(params, 'sectionId')) sectionOf(call);
  validateReferences(call);
  if (isSet(params, 'subnet')) throw new ApiRefusal(400, 'Subnet cannot be changed');
  if (isSet(params, 'mask')) throw new ApiRefusal(400, 'To change mask use resize method');
  ipam.database.update('subnets', Number(subnet['id']), validateKeys(call, 'subnets'));
  return { code: 200, message: 'Subnet updated' };
}

function resize({ ipam, params }: ApiCall, subnet: Row): ApiAnswer {
  const mask = textOf(params, 'mask');
  if (!isNumeric(mask)) throw new ApiRefusal(400, 'Subnet mask not provided');
  const resized = networkOf(String(subnet['subnet']), Number(mask));
  const outside = ipam.database.where('ipaddresses', (row) => {
    const value = BigInt(row['ip_addr'] ?? 0);
    return row['subnetId'] === subnet['id'] && (value < resized.first || value > resized.last);
  });
  if (outside.length > 0) throw new ApiRefusal(409, 'Subnet cannot be resized, IP addresses would be outside');
  ipam.database.update('subnets', Number(subnet['id']), { subnet: String(resized.first), mask: String(mask) });
  return { code: 200, message: 'Subnet resized' };
}

function remove(call: ApiCall): ApiAnswer {
  const { database } = call.ipam;
  const id = Number(existing(call)['id']);
  if (textOf(call.params, 'id2') === 'truncate') {
    truncateSubnet(database, id);
    return { code: 200, message: 'Subnet truncated' };
  }
  deleteSubnet(database, id);
  return { code: 200, message: 'Subnet deleted' };
}

function existing({ ipam, params }: ApiCall): Row {
  const id = textOf(params, 'id') ?? '';
  if (!isNumeric(id)) throw new ApiRefusal(400, `Subnet Id must be numeric (${id})`);
  const row = ipam.database.find('subnets', id);
  if (row === undefined) throw new ApiRefusal(404, `Invalid subnet Id (${id})`);
  return row;
}

function slaves({ ipam }: ApiCall, id: number, isDeep: boolean): readonly Row[] {
  const direct = ipam.database.where('subnets', (row) => row['masterSubnetId'] === id).sort(subnetOrder);
  return isDeep ? direct.flatMap((row) => [row, ...slaves({ ipam } as ApiCall, Number(row['id']), true)]) : direct;
}

function list(call: ApiCall, rows: readonly Row[]): ApiAnswer {
  if (rows.length === 0) throw new ApiRefusal(404, NONE);
  return { code: 200, data: presentAll(call, 'subnets', rows) };
}

function gateway(call: ApiCall, subnet: Row): Record<string, unknown> {
  const found = call.ipam.database.where('ipaddresses', (row) => row['subnetId'] === subnet['id'] && row['is_gateway'] === 1)[0];
  if (found === undefined) return {};
  return { gatewayId: String(found['id']), gateway: { ip_addr: toDotted(String(found['ip_addr'])) } };
}

/** In the list, 1.5 to 1.8.2: looked up by the id of the address where that of the subnet is meant. */
function wrongGateway(call: ApiCall, subnet: Row): Record<string, unknown> {
  const found = call.ipam.database.where('ipaddresses', (row) => row['is_gateway'] === 1 && row['id'] === subnet['id'])[0];
  if (found === undefined) return {};
  return { gatewayId: String(found['id']), gateway: { ip_addr: toDotted(String(found['ip_addr'])) } };
}

function calculation(row: Row): Record<string, string> {
  const { family, first, last } = networkOfRow(row);
  const hosts = hostsOf(row);
  return {
    Type: `IPv${family}`,
    'IP address': cidrOf(row),
    Network: toDotted(String(first)),
    Broadcast: toDotted(String(last)),
    'Min host IP': toDotted(String(hosts.first)),
    'Max host IP': toDotted(String(hosts.last)),
  };
}

export const subnets: Controller = { GET: get, POST: post, PATCH: patch, DELETE: remove };
