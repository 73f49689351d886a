import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventsModule, InvariantRegistry } from '#contexts/events';
import type { FabricId, TenantId } from '#engines/kernel';
import { type Config, Database, type EntityList, loadConfig, newId, PlatformModule, systemScope, type Tx } from '#platform';
import { createTestDatabase } from '../../support/database.js';

const SYSTEM = systemScope('model');

/** The services that allocate, on a database of their own, with three tenants that share everything in it. */
export class AllocationWorld {
  private serial = 0;

  private constructor(
    private readonly app: INestApplicationContext,
    readonly db: Database,
    readonly tenants: readonly TenantId[],
    private readonly drop: () => Promise<void>,
  ) {}

  /** @param contexts modules of those that are looked at. */
  static async open(contexts: readonly (new () => object)[], entities: EntityList): Promise<AllocationWorld> {
    const { url, drop } = await createTestDatabase();
    @Module({ imports: [PlatformModule.forRoot(configOf(url), entities, 'model'), EventsModule, ...contexts] })
    class AllocationModule {}
    const app = await NestFactory.createApplicationContext(AllocationModule, { logger: false, abortOnError: false });
    const db = app.get(Database);
    const tenants = [newId<TenantId>(), newId<TenantId>(), newId<TenantId>()];
    await db.inTransaction(SYSTEM, async (tx) => {
      for (const [n, id] of tenants.entries()) await tx.run('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [id, `t${n}`]);
    });
    return new AllocationWorld(app, db, tenants, drop);
  }

  get<Service>(service: new (...dependencies: never[]) => Service): Service {
    return this.app.get(service, { strict: false });
  }

  system<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.db.inTransaction(SYSTEM, work);
  }

  /** Never the same one. */
  next(): number {
    return ++this.serial;
  }

  /** With number spaces of its own. */
  async fabric(): Promise<FabricId> {
    const id = newId<FabricId>();
    await this.system((tx) =>
      tx.run(
        `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac)
           VALUES ($1, $2, 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
        [id, `f${this.next()}`],
      ),
    );
    return id;
  }

  /** What every invariant of the product about such things says of these, one line each. @param slices `number pools`, … */
  violations(slices: string, ids: readonly string[]): Promise<string[]> {
    const invariants = this.get(InvariantRegistry)
      .all()
      .filter((invariant) => invariant.slices.name === slices);
    if (invariants.length === 0) throw new Error(`there are no invariants about ${slices}`);
    return this.system(async (tx) => {
      const found: string[] = [];
      for (const invariant of invariants)
        for (const { what } of await invariant.violations(tx, ids, 10)) found.push(`${invariant.name}: ${what}`);
      return found;
    });
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.drop();
  }
}

function configOf(url: string): Config {
  const key = Buffer.alloc(32, 3).toString('base64');
  return loadConfig({ DATABASE_URL: url, TRAME_KEK: key, TRAME_TOKEN_PEPPER: key, LOG_LEVEL: 'silent', PG_POOL: '20' });
}
