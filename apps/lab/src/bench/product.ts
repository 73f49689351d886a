/** The product as a process of it runs, with what the scenarios ask of it. */
import { randomBytes } from 'node:crypto';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessModule, TokenService } from '#contexts/access';
import {
  AddressAllocationService,
  addressingEntities,
  AddressingImporter,
  AddressingModule,
  AddressingService,
  PrefixAllocationService,
  PrefixPoolAdminService,
  SubnetService,
} from '#contexts/addressing';
import { EventsModule, InvariantRegistry } from '#contexts/events';
import {
  NumberAllocationService,
  type NumberKind,
  numberingEntities,
  NumberingModule,
  type NumberRange,
  PoolAdminService,
} from '#contexts/numbering';
import { TenancyModule, TenancyService, tenancyEntities } from '#contexts/tenancy';
import {
  type AddressSpaceId,
  Cidr,
  encodeId,
  type FabricId,
  IdempotencyKey,
  Label,
  type PoolId,
  type PrefixPoolId,
  Slug,
  type Ip,
  type SubnetId,
  type TenantId,
} from '#engines/kernel';
import { type Config, Database, loadConfig, newId, PlatformModule, type Scope, systemScope, tenantScope } from '#platform';

const ACTOR = 'bench';
const DAY_MS = 24 * 3600 * 1000;
const AUDIT = { statementTimeoutMs: 600_000 };
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
    return onlyOne(allocations).value;
  }

  /** The only pool of an address space of its own. */
  async prefixPool(range: string, lengths: { min: number; default: number; max: number }): Promise<PrefixPoolId> {
    const fabricId = await this.fabric();
    const slug = Slug.parse(`bench-${++this.serial}`);
    return this.db.inTransaction(systemScope(ACTOR), async (tx) => {
      const spaceId: AddressSpaceId = await this.get(AddressingService).createSpace(tx, { fabricId, slug, name: 'Bench' });
      const { min: minLength, default: defaultLength, max: maxLength } = lengths;
      const pool = { spaceId, slug, name: 'Bench', ranges: [Cidr.parse(range)], minLength, defaultLength, maxLength };
      return this.get(PrefixPoolAdminService).create(tx, pool);
    });
  }

  /** The next free prefix of the pool's default length. */
  async allocatePrefix(poolId: PrefixPoolId): Promise<string> {
    const request = { poolId, tenantId: this.tenantId, key: this.nextKey() };
    const { allocations } = await this.get(PrefixAllocationService).allocate(this.scope, request);
    return onlyOne(allocations).cidr;
  }

  /** A subnet that fills an address space of its own. */
  async subnet(cidr: string): Promise<SubnetId> {
    const length = Cidr.length(Cidr.parse(cidr));
    const poolId = await this.prefixPool(cidr, { min: length, default: length, max: length });
    const { tenantId } = this;
    const granted = await this.get(PrefixAllocationService).allocate(this.scope, { poolId, tenantId, key: this.nextKey() });
    const { id: prefixId, generation } = onlyOne(granted.allocations);
    const subnet = await this.db.inTransaction(this.scope, (tx) =>
      this.get(SubnetService).open(tx, { prefixId, generation, tenantId, gatewayMode: 'NONE' }),
    );
    return subnet.id;
  }

  /** The next free host address. */
  async allocateAddress(subnetId: SubnetId): Promise<string> {
    const request = { subnetId, tenantId: this.tenantId, key: this.nextKey() };
    const { allocations } = await this.get(AddressAllocationService).allocate(this.scope, request);
    return onlyOne(allocations).address;
  }

  /** As `trame import prefixes` does it. @returns how many. */
  importPrefixes(poolId: PrefixPoolId, cidrs: Iterable<Cidr>): Promise<number> {
    const { tenantId } = this;
    const rows = map(cidrs, (cidr) => ({ cidr, tenantId }));
    return this.get(AddressingImporter).importPrefixes(systemScope(ACTOR), poolId, rows);
  }

  /** As `trame import addresses` does it, into the address space of a subnet. @returns how many. */
  async importAddresses(subnetId: SubnetId, addresses: Iterable<Ip>): Promise<number> {
    const system = systemScope(ACTOR);
    const { spaceId } = await this.db.inTransaction(system, (tx) => this.get(SubnetService).subnet(tx, subnetId));
    return this.get(AddressingImporter).importAddresses(
      system,
      spaceId,
      map(addresses, (address) => ({ address })),
    );
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

  /** Every invariant of the product, over everything, however long a question takes. @throws Error with what is violated. */
  async audit(): Promise<void> {
    const system = systemScope(ACTOR);
    for (const invariant of this.get(InvariantRegistry).all()) {
      for (let after: string | null = null; ; ) {
        const from: string | null = after;
        const ids = await this.db.inTransaction(system, (tx) => invariant.slices.next(tx, from), AUDIT);
        if (ids.length === 0) break;
        const found = await this.db.inTransaction(system, (tx) => invariant.violations(tx, ids, 10), AUDIT);
        if (found.length > 0) throw new Error(`${invariant.name} is violated: ${found.map(({ what }) => what).join('; ')}`);
        after = ids.at(-1) as string;
      }
    }
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

function* map<From, To>(values: Iterable<From>, change: (value: From) => To): Generator<To> {
  for (const value of values) yield change(value);
}

function onlyOne<Allocation>(allocations: readonly Allocation[]): Allocation {
  const [first] = allocations;
  if (!first || allocations.length !== 1) throw new Error(`${allocations.length} allocations where one was asked for`);
  return first;
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
