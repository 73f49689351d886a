import pg from 'pg';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { createLogger, newId, systemScope, tenantScope } from '#platform';
import type { TenantId } from '#engines/kernel';
import { EventService, type StreamedEvent } from './event.service.js';
import { EventStreams } from './event-streams.js';

let database: OpenDatabase;
const events = new EventService();
const [tenantA, tenantB] = [newId<TenantId>(), newId<TenantId>()];
beforeAll(async () => {
  database = await openTestDatabase([]);
  await database.db.inTransaction(systemScope('test'), async (tx) => {
    for (const [id, slug] of [
      [tenantA, 'a'],
      [tenantB, 'b'],
    ])
      await tx.run('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [id, slug]);
  });
});
afterAll(() => database.close());

const append = (subjectId: string, type: string, tenantId = tenantA): Promise<void> =>
  database.db.inTransaction(systemScope('test'), (tx) => events.append(tx, { tenantId, type, subjectId, body: { type } }));
const read = (subjectId: string, after?: string, limit?: number): Promise<StreamedEvent[]> =>
  database.db.inTransaction(systemScope('test'), (tx) => events.read(tx, subjectId, after, limit));
const typesOf = (found: readonly StreamedEvent[]): string[] => found.map((event) => event.type);

/** A transaction that is open for as long as the test wants. */
async function openTransaction(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<{ commit(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN');
  await work(client);
  return {
    commit: async () => {
      await client.query('COMMIT');
      await client.end();
    },
  };
}

describe('the stream of events', () => {
  it('comes in order, in pages, and goes on after a cursor', async () => {
    const subject = newId<string>();
    for (const type of ['one', 'two', 'three']) await append(subject, type);
    const first = await read(subject, undefined, 2);
    expect(typesOf(first)).toEqual(['one', 'two']);
    expect(first[0]).toMatchObject({ subjectId: subject, body: { type: 'one' }, at: expect.any(Date) });
    expect(typesOf(await read(subject, first[1]?.cursor))).toEqual(['three']);
  });

  it('never passes a transaction that is still open, so its event is not skipped', async () => {
    const subject = newId<string>();
    await append(subject, 'before');
    const late = await openTransaction(database.url, async (client) => {
      await client.query('SET LOCAL ROLE trame_system');
      await client.query('INSERT INTO event (tenant_id, type, subject_id, body) VALUES ($1, $2, $3, $4)', [tenantA, 'late', subject, '{}']);
    });
    await append(subject, 'after'); // Has a higher cursor than `late`, and commits first.
    const seen = await read(subject);
    expect(typesOf(seen)).toEqual(['before']);
    await late.commit();
    expect(typesOf(await read(subject, seen.at(-1)?.cursor))).toEqual(['late', 'after']);
  });

  it('never passes a transaction that may still write an event', async () => {
    const subject = newId<string>();
    const writing = await openTransaction(database.url, (client) => client.query('SELECT pg_current_xact_id()'));
    await append(subject, 'one');
    expect(await read(subject)).toEqual([]);
    await writing.commit();
    expect(typesOf(await read(subject))).toEqual(['one']);
  });

  it('does not wait for what is open in another database of the same server', async () => {
    const subject = newId<string>();
    const neighbour = await openTestDatabase([]);
    const forgotten = await openTransaction(neighbour.url, (client) => client.query('SELECT pg_current_xact_id()'));
    await append(subject, 'one');
    expect(typesOf(await read(subject))).toEqual(['one']);
    await forgotten.commit();
    await neighbour.close();
  });

  it.each(['', 'x', '1', '1.2.3', "1.1'; DROP TABLE event", '-1.0'])('refuses the cursor %j', async (cursor) => {
    await expect(read(newId(), cursor)).rejects.toMatchObject({ code: 'INVALID_VALUE', facts: { accepted: expect.any(String) } });
  });
});

describe('live streams', () => {
  let streams: EventStreams;
  beforeEach(() => {
    streams = new EventStreams(database.db, events, createLogger('silent'));
  });
  afterEach(() => streams.beforeApplicationShutdown());

  const stream = (subject: string, after?: string, scope = systemScope('test') as Parameters<EventStreams['stream']>[0]) =>
    streams.stream(scope, subject, after, (event) => event);
  const take = async (from: AsyncIterator<StreamedEvent>, count: number): Promise<StreamedEvent[]> => {
    const taken: StreamedEvent[] = [];
    while (taken.length < count) {
      const { value, done } = await from.next();
      if (done) break;
      taken.push(value);
    }
    return taken;
  };

  it('give what was, and what happens from now on', async () => {
    const subject = newId<string>();
    await append(subject, 'one');
    const reader = stream(subject);
    expect(typesOf(await take(reader, 1))).toEqual(['one']);
    const next = take(reader, 2);
    await append(subject, 'two');
    await append(subject, 'three');
    expect(typesOf(await next)).toEqual(['two', 'three']);
  });

  it('miss nothing between two connections', async () => {
    const subject = newId<string>();
    for (const type of ['one', 'two']) await append(subject, type);
    const first = stream(subject);
    const [one] = await take(first, 1);
    await first.return?.();
    await append(subject, 'three');
    expect(typesOf(await take(stream(subject, one?.cursor), 2))).toEqual(['two', 'three']);
  });

  it('keep readers apart, and a tenant from the events of another', async () => {
    const [mine, other] = [newId<string>(), newId<string>()];
    await append(mine, 'of-b', tenantB);
    await append(mine, 'of-a', tenantA);
    await append(other, 'elsewhere', tenantA);
    expect(typesOf(await take(stream(mine, undefined, tenantScope(tenantA, 'test')), 1))).toEqual(['of-a']);
    expect(typesOf(await take(stream(other, undefined, tenantScope(tenantA, 'test')), 1))).toEqual(['elsewhere']);
    expect(typesOf(await take(stream(mine), 2))).toEqual(['of-b', 'of-a']);
  });

  it('give a slow reader every one of many events', async () => {
    const subject = newId<string>();
    await database.db.inTransaction(systemScope('test'), async (tx) => {
      for (let i = 0; i < 250; i++) await events.append(tx, { tenantId: tenantA, type: String(i), subjectId: subject, body: {} });
    });
    expect(typesOf(await take(stream(subject), 250))).toEqual(Array.from({ length: 250 }, (_, i) => String(i)));
  });

  it('end at once while they wait', async () => {
    const reader = stream(newId<string>());
    const waiting = reader.next();
    await reader.return?.();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });

  it('end when the process stops', async () => {
    const reader = stream(newId<string>());
    const waiting = reader.next();
    streams.beforeApplicationShutdown();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(await stream(newId<string>()).next()).toEqual({ value: undefined, done: true });
  });

  it('refuse a cursor that is none', () => {
    expect(() => stream(newId<string>(), 'x')).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
});
