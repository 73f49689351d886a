/** What is published is remembered: deleted by itself is only what the mark there and the row here agree on, whatever died or was restored in between. */
import { nameServerHere, startSimulatedPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { NamesRoom, ZONE } from '../support/names-room.js';
import { DomainError } from '#engines/kernel';
import { Secret } from '#platform';

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

describe(`a worker that dies, on ${nameServerHere()}`, () => {
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

describe(`a PATCH that nobody waited for any more, on ${nameServerHere()}`, () => {
  /** A run whose PATCH is still under way. @returns what lets it arrive. */
  const unanswered = async (): Promise<() => Promise<void>> => {
    const arrives = room.hold();
    await room.runDue();
    expect(await room.lastRun()).toMatchObject({ state: 'FAILED' });
    return arrives;
  };
  const runs = async (): Promise<number> => (await room.sql('SELECT id FROM sync_run')).length;
  const until = async () => (await room.sql<{ until: Date | null }>('SELECT may_come_until AS until FROM sync_target'))[0]?.until;
  /** Whatever a worker does by itself once no more may come. */
  const lookOnce = async (): Promise<void> => {
    await room.late();
    await room.runDue();
    const count = await runs();
    await room.runDue();
    expect(await runs()).toBe(count);
  };

  it('and that makes a name which was released meanwhile is remembered: what it wrote goes by itself', async () => {
    const given = await room.name('late');
    const arrives = await unanswered();
    await room.release(...given);
    await room.runDue();
    expect((await room.lastRun()).lines).toEqual([]);
    await arrives();
    await room.runDue();
    expect([await room.served(), await room.remembered()]).toEqual([['late'], ['late']]);
    await lookOnce();
    expect((await room.lastRun()).lines).toEqual(['DELETE late APPLIED']);
    expect([await room.served(), await room.remembered()]).toEqual([[], []]);
  });

  it('and that deletes a name which was given again is found: the name is there again', async () => {
    const [first] = await room.name('again', 'other');
    await room.runDue();
    await room.release(first as NonNullable<typeof first>);
    const arrives = await unanswered();
    await room.name('again');
    await room.runDue();
    expect((await room.lastRun()).lines).toEqual(['UPDATE again APPLIED']);
    await arrives();
    expect(await room.served()).toEqual(['other']);
    await lookOnce();
    expect((await room.lastRun()).lines).toEqual(['CREATE again APPLIED']);
    expect(await room.served()).toEqual(['again', 'other']);
  });

  it('and that says what stood there before is found', async () => {
    const [first] = await room.name('back', 'other');
    await room.runDue();
    await room.release(first as NonNullable<typeof first>);
    const [second] = await room.name('back');
    const arrives = await unanswered();
    await room.release(second as NonNullable<typeof second>);
    const [third] = await room.name('back');
    await room.runDue();
    await arrives();
    expect(await room.recordsOf('back')).toEqual([second?.address]);
    await lookOnce();
    expect(await room.recordsOf('back')).toEqual([third?.address]);
  });

  it('and never comes is forgotten', async () => {
    const given = await room.name('never');
    await unanswered();
    await room.release(...given);
    await room.runDue();
    expect(await room.remembered()).toEqual(['never']);
    await lookOnce();
    expect(await room.remembered()).toEqual([]);
  });

  it('is waited for also where the worker died, and where another zone was answered since', async () => {
    await room.name('dies');
    room.around = () => die().then(() => Promise.reject(new Error('killed')));
    await expect(room.runDue()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    room.around = (write) => write();
    const first = await until();
    expect(first).toBeInstanceOf(Date);
    await room.runDue();
    expect(await room.served()).toEqual(['dies']);
    expect(await until()).toEqual(first);
    await lookOnce();
    expect(await until()).toBeNull();
  });

  it('is looked for once more where a run was under way when no more could come', async () => {
    const [given] = await room.name('under', 'beside');
    room.around = async (write) => {
      await write();
      await room.sql('UPDATE sync_target SET may_come_until = clock_timestamp()');
      await room.runDue();
      await room.write({ under: [] });
    };
    await room.runDue();
    room.around = (write) => write();
    expect(await room.served()).toEqual(['beside']);
    await room.runDue();
    expect(await room.recordsOf('under')).toEqual([given?.address]);
  });

  it.each(['DNS_UNAUTHORIZED', 'DNS_REFUSED', 'ZONE_MISSING'])('is no answer, and %s is one: nothing is waited for', async (code) => {
    await room.name('denied');
    room.around = () => Promise.reject(new DomainError(code, 'the name server says no', {}));
    await room.runDue();
    expect(await room.lastRun()).toMatchObject({ state: 'FAILED' });
    expect(await until()).toBeNull();
  });

  it('is waited for by nobody where all was answered or refused', async () => {
    await room.name('refused');
    room.around = async (write) => {
      await room.write({ refused: ['192.0.2.66'] }, null);
      await write();
    };
    await room.runDue();
    expect((await room.lastRun()).lines).toEqual(['CREATE refused SKIPPED']);
    room.around = (write) => write();
    await room.late();
    const count = await runs();
    await room.runDue();
    expect(await runs()).toBe(count);
  });
});

describe(`a zone that really lost record sets of ours, on ${nameServerHere()}`, () => {
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

describe(`a connector that is set elsewhere while a run writes, on ${nameServerHere()}`, () => {
  let next: Awaited<ReturnType<typeof startSimulatedPowerDns>>;
  const elsewhere = () => ({ url: next.apiUrl, secret: new Secret(next.apiKey) });
  const back = () => ({ url: room.url, secret: new Secret(room.dns.apiKey) });
  beforeEach(async () => {
    next = await startSimulatedPowerDns({ zones: [ZONE] });
  });
  afterEach(async () => {
    await room.change({ ...back(), zones: [ZONE] });
    await next.stop();
  });

  it('knows nothing of the other server: all names are made there, and nobody is asked', async () => {
    await room.name(...labels('old', 10));
    await room.run();
    await room.name(...labels('new', 3));
    room.around = (write) => write().then(() => room.change(elsewhere()));
    await room.run();
    room.around = (write) => write();
    await room.runDue();
    expect(await room.lastRun()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 13 }, guards: [] });
  });

  it('before it writes: nothing more is sent to the one before, and what was read there says nothing of the other', async () => {
    await room.name(...labels('old', 3));
    await room.run();
    await room.sql(`UPDATE dns_published SET sent_at = '-infinity'`);
    await room.name('new');
    room.patches();
    room.before = () => {
      room.before = () => Promise.resolve();
      return room.change(elsewhere());
    };
    await room.runDue();
    expect(await room.lastRun()).toMatchObject({ state: 'FAILED', error: expect.stringContaining('set to another server') });
    expect([room.patches(), await room.remembered('sent_at IS NULL')]).toEqual([0, []]);
    await room.runDue();
    expect(await room.lastRun()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 4 }, guards: [] });
  });

  it('has what it just deleted at the one before deleted at the other as well', async () => {
    const given = await room.name(...labels('here', 12));
    await room.run();
    await room.change(elsewhere());
    await room.runDue();
    await room.change(back());
    await room.runDue();
    await room.release(...given.slice(0, 1));
    room.around = (write) => write().then(() => room.change(elsewhere()));
    await room.run();
    room.around = (write) => write();
    await room.runDue();
    expect(await room.lastRun()).toMatchObject({ state: 'SUCCEEDED', lines: ['DELETE here1 APPLIED'], guards: [] });
  });

  it('writes no more into a zone that was taken off its list, and knows nothing of it when it comes back', async () => {
    await room.name(...labels('kept', 10));
    await room.run();
    await room.name(...labels('more', 3));
    room.around = (write) => write().then(() => room.change({ zones: ['other.example'] }));
    await room.run();
    room.around = (write) => write();
    expect(await room.remembered('sent_at IS NULL')).toEqual([]);
    await room.write(Object.fromEntries(labels('more', 3).map((label) => [label, []])));
    await room.change({ zones: [ZONE] });
    expect(await room.run()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 3 }, guards: [] });
  });
});
