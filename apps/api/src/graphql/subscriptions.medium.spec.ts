import pg from 'pg';
import { openApi, type TestApi, type TestTenant } from '../../../../test/support/api.js';
import { eventually } from '../../../../test/support/eventually.js';
import { bareSocket, graphqlSocket } from '../../../../test/support/graphql-socket.js';
import { TokenService } from '#contexts/access';
import { EventService } from '#contexts/events';
import { encodeId } from '#engines/kernel';
import { newId, systemScope } from '#platform';

let api: TestApi;
let acme: TestTenant;
beforeAll(async () => {
  api = await openApi();
  acme = await api.tenant('acme');
});
afterAll(() => api.close());

/** An order that nobody works on: the tests say what happens to it. */
async function givenOrder(): Promise<{ id: string; publicId: string; happens(type: string): Promise<void> }> {
  const [id, fabricId] = [newId<string>(), newId<string>()];
  await api.db.inTransaction(systemScope('test'), async (tx) => {
    await tx.run(
      `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac)
       VALUES ($1, $2, 'test', 'IBGP', 65051, '172.16.1.0/24', '02:00:00:00:00:01')`,
      [fabricId, `f-${id.slice(-12)}`],
    );
    await tx.run(
      `INSERT INTO network_order (id, tenant_id, fabric_id, kind, state, idempotency_key, request, request_sha256, requested_by, revision, customer_message, deadline_at)
       VALUES ($1, $2, $3, 'PROVISION', 'RUNNING', $4, '{}', 'x', 'test', 1, 'Your network is being built.', now() + interval '1 hour')`,
      [id, acme.id, fabricId, id],
    );
  });
  const events = api.app.get(EventService, { strict: false });
  return {
    id,
    publicId: encodeId('order', id),
    happens: (type) =>
      api.db.inTransaction(systemScope('test'), (tx) =>
        events.append(tx, { tenantId: acme.id, type, subjectId: id, body: { step: 'push pve1' } }),
      ),
  };
}

const SUBSCRIBE = 'subscription($id: ID!, $after: String) { orderEvents(id: $id, after: $after) { cursor type step order { state } } }';

interface OrderEvent {
  cursor: string;
  type: string;
}

function watch(order: string, options: { after?: string; token?: string; onClosed?: (code: number) => void } = {}) {
  const client = graphqlSocket(api.url, options.token ?? acme.token, options.onClosed);
  const seen: OrderEvent[] = [];
  const errors: unknown[] = [];
  let isComplete = false;
  client.subscribe<{ orderEvents: OrderEvent }>(
    { query: SUBSCRIBE, variables: { id: order, after: options.after ?? null } },
    {
      next: ({ data, errors: failed }) => (data ? seen.push(data.orderEvents) : errors.push(failed)),
      error: (error) => errors.push(error),
      complete: () => {
        isComplete = true;
      },
    },
  );
  return { seen, errors, client, isComplete: () => isComplete };
}

