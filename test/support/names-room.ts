/** A fabric's names and the name server that has them: the real one where there is one. Record sets are read and written there as somebody else does it. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type CountingProxy, startCountingProxy } from '../../apps/lab/src/bench/sync/counting-proxy.js';
import { type LabDns, startNameServer } from '../../apps/lab/src/powerdns/index.js';
import { hookedPowerDns } from './dns-connector.js';
import { createInventoryWorld, type InventoryWorld } from './inventory-world.js';
import { OutboundHttp } from '#adapters/outbound';
import { AddressAllocationService, AddressNamesService } from '#contexts/addressing';
import { ConnectorService, type DnsZonesFactory, SyncModule, type SyncRun, SyncRunService, SyncService } from '#contexts/sync';
import {
  Cidr,
  encodeId,
  Fqdn,
  IdempotencyKey,
  type Ip,
  type IpAddressId,
  type SubnetId,
  type SyncRunId,
  type SyncTargetId,
} from '#engines/kernel';
import { Secret, systemScope } from '#platform';

const scope = systemScope('spec');
const http = new OutboundHttp({ name: 'someone-else', timeoutMs: 5000, maxResponseBytes: 1_000_000, allowPrivate: true });
export const ZONE = 'cust.example';

export interface Given {
  readonly id: IpAddressId;
  readonly address: Ip;
  readonly generation: number;
}
interface Stored {
  readonly name: string;
  readonly type: string;
  readonly records: readonly { readonly content: string }[];
  readonly comments: readonly { readonly account: string; readonly content: string }[];
}

export class NamesRoom {
  targetId!: SyncTargetId;
  /** What happens around the next requests that write. */
  around: (write: () => Promise<void>) => Promise<void> = (write) => write();
  /** What happens before a zone is read. */
  before: () => Promise<void> = () => Promise.resolve();
  private serial = 0;

  private constructor(
    readonly world: InventoryWorld,
    readonly dns: LabDns,
    private readonly proxy: CountingProxy,
    private readonly directory: string,
    private readonly subnetId: SubnetId,
  ) {}

  /** @param wanted recordChanges: at a server that knows changes of single records. */
  static async open(wanted: { readonly recordChanges?: boolean } = {}): Promise<NamesRoom> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'trame-names-'));
    const dns = await startNameServer({ directory, zones: [ZONE], ...wanted });
    let room: NamesRoom | null = null;
    const world = await createInventoryWorld([], [SyncModule.with(watched(() => room))]);
    const network = await world.network('web', 100);
    const { id } = await world.subnet(network, { cidr: Cidr.parse('10.20.5.0/24') });
    await world.asSystem((tx) => tx.run(`UPDATE network SET state = 'ACTIVE' WHERE id = $1`, [network.id]));
    room = new NamesRoom(world, dns, await startCountingProxy(dns.apiUrl), directory, id);
    room.targetId = await room.connect();
    return room;
  }

  async close(): Promise<void> {
    await this.world.close();
    await this.proxy.close();
    await this.dns.stop();
    await rm(this.directory, { recursive: true });
  }

  /** Of its name server, as the connector knows it. */
  get url(): string {
    return this.proxy.url;
  }

  sql<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.world.asSystem((tx) => tx.sql<Row>(text, values));
  }

  async name(...labels: readonly string[]): Promise<Given[]> {
    const all: Given[] = [];
    for (const label of labels) {
      const key = IdempotencyKey.parse(`k${++this.serial}`);
      const request = { subnetId: this.subnetId, tenantId: this.world.tenantId, key, dnsName: Fqdn.parse(`${label}.${ZONE}`) };
      const [given] = (await this.world.app.get(AddressAllocationService).allocate(scope, request)).allocations;
      if (!given) throw new Error('no address was given');
      all.push(given);
    }
    return all;
  }

  async release(...given: readonly Given[]): Promise<void> {
    for (const { id, generation } of given) await this.world.app.get(AddressAllocationService).release(scope, id, generation);
  }

  /** Further names, all said anew. */
  async alsoCalled({ id }: Given, ...labels: readonly string[]): Promise<void> {
    const names = labels.map((label) => Fqdn.parse(`${label}.${ZONE}`));
    await this.world.asSystem((tx) => this.world.app.get(AddressNamesService).setAliases(tx, id, names));
  }

  /** As a backup knows them that was taken before they were named. */
  async forgetNames(pattern: string): Promise<void> {
    await this.sql('DELETE FROM dns_published WHERE key LIKE $1', [pattern]);
    await this.sql('DELETE FROM ip_address WHERE dns_name LIKE $1', [pattern]);
  }

  /** As a backup from before it was published. */
  async forgetRow(label: string): Promise<void> {
    await this.sql('DELETE FROM dns_published WHERE key = $1', [`${label}.${ZONE}/a`]);
  }

  /** Whatever is due, as a worker does it. @throws where the execution came to nothing. */
  async runDue(): Promise<void> {
    await this.sql(`UPDATE sync_target SET next_try_at = '-infinity' WHERE id = $1`, [this.targetId]);
    await this.world.app.get(SyncService).runDue();
  }

  /** Everything is looked at, and what a person sees of it then. */
  async run(): Promise<SyncRun & { readonly lines: readonly string[] }> {
    await this.sql(`UPDATE sync_target SET recheck_at = clock_timestamp() WHERE id = $1`, [this.targetId]);
    await this.runDue();
    return this.lastRun();
  }

  async lastRun(): Promise<SyncRun & { readonly lines: readonly string[] }> {
    const [run] = await this.runs().runsOf(this.targetId, { first: 1, after: null });
    if (!run) throw new Error('there was no run');
    return { ...run, lines: await this.linesOf(run.id) };
  }

  /** `DELETE web1 PLANNED`; names that no reverse zone holds are left out. */
  async linesOf(id: SyncRunId): Promise<string[]> {
    const lines = await this.runs().changesOf(id, { first: 1000, after: null });
    return lines
      .filter(({ label }) => label?.includes(ZONE))
      .map(({ action, label, state }) => `${action} ${label?.split('.')[0]} ${state}`)
      .sort();
  }

  async approve({ id, digest }: Pick<SyncRun, 'id' | 'digest'>): Promise<SyncRun> {
    await this.runs().approve(id, digest ?? '', 'operator');
    await this.runDue();
    return this.runs().run(id);
  }

  async health(): Promise<{ ok: boolean; message: string | null }> {
    return (await this.world.app.get(ConnectorService).byId(this.targetId)).health;
  }

  async change(settings: object): Promise<void> {
    const connectors = this.world.app.get(ConnectorService);
    await connectors.update(this.targetId, (await connectors.byId(this.targetId)).version, settings, 'operator');
  }

  /** Labels that this connector remembers. */
  async remembered(where = 'true'): Promise<string[]> {
    const rows = await this.sql<{ key: string }>(`SELECT key FROM dns_published WHERE target_id = $1 AND ${where} ORDER BY key`, [
      this.targetId,
    ]);
    return rows.map(({ key }) => key.split('.')[0] ?? '');
  }

  /** Labels of what stands there with the mark of this connector. */
  async served(): Promise<string[]> {
    const mark = await this.mark();
    return (await this.stored())
      .filter(({ comments }) => comments.some(({ content }) => content === mark))
      .map(labelOf)
      .sort();
  }

  /** What stands there under a label, whoever wrote it. */
  async recordsOf(label: string): Promise<string[]> {
    return (await this.stored()).filter((set) => labelOf(set) === label).flatMap(({ records }) => records.map(({ content }) => content));
  }

  /** By label, what stands there without it. */
  async others(): Promise<Record<string, string[]>> {
    const mark = await this.mark();
    const theirs = (await this.stored()).filter(({ comments }) => comments.every(({ content }) => content !== mark));
    return Object.fromEntries(theirs.map((set) => [labelOf(set), set.records.map(({ content }) => content)]));
  }

  private async stored(): Promise<Stored[]> {
    const { rrsets } = JSON.parse((await this.api('GET')).body) as { rrsets: Stored[] };
    return rrsets.filter(({ type, records }) => type === 'A' && records.length > 0);
  }

  async mark(): Promise<string> {
    const [row] = await this.sql<{ id: string }>('SELECT id FROM sync_installation');
    return `id=${row?.id}.${encodeId('syncTarget', this.targetId)}`;
  }

  /** Somebody writes at the server itself; no records: it is deleted. @param mark null: they take away whatever mark there is. */
  async write(sets: Readonly<Record<string, readonly string[]>>, mark?: string | null): Promise<void> {
    const rrsets = Object.entries(sets).map(([label, records]) => ({
      name: `${label}.${ZONE}.`,
      type: 'A',
      ttl: 300,
      changetype: records.length > 0 ? 'REPLACE' : 'DELETE',
      records: records.map((content) => ({ content, disabled: false })),
      ...(mark === undefined ? {} : { comments: mark === null ? [] : [{ account: 'trame', content: mark }] }),
    }));
    expect(await this.api('PATCH', { rrsets })).toMatchObject({ status: 204 });
  }

  /** PATCHes of the connector since this was asked last. */
  patches(): number {
    return this.proxy.take('PATCH');
  }

  /** The next PATCH of the connector is not answered. @returns what lets it arrive. */
  hold(): () => Promise<void> {
    return this.proxy.hold('PATCH');
  }

  /** Three minutes are over for all that was sent. */
  async late(): Promise<void> {
    const ago = `interval '3 minutes'`;
    await this.sql(`UPDATE dns_published SET sent_at = sent_at - ${ago}`);
    await this.sql(`UPDATE sync_target SET may_come_until = may_come_until - ${ago}`);
  }

  private async connect(): Promise<SyncTargetId> {
    const { fabricId, app } = this.world;
    const input = { kind: 'POWERDNS', slug: 'dns', url: this.proxy.url, secret: new Secret(this.dns.apiKey), fabricId } as const;
    return (await app.get(ConnectorService).create({ ...input, mode: 'WRITE', zones: [ZONE] }, 'operator')).id;
  }

  private runs(): SyncRunService {
    return this.world.app.get(SyncRunService);
  }

  private api(method: string, body?: object): Promise<{ status: number; body: string }> {
    const url = `${this.dns.apiUrl}/api/v1/servers/localhost/zones/${ZONE}.`;
    return http.request({ method, url, headers: { 'x-api-key': this.dns.apiKey }, ...(body ? { body: JSON.stringify(body) } : {}) });
  }
}

const labelOf = ({ name }: Stored): string => name.split('.')[0] ?? '';

const watched = (room: () => NamesRoom | null): DnsZonesFactory =>
  hookedPowerDns({
    beforeRead: async () => room()?.before(),
    aroundWrite: (write) => room()?.around(write) ?? write(),
  });
