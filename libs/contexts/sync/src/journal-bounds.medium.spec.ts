// How much is kept for connectors that do not read what changed, and what becomes of one that was not waited for.
import pg from 'pg';
import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld } from '../../../../test/support/sync-runner-world.js';
import { eventually } from '../../../../test/support/eventually.js';
import { InventorySyncJob } from './inventory-sync-job.js';
import type { SyncTargetId } from '#engines/kernel';
import { Secret } from '#platform';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

const asnId = (asn: number): string => `asn-${String(asn).padStart(10, '0')}`;
const noted = async (...asns: number[]): Promise<void> => {
  await world.sql(`INSERT INTO sync_journal (kind, local_key) SELECT 'asn', n::text FROM unnest($1::int[]) n`, [asns]);
};
const weChange = async (...asns: number[]): Promise<void> => {
  for (const asn of asns) world.local.put('asn', asnId(asn), { asn });
  await noted(...asns);
};
const theirs = (): unknown[] => world.foreign.all('asn').map(({ fields }) => fields['asn']);
const kept = async (): Promise<number> => (await world.sql('SELECT 1 FROM sync_journal')).length;
const scans = (): number => world.foreign.calls.scan;
const state = async () => {
  const [row] = await world.sql<{ hasPlace: boolean; isDue: boolean; unheard: string | null }>(
    `SELECT journal_xid <> '0' AS "hasPlace", last_full_scan_at IS NULL AS "isDue", unheard_until::text AS unheard FROM sync_target WHERE id = $1`,
    [world.targetId],
  );
  return row;
};
/** A worker goes on until it is so. */
const until = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
  const job = world.app.get(InventorySyncJob, { strict: false });
  const isOver = async (): Promise<boolean> => (await world.sql(`SELECT 1 FROM sync_run WHERE phase <> 'ENDED'`)).length === 0;
  await eventually(
    async () => {
      await job.runDue();
      return (await isDone()) && (await isOver());
    },
    (isSo) => isSo,
    20_000,
  );
};
/** A connector to a system that nobody answers for. */
const unreachable = async (): Promise<SyncTargetId> => {
  const settings = { app: 'trame', sections: ['Customers'] };
  const made = {
    kind: 'PHPIPAM',
    slug: 'nobody',
    url: 'https://nobody.example',
    secret: new Secret('token'),
    mode: 'WRITE',
    settings,
  } as const;
  return (await world.connectors.create(made, 'operator')).id;
};
const forget = (bounds?: { rows: number; seconds: number }) => host.runner().forgetJournal(bounds);

describe('the journal', () => {
  it('is not kept for a connector that was never read', async () => {
    world = await host.world();
    await world.sync();
    await unreachable();
    await weChange(65001);
    await until(() => theirs().length === 1);
    await eventually(
      async () => (await forget(), kept()),
      (rows) => rows === 0,
      20_000,
    );
  });

  it('is kept from where the first scan of it began, while that goes on', async () => {
    let isHeld = true;
    let asked = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const scanning = async (): Promise<undefined> => {
      asked();
      while (isHeld) await new Promise((resolve) => setTimeout(resolve, 5));
      return undefined;
    };
    world = await host.world();
    const { scan } = world.foreign;
    world.foreign.scan = async (...of) => {
      await scanning();
      return scan.apply(world.foreign, of);
    };
    const run = world.attend();
    await reached;
    await noted(65001);
    await forget();
    expect(await kept()).toBe(1);
    isHeld = false;
    await run;
    world.local.put('asn', asnId(65001), { asn: 65001 });
    await until(() => theirs().length === 1);
  });

  it('is forgotten however much there is of it', async () => {
    world = await host.world();
    await world.sync();
    await world.sql(`INSERT INTO sync_journal (kind, local_key) SELECT 'asn', n::text FROM generate_series(1, 12000) n`);
    await world.set({ enabled: false });
    await eventually(
      async () => (await forget(), kept()),
      (rows) => rows === 0,
      20_000,
    );
  });
});

