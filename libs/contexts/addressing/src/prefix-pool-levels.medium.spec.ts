import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JOB_HANDLERS, type JobHandler, type Reconciler, ReconcilerRegistry } from '#contexts/events';
import { numberingEntities } from '#contexts/numbering';
import { tenancyEntities } from '#contexts/tenancy';
import { Cidr, encodeId, type FabricId, IdempotencyKey, type PrefixId, type PrefixPoolId, type TenantId } from '#engines/kernel';
import { Database, newId, PlatformModule, systemScope, tenantScope } from '#platform';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { testConfig } from '../../../../test/support/world.js';
import { AddressingModule } from './addressing.module.js';
import { AddressingService } from './addressing.service.js';
import { PrefixAllocationService } from './prefix-allocation.service.js';
import { PrefixPoolAdminService } from './prefix-pool-admin.service.js';
import { addressingEntities } from './store/addressing.entity.js';

const SYSTEM = systemScope('spec');
const running = new AbortController().signal;
const [fabricId, tenantId] = [newId<FabricId>(), newId<TenantId>()];
let database: TestDatabase;
let app: INestApplicationContext;
let db: Database;
let serial = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const entities = [...numberingEntities, ...tenancyEntities, ...addressingEntities];
  @Module({ imports: [PlatformModule.forRoot(testConfig(database.url), entities, 'test'), AddressingModule] })
  class SpecModule {}
  app = await NestFactory.createApplicationContext(SpecModule, { logger: false });
  db = app.get(Database);
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
const timer = (name: string): Reconciler =>
  app
    .get(ReconcilerRegistry, { strict: false })
    .all()
    .find((reconciler) => reconciler.name === name) as Reconciler;

/** 16 blocks of /28, half a block of which is excluded; low at 4. */
const pool = (quarantineSeconds = 0): Promise<PrefixPoolId> =>
  db.inTransaction(SYSTEM, async (tx) => {
    const id = await app.get(PrefixPoolAdminService).create(tx, {
      spaceId: await app.get(AddressingService).createSpace(tx, { fabricId, slug: `s${++serial}`, name: 'S' }),
      slug: `p${serial}`,
      name: 'P',
      ranges: [Cidr.parse('10.0.0.0/24')],
      minLength: 24,
      defaultLength: 28,
      maxLength: 28,
      lowWaterPercent: 27,
      quarantineSeconds,
    });
    await tx.run(`INSERT INTO prefix_pool_exclusion (pool_id, cidr, reason) VALUES ($1, '10.0.0.0/29', 'old router')`, [id]);
    await tx.sql('SELECT prefix_rebuild($1)', [id]);
    return id;
  });
const take = async (poolId: PrefixPoolId, count: number, ttlSeconds?: number): Promise<PrefixId[]> => {
  const ids: PrefixId[] = [];
  for (let i = 0; i < count; i++) {
    const { allocations } = await app.get(PrefixAllocationService).allocate(tenantScope(tenantId, 'spec'), {
      poolId,
      tenantId,
      key: IdempotencyKey.parse(`k${++serial}`),
      ...(ttlSeconds !== undefined && { ttlSeconds }),
    });
    ids.push(...allocations.map((allocation) => allocation.id));
  }
  return ids;
};
const told = (poolId: PrefixPoolId) =>
  sql<{ type: string; body: object }>('SELECT type, body FROM event WHERE subject_id = $1 ORDER BY cursor', [poolId]);

