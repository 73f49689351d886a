import { createHash, randomUUID } from 'node:crypto';
import { eventually } from '../../../../test/support/eventually.js';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { testConfig } from '../../../../test/support/world.js';
import { Webhook } from 'standardwebhooks';
import { DomainError, Slug, type TenantId } from '#engines/kernel';
import { createLogger, createQueueBackend, Envelope, newId, SealedColumns, type Secret, systemScope } from '#platform';
import { AuditService } from './audit.service.js';
import { InboundSourceService } from './inbound-source.service.js';
import { type InboxHandler, type InboxMessage, InboxService } from './inbox.service.js';
import { JobQueues } from './job-queues.js';
import { OutboxService } from './outbox.service.js';
import { InboundSourceStore } from './store/inbound-source.store.js';
import { InboxStore } from './store/inbox.store.js';

let database: OpenDatabase;
let inbox: InboxService;
let sources: InboundSourceService;
let secret: Secret;
const tenantId = newId<TenantId>();

beforeAll(async () => {
  database = await openTestDatabase([]);
  const config = testConfig(database.url);
  const log = createLogger('silent');
  sources = new InboundSourceService(new InboundSourceStore(), new Envelope(config.TRAME_KEK), new SealedColumns(), new AuditService());
  const outbox = new OutboxService(new JobQueues(createQueueBackend(config.DATABASE_URL, undefined), log), config);
  inbox = new InboxService(database.db, sources, new InboundSourceStore(), new InboxStore(), outbox, log);
  await sql('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [tenantId, 'acme']);
  ({ secret } = await database.db.inTransaction(systemScope('test'), (tx) => sources.create(tx, { slug: Slug.parse('portal'), tenantId })));
});
afterAll(() => database.close());

const sql = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
  database.db.inTransaction(systemScope('test'), (tx) => tx.sql<Row>(text, values));

interface StoredMessage {
  id: string;
  state: string;
  effect_id: string | null;
  error: string | null;
  attempts: number;
  wait: number;
}
const stored = async (id: string): Promise<StoredMessage> =>
  (
    await sql<StoredMessage>(
      'SELECT id, state, effect_id, error, attempts, extract(epoch FROM next_try_at - clock_timestamp())::float8 AS wait FROM inbox WHERE id = $1',
      [id],
    )
  )[0] as StoredMessage;

/** Sends one signed message and gives its id in the inbox. */
async function received(data: object = { order: randomUUID() }, now = new Date()): Promise<string> {
  const messageId = `msg_${randomUUID()}`;
  const rawBody = Buffer.from(JSON.stringify({ type: 'order.created', timestamp: '2026-03-01T12:00:00Z', data }));
  const headers = {
    'content-type': 'application/json',
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret.reveal()).sign(messageId, now, rawBody),
  };
  expect(await inbox.receive({ source: 'portal', headers, rawBody, now: new Date() })).toMatchObject({ status: 202 });
  return (await sql<{ id: string }>('SELECT id FROM inbox WHERE message_id = $1', [messageId]))[0]?.id as string;
}

const makeDue = (id: string): Promise<unknown> => sql('UPDATE inbox SET next_try_at = now() WHERE id = $1', [id]);
const refuse =
  (error: Error): InboxHandler =>
  () =>
    Promise.reject(error);

