import pg from 'pg';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { tcpProxy } from '../../../../test/support/tcp-proxy.js';
import type { TenantId } from '#engines/kernel';
import { newId } from '../new-id.js';
import { createLogger } from '../log/logger.js';
import { Database } from './database.js';
import { surviveLostConnections } from './lost-connections.js';
import { systemScope, tenantScope } from './scope.js';
import type { Tx } from './tx.js';

let opened: OpenDatabase;
const system = systemScope('spec');
const increment = (id: string) => (tx: Tx) => tx.run('UPDATE lease SET fence = fence + 1 WHERE resource = $1', [id]);
const fenceOf = async (id: string): Promise<number> =>
  Number(
    (await opened.db.inTransaction(system, (tx) => tx.one<{ fence: string }>('SELECT fence FROM lease WHERE resource = $1', [id])))?.fence,
  );
const row = (id: string) =>
  opened.db.inTransaction(system, (tx) =>
    tx.run(`INSERT INTO lease (resource, holder, fence, until) VALUES ($1, gen_random_uuid(), 0, now())`, [id]),
  );

beforeAll(async () => {
  opened = await openTestDatabase([]);
});
afterAll(() => opened.close());

describe('a transaction', () => {
  it('runs again as a whole after a deadlock (40P01)', async () => {
    await Promise.all([row('dead-a'), row('dead-b')]);
    let attempts = 0;
    let firstBoth: () => void = () => undefined;
    const both = new Promise<void>((resolve) => (firstBoth = resolve));
    let arrived = 0;
    let firstDone: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (firstDone = resolve));
    const crossing = (one: string, other: string) =>
      opened.db.inTransaction(system, async (tx) => {
        // The one that begins again could be faster than the one that was waiting for it, and meet it once more.
        if (++attempts > 2) await done;
        await increment(one)(tx);
        if (++arrived === 2) firstBoth();
        await both;
        await increment(other)(tx);
      });
    await Promise.all([crossing('dead-a', 'dead-b').then(firstDone), crossing('dead-b', 'dead-a').then(firstDone)]);
    expect(attempts).toBe(3);
    expect([await fenceOf('dead-a'), await fenceOf('dead-b')]).toEqual([2, 2]);
  });

  it('runs again after a serialization failure (40001)', async () => {
    await row('serial');
    let attempts = 0;
    await opened.db.inTransaction(
      system,
      async (tx) => {
        attempts++;
        await tx.one('SELECT fence FROM lease WHERE resource = $1', ['serial']);
        if (attempts === 1) await opened.db.inTransaction(system, increment('serial'));
        await increment('serial')(tx);
      },
      { isolation: 'REPEATABLE READ' },
    );
    expect(attempts).toBe(2);
    expect(await fenceOf('serial')).toBe(2);
  });

  it('does not run again for an answer such as a violated constraint', async () => {
    await row('once');
    let attempts = 0;
    await expect(
      opened.db.inTransaction(system, (tx) => {
        attempts++;
        return tx.run(`INSERT INTO lease (resource, holder, fence, until) VALUES ('once', gen_random_uuid(), 0, now())`);
      }),
    ).rejects.toMatchObject({ code: '23505' });
    expect(attempts).toBe(1);
  });

  it('leaves nothing of the tenant on its connection', async () => {
    const tenantId = newId<TenantId>();
    await opened.db.inTransaction(system, (tx) => tx.run(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'one', 'One')`, [tenantId]));
    const count = (tx: Tx) => tx.one<{ n: number; role: string }>('SELECT count(*)::int AS n, current_user::text AS role FROM tenant');
    expect(await opened.db.inTransaction(tenantScope(tenantId, 'x'), count)).toEqual({ n: 1, role: 'trame_tenant' });
    const others = await Promise.all(Array.from({ length: 30 }, () => opened.db.inTransaction(tenantScope(newId<TenantId>(), 'y'), count)));
    expect(others.every((seen) => seen?.n === 0)).toBe(true);
    expect(await opened.db.inTransaction(system, count)).toEqual({ n: 1, role: 'trame_system' });
  });
});

describe("a look at what is not a tenant's, in its transaction", () => {
  const role = async (tx: Tx) => (await tx.one<{ role: string }>('SELECT current_user::text AS role'))?.role;

  it('sees all rows and those of the transaction itself, and the tenant is a tenant again after it, and after an error', async () => {
    const [mine, other] = [newId<TenantId>(), newId<TenantId>()];
    await opened.db.inTransaction(system, (tx) =>
      tx.run(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'mine', 'Mine'), ($2, 'other', 'Other')`, [mine, other]),
    );
    const slugs = (tx: Tx) => tx.sql<{ slug: string }>(`SELECT slug FROM tenant WHERE slug IN ('mine', 'other') ORDER BY slug`);
    await opened.db.inTransaction(tenantScope(mine, 'x'), async (tx) => {
      expect(await slugs(tx)).toEqual([{ slug: 'mine' }]);
      expect(await tx.asSystem(slugs)).toEqual([{ slug: 'mine' }, { slug: 'other' }]);
      expect(await slugs(tx)).toEqual([{ slug: 'mine' }]);
      await expect(tx.asSystem(() => Promise.reject(new Error('of ours')))).rejects.toThrow('of ours');
      expect(await role(tx)).toBe('trame_tenant');
      expect(await tx.asSystem(role)).toBe('trame_system');
      expect(await tx.asSystem((inner) => inner.asSystem(role))).toBe('trame_system');
    });
    await expect(
      opened.db.inTransaction(tenantScope(mine, 'x'), (tx) => tx.asSystem((inner) => inner.sql('SELECT 1 / 0'))),
    ).rejects.toMatchObject({ code: '22012' });
  });
});

