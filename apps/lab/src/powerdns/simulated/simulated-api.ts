import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiRefusal } from './api-refusal.js';
import { RELEASE_RULES, type ReleaseRules, type SimulatedRelease } from './release-rules.js';
import { canonicalName } from './rrset-values.js';
import { type SimulatedRrset, SimulatedZone } from './simulated-zone.js';

const PREFIX = '/api/v1/servers/localhost';
/** `webserver-max-bodysize`, 2 MiB. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** The part of the API that Trame and its lab use; every other path is 404, every other method 405. */
export class SimulatedApi {
  readonly zones = new Map<string, SimulatedZone>();

  private readonly rules: ReleaseRules;

  /** @param release that it says it is, and whose rules and words it has. */
  constructor(
    private readonly apiKey: string,
    private readonly release: SimulatedRelease,
  ) {
    this.rules = RELEASE_RULES[release];
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.answer(request).then(
      ({ status, json }) => reply(response, status, json === undefined ? '' : JSON.stringify(json), 'application/json'),
      (error: unknown) => {
        const status = error instanceof ApiRefusal ? error.status : 500;
        const message = error instanceof ApiRefusal ? error.message : 'Internal Server Error';
        // 422 is always JSON, everything else for who asks for it [measured].
        const { accept = '' } = request.headers;
        const isJson = status === 422 || accept.includes('application/json') || (this.rules.saysJsonToAnyone && accept.includes('*/*'));
        if (isJson) reply(response, status, JSON.stringify({ error: message }), 'application/json');
        else reply(response, status, message, 'text/plain; charset=utf-8');
      },
    );
  }

  createZone(name: string, nameservers: readonly string[]): SimulatedZone {
    const canonical = canonicalName(name);
    if (this.zones.has(canonical)) throw new ApiRefusal(409, 'Conflict');
    const zone = new SimulatedZone(canonical, nameservers.map(canonicalName), this.rules);
    this.zones.set(canonical, zone);
    return zone;
  }

  private async answer(request: IncomingMessage): Promise<{ status: number; json?: unknown }> {
    if (request.headers['x-api-key'] !== this.apiKey) throw new ApiRefusal(401, 'Unauthorized');
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const body = await jsonBody(request);
    if (url.pathname === PREFIX) return this.serverInfo(request);
    if (url.pathname === `${PREFIX}/zones`) return this.zoneList(request, url, body);
    const id = url.pathname.startsWith(`${PREFIX}/zones/`) ? url.pathname.slice(`${PREFIX}/zones/`.length) : null;
    if (id === null || id.includes('/')) throw new ApiRefusal(404, 'Not Found');
    const zone = this.zones.get(zoneName(id));
    if (!zone) throw new ApiRefusal(404, 'Not Found');
    return this.oneZone(request, url, zone, body);
  }

  private serverInfo(request: IncomingMessage): { status: number; json: unknown } {
    allow(request, 'GET');
    return { status: 200, json: { type: 'Server', id: 'localhost', daemon_type: 'authoritative', version: `${this.release}-simulated` } };
  }

  private zoneList(request: IncomingMessage, url: URL, body: Readonly<Record<string, unknown>>): { status: number; json: unknown } {
    allow(request, 'GET', 'POST');
    if (request.method === 'POST') {
      if (!Array.isArray(body.nameservers)) throw new ApiRefusal(422, 'Nameservers is not a list');
      const zone = this.createZone(String(body.name), body.nameservers.map(String));
      try {
        if (Array.isArray(body.rrsets)) zone.fill(body.rrsets as Readonly<Record<string, unknown>>[]);
      } catch (error) {
        this.zones.delete(zone.name);
        throw error;
      }
      return { status: 201, json: this.describe(zone, null) };
    }
    const wanted = url.searchParams.get('zone');
    const zones = [...this.zones.values()].filter(({ name }) => wanted === null || name === wanted.toLowerCase());
    return { status: 200, json: zones.map(({ name, serial }) => ({ id: zoneId(name), name, kind: 'Native', serial })) };
  }

  private oneZone(
    request: IncomingMessage,
    url: URL,
    zone: SimulatedZone,
    body: Readonly<Record<string, unknown>>,
  ): { status: number; json?: unknown } {
    allow(request, 'GET', 'PATCH', 'DELETE');
    if (request.method === 'GET') return { status: 200, json: this.describe(zone, url.searchParams.get('rrset_name')) };
    if (request.method === 'DELETE') this.zones.delete(zone.name);
    else zone.patch(body);
    return { status: 204 };
  }

  private describe(zone: SimulatedZone, rrsetName: string | null): unknown {
    const isWanted = ({ name }: SimulatedRrset): boolean => rrsetName === null || name === rrsetName.toLowerCase();
    const remains = this.rules.saysAllComments ? zone.all.filter((rrset) => !isWanted(rrset) && rrset.comments.length > 0) : [];
    const rrsets = [...zone.all.filter(isWanted), ...remains.map((rrset) => ({ ...rrset, ttl: 0, records: [] }))];
    return { id: zoneId(zone.name), name: zone.name, kind: 'Native', serial: zone.serial, rrsets };
  }
}

const zoneId = (name: string): string => name.replaceAll('/', '=2F');
const zoneName = (id: string): string => {
  const name = decodeURIComponent(id.replace(/=([0-9A-F]{2})/g, '%$1')).toLowerCase();
  return name.endsWith('.') ? name : `${name}.`;
};

function allow(request: IncomingMessage, ...methods: string[]): void {
  if (!methods.includes(request.method ?? '')) throw new ApiRefusal(405, 'Method Not Allowed');
}

async function jsonBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk as Buffer);
  }
  if (size > MAX_BODY_BYTES) throw new ApiRefusal(400, 'Bad Request');
  if (size === 0) return {};
  try {
    const json = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
    if (json !== null && typeof json === 'object') return json as Readonly<Record<string, unknown>>;
  } catch {
    // Refused below, as JSON that is no object is.
  }
  throw new ApiRefusal(400, 'Bad Request');
}

function reply(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, body === '' ? {} : { 'content-type': type }).end(body);
}