describe('order events over a WebSocket', () => {
  it('tell what was and what goes on happening', async () => {
    const order = await givenOrder();
    await order.happens('order.accepted');
    const { seen, client } = watch(order.publicId);
    await eventually(
      () => seen.length,
      (n) => n === 1,
    );
    await order.happens('order.step');
    await eventually(
      () => seen.length,
      (n) => n === 2,
    );
    expect(seen).toEqual([
      { cursor: expect.any(String), type: 'order.accepted', step: 'push pve1', order: { state: 'RUNNING' } },
      { cursor: expect.any(String), type: 'order.step', step: 'push pve1', order: { state: 'RUNNING' } },
    ]);
    await client.dispose();
  });

  it('go on after a cursor with nothing missed', async () => {
    const order = await givenOrder();
    for (const type of ['one', 'two']) await order.happens(type);
    const first = watch(order.publicId);
    await eventually(
      () => first.seen.length,
      (n) => n === 2,
    );
    await first.client.dispose();
    await order.happens('three');
    const second = watch(order.publicId, { after: first.seen[0]?.cursor ?? '' });
    await eventually(
      () => second.seen.length,
      (n) => n === 2,
    );
    expect(second.seen.map((event) => event.type)).toEqual(['two', 'three']);
    await second.client.dispose();
  });

  it('of another tenant do not exist', async () => {
    const order = await givenOrder();
    const other = await api.tenant('other');
    const foreign = watch(order.publicId, { token: other.token });
    const missing = watch(encodeId('order', newId<string>()), { token: other.token });
    await eventually(
      () => [foreign.errors.length, missing.errors.length],
      ([a, b]) => a === 1 && b === 1,
    );
    const plain = (errors: unknown[]) => JSON.stringify(errors).replace(/"requestId":"[^"]*"/g, '');
    expect(plain(foreign.errors)).toBe(plain(missing.errors));
    expect(plain(foreign.errors)).toContain('there is no such order');
    await Promise.all([foreign.client.dispose(), missing.client.dispose()]);
  });

  it('need the scope', async () => {
    const order = await givenOrder();
    const { secret } = await api.tokenWith({ tenantId: acme.id, scopes: ['network:read'] });
    const { errors, client } = watch(order.publicId, { token: secret });
    await eventually(
      () => errors.length,
      (n) => n === 1,
    );
    expect(JSON.stringify(errors)).toContain('FORBIDDEN');
    await client.dispose();
  });

  it('end within five seconds when the token is revoked', async () => {
    const order = await givenOrder();
    const { id, secret } = await api.tokenWith({ tenantId: acme.id });
    const codes: number[] = [];
    const { seen, client } = watch(order.publicId, { token: secret, onClosed: (code) => codes.push(code) });
    await order.happens('one');
    await eventually(
      () => seen.length,
      (n) => n === 1,
    );
    await api.app.get(TokenService, { strict: false }).revoke(id);
    await eventually(
      () => codes,
      (found) => found.length > 0,
      5000,
    );
    expect(codes[0]).toBe(4403);
    await client.dispose();
  });

  it('say nothing of a fault of ours but its request id', async () => {
    const order = await givenOrder();
    const owner = new pg.Client({ connectionString: api.databaseUrl });
    await owner.connect();
    await owner.query('ALTER TABLE network_order RENAME TO network_order_gone');
    try {
      const { errors, client } = watch(order.publicId);
      await eventually(
        () => errors.length,
        (n) => n === 1,
      );
      expect(JSON.stringify(errors)).toMatch(/INTERNAL.*requestId/);
      expect(JSON.stringify(errors)).not.toMatch(/relation|network_order/);
      await client.dispose();
    } finally {
      await owner.query('ALTER TABLE network_order_gone RENAME TO network_order');
      await owner.end();
    }
  });
});

describe('the WebSocket itself', () => {
  const init = (token: string) => ({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
  const subscribe = (query: string) => ({ id: '1', type: 'subscribe', payload: { query } });

  it.each([
    ['no token', {}],
    ['an unknown token', { authorization: 'Bearer nonsense' }],
    ['a token that is no text', { authorization: { $ne: null } }],
    ['nothing at all', undefined],
  ])('is closed with 4403 for %s', async (_what, payload) => {
    const socket = await bareSocket(api.url);
    socket.send({ type: 'connection_init', payload });
    expect(await socket.closed).toBe(4403);
    expect(socket.messages.filter((message) => message.type === 'connection_ack')).toEqual([]);
  });

  it('is closed when nobody introduces themselves', async () => {
    const socket = await bareSocket(api.url);
    expect(await socket.closed).toBe(4408);
  });

  it('is closed for a second introduction', async () => {
    const socket = await bareSocket(api.url);
    socket.send(init(acme.token));
    await eventually(
      () => socket.messages.length,
      (n) => n > 0,
    );
    socket.send(init(acme.token));
    expect(await socket.closed).toBe(4429);
  });

  it('is closed for a frame of more than 64 KiB', async () => {
    const socket = await bareSocket(api.url);
    socket.send('x'.repeat(65 * 1024));
    expect(await socket.closed).toBe(1009);
  });

  it('does not speak another protocol', async () => {
    await expect(bareSocket(api.url, 'graphql-ws')).rejects.toThrow('400');
  });

  it.each([
    [
      'that asks for too much',
      `subscription { orderEvents(id: "x") { order { ${Array.from({ length: 31 }, (_, i) => `a${i}: state`).join(' ')} } } }`,
      'TOO_MANY_ALIASES',
    ],
    ['that is not valid', 'subscription { orderEvents { nothing } }', 'nothing'],
    ['that is a query', '{ tenants { nodes { id } } }', 'query'],
    ['that is a mutation', 'mutation { createTenant(input: { slug: "ws", name: "x" }) { replayed } }', 'mutation'],
  ])('refuses a subscription %s', async (_what, query, text) => {
    const socket = await bareSocket(api.url);
    socket.send(init(acme.token));
    await eventually(
      () => socket.messages.length,
      (n) => n > 0,
    );
    socket.send(subscribe(query));
    const error = await eventually(
      () => socket.messages.find((message) => message.type === 'error'),
      (message) => message !== undefined,
    );
    expect(JSON.stringify(error)).toContain(text);
    socket.close();
  });

  it('does not begin a subscription before the introduction', async () => {
    const socket = await bareSocket(api.url);
    socket.send(subscribe('subscription { orderEvents(id: "x") { type } }'));
    await socket.closed;
    expect(socket.messages.filter((message) => message.type === 'next')).toEqual([]);
  });
});