describe('a statement that is its own transaction', () => {
  interface Seen {
    role: string;
    tenant: string | null;
    actor: string;
    tenants: number;
  }
  const look = (scope: Parameters<typeof opened.db.call>[0]): Promise<Seen[]> => opened.db.call<Seen>(scope, 'look(scope.role, $1)', ['x']);
  beforeAll(async () => {
    const owner = new pg.Client({ connectionString: opened.url });
    await owner.connect();
    await owner.query(`
      CREATE FUNCTION look(p_role text, p_any text) RETURNS TABLE (role text, tenant uuid, actor text, tenants int) LANGUAGE plpgsql AS $$
      BEGIN RETURN QUERY SELECT current_user::text, current_tenant(), current_setting('app.actor'), (SELECT count(*)::int FROM tenant); END $$;
      CREATE SEQUENCE calls; GRANT USAGE ON calls TO trame_system;
      CREATE FUNCTION stumble(p_role text, p_times int) RETURNS TABLE (n bigint) LANGUAGE plpgsql AS $$
      DECLARE v bigint := nextval('calls');
      BEGIN IF v <= p_times THEN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END IF; n := v; RETURN NEXT; END $$;`);
    await owner.end();
  });

  it('runs as its scope says, and leaves nothing of it on the connection', async () => {
    const tenantId = newId<TenantId>();
    await opened.db.inTransaction(system, (tx) => tx.run(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'call', 'Call')`, [tenantId]));
    const nobody = newId<TenantId>();
    for (let i = 0; i < 30; i++) {
      expect(await look(tenantScope(tenantId, 'a'))).toEqual([{ role: 'trame_tenant', tenant: tenantId, actor: 'a', tenants: 1 }]);
      expect(await look(tenantScope(nobody, 'b'))).toEqual([{ role: 'trame_tenant', tenant: nobody, actor: 'b', tenants: 0 }]);
      const [asSystem] = await look(system);
      expect(asSystem).toMatchObject({ role: 'trame_system', tenant: null });
      expect(asSystem?.tenants).toBeGreaterThan(0);
    }
  });

  it('runs again after a serialization failure', async () => {
    expect(await opened.db.call<{ n: string }>(system, 'stumble(scope.role, $1)', [2])).toEqual([{ n: '3' }]);
  });
});

describe('a service that starts while Postgres restarts', () => {
  it('waits for it, and a person at a command line is told at once', async () => {
    const wire = await tcpProxy(opened.url);
    await wire.cut();
    await expect(Database.connect(wire.url, 2, [], createLogger('silent'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    let isBack = false;
    const connecting = Database.connect(wire.url, 2, [], createLogger('silent'), 10_000).then((db) => (expect(isBack).toBe(true), db));
    await new Promise((resolve) => setTimeout(resolve, 300));
    isBack = true;
    await wire.mend();
    const db = await connecting;
    expect(await db.isAlive()).toBe(true);
    await db.close();
    await wire.close();
  });
});

describe('a connection that the server ends while its holder asks nothing', () => {
  it('ends no process: the next question over it fails, and the one after has another', async () => {
    const pool = new pg.Pool({ connectionString: opened.url, max: 1 });
    surviveLostConnections(pool);
    pool.on('error', () => undefined);
    const client = await pool.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const lost = new Promise((resolve) => client.once('end', resolve));
    const owner = new pg.Client({ connectionString: opened.url });
    await owner.connect();
    await owner.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await owner.end();
    await lost;
    await expect(client.query('SELECT 1')).rejects.toThrow(/not queryable|terminat/);
    client.release(true);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });
});
