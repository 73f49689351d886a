import { ApiRefusal } from '../api-refusal.js';
import { type ApiAnswer, type ApiCall, type Controller, created, isNumeric, isSet, textOf, validateKeys } from '../api-call.js';
import { presentAll, presentOne } from '../present.js';
import { deleteSubnet, subnetOrder, usageOf } from '../subnet-rules.js';

function get(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  const id = textOf(params, 'id');
  if (textOf(params, 'id2') === 'subnets' && isNumeric(id)) {
    const rows = ipam.database.where('subnets', (row) => row['sectionId'] === Number(id)).sort(subnetOrder);
    if (rows.length === 0) throw new ApiRefusal(404, 'No subnets found');
    // Folders are among them, and each subnet costs several queries.
    return {
      code: 200,
      data: presentAll(call, 'subnets', rows, {
        as: 'subnets',
        extra: (row) => (row['isFolder'] === 1 ? {} : { usage: usageOf(ipam, row) }),
      }),
    };
  }
  if (id === 'custom_fields') throw new ApiRefusal(409, 'Custom fields not supported');
  if (id === undefined) {
    const rows = ipam.database.all('sections');
    return rows.length === 0 ? { code: 200, message: 'No sections available' } : { code: 200, data: presentAll(call, 'sections', rows) };
  }
  const row = isNumeric(id) ? ipam.database.find('sections', id) : ipam.database.where('sections', ({ name }) => name === id)[0];
  if (row === undefined) throw new ApiRefusal(404, isNumeric(id) ? 'Section does not exist' : 'Not Found');
  return { code: 200, data: presentOne(call, 'sections', row) };
}

function post(call: ApiCall): ApiAnswer {
  const { ipam, params } = call;
  const values = validateKeys(call, 'sections');
  if ((textOf(params, 'name') ?? '').length < 3) throw new ApiRefusal(400, 'Name is mandatory or too short (mininum 3 characters)');
  if (isSet(params, 'masterSection')) {
    const master = ipam.database.find('sections', params.get('masterSection'));
    if (master === undefined) throw new ApiRefusal(400, `Invalid masterSection id ${textOf(params, 'masterSection')}`);
    if (master['masterSection'] !== 0) throw new ApiRefusal(400, 'Only 1 level of nesting is permitted for sections');
  }
  return created(call, 'sections', ipam.database.insert('sections', values), { message: 'Section created' });
}

function patch(call: ApiCall): ApiAnswer {
  const id = existing(call);
  call.ipam.database.update('sections', id, validateKeys(call, 'sections'));
  return { code: 200 };
}

function remove(call: ApiCall): ApiAnswer {
  const { database } = call.ipam;
  const id = existing(call);
  for (const subnet of database.where('subnets', (row) => row['sectionId'] === id)) deleteSubnet(database, Number(subnet['id']));
  database.remove('sections', id);
  return { code: 200 };
}

function existing({ ipam, params }: ApiCall): number {
  if (!isSet(params, 'id')) throw new ApiRefusal(400, 'Section Id required');
  if (ipam.database.find('sections', params.get('id')) === undefined) throw new ApiRefusal(404, 'Section does not exist');
  return Number(params.get('id'));
}

export const sections: Controller = { GET: get, POST: post, PATCH: patch, DELETE: remove };
