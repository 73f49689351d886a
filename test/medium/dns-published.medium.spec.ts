/** What is published is remembered: deleted by itself is only what the mark there and the row here agree on, whatever died or was restored in between. */
import { startSimulatedPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { NamesRoom, ZONE } from '../support/names-room.js';

let room: NamesRoom;
beforeAll(async () => {
  room = await NamesRoom.open();
});
/** The next one finds a zone without names of ours, and no row. */
afterEach(async () => {
  room.around = (write) => write();
  await room.sql('UPDATE ip_address SET dns_name = NULL WHERE dns_name IS NOT NULL');
  await room.sql('DELETE FROM dns_published');
  await room.write(Object.fromEntries((await room.served()).map((label) => [label, []])));
  expect(await room.run()).toMatchObject({ state: 'SUCCEEDED' });
});
afterAll(() => room.close());

const labels = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n + 1}`);
/** Nobody is under the lease any more: what this execution still writes comes to nothing, as that of one that was killed. */
const die = () => room.sql(`UPDATE lease SET fence = fence + 1, until = clock_timestamp() WHERE resource = 'sync:' || $1`, [room.targetId]);

it('a record set that the backup does not know is not deleted but asked about, and deleted once that is approved', async () => {
  await room.name('kept1', 'kept2');
  await room.run();
  await room.name('later1', 'later2', 'later3');
  await room.run();
  await room.forgetNames('later%');
  const [fresh] = await room.name('fresh');
  room.patches();
  const run = await room.run();
  expect(run).toMatchObject({
    state: 'BLOCKED_BY_GUARD',
    counts: { created: 1, deleted: 0 },
    guards: [expect.stringMatching(/^cust\.example: 3 of 5 are marked as ours .*does not remember that it published them/)],
  });
  expect(run.lines).toEqual(['CREATE fresh APPLIED', ...['later1', 'later2', 'later3'].map((label) => `DELETE ${label} PLANNED`)]);
  expect(await room.served()).toEqual(['fresh', 'kept1', 'kept2', 'later1', 'later2', 'later3']);
  expect(await room.health()).toMatchObject({ ok: false, message: expect.stringContaining('waits for a person') });
  await room.release(fresh as NonNullable<typeof fresh>); // Waits for nobody: mark and row agree.
  expect((await room.run()).lines).toContain('DELETE fresh APPLIED');
  const waiting = await room.lastRun();
  expect(await room.approve(waiting)).toMatchObject({ state: 'SUCCEEDED', counts: { deleted: 4 } });
  expect([await room.served(), await room.remembered()]).toEqual([
    ['kept1', 'kept2'],
    ['kept1', 'kept2'],
  ]);
  expect(await room.run()).toMatchObject({ state: 'SUCCEEDED', lines: [] });
  expect(await room.health()).toMatchObject({ ok: true });
});

it('rows that were lost are made again without a PATCH, and a name that is released then goes by itself', async () => {
  const [, second] = await room.name('lost1', 'lost2');
  await room.run();
  await room.sql('DELETE FROM dns_published');
  room.patches();
  expect(await room.run()).toMatchObject({ state: 'SUCCEEDED', lines: [] });
  expect([room.patches(), await room.remembered('sent_at IS NULL')]).toEqual([0, ['lost1', 'lost2']]);
  await room.release(second as NonNullable<typeof second>);
  expect((await room.run()).lines).toEqual(['DELETE lost2 APPLIED']);
  expect(await room.remembered()).toEqual(['lost1']);
});

it('a run that finds nothing to do writes no row', async () => {
  await room.name(...labels('same', 3));
  await room.run();
  const rows = () => room.sql('SELECT key, xmin::text, sent_at FROM dns_published ORDER BY key');
  const before = await rows();
  room.patches();
  expect(await room.run()).toMatchObject({ state: 'SUCCEEDED', lines: [] });
  expect([room.patches(), await rows()]).toEqual([0, before]);
});

describe('a worker that dies', () => {
  it('after deletions leaves no alarm that ours are missing', async () => {
    const given = await room.name(...labels('host', 8));
    await room.run();
    await room.release(...given.slice(4));
    room.around = async (write) => {
      await write();
      await die();
    };
    await expect(room.run()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await room.served()).toEqual(labels('host', 4));
    expect(await room.remembered('sent_at IS NULL')).toEqual(labels('host', 4));
    room.around = (write) => write();
    await room.name('next');
    expect(await room.run()).toMatchObject({ state: 'SUCCEEDED', lines: ['CREATE next APPLIED'] });
    expect((await room.lastRun()).guards).toEqual([]);
  });

  it('before anything is written leaves no alarm either, and what it meant to write is written', async () => {
    await room.name(...labels('first', 4));
    room.around = () => die().then(() => Promise.reject(new Error('killed')));
    await expect(room.run()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect([await room.served(), await room.remembered()]).toEqual([[], labels('first', 4)]);
    room.around = (write) => write();
    expect(await room.run()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 4 } });
  });

  it('between a name that is written and its row’s certainty remembers it: released meanwhile it is deleted and not asked about', async () => {
    const given = await room.name('brief');
    room.around = async (write) => {
      await write();
      await die();
    };
    await expect(room.run()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    room.around = (write) => write();
    await room.release(...given);
    expect(await room.run()).toMatchObject({ state: 'SUCCEEDED', lines: ['DELETE brief APPLIED'] });
    expect([await room.served(), await room.remembered()]).toEqual([[], []]);
  });
});

describe('a PATCH that nobody waited for any more', () => {
  const late = async (label: string) => {
    const given = await room.name(label);
    let arrives: () => Promise<void> = () => Promise.resolve();
    room.around = (write) => {
      arrives = write;
      return Promise.reject(new Error('no answer'));
    };
    expect(await room.run()).toMatchObject({ state: 'FAILED' });
    room.around = (write) => write();
    await room.release(...given);
    expect((await room.run()).lines).toEqual([]);
    expect(await room.remembered()).toEqual([label]);
    return arrives;
  };

  it('and arrives after the name was released is remembered: what it wrote goes by itself', async () => {
    const arrives = await late('late');
    await arrives();
    expect(await room.served()).toEqual(['late']);
    expect(await room.run()).toMatchObject({ state: 'SUCCEEDED', lines: ['DELETE late APPLIED'] });
    expect([await room.served(), await room.remembered()]).toEqual([[], []]);
  });

  it('and does not arrive within three minutes is forgotten', async () => {
    await late('never');
    await room.sql(`UPDATE dns_published SET sent_at = sent_at - interval '3 minutes'`);
    await room.run();
    expect(await room.remembered()).toEqual([]);
  });
});

describe('a zone that really lost record sets of ours', () => {
  it('stops at each look until a person says that it is right', async () => {
    await room.name(...labels('some', 8));
    await room.run();
    await room.write(Object.fromEntries(labels('some', 4).map((label) => [label, []])));
    const guards = ['cust.example: 4 of 8 of ours are missing there, 20 % may be'];
    for (let look = 0; look < 2; look++)
      expect(await room.run()).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards, counts: { created: 0 } });
    expect(await room.approve(await room.lastRun())).toMatchObject({ state: 'SUCCEEDED', counts: { created: 4 } });
    expect(await room.served()).toEqual(labels('some', 8));
    expect(await room.run()).toMatchObject({ state: 'SUCCEEDED', lines: [] });
  });

  it('after deletes were approved stops all the same: an approval of deletes says nothing of a loss since', async () => {
    const given = await room.name(...labels('many', 30));
    await room.run();
    await room.release(...given.slice(0, 10));
    const waiting = await room.run();
    expect(waiting.guards).toEqual(['cust.example: 10 of 30 would be deleted, 10 % may be']);
    await room.write(
      Object.fromEntries(
        labels('many', 30)
          .slice(10, 20)
          .map((label) => [label, []]),
      ),
    );
    expect(await room.approve(waiting)).toMatchObject({ state: 'SUCCEEDED', counts: { deleted: 10 } });
    expect((await room.lastRun()).guards).toEqual(['cust.example: 10 of 20 of ours are missing there, 20 % may be']);
    expect(await room.served()).toEqual(labels('many', 30).slice(20).sort());
  });
});

it('what the name server answers otherwise is asked again after a run that died, until it answers as it should', async () => {
  const stale = await startSimulatedPowerDns({ zones: [ZONE] });
  await room.change({ settings: { dnsAddress: `127.0.0.1:${stale.dnsPort}` } });
  await room.name('asked');
  await room.run();
  const words = { ok: false, message: expect.stringMatching(/answers otherwise .*asked\.cust\.example\/a: no such record/) };
  expect(await room.health()).toMatchObject(words);
  await room.name('dies');
  room.around = (write) => write().then(async () => void (await die()));
  await expect(room.run()).rejects.toMatchObject({ code: 'LEASE_LOST' });
  room.around = (write) => write();
  await room.run();
  expect(await room.health()).toMatchObject(words);
  await room.change({ settings: { dnsAddress: `127.0.0.1:${room.dns.dnsPort}` } });
  await room.run();
  expect(await room.health()).toMatchObject({ ok: true });
  expect(await room.remembered('answers_otherwise')).toEqual([]);
  await stale.stop();
});

it('a zone that comes back to the list has what was released meanwhile deleted, and what others cleared there is no loss', async () => {
  const given = await room.name(...labels('back', 6));
  await room.run();
  await room.change({ zones: ['other.example'] });
  await room.release(...given.slice(0, 2));
  await room.write(Object.fromEntries(['back3', 'back4'].map((label) => [label, []])));
  await room.change({ zones: [ZONE] });
  expect(await room.run()).toMatchObject({
    state: 'SUCCEEDED',
    lines: ['CREATE back3 APPLIED', 'CREATE back4 APPLIED', 'DELETE back1 APPLIED', 'DELETE back2 APPLIED'],
  });
});
