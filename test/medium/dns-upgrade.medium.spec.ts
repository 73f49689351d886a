/** A connector and its runs as a release from before migration 0039 left them: what the first run of this one makes of it, by itself. */
import { DataSource } from 'typeorm';
import { startSimulatedPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { migrations } from '../../migrations/index.js';
import { NamesRoom, ZONE } from '../support/names-room.js';
import { SyncService } from '#contexts/sync';
import { migrateDatabase } from '#platform';

let room: NamesRoom;
beforeAll(async () => {
  room = await NamesRoom.open();
});
afterAll(() => room.close());

const FIRST = migrations.findIndex((Migration) => new Migration().name.startsWith('NameSubnets'));
const labels = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n + 1}`);
const keyOf = (label: string): string => `${label}.${ZONE}/a`;
const seen = async () => (await room.sql<{ seen: object }>('SELECT seen FROM sync_target'))[0]?.seen;
/** As its timer does it: nobody says that it is time. */
const look = async () => {
  await room.world.app.get(SyncService).runDue();
  return room.lastRun();
};

/** The tables of the release before, its last run with these lines, and nothing that says that there is anything to do. */
async function before(
  lines: readonly { readonly key: string; readonly after: object; readonly isOtherwise?: true }[],
  count: number,
): Promise<void> {
  await inSchema((source) => undo(source, migrations.length - FIRST));
  const { targetId } = room;
  const plan = JSON.stringify(lines.map((line) => ({ zone: ZONE, verb: 'CREATE', ...line })));
  await room.sql('DELETE FROM sync_run WHERE target_id = $1', [targetId]);
  await room.sql(
    `INSERT INTO sync_run (id, target_id, state, trigger, phase, plan, counts, digest, started_at, finished_at)
       VALUES ('0197a000-0000-7000-8000-0000000000bf', $1, 'SUCCEEDED', 'CHANGE', 'ENDED', $2, $3, 'd', now() - interval '1 hour', now() - interval '1 hour')`,
    [targetId, plan, JSON.stringify({ created: lines.length })],
  );
  await room.sql(`UPDATE sync_target SET seen = $2, recheck_at = NULL, last_ok_at = clock_timestamp() WHERE id = $1`, [
    targetId,
    JSON.stringify({ [ZONE]: count }),
  ]);
  await room.sql('DELETE FROM dns_change');
}
const upgrade = () => migrateDatabase(room.world.url);

async function inSchema(work: (source: DataSource) => Promise<void>): Promise<void> {
  const source = new DataSource({ type: 'postgres', url: room.world.url, migrations, migrationsTableName: 'schema_migration' });
  await source.initialize();
  try {
    await work(source);
  } finally {
    await source.destroy();
  }
}
async function undo(source: DataSource, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await source.undoLastMigration({ transaction: 'each' });
}

it('its record sets are remembered without a PATCH; what it proves is taken over, what is not wanted any more is asked about', async () => {
  const stale = await startSimulatedPowerDns({ zones: [ZONE] });
  await room.change({ settings: { dnsAddress: `127.0.0.1:${stale.dnsPort}` } });
  await room.name(...labels('host', 6), 'proven', 'unproven', 'leaves');
  await room.run();
  const after = { ttl: 300, records: ['192.0.2.77'] };
  await before(
    [
      { key: keyOf('proven'), after },
      { key: keyOf('host1'), after, isOtherwise: true },
    ],
    9,
  );
  await room.write({ proven: ['192.0.2.77'], unproven: ['192.0.2.78'] }, 'id=trame');
  await room.sql(`UPDATE ip_address SET dns_name = NULL WHERE dns_name LIKE 'leaves%'`);
  await room.sql('DELETE FROM dns_change');
  room.patches();

  await upgrade();
  const run = await look();
  expect(run).toMatchObject({
    trigger: 'RETRY',
    state: 'BLOCKED_BY_GUARD',
    guards: [expect.stringMatching(/: 1 of \d+ are marked as ours .*does not remember/)],
  });
  expect(run.lines).toEqual(['DELETE leaves PLANNED', 'FOREIGN unproven SKIPPED', 'KEEP host1 APPLIED', 'UPDATE proven APPLIED']);
  expect([room.patches(), await room.remembered(), await seen()]).toEqual([1, [...labels('host', 6), 'proven'], {}]);
  expect(await room.health()).toMatchObject({
    ok: false,
    message: expect.stringMatching(/answers otherwise .*host1\.cust\.example\/a: no such record/),
  });
  await room.approve(run);
  expect(await room.served()).toEqual([...labels('host', 6), 'proven']);
  await stale.stop();
});

it('what it was asked about as a loss is asked about still', async () => {
  await room.change({ settings: {} });
  await room.write({ unproven: [] });
  await room.sql(`UPDATE ip_address SET dns_name = NULL WHERE dns_name NOT LIKE 'host%'`);
  await room.run();
  expect(await room.served()).toEqual(labels('host', 6));
  await before([], 6);
  await room.write(Object.fromEntries(labels('host', 3).map((label) => [label, []])));

  await upgrade();
  const guards = ['cust.example: 3 of 6 of ours are missing there, 20 % may be'];
  expect(await look()).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards, counts: { created: 0 } });
  expect(await room.remembered()).toEqual([]);
  const second = await room.run();
  expect(second).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards });
  expect(await room.approve(second)).toMatchObject({ state: 'SUCCEEDED', counts: { created: 3 } });
  expect([await room.remembered(), await seen()]).toEqual([labels('host', 6), {}]);
});

it('the way back leaves it the number that it measures by', async () => {
  await inSchema((source) => undo(source, migrations.length - FIRST));
  expect(await seen()).toEqual({ [ZONE]: 6 });
  await upgrade();
});
