import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JOB_HANDLERS, type JobHandler, OutboxRelay, queueName, ReconcilerRegistry } from '#contexts/events';
import { encodeId, type FabricId, type PoolId, type TenantId } from '#engines/kernel';
import { Database, newId, PlatformModule, QUEUE_BACKEND, type QueueBackend, systemScope } from '#platform';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/eventually.js';
import { testConfig } from '../../../../test/support/world.js';
import { NumberingModule } from './numbering.module.js';
import { NumberingService } from './numbering.service.js';
import { PoolAdminService } from './pool-admin.service.js';
import { numberingEntities } from './store/number-pool.entity.js';

const SYSTEM = systemScope('spec');
const running = new AbortController().signal;
const fabricId = newId<FabricId>();
const tenantId = newId<TenantId>();
let database: TestDatabase;
let app: INestApplicationContext;
let db: Database;
let numbering: NumberingService;
let handler: JobHandler;
let serial = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  @Module({ imports: [PlatformModule.forRoot(testConfig(database.url), numberingEntities, 'test'), NumberingModule] })
  class SpecModule {}
  app = await NestFactory.createApplicationContext(SpecModule, { logger: false });
  [db, numbering] = [app.get(Database), app.get(NumberingService)];
  handler = app.get<JobHandler>(JOB_HANDLERS['number-pool.changed'], { strict: false });
  await sql(
    `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
    [fabricId],
  );
  await sql(`INSERT INTO tenant (id, slug, name) VALUES ($1, 't', 'T')`, [tenantId]);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  db.inTransaction(SYSTEM, (tx) => tx.sql<Row>(text, values));

/** 20 values, 4 of them excluded, low at 4. */
const pool = (): Promise<PoolId> => {
  const first = ++serial * 1000;
  return db.inTransaction(SYSTEM, (tx) =>
    app.get(PoolAdminService).create(tx, {
      fabricId,
      kind: 'VNI',
      slug: `p${serial}`,
      name: 'P',
      ranges: [{ first, last: first + 19 }],
      exclusions: [{ first: first + 16, last: first + 23, reason: 'old switch' }],
      quarantineSeconds: 0,
      lowWaterPercent: 25,
    }),
  );
};
const claim = (poolId: PoolId, count: number) =>
  db.inTransaction(SYSTEM, async (tx) => {
    const ids = [];
    for (let i = 0; i < count; i++)
      ids.push((await numbering.claim(tx, { poolId, tenantId, key: newId(), holder: 'network' })).allocationId);
    return ids;
  });
const told = (poolId: PoolId) =>
  sql<{ type: string; free: string }>(`SELECT type, body->>'free' AS free FROM event WHERE subject_id = $1 ORDER BY cursor`, [poolId]);

describe('levels of number pools', () => {
  it('are told once when they are crossed, whoever looks and how many do', async () => {
    const poolId = await pool();
    const look = () => Promise.all(Array.from({ length: 6 }, () => handler.run(poolId, running)));
    await claim(poolId, 11);
    await look();
    expect(await told(poolId)).toEqual([]);
    const last = await claim(poolId, 1);
    await look();
    await look();
    expect(await told(poolId)).toEqual([{ type: 'pool.low', free: '4' }]);
    await db.inTransaction(SYSTEM, (tx) => numbering.free(tx, last)); // At the mark and back: no flapping.
    await look();
    await claim(poolId, 1);
    await look();
    const rest = await claim(poolId, 4);
    await look();
    expect(await told(poolId)).toEqual([
      { type: 'pool.low', free: '4' },
      { type: 'pool.exhausted', free: '0' },
    ]);
    await db.inTransaction(SYSTEM, (tx) => numbering.free(tx, rest));
    await look();
    expect((await told(poolId)).slice(2)).toEqual([{ type: 'pool.low', free: '4' }]);
    const again = await claim(poolId, 4);
    await look();
    await db.inTransaction(SYSTEM, async (tx) => numbering.free(tx, again));
    await look();
    expect((await told(poolId)).map(({ type }) => type)).toEqual(['pool.low', 'pool.exhausted', 'pool.low', 'pool.exhausted', 'pool.low']);
    await sql('UPDATE number_pool SET low_water_percent = 10 WHERE id = $1', [poolId]);
    await look();
    expect((await told(poolId)).at(-1)).toEqual({ type: 'pool.recovered', free: '4' });
  });

  it("say which pool, and are the operator's", async () => {
    const poolId = await pool();
    await claim(poolId, 16);
    await handler.run(poolId, running);
    expect(await sql('SELECT tenant_id, body FROM event WHERE subject_id = $1', [poolId])).toEqual([
      {
        tenant_id: null,
        body: {
          pool: encodeId('pool', poolId),
          slug: `p${serial}`,
          holds: 'VNI',
          level: 'EXHAUSTED',
          was: 'OK',
          free: '0',
          size: '16',
          lowWaterPercent: 25,
        },
      },
    ]);
  });

  it('are found by the timer when nobody sent a signal', async () => {
    const pools = [await pool(), await pool(), await pool()];
    await claim(pools[0] as PoolId, 16);
    await claim(pools[2] as PoolId, 13);
    const timer = app
      .get(ReconcilerRegistry, { strict: false })
      .all()
      .find((reconciler) => reconciler.name === 'number-levels');
    await timer?.run(running);
    await timer?.run(running);
    expect(await Promise.all(pools.map(told))).toEqual([[{ type: 'pool.exhausted', free: '0' }], [], [{ type: 'pool.low', free: '3' }]]);
  });

  it('begin with a signal of whoever takes numbers', async () => {
    const poolId = await pool();
    await sql('DELETE FROM outbox');
    await claim(poolId, 1);
    expect(await sql('SELECT DISTINCT topic, key FROM outbox')).toEqual([{ topic: 'number-pool.changed', key: poolId }]);
    await app.get(OutboxRelay, { strict: false }).relayAll();
    const heard: unknown[] = [];
    const worker = app
      .get<QueueBackend>(QUEUE_BACKEND)
      .worker(queueName('number-pool.changed'), async (job) => void heard.push((job as { data: { key: string } }).data.key), 1);
    await eventually(
      () => heard,
      (keys) => keys.includes(poolId),
    );
    await worker.close();
  });

  it('of a pool that is gone are nobody’s business', async () => {
    await expect(handler.run(newId<PoolId>(), running)).resolves.toBeUndefined();
  });
});
