import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import type { TenantId } from '#engines/kernel';
import { newId } from '../new-id.js';
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
    const crossing = (one: string, other: string) =>
      opened.db.inTransaction(system, async (tx) => {
        attempts++;
        await increment(one)(tx);
        if (++arrived === 2) firstBoth();
        await both;
        await increment(other)(tx);
      });
    await Promise.all([crossing('dead-a', 'dead-b'), crossing('dead-b', 'dead-a')]);
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
