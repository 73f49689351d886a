import { jsonOf, OutboundError, type OutboundHttp, type OutboundResponse } from '#adapters/outbound';
import type { ZonePolicy } from '#contexts/sync/ports';
import { storableText } from '#engines/kernel';
import { type ApiRrset, ApiServer, ApiZone, type RrsetWrite } from './api-rrset.js';
import { PowerDnsError } from './powerdns-error.js';
import { zoneId } from './zone-id.js';

/** Reads of single names that may be under way at once; the server allows 100 connections in all. */
const PARALLEL_READS = 8;

interface Server {
  readonly http: OutboundHttp;
  /** Up to and with the server id: `http://127.0.0.1:8081/api/v1/servers/localhost`. */
  readonly url: string;
  readonly apiKey: string;
  /** Calls off. */
  readonly signal?: AbortSignal;
}

/** The calls on one zone, each with typed errors. Everything that is not the expected answer throws. */
export class ZoneApi {
  private readonly path: string;

  constructor(
    private readonly server: Server,
    readonly zone: string,
  ) {
    this.path = `${server.url}/zones/${zoneId(zone)}`;
  }

  /** @throws ZONE_TOO_LARGE when the answer exceeds what the client accepts. */
  async rrsets(): Promise<readonly ApiRrset[]> {
    return this.parse(await this.call('GET', ''));
  }

  /** The sets of these absolute names; since 4.7, older servers answer with the whole zone. May hold other names too. */
  async rrsetsOf(names: readonly string[]): Promise<readonly ApiRrset[]> {
    const found: ApiRrset[] = [];
    for (let i = 0; i < names.length; i += PARALLEL_READS) {
      const answers = names.slice(i, i + PARALLEL_READS).map(async (name) => {
        const rrsets = this.parse(await this.call('GET', `?rrset_name=${encodeURIComponent(name)}`));
        return rrsets.filter((rrset) => rrset.name.toLowerCase() === name);
      });
      found.push(...(await Promise.all(answers)).flat());
    }
    return found;
  }

  /** As the server says it; empty where it says none. A proxy that allows one zone and nothing else refuses the question, and the zone can be written all the same. */
  async version(): Promise<string> {
    const response = await this.send('GET', this.server.url);
    if (response.status < 200 || response.status > 299) return '';
    const parsed = ApiServer.safeParse(jsonOf(response.body));
    return parsed.success ? parsed.data.version : '';
  }

  /** One transaction: all or none. @throws DNS_REFUSED with the server's text. */
  async patch(rrsets: readonly RrsetWrite[]): Promise<void> {
    await this.call('PATCH', '', JSON.stringify({ rrsets }));
  }

  /**
   * SOA and NS are sent: left to itself the server writes `a.misconfigured.dns.server.invalid` into the SOA. A zone that exists is left alone.
   * @throws DNS_REFUSED with the server's text.
   */
  async create({ nameservers, hostmaster, kind, soaEditApi }: ZonePolicy): Promise<void> {
    const name = `${this.zone}.`;
    const rrset = (type: string, contents: readonly string[]): object => ({
      name,
      type,
      ttl: 3600,
      records: contents.map((content) => ({ content, disabled: false })),
    });
    // Serial 0 is replaced by soa_edit_api; refresh, retry, expire and minimum as RIPE-203 has them for small zones, negative answers for 5 minutes.
    const soa = `${nameservers[0]}. ${hostmaster}. 0 86400 7200 3600000 300`;
    const body = {
      name,
      kind: kind === 'PRIMARY' ? 'Master' : 'Native', // What every version knows; Primary is unknown before 4.5 and would silently be Native.
      nameservers: [], // Must be there, and empty beside NS record sets.
      soa_edit_api: soaEditApi,
      rrsets: [
        rrset('SOA', [soa]),
        rrset(
          'NS',
          nameservers.map((nameserver) => `${nameserver}.`),
        ),
      ],
    };
    const response = await this.send('POST', `${this.server.url}/zones`, JSON.stringify(body));
    if (response.status !== 409 && (response.status < 200 || response.status > 299)) throw this.refusal(response);
  }

