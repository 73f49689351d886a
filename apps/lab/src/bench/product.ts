/** The product as a process of it runs, with what the scenarios ask of it. */
import { randomBytes } from 'node:crypto';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessModule, TokenService } from '#contexts/access';
import { addressingEntities, AddressingModule } from '#contexts/addressing';
import { EventsModule, InvariantInspector, InvariantRegistry } from '#contexts/events';
import {
  NumberAllocationService,
  type NumberKind,
  numberingEntities,
  NumberingModule,
  type NumberRange,
  PoolAdminService,
} from '#contexts/numbering';
import { TenancyModule, TenancyService, tenancyEntities } from '#contexts/tenancy';
import { encodeId, type FabricId, IdempotencyKey, Label, type PoolId, Slug, type TenantId } from '#engines/kernel';
import { type Config, Database, loadConfig, newId, PlatformModule, type Scope, systemScope, tenantScope } from '#platform';

const ACTOR = 'bench';
const DAY_MS = 24 * 3600 * 1000;
const key32 = (): string => randomBytes(32).toString('base64');

export interface NumberPool {
  readonly id: PoolId;
  readonly first: number;
  readonly last: number;
}

export class Product {
  private serial = 0;

  private constructor(
    private readonly app: INestApplicationContext,
    readonly db: Database,
    /** What other processes of it are started with. */
    readonly environment: Readonly<Record<string, string>>,
    readonly tenantId: TenantId,
  ) {}

  /** @param connections of its pool. */
  static async open(databaseUrl: string, connections: number): Promise<Product> {
    const environment = {
      DATABASE_URL: databaseUrl,
      PG_POOL: String(connections),
      TRAME_KEK: key32(),
      TRAME_TOKEN_PEPPER: key32(),
      LOG_LEVEL: 'error',
    };
    const app = await NestFactory.createApplicationContext(benchModule(loadConfig(environment)), { logger: false, abortOnError: false });
    const db = app.get(Database);
    const tenant = await db.inTransaction(systemScope(ACTOR), (tx) =>
      app.get(TenancyService).createTenant(tx, { slug: Slug.parse('bench'), name: Label.parse('Bench'), externalRef: null }),
    );
    return new Product(app, db, environment, tenant.id);
  }

  get<Service>(service: new (...dependencies: never[]) => Service): Service {
    return this.app.get(service, { strict: false });
  }

  /** A fabric has a space of VNIs of its own, so that each pool may have all of it. */
  async fabric(): Promise<FabricId> {
    const id = newId<FabricId>();
    await this.db.inTransaction(systemScope(ACTOR), (tx) =>
      tx.run(
        `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac)
           VALUES ($1, $2, 'Bench', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
        [id, `bench-${++this.serial}`],
      ),
    );
    return id;
  }

  async numberPool(fabricId: FabricId, range: NumberRange, kind: NumberKind = 'VNI'): Promise<NumberPool> {
    const pool = { fabricId, kind, slug: Slug.parse(`bench-${++this.serial}`), name: 'Bench', ranges: [range] };
    const id = await this.db.inTransaction(systemScope(ACTOR), (tx) => this.get(PoolAdminService).create(tx, pool));
    return { id, ...range };
  }

  /** The next free number for a key that nobody used, as the customer. */
  async allocateNumber({ id: poolId }: Pick<NumberPool, 'id'>): Promise<number> {
    const request = { poolId, tenantId: this.tenantId, key: this.nextKey() };
    const { allocations } = await this.get(NumberAllocationService).allocate(this.scope, request);
    const [first] = allocations;
    if (!first || allocations.length !== 1) throw new Error(`${allocations.length} allocations for one number`);
    return first.value;
  }

  nextKey(): IdempotencyKey {
    return IdempotencyKey.parse(`bench-${++this.serial}`);
  }

  get scope(): Scope {
    return tenantScope(this.tenantId, ACTOR);
  }

  /** `trame_live_…` of the customer. */
  async token(): Promise<string> {
    const expiresAt = new Date(Date.now() + DAY_MS);
    const token = { name: 'bench', tenantId: this.tenantId, scopes: ['vni:allocate'], expiresAt, createdBy: ACTOR };
    return (await this.get(TokenService).create(token)).secret;
  }

  get publicTenantId(): string {
    return encodeId('tenant', this.tenantId);
  }

  /** Every invariant of the product, over everything. @throws Error with what is violated. */
  async audit(): Promise<void> {
    const inspector = this.get(InvariantInspector);
    for (const invariant of this.get(InvariantRegistry).all()) {
      const { violations } = await inspector.inspect(invariant, ACTOR);
      if (violations.length > 0) throw new Error(`${invariant.name} is violated: ${violations.map(({ what }) => what).join('; ')}`);
    }
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

function benchModule(config: Config): new () => object {
  @Module({
    imports: [
      PlatformModule.forRoot(config, [...numberingEntities, ...tenancyEntities, ...addressingEntities], 'bench'),
      AccessModule,
      EventsModule,
      NumberingModule,
      TenancyModule,
      AddressingModule,
    ],
  })
  class BenchModule {}
  return BenchModule;
}
