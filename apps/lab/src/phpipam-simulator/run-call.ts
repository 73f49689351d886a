/** `api/index.php`: what is looked at before a controller is asked, in its order. */
import { ApiRefusal } from './api-refusal.js';
import { type ApiAnswer, type ApiCall, type Controller, type Params, textOf } from './api-call.js';
import { addresses } from './controllers/addresses.js';
import { l2domains } from './controllers/l2domains.js';
import { searching } from './controllers/search.js';
import { sections } from './controllers/sections.js';
import { subnets } from './controllers/subnets.js';
import { tools } from './controllers/tools.js';
import { circuits } from './controllers/circuits.js';
import { vlans } from './controllers/vlans.js';
import { vrfs } from './controllers/vrfs.js';
import type { Ipam, IpamApp } from './ipam.js';
import { timestamp } from './ipam-database.js';
import type { TableName } from './schema.js';

export interface ApiRequest {
  readonly method: string;
  readonly isHttps: boolean;
  /** Below `/api/`: app, controller and up to three ids. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

const CONTROLLERS: Readonly<Record<string, Controller>> = {
  sections,
  subnets,
  addresses,
  vlans,
  vlan: vlans,
  vrfs,
  vrf: vrfs,
  l2domains,
  tools,
  circuits,
  search: searching,
};
const TABLES: Readonly<Record<string, TableName>> = {
  subnets: 'subnets',
  addresses: 'ipaddresses',
  vlans: 'vlans',
  vlan: 'vlans',
  vrfs: 'vrf',
  vrf: 'vrf',
  l2domains: 'vlanDomains',
  tools: 'customers',
};
const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const LOCK_WAIT_MS = 30_000;

/** @throws ApiRefusal */
export async function runCall(ipam: Ipam, request: ApiRequest): Promise<ApiAnswer> {
  if (!ipam.settings.isApiEnabled) throw new ApiRefusal(503, 'API server disabled');
  const app = ipam.apps.find(({ id }) => id === request.parts[0]);
  if (app === undefined) throw new ApiRefusal(400, 'Invalid application id');
  if (app.permissions === 0) throw new ApiRefusal(503, 'Application disabled');
  refuseInsecure(ipam, app, request);
  const [, controller = '', ...ids] = request.parts;
  const params = paramsOf(request, ids);

  if (controller === 'user') return user(ipam, app, request);
  authenticate(ipam, app, request);
  if (controller === '') throw new ApiRefusal(400, 'Request is not valid');
  const isWrite = WRITES.has(request.method);
  if (isWrite && app.permissions < 2) throw new ApiRefusal(401, 'invalid permissions');
  const type = request.headers['content-type']?.split(';')[0];
  if (type !== undefined && !/^application\/(json|xml|x-www-form-urlencoded)$/.test(type))
    throw new ApiRefusal(415, `Invalid Content type ${type}`);
  const handlers = CONTROLLERS[controller.toLowerCase()];
  if (handlers === undefined) throw new ApiRefusal(400, 'Invalid controller');
  const handler = handlers[request.method === 'PUT' ? 'PATCH' : request.method === 'HEAD' ? 'GET' : request.method];
  if (handler === undefined) throw new ApiRefusal(501, 'Method not implemented');
  const isStringified = ipam.isAtLeast(7) && /^(1|true|on|yes)$/i.test(request.headers['api-stringify-results'] ?? '');
  const name = controller === 'vlan' || controller === 'vrf' ? `${controller}s` : controller.toLowerCase();
  const call: ApiCall = { ipam, app, method: request.method, controller: name, params, isStringified };
  if (request.method === 'POST' || request.method === 'PATCH') unnest(call);
  return isWrite ? underLock(call, () => handler(call)) : handler(call);
}

function refuseInsecure(ipam: Ipam, app: IpamApp, { isHttps }: ApiRequest): void {
  if (app.security === 'crypt') throw new ApiRefusal(503, 'Invalid enc_request');
  const isAllowed = app.security === 'none' ? ipam.settings.allowsUnsafe : isHttps;
  if (!isAllowed) throw new ApiRefusal(503, 'SSL connection is required for API');
}

function paramsOf({ query, headers, body, method }: ApiRequest, ids: readonly string[]): Params {
  const params: Params = new Map<string, unknown>(query);
  for (const [at, key] of ['id', 'id2', 'id3'].entries()) {
    const id = ids[at];
    if (id !== undefined && id !== '') params.set(key, id);
  }
  // The body of a PUT is not read.
  if (method === 'PUT' || body === '') return params;
  if (!(headers['content-type'] ?? '').includes('application/json')) {
    for (const [key, value] of new URLSearchParams(body)) params.set(key, value);
    return params;
  }
  for (const [key, value] of Object.entries(jsonObject(body))) params.set(key, value);
  return params;
}

function jsonObject(body: string): Record<string, unknown> {
  try {
    const json = JSON.parse(body) as unknown;
    if (json !== null && typeof json === 'object') return json as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new ApiRefusal(400, 'Invalid JSON: Syntax error');
}

const tokenOf = ({ headers }: ApiRequest): string | undefined => headers['phpipam-token'] ?? headers['token'];

function authenticate(ipam: Ipam, app: IpamApp, request: ApiRequest): void {
  ipam.refuseBlocked();
  const token = tokenOf(request);
  if (app.security !== 'ssl_code') {
    if (ipam.userOf(token) === undefined) throw new ApiRefusal(401, 'Unauthorized');
    return;
  }
  const owner = ipam.apps.find(({ code }) => code === token);
  if (token === undefined || owner === undefined) throw new ApiRefusal(401, 'Unauthorized');
  if (owner.id !== app.id) throw new ApiRefusal(403, 'Invalid token');
}

const loggingIn = new WeakSet<Ipam>();

async function user(ipam: Ipam, app: IpamApp, request: ApiRequest): Promise<ApiAnswer> {
  if (app.security === 'ssl_code') {
    authenticate(ipam, app, request);
    throw new ApiRefusal(409, 'Authentication not needed');
  }
  ipam.refuseBlocked();
  if (request.method === 'POST') return login(ipam, request);
  const token = tokenOf(request);
  if (token === undefined) throw new ApiRefusal(403, 'Please provide token');
  const found = ipam.userOf(token);
  if (found?.expires === undefined) throw new ApiRefusal(403, 'Invalid token');
  if (request.method !== 'DELETE') return { code: 200, data: { expires: timestamp(found.expires) } };
  // Of all who share it.
  [found.token, found.expires] = [undefined, undefined];
  return { code: 200, data: ['Token removed'] };
}

/** Two at a time make 1.7 fall over its own row. */
async function login(ipam: Ipam, { headers }: ApiRequest): Promise<ApiAnswer> {
  const [, encoded = ''] = /^Basic (.+)$/.exec(headers['authorization'] ?? '') ?? [];
  const [name, ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  if (name === undefined || rest.length === 0) throw new ApiRefusal(400, 'Please provide username and password');
  if (loggingIn.has(ipam) && ipam.release.startsWith('1.7')) throw new ApiRefusal(500, 'Failed to update token');
  loggingIn.add(ipam);
  try {
    const { token, expires } = ipam.login(name, rest.join(':'));
    await ipam.hashing();
    return { code: 200, data: { token, expires: timestamp(expires ?? ipam.now()) } };
  } finally {
    loggingIn.delete(ipam);
  }
}

function unnest({ ipam, app, controller, params }: ApiCall): void {
  const nested = params.get('custom_fields');
  const table = TABLES[controller];
  if (app.nestsCustomFields !== true || table === undefined || nested === null || typeof nested !== 'object') return;
  const known = new Set(ipam.database.customFields(table).map(({ name }) => name));
  for (const [name, value] of Object.entries(nested)) {
    if (!known.has(name)) throw new ApiRefusal(400, `${name} is not a valid custom field`);
    params.set(name, value);
  }
  params.delete('custom_fields');
}

/** Since 1.8 every write waits for all others; before, only what gives out a first free one, for its subnet. */
async function underLock(call: ApiCall, act: () => ApiAnswer): Promise<ApiAnswer> {
  const { ipam, app, params } = call;
  const isModern = ipam.isAtLeast(8);
  const isFirst = textOf(params, 'id') === 'first_free' || /^(first|last)_subnet$/.test(textOf(params, 'id2') ?? '');
  const isLocked = isModern ? app.lockType !== 'Disabled' : isFirst;
  if (!isLocked) return act();
  const waitMs = app.lockWaitMs ?? LOCK_WAIT_MS;
  const release = await ipam.lock.obtain(waitMs);
  if (release === null) {
    const text = isModern
      ? `Cannot obtain lock for phpipam_api_lock after ${Math.round(waitMs / 1000)}s`
      : 'SQLSTATE[HY000]: General error: 1205 Lock wait timeout exceeded; try restarting transaction';
    throw new ApiRefusal(500, text);
  }
  try {
    return act();
  } finally {
    release();
  }
}
