// A portal's message that was signed and makes no sense: an error that its sender can put right, never one that is tried again for ever.
import { Webhook } from 'standardwebhooks';
import supertest from 'supertest';
import { InboundSourceService, ReconcilerRegistry } from '#contexts/events';
import { type OrderId, Slug } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';
import { DatabaseState } from '../support/database-state.js';

let world: ApiWorld;
let database: DatabaseState;
const SOURCE = 'a-portal-with-a-name-that-is-as-long-as-names-of-portals-can-be';
let webhook: Webhook;
beforeAll(async () => {
  world = await createApiWorld();
  database = await DatabaseState.of(world.url);
  const sources = world.app.get(InboundSourceService);
  const { secret } = await world.db.inTransaction(systemScope('test'), (tx) =>
    sources.create(tx, { slug: Slug.parse(SOURCE), tenantId: world.tenantId }),
  );
  webhook = new Webhook(secret.reveal());
});
afterAll(async () => {
  await database?.close();
  await world?.close();
});

const order = (over: Record<string, unknown> = {}) => ({
  order: 'ORD-1',
  name: 'web',
  vniPool: 'cust-vni',
  subnets: [{ pool: 'cust-v4' }],
  attachments: [{ device: 'pve1' }],
  ...over,
});

interface Stored {
  readonly state: string;
  readonly error: string | null;
  readonly effect_id: OrderId | null;
}
let serial = 0;
/** Sends a signed message, and does what the worker does with it. */
async function send(type: string, data: unknown, sentAt = new Date()): Promise<Stored> {
  const [id, body] = [`msg_${++serial}`, JSON.stringify({ type, timestamp: sentAt.toISOString(), data })];
  const at = new Date();
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': webhook.sign(id, at, body),
  };
  await supertest(world.apiUrl).post(`/hooks/${SOURCE}`).set(headers).send(body).expect(202);
  await process();
  const row = await world.db.inTransaction(systemScope('test'), (tx) =>
    tx.one<Stored>('SELECT state, error, effect_id FROM inbox WHERE message_id = $1', [id]),
  );
  return row as Stored;
}
async function process(): Promise<void> {
  const reconcilers = world.app.get(ReconcilerRegistry).all();
  await reconcilers.find(({ name }) => name === 'inbox')?.run(new AbortController().signal);
}
/** Of every table but those that hold the message itself. */
async function others(): Promise<Readonly<Record<string, string>>> {
  const { inbox: _inbox, outbox: _outbox, ...rest } = await database.read();
  return rest;
}

describe('a message of a portal', () => {
  it.each([
    ['of an unknown type', 'order.exploded', order(), 'INVALID_VALUE'],
    ['with a field that nobody knows', 'order.created', order({ vni: 7 }), 'INVALID_VALUE'],
    ['without attachments', 'order.created', order({ attachments: [] }), 'INVALID_VALUE'],
    ['with a name of two lines', 'order.created', order({ name: 'a\nb' }), 'INVALID_VALUE'],
    ['with a NUL in the order number', 'order.created', order({ order: 'a\u0000' }), 'INVALID_VALUE'],
    ['with an order number of 65 characters', 'order.created', order({ order: 'x'.repeat(65) }), 'INVALID_VALUE'],
    ['with a NUL in the pool', 'order.created', order({ vniPool: 'a\u0000' }), 'INVALID_VALUE'],
    ['with a pool that is not there', 'order.created', order({ vniPool: 'nothing' }), 'NOT_FOUND'],
    ['with a pool of other numbers', 'order.created', order({ vniPool: 'evi' }), 'INVALID_VALUE'],
    ['with a VRF that is not there', 'order.created', order({ vrf: 'a\u0000' }), 'NOT_FOUND'],
    ['with a NUL in the prefix pool', 'order.created', order({ subnets: [{ pool: 'a\u0000' }] }), 'INVALID_VALUE'],
    ['with host bits', 'order.created', order({ subnets: [{ pool: 'cust-v4', cidr: '10.20.0.1/24' }] }), 'INVALID_VALUE'],
    ['with a NUL in the device', 'order.created', order({ attachments: [{ device: 'a\u0000' }] }), 'INVALID_VALUE'],
    ['with a device that is not there', 'order.created', order({ attachments: [{ device: 'pve9' }] }), 'NOT_FOUND'],
    [
      'with a command for a port',
      'order.created',
      order({ attachments: [{ device: 'test', port: 'Et1\nshutdown', tagging: 'UNTAGGED' }] }),
      'INVALID_VALUE',
    ],
    [
      'with a port where the tagging has none',
      'order.created',
      order({ attachments: [{ device: 'test', port: 'Ethernet2' }] }),
      'INVALID_VALUE',
    ],
    ['that ends an order with a NUL', 'order.terminated', { order: 'a\u0000' }, 'INVALID_VALUE'],
    ['that ends an order that never was', 'order.terminated', { order: 'ORD-404' }, 'NOT_FOUND'],
  ])('%s is refused, and nothing of it is kept', async (_what, type, data, code) => {
    const before = await others();
    const longAgo = new Date(Date.now() - 120_000); // It is not that the order is still on its way.
    expect(await send(type, data, longAgo)).toMatchObject({
      state: 'FAILED',
      error: expect.stringContaining(`${code}: `),
      effect_id: null,
    });
    expect(await others()).toEqual(before);
  });

  it('that ends an order which has not arrived yet is tried again, by a worker whose clock is two hours ahead, too', async () => {
    const sentAt = new Date();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7_200_000 });
    try {
      expect(await send('order.terminated', { order: 'ORD-later' }, sentAt)).toMatchObject({
        state: 'ACCEPTED',
        error: expect.stringContaining('UNAVAILABLE'),
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it('about the longest order number that there is creates it and ends it', async () => {
    const number = '~'.repeat(64);
    const created = await send('order.created', order({ order: number }));
    expect(created).toMatchObject({ state: 'PROCESSED', error: null });
    expect(await world.settle(created.effect_id as OrderId)).toBe('ACTIVE');
    const ended = await send('order.terminated', { order: number });
    expect(ended).toMatchObject({ state: 'PROCESSED', error: null });
    expect(await world.settle(ended.effect_id as OrderId)).toBe('RETIRED');
  });
});