  /** A change that was sent is not called off: the server may be at it, and whoever comes next would write into the same zone at the same time. @throws the reason of the signal. */
  private async send(method: 'GET' | 'PATCH' | 'POST', url: string, body?: string): Promise<OutboundResponse> {
    const { http, apiKey, signal } = this.server;
    signal?.throwIfAborted();
    const headers = { 'x-api-key': apiKey, accept: 'application/json', 'content-type': 'application/json' };
    const given = body === undefined ? (signal ? { signal } : {}) : { body };
    return http.request({ method, url, headers, ...given }).catch((error: unknown) => {
      if (body === undefined) signal?.throwIfAborted();
      throw this.unreachable(error);
    });
  }

  private async call(method: 'GET' | 'PATCH', query: string, body?: string): Promise<OutboundResponse> {
    const response = await this.send(method, this.path + query, body);
    if (response.status < 200 || response.status > 299) throw this.refusal(response);
    return response;
  }

  private unreachable(error: unknown): unknown {
    if (!(error instanceof OutboundError)) return error;
    const { zone } = this;
    if (error.code === 'RESPONSE_TOO_LARGE') {
      return new PowerDnsError(
        'ZONE_TOO_LARGE',
        `zone ${zone} is too large to be read at once`,
        { zone, retriable: false },
        { cause: error },
      );
    }
    // Unlike a single PATCH, a plan may always run again: it looks before it writes.
    const retriable = error.facts.retriable || error.code === 'TIMEOUT' || error.code === 'RESET';
    const message = `the DNS server of zone ${zone} cannot be reached: ${error.message}`;
    return new PowerDnsError('DNS_UNREACHABLE', message, { zone, retriable, detail: error.code }, { cause: error });
  }

  private refusal({ status, body }: OutboundResponse): PowerDnsError {
    const { zone } = this;
    const detail = errorText(body);
    const facts = { zone, status, detail, retriable: false };
    // 404 since 4.2, 422 "Could not find domain" before.
    if (status === 404 || (status === 422 && /^Could not find domain/.test(detail))) {
      return new PowerDnsError(
        'ZONE_MISSING',
        `the DNS server has no zone ${zone}: create it there, or say how it shall be made (createZones)`,
        facts,
      );
    }
    if (status === 401 || status === 403)
      return new PowerDnsError('DNS_UNAUTHORIZED', `the DNS server refused the API key (zone ${zone})`, facts);
    if (status === 422) return new PowerDnsError('DNS_REFUSED', `the DNS server refused the change of zone ${zone}: ${detail}`, facts);
    const message = `the DNS server answered ${status} for zone ${zone}: ${detail}`;
    return new PowerDnsError('DNS_UNEXPECTED_ANSWER', message, { ...facts, retriable: status >= 500 || status === 429 });
  }

  private parse(response: OutboundResponse): readonly ApiRrset[] {
    const parsed = ApiZone.safeParse(jsonOf(response.body));
    if (parsed.success) return parsed.data.rrsets;
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    const facts = { zone: this.zone, status: response.status, detail: `no zone in the answer (${where || 'not JSON'})`, retriable: false };
    throw new PowerDnsError('DNS_UNEXPECTED_ANSWER', `the DNS server's answer for zone ${this.zone} holds ${facts.detail}`, facts);
  }
}

/** `{"error":"…"}`, or the plain text that 400, 401 and 404 have. */
function errorText(body: string): string {
  const json = jsonOf(body);
  const text = json !== null && typeof json === 'object' && 'error' in json ? String(json.error) : body;
  return storableText(text.slice(0, 300)); // It is kept with the run: half of a character would be kept with none.
}
