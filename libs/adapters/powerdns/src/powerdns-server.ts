import { MAX_JSON_VALUES, OutboundHttp } from '#adapters/outbound';
import type { DnsZones, ZonePolicy, ZoneTarget } from '#contexts/sync/ports';
import { invalidValue } from '#engines/kernel';
import { askNameServer } from './ask-name-server.js';
import { PowerDnsTarget } from './powerdns-target.js';
import { ZoneApi } from './zone-api.js';

export interface PowerDnsOptions {
  /** Where the API listens, without a path: `http://127.0.0.1:8081`. */
  readonly apiUrl: string;
  readonly apiKey: string;
  /** Whose record sets these are, of all who write into the same zones: kept in a comment of each, `id=<owner id>`, ≤ 60 characters. */
  readonly ownerId: string;
  /** Owner ids of before: what carries one may be updated, and is marked anew then; it is never deleted. */
  readonly formerOwnerIds?: readonly string[];
  /** Default `localhost`, the only one an authoritative server has. */
  readonly serverId?: string;
  /** Per call, default 15 000. */
  readonly timeoutMs?: number;
  /** Default 32 MiB, about 150 000 record sets. */
  readonly maxResponseBytes?: number;
  /** Calls off: nothing more is asked or sent. A change that was sent is waited for all the same. */
  readonly signal?: AbortSignal;
  readonly tls?: { readonly pinnedSpkiSha256: readonly string[] };
}

/** A PowerDNS authoritative server, 4.7 or later with a backend that stores comments (gsql, LMDB; not BIND). */
export class PowerDnsServer implements DnsZones {
  private readonly http: OutboundHttp;
  private readonly serverUrl: string;
  private version: Promise<string> | undefined;

  constructor(private readonly options: PowerDnsOptions) {
    for (const id of [options.ownerId, ...(options.formerOwnerIds ?? [])])
      if (!/^[A-Za-z0-9._-]{1,60}$/.test(id)) throw invalidValue('owner id', id, '1 to 60 letters, digits, dots, dashes and underscores');
    this.serverUrl = `${options.apiUrl.replace(/\/+$/, '')}/api/v1/servers/${options.serverId ?? 'localhost'}`;
    this.http = new OutboundHttp({
      name: 'powerdns',
      timeoutMs: options.timeoutMs ?? 15_000,
      maxResponseBytes: options.maxResponseBytes ?? 32 * 1024 * 1024,
      maxJsonValues: MAX_JSON_VALUES,
      allowPrivate: true, // an operator's own server, most often beside this one
      ...(options.tls ? { tls: options.tls } : {}),
    });
  }

  zone(name: string, knownKeys: readonly string[] = []): ZoneTarget {
    const api = this.api(name);
    const { ownerId, formerOwnerIds = [] } = this.options;
    return new PowerDnsTarget(api, { id: ownerId, formerIds: formerOwnerIds }, () => this.askVersion(api), knownKeys);
  }

  createZone(name: string, policy: ZonePolicy): Promise<void> {
    return this.api(name).create(policy);
  }

  ask(address: string, key: string): Promise<readonly string[]> {
    return askNameServer(address, key);
  }

  /** Asked once for all zones; where nobody answered, the next zone asks again. */
  private askVersion(api: ZoneApi): Promise<string> {
    const version = (this.version ??= api.version());
    version.catch(() => {
      if (this.version === version) this.version = undefined; // Whoever asked is told.
    });
    return version;
  }

  private api(name: string): ZoneApi {
    const { apiKey, signal } = this.options;
    return new ZoneApi(
      { http: this.http, url: this.serverUrl, apiKey, ...(signal ? { signal } : {}) },
      name.toLowerCase().replace(/\.$/, ''),
    );
  }
}