describe('a connector that is too far behind', () => {
  const awayWorld = async (): Promise<{ comeBack(): void }> => {
    let isAway = false;
    world = await host.world({ foreign: { onCall: (call) => (isAway && call === 'probe' ? 'ERROR' : undefined) } });
    await weChange(65000);
    await world.sync();
    await until(() => theirs().length === 1);
    isAway = true;
    return {
      comeBack: () => {
        isAway = false;
      },
    };
  };
  const fail = async (): Promise<void> => {
    await until(async () => (await world.sql('SELECT 1 FROM sync_target WHERE failures > 0')).length > 0);
  };

  it.each([
    ['by rows', { rows: 3, seconds: 1_000_000 }, ''],
    ['by time', { rows: 1_000_000, seconds: 3600 }, `UPDATE sync_target SET last_ok_at = last_ok_at - interval '2 h'`],
  ])('%s is no longer waited for, and reads everything when it comes back: nothing is lost', async (_, bounds, meanwhile) => {
    const { comeBack } = await awayWorld();
    await weChange(65001, 65002, 65003);
    await fail();
    await forget(bounds.rows === 3 ? { ...bounds, rows: 1000 } : bounds);
    expect(await kept()).toBeGreaterThan(0);
    expect(await state()).toMatchObject({ hasPlace: true, isDue: false });
    await weChange(65004);
    if (meanwhile !== '') await world.sql(meanwhile);
    await forget(bounds);
    expect(await state()).toMatchObject({ hasPlace: false, isDue: true });
    await eventually(
      async () => (await forget(bounds), kept()),
      (rows) => rows === 0,
      20_000,
    );
    expect((await world.connectors.byId(world.targetId)).health).toMatchObject({ ok: false, lagSeconds: expect.any(Number) });
    comeBack();
    const before = scans();
    await world.sql(`UPDATE sync_target SET next_try_at = '-infinity'`);
    await until(async () => theirs().length === 5 && (await state())?.isDue === false);
    expect(scans()).toBeGreaterThan(before);
    expect(await state()).toMatchObject({ hasPlace: true });
    await weChange(65005);
    await until(() => theirs().length === 6);
  });

  it('while it is being read completely is read so once more', async () => {
    world = await host.world();
    await world.sync();
    const { scan } = world.foreign;
    let isFirst = true;
    world.foreign.scan = async (...of) => {
      const page = await scan.apply(world.foreign, of);
      if (isFirst) {
        isFirst = false;
        world.local.put('asn', asnId(65009), { asn: 65009 });
        await noted(65009, 65010, 65011);
        await forget({ rows: 1, seconds: 1_000_000 });
      }
      return page;
    };
    await world.sql('UPDATE sync_target SET last_full_scan_at = last_full_scan_at - make_interval(secs => scan_every_seconds)');
    await world.attend();
    expect(await state()).toMatchObject({ isDue: true });
    await until(async () => (await state())?.isDue === false);
    expect(theirs()).toEqual([65009]);
  });

  it('is not one that works and has nothing to read', async () => {
    world = await host.world();
    await world.sync();
    await world.sql(`UPDATE sync_target SET last_ok_at = last_ok_at - interval '2 days'`);
    await forget({ rows: 1, seconds: 60 });
    expect(await state()).toMatchObject({ hasPlace: true, isDue: false });
  });
});

describe('what a person changes while a complete scan goes on', () => {
  it('is looked at by the next one', async () => {
    world = await host.world();
    const { scan } = world.foreign;
    let isFirst = true;
    world.foreign.scan = async (...of) => {
      if (isFirst) {
        isFirst = false;
        await world.set({ settings: { rir: 'private' } });
      }
      return scan.apply(world.foreign, of);
    };
    await world.attend().catch(() => undefined);
    expect(await state()).toMatchObject({ isDue: true });
    await until(async () => (await state())?.isDue === false);
  });
});

describe('a transaction that began before the connector was switched on', () => {
  /** It has written, and the triggers saw nobody to write down for. */
  const openTransaction = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: host.url });
    await client.connect();
    await client.query('BEGIN; SELECT pg_current_xact_id()');
    return client;
  };

  it.each(['made', 'switched on'])('and ends after the first scan of one that was %s is found by another one', async (how) => {
    if (how === 'switched on') {
      world = await host.world();
      await world.sync();
      await world.set({ enabled: false });
    }
    const client = await openTransaction();
    try {
      if (how === 'made') world = await host.world();
      else await world.set({ enabled: true });
      await until(async () => (await state())?.isDue === false);
      expect(theirs()).toEqual([]);
      const before = scans();
      world.local.put('asn', asnId(65001), { asn: 65001 });
      await client.query('COMMIT');
      await until(() => theirs().length === 1);
      expect(scans()).toBeGreaterThan(before);
    } finally {
      await client.end();
    }
    await until(async () => (await state())?.unheard === null);
    const settled = scans();
    for (let n = 0; n < 3; n++) await world.attend();
    expect(scans()).toBe(settled);
  });

  it('costs a connector nothing when there is none', async () => {
    world = await host.world();
    await until(async () => (await state())?.unheard === null);
    const once = scans();
    for (let n = 0; n < 3; n++) await world.attend();
    expect(scans()).toBe(once);
  });
});