describe('a message in the inbox', () => {
  it('reaches its handler with everything that was proved, and its effect is kept', async () => {
    const [id, effectId] = [await received({ order: 'A-7' }), newId<string>()];
    const seen: InboxMessage[] = [];
    await inbox.process(id, async (message) => {
      seen.push(message);
      return { effectId };
    });
    expect(seen).toEqual([
      {
        id,
        type: 'order.created',
        timestamp: new Date('2026-03-01T12:00:00Z'),
        data: { order: 'A-7' },
        tenantId,
        sourceSlug: 'portal',
        messageId: expect.stringMatching(/^msg_/),
      },
    ]);
    expect(await stored(id)).toMatchObject({ state: 'PROCESSED', effect_id: effectId, error: null });
  });

  it('is stored together with the wish to be processed', async () => {
    const id = await received();
    expect(await sql('SELECT topic FROM outbox WHERE key = $1', [id])).toEqual([{ topic: 'inbox.received' }]);
    expect(await inbox.dueIds()).toContain(id);
  });

  it('is processed once, however often it is asked for', async () => {
    const id = await received();
    let runs = 0;
    const handler: InboxHandler = async () => {
      runs++;
      return { effectId: newId<string>() };
    };
    await Promise.all([inbox.process(id, handler), inbox.process(id, handler), inbox.process(id, handler)]);
    await inbox.process(id, handler);
    expect(runs).toBe(1);
    expect(await inbox.dueIds()).not.toContain(id);
  });

  it('fails for good when the domain refuses it, with the reason', async () => {
    const id = await received();
    await inbox.process(id, refuse(new DomainError('POOL_EXHAUSTED', 'the pool vni has no free VNI left')));
    expect(await stored(id)).toMatchObject({ state: 'FAILED', error: 'POOL_EXHAUSTED: the pool vni has no free VNI left' });
    expect(await inbox.dueIds()).not.toContain(id);
  });

  it('is tried again, later each time, when something else went wrong', async () => {
    const id = await received();
    const outage = refuse(new Error('Connection terminated unexpectedly'));
    for (const [attempt, seconds] of [
      [1, 1],
      [2, 2],
      [3, 4],
    ] as const) {
      await inbox.process(id, outage);
      const now = await stored(id);
      expect(now).toMatchObject({ state: 'ACCEPTED', attempts: attempt, error: 'Error: Connection terminated unexpectedly' });
      expect(now.wait).toBeGreaterThan(seconds * 0.8 - 0.5);
      expect(now.wait).toBeLessThanOrEqual(seconds * 1.2);
      await makeDue(id);
    }
    const effectId = newId<string>();
    await inbox.process(id, async () => ({ effectId }));
    expect(await stored(id)).toMatchObject({ state: 'PROCESSED', effect_id: effectId, error: null });
  });

  it('waits five minutes at most', async () => {
    const id = await received();
    await sql('UPDATE inbox SET attempts = 40 WHERE id = $1', [id]);
    await inbox.process(id, refuse(new Error('still down')));
    expect((await stored(id)).wait).toBeLessThanOrEqual(360);
  });

  it('is not tried before its time', async () => {
    const id = await received();
    await inbox.process(id, refuse(new Error('down')));
    let runs = 0;
    await inbox.process(id, async () => {
      runs++;
      return { effectId: newId<string>() };
    });
    expect(runs).toBe(0);
  });

  it('is taken over from an execution that died', async () => {
    const id = await received();
    void inbox.process(id, () => new Promise(() => undefined)); // Never ends, as a killed process does not.
    await eventually(
      () => stored(id),
      (message) => message.attempts === 1,
    );
    expect((await stored(id)).wait).toBeGreaterThan(3);
    await makeDue(id); // The five seconds are over.
    await inbox.process(id, async () => ({ effectId: newId<string>() }));
    expect(await stored(id)).toMatchObject({ state: 'PROCESSED', attempts: 2 });
  });

  it('waits for what was sent earlier about the same order, however it arrived', async () => {
    const second = await received({ order: 'B-1' }, new Date(Date.now() - 1000));
    const first = await received({ order: 'B-1' }, new Date(Date.now() - 60_000));
    const done: string[] = [];
    const handler: InboxHandler = async ({ id }) => {
      done.push(id);
      return { effectId: newId<string>() };
    };
    await inbox.process(second, handler);
    await inbox.process(first, handler);
    await inbox.process(second, handler);
    expect(done).toEqual([first, second]);
  });

  it('may rightly be passed over', async () => {
    const id = await received();
    await inbox.process(id, async () => ({ ignored: 'older than what was applied' }));
    expect(await stored(id)).toMatchObject({ state: 'IGNORED', effect_id: null, error: 'older than what was applied' });
  });
});

describe('a source of webhooks', () => {
  it('keeps the secret before until the next rotation, and no longer', async () => {
    const slug = Slug.parse('rotating');
    const first = await database.db.inTransaction(systemScope('test'), (tx) => sources.create(tx, { slug, tenantId }));
    const rotate = (): Promise<Secret> => database.db.inTransaction(systemScope('test'), (tx) => sources.rotateSecret(tx, slug));
    const send = async (with_: Secret): Promise<number> => {
      const [now, rawBody, id] = [new Date(), Buffer.from('{"type":"a.b","data":{}}'), `m_${randomUUID()}`];
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': new Webhook(with_.reveal()).sign(id, now, rawBody),
      };
      return (await inbox.receive({ source: slug, headers, rawBody, now })).status;
    };
    const second = await rotate();
    expect([await send(first.secret), await send(second)]).toEqual([202, 202]);
    const third = await rotate();
    expect([await send(first.secret), await send(second), await send(third)]).toEqual([401, 202, 202]);
    const told = await sql<{ action: string; detail: object }>(
      `SELECT action, detail FROM audit_entry WHERE subject_kind = 'source' AND detail->>'slug' = $1 ORDER BY id`,
      [slug],
    );
    expect(told.map(({ action }) => action).slice(-1)).toEqual(['source.secret-rotated']);
    expect(told.map(({ action }) => action)).toContain('source.created');
    expect(JSON.stringify(told)).not.toContain('whsec_');
  });

  it('does not show its secret in the database', async () => {
    const [row] = await sql<{ text: string }>(`SELECT inbound_source::text AS text FROM inbound_source WHERE slug = 'portal'`);
    const raw = secret.reveal().slice('whsec_'.length);
    expect(row?.text).not.toContain(raw);
    expect(row?.text).not.toContain(Buffer.from(raw, 'base64').toString('hex'));
    expect(row?.text).not.toContain(createHash('sha256').update(raw).digest('hex'));
  });

  it('is named once', async () => {
    const again = database.db.inTransaction(systemScope('test'), (tx) => sources.create(tx, { slug: Slug.parse('portal'), tenantId }));
    await expect(again).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});
