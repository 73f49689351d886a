import pg from 'pg';
import { AuditService, type Invariant, InvariantInspector, type Violation } from '#contexts/events';
import { compareNatural } from '#engines/kernel';
import { newId, systemScope } from '#platform';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { numberingInvariants, numberPools } from './numbering-invariants.js';

const SYSTEM = systemScope('spec');
let opened: OpenDatabase;
let owner: pg.Client;
let inspector: InvariantInspector;
let fabricId: string;
let spaceId: string;
let tenants: string[];
let serial = 0;

beforeAll(async () => {
  opened = await openTestDatabase([]);
  owner = new pg.Client({ connectionString: opened.url });
  await owner.connect();
  inspector = new InvariantInspector(opened.db, new AuditService());
  [fabricId, spaceId, tenants] = [newId(), newId(), [newId(), newId()]];
  await sql(
    `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
    [fabricId],
  );
  await sql(`INSERT INTO number_space (id, fabric_id, kind) VALUES ($1, $2, 'VNI')`, [spaceId, fabricId]);
  for (const id of tenants) await sql('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [id, `t${++serial}`]);
});
afterAll(async () => {
  await owner.end();
  await opened.close();
});

const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  opened.db.inTransaction(SYSTEM, (tx) => tx.sql<Row>(text, values));

interface Pool {
  readonly id: string;
  /** Its ranges are 0–499, 500–599 and 700–799 from here, of which 20–29, 590–599 and 700–709 are excluded. */
  readonly first: number;
  readonly allocations: readonly string[];
}

/** With 12 values of one tenant, who has a quota, and 3 of another. */
async function busyPool(): Promise<Pool> {
  const [id, first] = [newId<string>(), ++serial * 1000];
  await sql(`INSERT INTO number_pool (id, space_id, slug, name, kind) VALUES ($1, $2, $3, 'P', 'VNI')`, [id, spaceId, `p${serial}`]);
  for (const [from, to] of [
    [0, 499],
    [500, 599],
    [700, 799],
  ] as const)
    await sql('INSERT INTO number_pool_range (pool_id, space_id, first, last) VALUES ($1, $2, $3, $4)', [
      id,
      spaceId,
      first + from,
      first + to,
    ]);
  for (const [from, to] of [
    [20, 29],
    [590, 599],
    [700, 709],
  ] as const)
    await sql('INSERT INTO number_pool_exclusion (pool_id, first, last, reason) VALUES ($1, $2, $3, $4)', [
      id,
      first + from,
      first + to,
      'old switch',
    ]);
  await sql('INSERT INTO number_quota (tenant_id, pool_id, max) VALUES ($1, $2, 50)', [tenants[0], id]);
  await sql('SELECT number_rebuild($1)', [id]);
  const allocations = [...(await take(id, tenants[0] as string, 12)), ...(await take(id, tenants[1] as string, 3))];
  return { id, first, allocations };
}

async function take(poolId: string, tenantId: string, count: number, holdSeconds: number | null = null): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId<string>());
  const taken = await sql<{ outcome: string }>(
    `SELECT outcome FROM number_take($1, $2, $3, 'f', $4, $5, false, false, NULL, $6, 'external', 'spec', NULL)`,
    [poolId, tenantId, newId(), ids, count, holdSeconds],
  );
  expect(taken.map((row) => row.outcome)).toEqual(Array(count).fill('OK'));
  return ids;
}

/** What every invariant finds, by name. */
async function found(): Promise<Record<string, readonly Violation[]>> {
  const all: Record<string, readonly Violation[]> = {};
  for (const invariant of numberingInvariants) {
    const { violations } = await inspector.inspect(invariant, 'spec');
    if (violations.length > 0) all[invariant.name] = violations.toSorted((a, b) => compareNatural(a.what, b.what)); // In no order of their own.
  }
  return all;
}

const named = (name: string): Invariant => numberingInvariants.find((invariant) => invariant.name === name) as Invariant;

interface Corruption {
  readonly name: string;
  readonly by: string;
  /** SQL with $1 = the pool and $2 = its first value. */
  readonly plant: string;
  readonly what: RegExp;
  /** What is wrong as a consequence. */
  readonly also?: readonly string[];
  /** The truth was changed: free space is not what it was before. */
  readonly isTruth?: true;
}

const DERIVED: readonly Corruption[] = [
  {
    name: 'numbering.nothing-lost',
    by: 'a free range that is gone',
    plant: 'DELETE FROM free_number WHERE pool_id = $1 AND first = $2::bigint + 710',
    what: /^\d+710-\d+799 is neither free nor allocated nor excluded$/,
  },
  {
    name: 'numbering.nothing-lost',
    by: 'a free range that begins too late',
    plant: 'UPDATE free_number SET first = first + 1 WHERE pool_id = $1 AND first = $2::bigint + 30',
    what: /^\d+030 is neither/,
  },
  {
    name: 'numbering.nothing-lost',
    by: 'an allocation that was deleted behind our back',
    plant: 'DELETE FROM number_allocation WHERE pool_id = $1 AND value = $2::bigint + 11',
    what: /^\d+011 is neither/,
    also: ['numbering.free-count-true', 'numbering.quota-true'],
    isTruth: true,
  },
  {
    name: 'numbering.free-ranges-tidy',
    by: 'a range that was not merged',
    plant: `WITH cut AS (UPDATE free_number SET last = $2::bigint + 99 WHERE pool_id = $1 AND first = $2::bigint + 30)
            INSERT INTO free_number VALUES ($1, $2::bigint + 100, $2::bigint + 589)`,
    what: /^\d+100-\d+589 continues a free range that ends at \d+099$/,
  },
  {
    name: 'numbering.free-ranges-tidy',
    by: 'two ranges that overlap',
    plant: 'INSERT INTO free_number VALUES ($1, $2::bigint + 200, $2::bigint + 210)',
    what: /^\d+200-\d+210 overlaps a free range that ends at \d+589$/,
  },
  {
    name: 'numbering.free-not-allocated',
    by: 'an allocated value that is free, too',
    plant: 'INSERT INTO free_number VALUES ($1, $2::bigint + 5, $2::bigint + 5)',
    what: /^\d+005 is allocated \([0-9a-f-]{36}\) and in the free range \d+005$/,
  },
  {
    name: 'numbering.free-not-excluded',
    by: 'an excluded range that is free, too',
    plant: 'INSERT INTO free_number VALUES ($1, $2::bigint + 22, $2::bigint + 24)',
    what: /^\d+022-\d+024 is excluded \(old switch\) and free$/,
  },
  {
    name: 'numbering.free-configured',
    by: 'free space above the pool',
    plant: 'INSERT INTO free_number VALUES ($1, $2::bigint + 850, $2::bigint + 860)',
    what: /^\d+850-\d+860 is free and in no range/,
  },
  {
    name: 'numbering.free-configured',
    by: 'free space below the pool',
    plant: 'INSERT INTO free_number VALUES ($1, $2::bigint - 9, $2::bigint - 9)',
    what: /^\d+991 is free and in no range/,
    also: ['numbering.hint-true'],
  },
  {
    name: 'numbering.free-configured',
    by: 'free space between the ranges',
    plant: 'INSERT INTO free_number VALUES ($1, $2::bigint + 650, $2::bigint + 660)',
    what: /^\d+650-\d+660 is free and in no range/,
  },
  {
    name: 'numbering.hint-true',
    by: 'a hint above free values',
    plant: 'UPDATE number_pool_state SET hint = $2::bigint + 400 WHERE pool_id = $1',
    what: /^the hint is \d+400, and \d+015 is free$/,
  },
  {
    name: 'numbering.free-count-true',
    by: 'a count that is too low',
    plant: 'UPDATE number_pool_state SET free = free - 1 WHERE pool_id = $1',
    what: /^counted are 654, and 655 are free$/,
  },
  {
    name: 'numbering.free-count-true',
    by: 'a count that is too high',
    plant: 'UPDATE number_pool_state SET free = free + 7 WHERE pool_id = $1',
    what: /^counted are 662, and 655 are free$/,
  },
  {
    name: 'numbering.quota-true',
    by: 'a quota that lost a value',
    plant: 'UPDATE number_quota SET used = 11 WHERE pool_id = $1',
    what: /^tenant \S+ has 12 values, and 11 are counted$/,
  },
  {
    name: 'numbering.state-copied',
    by: 'a state row that is gone',
    plant: 'DELETE FROM number_pool_state WHERE pool_id = $1',
    what: /^there is no state row$/,
  },
  {
    name: 'numbering.state-copied',
    by: 'a strategy that did not arrive',
    plant: `UPDATE number_pool SET strategy = 'ROTATING' WHERE id = $1`,
    what: /^strategy LOWEST_FREE instead of ROTATING$/,
  },
  {
    name: 'numbering.state-copied',
    by: 'a restriction that did not arrive',
    plant: 'INSERT INTO number_pool_tenant SELECT $1, id FROM tenant LIMIT 1',
    what: /^restricted to some tenants: false instead of true$/,
  },
  {
    name: 'numbering.state-copied',
    by: 'quotas that nobody counts',
    plant: 'UPDATE number_pool_state SET has_quotas = false WHERE pool_id = $1',
    what: /^has quotas: false instead of true$/,
  },
];

describe('the invariants of numbers', () => {
  afterEach(() => sql('SELECT number_rebuild(id) FROM number_pool'));

  it('hold in a database that is busy', async () => {
    const pools = [await busyPool(), await busyPool()];
    let isOver = false;
    const traffic = Array.from({ length: 4 }, async (_, n) => {
      const pool = pools[n % 2] as Pool;
      for (const own: string[] = []; !isOver; ) {
        own.push(...(await take(pool.id, tenants[n < 2 ? 0 : 1] as string, 1 + (own.length % 3))));
        if (own.length > 10)
          for (const id of own.splice(0, 9)) await sql('SELECT number_release($1, NULL, $2)', [id, own.length % 2 === 0]);
        await sql('UPDATE number_allocation SET reusable_at = now() WHERE state = $1 AND pool_id = $2 AND reusable_at > now()', [
          'QUARANTINED',
          pool.id,
        ]);
        await sql('SELECT number_sweep(5)');
      }
    });
    try {
      for (let looks = 0; looks < 8; looks++) expect(await found()).toEqual({});
    } finally {
      isOver = true;
      await Promise.all(traffic);
    }
    expect(await found()).toEqual({});
  });

  it.each(DERIVED)('$name finds $by and nothing else, and the repair mends it', async ({ name, plant, what, also = [], isTruth }) => {
    const [pool, bystander] = [await busyPool(), await busyPool()];
    const [before, untouched] = [await derivedOf(pool.id), await derivedOf(bystander.id)];
    await sql(plant.replaceAll('$1', `'${pool.id}'`).replaceAll('$2', String(pool.first)));
    const broken = await found();
    expect(Object.keys(broken).filter((each) => !also.includes(each))).toEqual([name]);
    expect(broken[name]).toEqual([{ id: pool.id, what: expect.stringMatching(what) as string }]);
    expect(await inspector.repair(named(name), broken[name] as Violation[], 'spec')).toBeGreaterThan(0);
    expect(await found()).toEqual({});
    expect(await derivedOf(bystander.id)).toEqual(untouched);
    if (!isTruth) expect(await derivedOf(pool.id)).toEqual(before);
    const audit = await sql(`SELECT actor, detail FROM audit_entry WHERE action = 'invariant.repaired' AND subject_id = $1`, [pool.id]);
    expect(audit).toEqual([
      { actor: 'spec', detail: { invariant: name, rows: expect.any(Number) as number, violations: [expect.stringMatching(what)] } },
    ]);
  });

  const derivedOf = async (poolId: string) => ({
    free: await sql('SELECT first, last FROM free_number WHERE pool_id = $1 ORDER BY first', [poolId]),
    state: await sql('SELECT free FROM number_pool_state WHERE pool_id = $1', [poolId]),
    quota: await sql('SELECT tenant_id, used FROM number_quota WHERE pool_id = $1', [poolId]),
  });

  describe('about what only a person can put right', () => {
    const expectOnly = async (name: string, expected: Violation[]): Promise<void> => {
      expect(await found()).toEqual({ [name]: expected });
      expect(named(name).repair).toBeUndefined();
      expect(named(name).remedy).toMatch(/\w/);
    };

    it('find a value outside of every range, below, between and above', async () => {
      const pool = await busyPool();
      const outside: Violation[] = [];
      for (const value of [pool.first - 1, pool.first + 650, pool.first + 900]) {
        const id = newId<string>();
        await sql(`INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key) VALUES ($1, $2, $3, $4, $5, $6)`, [
          id,
          spaceId,
          pool.id,
          tenants[1],
          value,
          newId(),
        ]);
        outside.push({ id: pool.id, what: `${value} is allocated (${id}) and in no range` });
      }
      await expectOnly('numbering.allocations-configured', outside);
      await sql('DELETE FROM number_allocation WHERE pool_id = $1', [pool.id]);
      await sql('SELECT number_rebuild($1)', [pool.id]);
      expect(await found()).toEqual({});
    });

    it('find a value of a pool, a space or a tenant that is not there', async () => {
      const pool = await busyPool();
      const [nobody, nowhere, lost, stray] = [newId<string>(), newId<string>(), newId<string>(), newId<string>()];
      const insert = (id: string, space: string, owner: string, tenant: string | undefined, value: number) =>
        sql(`INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key) VALUES ($1, $2, $3, $4, $5, $1::uuid::text)`, [
          id,
          space,
          owner,
          tenant,
          value,
        ]);
      await insert(lost, spaceId, nowhere, tenants[1], pool.first + 950);
      expect(await found()).toEqual({
        'numbering.allocations-configured': [
          { id: expect.any(String) as string, what: `${pool.first + 950} is allocated (${lost}) and in no range` },
        ],
      });
      await sql('DELETE FROM number_allocation WHERE id = $1', [lost]);
      await insert(stray, nowhere, pool.id, tenants[1], 5);
      expect(await found()).toEqual({
        'numbering.allocations-configured': [
          { id: expect.any(String) as string, what: `values are allocated in the space ${nowhere}, which does not exist` },
        ],
      });
      await sql('DELETE FROM number_allocation WHERE id = $1', [stray]);
      const taken = pool.allocations.at(-1);
      await sql('UPDATE number_allocation SET tenant_id = $2 WHERE id = $1', [taken, nobody]);
      await expectOnly('numbering.allocations-owned', [
        { id: pool.id, what: `${pool.first + 14} is allocated (${taken}) to the tenant ${nobody}, who does not exist` },
      ]);
      await sql('UPDATE number_allocation SET tenant_id = $2 WHERE id = $1', [taken, tenants[1]]);
    });

    it("find a value of a pool in another pool's range", async () => {
      const [pool, other] = [await busyPool(), await busyPool()];
      const [moved] = await sql<{ id: string; value: string }>(
        'UPDATE number_allocation SET pool_id = $1 WHERE id = $2 RETURNING id, value',
        [other.id, pool.allocations.at(-1)],
      );
      await expectOnly('numbering.allocations-configured', [
        { id: pool.id, what: `${moved?.value} is allocated (${moved?.id}) from the pool ${other.id}` },
      ]);
      await sql('UPDATE number_allocation SET pool_id = $1 WHERE id = $2', [pool.id, moved?.id]);
    });

    it('find values that exist twice, and that their judge is gone', async () => {
      const pool = await busyPool();
      const twin = newId<string>();
      await owner.query('ALTER TABLE number_allocation DROP CONSTRAINT number_allocation_value_unique');
      try {
        await sql(`INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key) VALUES ($1, $2, $3, $4, $5, 'twin')`, [
          twin,
          spaceId,
          pool.id,
          tenants[1],
          pool.first,
        ]);
        const [lowest] = await sql<{ id: string }>('SELECT id FROM number_pool ORDER BY id LIMIT 1');
        const broken = await found();
        expect(broken['numbering.never-twice']).toEqual([
          { id: pool.id, what: `${pool.first} is allocated 2 times: ${[pool.allocations[0], twin].sort().join(', ')}` },
          { id: lowest?.id, what: 'the constraint number_allocation_value_unique is missing' },
        ]);
      } finally {
        await sql('DELETE FROM number_allocation WHERE id = $1', [twin]);
        await owner.query('ALTER TABLE number_allocation ADD CONSTRAINT number_allocation_value_unique UNIQUE (space_id, value)');
      }
      expect(await found()).toEqual({});
    });

    it('find holds and quarantines that nobody ended', async () => {
      const pool = await busyPool();
      const [held] = await take(pool.id, tenants[1] as string, 1, 60);
      const released = pool.allocations.at(-1);
      await sql('SELECT number_release($1, NULL, false)', [released]);
      expect(await found()).toEqual({});
      const since = (await sql<{ at: string }>(`SELECT (now() - interval '2 minutes')::text AS at`))[0]?.at as string;
      await sql('UPDATE number_allocation SET expires_at = $2::timestamptz WHERE id = $1', [held, since]);
      await sql('UPDATE number_allocation SET reusable_at = $2::timestamptz WHERE id = $1', [released, since]);
      const broken = await found();
      expect(Object.keys(broken)).toEqual(['numbering.ends-kept']);
      expect(broken['numbering.ends-kept']?.map(({ what }) => what.replace(since, 'then')).sort()).toEqual([
        '1 holds are over and still there, the oldest since then',
        '1 quarantines are over and still there, the oldest since then',
      ]);
      await sql('SELECT number_sweep(1000)');
      expect(await found()).toEqual({});
    });
  });
});

describe('slices of pools', () => {
  it('come in order, each pool once, and a full pool alone', async () => {
    const big = newId<string>();
    await sql(`INSERT INTO number_pool (id, space_id, slug, name, kind) VALUES ($1, $2, 'big', 'B', 'VNI')`, [big, spaceId]);
    await sql('INSERT INTO number_pool_range (pool_id, space_id, first, last) VALUES ($1, $2, 1000000, 2000000)', [big, spaceId]);
    await sql(`INSERT INTO number_pool_state (pool_id, space_id, strategy, hint, cursor, free) VALUES ($1, $2, 'LOWEST_FREE', 0, 0, 0)`, [
      big,
      spaceId,
    ]);
    const after = newId<string>();
    await sql(`INSERT INTO number_pool (id, space_id, slug, name, kind) VALUES ($1, $2, 'after', 'A', 'VNI')`, [after, spaceId]);
    const seen: string[][] = [];
    for (let last: string | null = null; ; last = seen.at(-1)?.at(-1) as string) {
      const from: string | null = last;
      const ids = await opened.db.inTransaction(SYSTEM, (tx) => numberPools.next(tx, from));
      if (ids.length === 0) break;
      seen.push([...ids]);
    }
    expect(seen.flat()).toEqual((await sql<{ id: string }>('SELECT id FROM number_pool ORDER BY id')).map((row) => row.id));
    expect(seen.find((slice) => slice.includes(big))?.at(-1)).toBe(big);
    expect(seen.at(-1)).toEqual([after]);
  });
});
