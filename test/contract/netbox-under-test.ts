/**
 * The NetBox that the contract runs against: the simulator in each of its releases, and instead of it a real one where TRAME_NETBOX_URL and
 * TRAME_NETBOX_TOKEN (of a superuser) say where one is. What a test makes there is removed when its suite ends; names carry a stamp of the run.
 * One that is not on this machine, or in a container of it, sends webhooks to TRAME_NETBOX_HOOK_HOST; without it those of one elsewhere are not tested.
 */
import { OutboundHttp } from '#adapters/outbound';
import {
  type Json,
  type JsonObject,
  NETBOX_RELEASES,
  type NetBoxRelease,
  type NetBoxSimulator,
  type NetBoxSimulatorOptions,
  startNetBoxSimulator,
} from '../../apps/lab/src/netbox-simulator/index.js';

const { TRAME_NETBOX_URL, TRAME_NETBOX_TOKEN = '', TRAME_NETBOX_HOOK_HOST } = process.env;
export const isRealNetBox = TRAME_NETBOX_URL !== undefined;
const isOnLoopback = TRAME_NETBOX_URL === undefined || /^(?:127\.|localhost$|\[::1\]$)/.test(new URL(TRAME_NETBOX_URL).hostname);
/** Name or address of this machine as the NetBox knows it, for what it sends; null: nobody said one. */
export const hookHost: string | null = TRAME_NETBOX_HOOK_HOST ?? (isOnLoopback ? '127.0.0.1' : null);

export const against = (release: string): string =>
  isRealNetBox ? `NetBox ${release} at ${TRAME_NETBOX_URL}` : `the simulator of ${release}`;
export const isAtLeast = (release: string, other: string): boolean => number(release) >= number(other);

const number = (release: string): number => {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return major * 100 + minor;
};

/** A test of some releases: what a release has not is no test of it, and nothing that was skipped. */
export const itWhere =
  (isOfRelease: boolean) =>
  (name: string, test: () => Promise<void>): void => {
    if (isOfRelease) it(name, test);
  };

export interface NetBoxReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Empty where the body is none. */
  readonly json: JsonObject;
  readonly list: readonly JsonObject[];
}

const http = new OutboundHttp({ name: 'contract', timeoutMs: 60_000, maxResponseBytes: 1 << 26, allowPrivate: true, maxRetries: 0 });
const stamp = Date.now().toString(36);
let names = 0;

export class NetBoxUnderTest {
  private readonly made: string[] = [];

  private constructor(
    readonly url: string,
    readonly token: string,
    private readonly simulated: NetBoxSimulator | null,
  ) {}

  /** @param options for the simulator. */
  static async start(release: string, options: NetBoxSimulatorOptions = {}): Promise<NetBoxUnderTest> {
    if (TRAME_NETBOX_URL !== undefined) return new NetBoxUnderTest(TRAME_NETBOX_URL.replace(/\/$/, ''), TRAME_NETBOX_TOKEN, null);
    const simulator = await startNetBoxSimulator({ version: release as NetBoxRelease, ...options });
    return new NetBoxUnderTest(simulator.url, simulator.token, simulator);
  }

  /** For tests that only a simulator can serve. */
  get simulator(): NetBoxSimulator {
    if (this.simulated === null) throw new Error('this test needs the simulator');
    return this.simulated;
  }

  /** @param path below `/api/`, with its slash; or a whole address. */
  async call(
    method: string,
    path: string,
    body?: Json,
    headers: Readonly<Record<string, string>> = {},
    token = this.token,
  ): Promise<NetBoxReply> {
    const answer = await http.request({
      method: method as 'GET',
      url: path.startsWith('http') ? path : `${this.url}/api/${path}`,
      headers: {
        accept: 'application/json',
        ...(token !== '' && { authorization: `${token.startsWith('nbt_') ? 'Bearer' : 'Token'} ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const json = parse(answer.body);
    const isList = Array.isArray(json);
    return {
      status: answer.status,
      headers: answer.headers,
      text: answer.body,
      json: isList || json === null || typeof json !== 'object' ? {} : json,
      list: isList ? (json as JsonObject[]) : [],
    };
  }

  get(path: string): Promise<NetBoxReply> {
    return this.call('GET', path);
  }

  /** Rows of a list. @throws where there is none. */
  async rows(path: string): Promise<readonly JsonObject[]> {
    const { status, json, text } = await this.get(path);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return json['results'] as JsonObject[];
  }

  /** Makes one object that goes when the suite ends. @throws where NetBox refuses. */
  async make(path: string, body: JsonObject): Promise<JsonObject & { readonly id: number }> {
    const { status, json, text } = await this.call('POST', `${path}/`, body);
    if (status !== 201) throw new Error(`${path}: ${status} ${text}`);
    this.forget(`${path}/${textOf(json['id'])}/`);
    return json as JsonObject & { readonly id: number };
  }

  /** To be removed at the end, the last one first. */
  forget(...paths: readonly string[]): void {
    this.made.push(...paths);
  }

  /** For what other tests have as well. */
  name(what: string): string {
    names += 1;
    return `ct-${what}-${stamp}-${String(names).padStart(5, '0')}`; // In the order of names, which NetBox lists tags in.
  }

  /** A VRF of its own: what is in it is alone. */
  vrf(body: JsonObject = {}): Promise<JsonObject & { readonly id: number }> {
    return this.make('ipam/vrfs', { name: this.name('vrf'), ...body });
  }

  async close(): Promise<void> {
    if (this.simulated) return this.simulated.close();
    for (const path of this.made.splice(0).reverse()) {
      const status = await this.call('DELETE', path).then(
        (answer) => answer.status,
        (error: unknown) => (error as Error).message,
      );
      if (status !== 204 && status !== 404) console.warn(`${path} was made by the contract and is still there: ${status}`);
    }
  }
}

function parse(body: string): Json {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return null; // A page, or nothing.
  }
}

/** A value that is no object, as text. */
export const textOf = (value: Json | undefined): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

async function realRelease(): Promise<string> {
  const { json } = await (await NetBoxUnderTest.start('')).get('status/');
  return /^\d+\.\d+/.exec(textOf(json['netbox-version']))?.[0] ?? '4.2';
}

/** Releases of the simulator; of a real one the one that it says. */
export const releases: readonly string[] = isRealNetBox ? [await realRelease()] : NETBOX_RELEASES;
