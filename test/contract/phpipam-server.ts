/**
 * The phpIPAM that the contract runs against: the simulator in each of its releases, and instead of it a real one where TRAME_PHPIPAM_URL (with
 * the path of the installation), TRAME_PHPIPAM_APP and TRAME_PHPIPAM_CODE (an app with "SSL with App code", read and write) say where one is;
 * TRAME_PHPIPAM_SPKI pins its key. It needs the column `custom_trame_id` in subnets, ipaddresses, vlans, vrf, customers and vlanDomains, and
 * gets a section of its own that is deleted at the end.
 */
import { OutboundHttp, type OutboundResponse } from '#adapters/outbound';
import { type IpamOptions, type PhpIpamSimulator, startPhpIpamSimulator } from '../../apps/lab/src/phpipam-simulator/index.js';

const { TRAME_PHPIPAM_URL, TRAME_PHPIPAM_APP = '', TRAME_PHPIPAM_CODE = '', TRAME_PHPIPAM_SPKI } = process.env;
export const isRealIpam = TRAME_PHPIPAM_URL !== undefined;
/** Stands in the name of each suite: what passed says against what. */
export const againstIpam = isRealIpam ? `the phpIPAM at ${TRAME_PHPIPAM_URL}` : 'the simulator';

export const MARK = 'custom_trame_id';
export const APP = { id: 'trame', code: 'a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5', security: 'ssl_code', permissions: 2 } as const;
export const TOKEN_APP = { id: 'people', code: 'ffffffffffffffffffffffffffffffff', security: 'ssl_token', permissions: 2 } as const;
export const USER = { name: 'trame', password: 'Sesame:2026' } as const;
const MARKED = ['subnets', 'ipaddresses', 'vlans', 'vrf', 'customers', 'vlanDomains'] as const;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: {
    readonly code: number;
    readonly success: boolean;
    readonly message?: string;
    readonly id?: string | number;
    readonly data?: unknown;
    readonly time?: number;
  };
}

export type ApiRow = Readonly<Record<string, unknown>>;

let tests = 0;

export class IpamUnderTest {
  private constructor(
    readonly url: string,
    readonly app: string,
    readonly code: string,
    readonly spkiSha256: string | undefined,
    private readonly simulated: PhpIpamSimulator | null,
  ) {}

  static async start(options: Partial<IpamOptions> = {}): Promise<IpamUnderTest> {
    if (TRAME_PHPIPAM_URL !== undefined) {
      return new IpamUnderTest(TRAME_PHPIPAM_URL.replace(/\/+$/, ''), TRAME_PHPIPAM_APP, TRAME_PHPIPAM_CODE, TRAME_PHPIPAM_SPKI, null);
    }
    const simulator = await startPhpIpamSimulator({ apps: [{ ...APP }, { ...TOKEN_APP }], users: [{ ...USER }], ...options });
    for (const table of MARKED) simulator.ipam.database.addCustomField(table, MARK);
    return new IpamUnderTest(simulator.url, APP.id, APP.code, simulator.spkiSha256, simulator);
  }

  /** For tests that only a simulator can serve. */
  get simulator(): PhpIpamSimulator {
    if (this.simulated === null) throw new Error('this test needs the simulator');
    return this.simulated;
  }

  get tls(): { readonly tls?: { readonly pinnedSpkiSha256: readonly string[] } } {
    return this.spkiSha256 === undefined ? {} : { tls: { pinnedSpkiSha256: [this.spkiSha256] } };
  }

  /** As any client does it: plain HTTP calls, JSON, and the code in a header. */
  async call(method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}, app = this.app): Promise<Answer> {
    const {
      status,
      headers: answered,
      body: text,
    } = await this.send(method, `${this.url}/api/${app}${path}`, body, { token: this.code, ...headers });
    return { status, headers: answered, json: JSON.parse(text) as Answer['json'] };
  }

  send(method: string, url: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<OutboundResponse> {
    const tls = url.startsWith('https:') ? this.tls : {};
    const http = new OutboundHttp({
      name: 'someone',
      timeoutMs: 30_000,
      maxResponseBytes: 10_000_000,
      allowPrivate: true,
      maxRetries: 0,
      ...tls,
    });
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    return http.request({
      method,
      url,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...json,
    });
  }

  /** @returns the id of what was made; anything but 201 is a failure of the test. */
  async make(path: string, body: object): Promise<string> {
    const { status, json } = await this.call('POST', path, body);
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${json.message ?? ''}`);
    return String(json.id);
  }

  /** With texts for numbers, whatever the release of PHP. */
  async read(path: string): Promise<ApiRow> {
    const { status, json } = await this.call('GET', path, undefined, { 'api-stringify-results': '1' });
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${json.message ?? ''}`);
    return json.data as ApiRow;
  }

  async section(more: object = {}): Promise<string> {
    const name = `ct-${Date.now().toString(36)}-${++tests}`;
    return this.make('/sections/', { name, ...more });
  }

  async close(): Promise<void> {
    await this.simulated?.close();
  }
}