describe('levels of prefix pools', () => {
  it('are told once when they are crossed, in whole blocks', async () => {
    const poolId = await pool();
    const handler = app.get<JobHandler>(JOB_HANDLERS['prefix-pool.changed'], { strict: false });
    const look = () => Promise.all(Array.from({ length: 4 }, () => handler.run(poolId, running)));
    await take(poolId, 10);
    await look();
    expect(await told(poolId)).toEqual([]);
    await take(poolId, 1);
    await look();
    expect(await told(poolId)).toEqual([
      {
        type: 'pool.low',
        body: {
          pool: encodeId('prefixPool', poolId),
          slug: expect.any(String) as string,
          holds: 'IPV4',
          level: 'LOW',
          was: 'OK',
          free: '4',
          size: '15',
          lowWaterPercent: 27,
        },
      },
    ]);
    await take(poolId, 4);
    await look();
    await look();
    expect((await told(poolId)).map(({ type }) => type)).toEqual(['pool.low', 'pool.exhausted']);
  });

  it('are found by the timer when nobody sent a signal', async () => {
    const poolId = await pool();
    await take(poolId, 15);
    await timer('prefix-levels').run(running);
    await timer('prefix-levels').run(running);
    expect((await told(poolId)).map(({ type }) => type)).toEqual(['pool.exhausted']);
  });
});

describe('the sweeper of prefixes and addresses', () => {
  it('ends holds and quarantines that are over, and nothing else, and signals the pool', async () => {
    const poolId = await pool(3600);
    const [expired, held, resting] = [await take(poolId, 3, 60), await take(poolId, 2, 3600), await take(poolId, 4)];
    await sql(`UPDATE prefix SET expires_at = now() - interval '1 second' WHERE id = ANY($1)`, [expired]);
    await sql('SELECT prefix_release(id, NULL, false, NULL) FROM unnest($1::uuid[]) id', [resting]);
    await sql('UPDATE prefix SET reusable_at = now() WHERE id = ANY($1)', [resting.slice(0, 2)]);
    await sql('DELETE FROM outbox');
    await timer('address-sweep').run(running);
    const left = await sql<{ id: string }>('SELECT id FROM prefix WHERE id = ANY($1) ORDER BY id', [[...expired, ...held, ...resting]]);
    expect(left.map((row) => row.id)).toEqual([...held, ...resting.slice(2)].sort());
    expect(await sql('SELECT DISTINCT topic, key FROM outbox')).toEqual([{ topic: 'prefix-pool.changed', key: poolId }]);
    expect(await sql(`SELECT trim_scale(free)::text AS free FROM prefix_pool_state WHERE pool_id = $1`, [poolId])).toEqual([
      { free: '11.5' },
    ]);
  });

  it('gives addresses back, more than a batch of them', async () => {
    const [prefix, subnet] = [newId<string>(), newId<string>()];
    const [space] = await sql<{ id: string }>('SELECT id FROM address_space LIMIT 1');
    await sql(
      `INSERT INTO prefix (id, space_id, cidr, role, tenant_id, holder_kind) VALUES ($1, $2, '192.168.0.0/23', 'SUBNET', $3, 'subnet')`,
      [prefix, space?.id, tenantId],
    );
    await sql(
      `INSERT INTO subnet (id, tenant_id, prefix_id, space_id, cidr, gateway_mode) VALUES ($1, $2, $3, $4, '192.168.0.0/23', 'NONE')`,
      [subnet, tenantId, prefix, space?.id],
    );
    await sql(
      `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, key, fingerprint, state, expires_at)
         SELECT gen_random_uuid(), $1, $2, $3, '192.168.0.0'::inet + g, 'HOST', 'a' || g, 'f', 'HELD', now() - interval '1 second' FROM generate_series(1, 250) g`,
      [tenantId, space?.id, subnet],
    );
    await sql('SELECT address_rebuild($1)', [subnet]);
    await timer('address-sweep').run(AbortSignal.abort());
    expect(await sql('SELECT count(*)::int AS n FROM ip_address')).toEqual([{ n: 250 }]);
    await timer('address-sweep').run(running);
    expect(await sql('SELECT count(*)::int AS n FROM ip_address')).toEqual([{ n: 0 }]);
    expect(await sql('SELECT host(first) AS first, host(last) AS last FROM free_address')).toEqual([
      { first: '192.168.0.1', last: '192.168.1.254' },
    ]);
  });
});
