/** Trame with a hundred thousand objects, and what people do to a connector of it. The worker is a process of its own. */
import { randomBytes } from 'node:crypto';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PowerDnsServer } from '#adapters/powerdns';
import { AccessModule } from '#contexts/access';
import {
  AddressAllocationService,
  addressingEntities,
  AddressingImporter,
  AddressingModule,
  AddressingService,
  PrefixAllocationService,
  SubnetService,
} from '#contexts/addressing';
import { EventsModule } from '#contexts/events';
import { fabricEntities, FabricModule } from '#contexts/fabric';
import { FacadeModule, FacadeService } from '#contexts/facade';
import { numberingEntities, NumberingModule } from '#contexts/numbering';
import { ConnectorService, type DnsZonesFactory, SyncModule, type SyncRun, SyncRunService, SyncService } from '#contexts/sync';
import { TenancyModule, tenancyEntities, TenancyService } from '#contexts/tenancy';
import {
  type AddressSpaceId,
  Cidr,
  type FabricId,
  IdempotencyKey,
  Ip,
  type PrefixPoolId,
  type SubnetId,
  type SyncTargetId,
  type TenantId,
} from '#engines/kernel';
import { type Config, Database, loadConfig, newId, PlatformModule, Secret, systemScope } from '#platform';

const SCOPE = systemScope('bench');
const HOSTS = 250;
const POLL_MS = 100;

export class SyncSubject {
  private serial = 0;
  private tenants: TenantId[] = [];
  private spaceId!: AddressSpaceId;
  private subnets: SubnetId[] = [];

