import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Reconciler, ReconcilerRegistry } from '#contexts/events';
import type { FabricId, PoolId, TenantId } from '#engines/kernel';
import { Database, newId, PlatformModule, systemScope } from '#platform';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { testConfig } from '../../../../test/support/world.js';
import { NumberingModule } from './numbering.module.js';
import { PoolAdminService } from './pool-admin.service.js';
import { numberingEntities } from './store/number-pool.entity.js';

const SYSTEM = systemScope('spec');
const tenantId = newId<TenantId>();
let database: TestDatabase;
let app: INestApplicationContext;
let db: Database;
let sweeper: Reconciler;
let poolId: PoolId;

beforeAll(async () => {
  database = await createTestDatabase();
  @Module({ imports: [PlatformModule.forRoot(testConfig(database.url), numberingEntities, 'test'), NumberingModule] })
  class SpecModule {}
  app = await NestFactory.createApplicationContext(SpecModule, { logger: false });
  db = app.get(Database);
  const timers = app.get(ReconcilerRegistry, { strict: false }).all();
  sweeper = timers.find((reconciler) => reconciler.name === 'number-sweep') as Reconciler;
  const fabricId = newId<FabricId>();
  await sql(
    `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
    [fabricId],
  );
  await sql(`INSERT INTO tenant (id, slug, name) VALUES ($1, 't', 'T')`, [tenantId]);
  poolId = await db.inTransaction(SYSTEM, (tx) =>
    app.get(PoolAdminService).create(tx, { fabricId, kind: 'VNI', slug: 'p', name: 'P', ranges: [{ first: 1, last: 2000 }] }),
  );
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  db.inTransaction(SYSTEM, (tx) => tx.sql<Row>(text, values));
const take = (count: number, holdSeconds: number | null) =>
  sql(`SELECT 1 FROM number_take($1, $2, $3, 'f', $4, $5, false, false, NULL, $6, 'external', 'spec', NULL)`, [
    poolId,
    tenantId,
    newId(),
    Array.from({ length: count }, () => newId<string>()),
    count,
    holdSeconds,
  ]);
const states = async () =>
  Object.fromEntries(
    (await sql<{ state: string; n: number }>('SELECT state, count(*)::int AS n FROM number_allocation GROUP BY state')).map((row) => [
      row.state,
      row.n,
    ]),
  );
const running = new AbortController().signal;

describe('the sweeper of numbers', () => {
  it('ends every hold and every quarantine that is over, however many, and nothing else', async () => {
    await take(450, 60);
    await take(20, 3600);
    await take(10, null);
    await sql(`UPDATE number_allocation SET expires_at = now() - interval '1 second' WHERE expires_at < now() + interval '10 minutes'`);
    await take(230, null);
    await sql(`SELECT number_release(id, NULL, false) FROM number_allocation WHERE value > 480`);
    await sql(`UPDATE number_allocation SET reusable_at = now() WHERE state = 'QUARANTINED' AND value <= 700`);
    expect(await states()).toEqual({ HELD: 470, BOUND: 10, QUARANTINED: 230 });
    await sweeper.run(running);
    expect(await states()).toEqual({ HELD: 20, BOUND: 10, QUARANTINED: 10 });
    expect(await sql('SELECT free::int AS free FROM number_pool_state')).toEqual([{ free: 2000 - 40 }]);
  });

  it('begins no further batch when the process stops', async () => {
    await take(150, 60);
    await sql(`UPDATE number_allocation SET expires_at = now() - interval '1 second' WHERE state = 'HELD'`);
    await sweeper.run(AbortSignal.abort());
    expect((await states())['HELD']).toBe(170);
    await sweeper.run(running);
    expect((await states())['HELD']).toBeUndefined();
  });

  it('signals that the pool has more free values', async () => {
    await take(1, 60);
    await sql(`UPDATE number_allocation SET expires_at = now() - interval '1 second' WHERE state = 'HELD'`);
    await sql('DELETE FROM outbox');
    await sweeper.run(running);
    expect(await sql('SELECT topic, key FROM outbox')).toEqual([{ topic: 'number-pool.changed', key: poolId }]);
  });
});
