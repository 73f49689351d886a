import pg from 'pg';
import { newId, systemScope } from '#platform';
import { openTestDatabase } from '../../../../test/support/open-database.js';
import { numberingInvariants, numberPools } from './numbering-invariants.js';
it('measures', async () => {
  const opened = await openTestDatabase([]);
  const c = new pg.Client({ connectionString: opened.url });
  await c.connect();
  const [space, dense, half, tenant] = [newId<string>(), newId<string>(), newId<string>(), newId<string>()];
  await c.query(`SET statement_timeout = 0; SET synchronous_commit = off`);
  await c
    .query(`INSERT INTO tenant (id, slug, name) VALUES ('${tenant}', 't', 'T')`)
    .catch(() => c.query(`SET ROLE trame_system; INSERT INTO tenant (id, slug, name) VALUES ('${tenant}', 't', 'T')`));
  await c.query('SET ROLE trame_system');
  await c.query(`INSERT INTO number_space (id, kind) VALUES ('${space}', 'ASN')`);
  const N = Number(process.env['N'] ?? 3_000_000);
  for (const [id, first] of [
    [dense, 0],
    [half, 100_000_000],
  ] as const) {
    await c.query(`INSERT INTO number_pool (id, space_id, slug, name, kind) VALUES ('${id}', '${space}', '${id}', 'P', 'ASN')`);
    await c.query(`INSERT INTO number_pool_range VALUES ('${id}', '${space}', ${first}, ${first + 40_000_000})`);
    await c.query(`INSERT INTO number_quota (tenant_id, pool_id, max) VALUES ('${tenant}', '${id}', 100000000)`);
  }
  let t = performance.now();
  await c.query(
    `INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key) SELECT gen_random_uuid(), '${space}', '${dense}', '${tenant}', g, 'd' || g FROM generate_series(0, ${N - 1}) g`,
  );
  await c.query(
    `INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key) SELECT gen_random_uuid(), '${space}', '${half}', '${tenant}', 100000000 + g * 2 , 'h' || g FROM generate_series(0, ${N / 3 - 1}) g`,
  );
  console.log('insert', performance.now() - t);
  await c.query('RESET ROLE; VACUUM ANALYZE number_allocation'.split(';')[0] as string);
  await c.query('VACUUM ANALYZE number_allocation');
  await c.query('SET ROLE trame_system');
  for (const id of [dense, half]) {
    t = performance.now();
    await c.query(`SELECT number_rebuild('${id}')`);
    console.log('rebuild', performance.now() - t);
  }
  await c.query('RESET ROLE');
  await c.query('VACUUM ANALYZE free_number');
  for (const [name, id] of [
    ['dense', dense],
    ['half', half],
  ] as const)
    for (const invariant of numberingInvariants) {
      t = performance.now();
      const v = await opened.db.inTransaction(systemScope('x'), (tx) => invariant.violations(tx, [id], 100), {
        statementTimeoutMs: 600_000,
      });
      console.log(name, invariant.name, Math.round(performance.now() - t), v.length);
    }
  t = performance.now();
  console.log(await opened.db.inTransaction(systemScope('x'), (tx) => numberPools.next(tx, null)), performance.now() - t);
  await c.end();
  await opened.close();
}, 900_000);