  private constructor(
    private readonly app: INestApplicationContext,
    /** What other processes of it are started with. */
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async open(databaseUrl: string): Promise<SyncSubject> {
    const key = (): string => randomBytes(32).toString('base64');
    const environment = { DATABASE_URL: databaseUrl, TRAME_KEK: key(), TRAME_TOKEN_PEPPER: key(), LOG_LEVEL: 'error' };
    const app = await NestFactory.createApplicationContext(subjectModule(loadConfig(environment)), { logger: false, abortOnError: false });
    return new SyncSubject(app, environment);
  }

  /** Ten tenants, subnets of 250 addresses each. @returns how many objects another inventory has to have of it, about. */
  async fill(objects: number): Promise<void> {
    const [db, tenancy, addressing] = [this.app.get(Database), this.get(TenancyService), this.get(AddressingService)];
    const poolId = await db.inTransaction(SCOPE, async (tx) => {
      const fabricId = newId<FabricId>();
      await tx.run(
        `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac)
           VALUES ($1, 'bench', 'Bench', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
        [fabricId],
      );
      for (let n = 1; n <= 10; n++) this.tenants.push((await tenancy.createTenant(tx, { slug: `tenant-${n}`, name: `Tenant ${n}` })).id);
      this.spaceId = await addressing.createSpace(tx, { fabricId, slug: 'bench', name: 'Bench' });
      const pool = { slug: 'bench', name: 'Bench', cidr: Cidr.parse('10.0.0.0/8'), minLength: 9, defaultLength: 24, maxLength: 30 };
      return addressing.createPrefixPool(tx, { ...pool, spaceId: this.spaceId });
    });
    const count = Math.ceil(objects / (HOSTS + 1));
    for (let n = 0; n < count; n++) this.subnets.push(await this.subnet(poolId, this.tenants[n % this.tenants.length] as TenantId));
    await this.get(AddressingImporter).importAddresses(SCOPE, this.spaceId, await this.hosts(objects - count - this.tenants.length));
  }

  async connectNetBox(url: string, token: string): Promise<SyncTargetId> {
    const input = { kind: 'NETBOX', slug: 'netbox', url, secret: new Secret(token), mode: 'WRITE' } as const;
    return (await this.get(ConnectorService).create(input, 'bench')).id;
  }

  /** So many of the addresses have a name. */
  async name(count: number): Promise<void> {
    await this.change(
      `UPDATE ip_address SET dns_name = 'host-' || x.n || '.bench.example' FROM (
          SELECT id, row_number() OVER (ORDER BY address) AS n FROM ip_address WHERE state = 'BOUND' AND role = 'HOST' ORDER BY address LIMIT $1) x
        WHERE x.id = ip_address.id`,
      [count],
    );
  }

  async connectDns(url: string, apiKey: string, zones: readonly string[]): Promise<SyncTargetId> {
    const input = { kind: 'POWERDNS', slug: 'dns', url, secret: new Secret(apiKey), zones, mode: 'WRITE' } as const;
    return (await this.get(ConnectorService).create(input, 'bench')).id;
  }

  /** What is due at a name server. @returns the record sets that the run wrote, and the seconds. */
  async publish(targetId: SyncTargetId): Promise<{ changes: number; seconds: number }> {
    const since = performance.now();
    await this.get(SyncService).run(targetId);
    const seconds = Math.round((performance.now() - since) / 10) / 100;
    const [run] = await this.sql<{ state: string; error: string | null; changes: number }>(
      'SELECT state, error, jsonb_array_length(plan) AS changes FROM sync_run WHERE target_id = $1 ORDER BY started_at DESC LIMIT 1',
      [targetId],
    );
    if (run?.state !== 'SUCCEEDED') throw new Error(`names were published ${run?.state ?? 'never'}: ${run?.error ?? ''}`);
    return { changes: run.changes, seconds };
  }

  /** As after a change of names that changes nothing in the end. */
  async lookAgain(targetId: SyncTargetId): Promise<void> {
    await this.change('UPDATE sync_target SET recheck_at = clock_timestamp() WHERE id = $1', [targetId]);
  }

  /** A complete run, done by the worker. @returns what came of it, and the seconds. */
  async run(targetId: SyncTargetId, withinMs: number): Promise<{ run: SyncRun; seconds: number }> {
    const runs = this.get(SyncRunService);
    const since = performance.now();
    const { id } = await runs.start({ targetId }, 'bench');
    for (;;) {
      const run = await runs.run(id);
      if (run.finishedAt !== null) return { run, seconds: (performance.now() - since) / 1000 };
      if (performance.now() - since > withinMs) throw new Error(`the run is at ${JSON.stringify(run.progress)} after ${withinMs / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** One address more, as another system allocates it. */
  async allocateOne(): Promise<string> {
    const [subnetId, tenantId] = [this.subnets[0] as SubnetId, this.tenants[0] as TenantId];
    const request = { subnetId, tenantId, key: this.nextKey() };
    const { allocations } = await this.get(AddressAllocationService).allocate(SCOPE, request);
    return allocations[0]?.address as string;
  }

  /** A façade for the first tenant. @returns its token. */
  facade(): Promise<string> {
    const tenantId = this.tenants[0] as TenantId;
    return this.get(FacadeService).create({ slug: 'bench', tenantId, vrfId: null, poolSlugs: ['bench'], dnsZone: null, actor: 'bench' });
  }

  close(): Promise<void> {
    return this.app.close();
  }

  private async subnet(poolId: PrefixPoolId, tenantId: TenantId): Promise<SubnetId> {
    return this.app.get(Database).inTransaction(SCOPE, async (tx) => {
      const { allocations } = await this.get(PrefixAllocationService).allocateIn(tx, { poolId, tenantId, key: this.nextKey() });
      const [leaf] = allocations;
      if (!leaf) throw new Error('no prefix was given');
      return (await this.get(SubnetService).open(tx, { prefixId: leaf.id, generation: leaf.generation, tenantId, gatewayMode: 'NONE' })).id;
    });
  }

  private async hosts(count: number): Promise<{ address: Ip }[]> {
    const hosts: { address: Ip }[] = [];
    for (const id of this.subnets) {
      const { cidr } = await this.app.get(Database).inTransaction(SCOPE, (tx) => this.get(SubnetService).subnet(tx, id));
      const { first } = Cidr.bounds(cidr);
      for (let n = 1n; n <= HOSTS && hosts.length < count; n++) hosts.push({ address: Ip.fromBigInt(4, first + n) });
    }
    return hosts;
  }

  private sql<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> {
    return this.app.get(Database).inTransaction(SCOPE, (tx) => tx.sql<Row>(text, values));
  }

  private change(text: string, values: readonly unknown[]): Promise<number> {
    return this.app.get(Database).inTransaction(SCOPE, (tx) => tx.run(text, values));
  }

  private nextKey(): IdempotencyKey {
    return IdempotencyKey.parse(`bench-${++this.serial}`);
  }

  private get<Service>(service: new (...dependencies: never[]) => Service): Service {
    return this.app.get(service, { strict: false });
  }
}

function subjectModule(config: Config): new () => object {
  const entities = [...numberingEntities, ...tenancyEntities, ...addressingEntities, ...fabricEntities];
  const dnsZones: DnsZonesFactory = ({ url, apiKey, ownerId, formerOwnerIds, signal }) =>
    new PowerDnsServer({ apiUrl: url, apiKey: apiKey.reveal(), ownerId, formerOwnerIds, signal });
  @Module({
    imports: [
      PlatformModule.forRoot(config, entities, 'bench'),
      AccessModule,
      EventsModule,
      NumberingModule,
      TenancyModule,
      AddressingModule,
      FabricModule,
      FacadeModule,
      SyncModule.with(dnsZones),
    ],
  })
  class SubjectModule {}
  return SubjectModule;
}
