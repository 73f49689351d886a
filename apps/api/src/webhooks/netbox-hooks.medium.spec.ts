// A NetBox says that something changed there: what is taken for its word, and what becomes of it.
import { createHmac } from 'node:crypto';
import supertest, { type Response } from 'supertest';
import { openSyncApiWorld, type SyncApiWorld } from '../../../../test/support/sync-api-world.js';
import type { SyncRunnerWorld } from '../../../../test/support/sync-runner-world.js';
import { sentStatements } from '../../../../test/support/sent-statements.js';
import { SyncHookService } from '#contexts/sync';
import { LOGGER, type Logger, Secret } from '#platform';

let api: SyncApiWorld;
let world: SyncRunnerWorld;
beforeAll(async () => {
  api = await openSyncApiWorld();
});
afterAll(() => api?.close());
beforeEach(async () => {
  await open({ hookSecret: new Secret('whisper') });
});

const hooks = () => api.api.get(SyncHookService, { strict: false });
/** Another process changed it, and the second is over for which this one remembers what was before. */
const changed = async (work: () => Promise<unknown>): Promise<void> => {
  await work();
  hooks().forget();
};
const open = (settings: object) =>
  changed(async () => {
    world = await api.host.world({ settings });
  });

const event = (id: number, parts: object = {}): string =>
  JSON.stringify({ event: 'updated', timestamp: '2026-05-01T10:00:00+00:00', object_type: 'tenancy.tenant', data: { id }, ...parts });
const sign = (body: string, secret = 'whisper'): string => createHmac('sha512', secret).update(body).digest('hex');
const send = (body: string, signature: string | null = sign(body), connector = 'netbox'): Promise<Response> => {
  const request = supertest(api.url).post(`/hooks/netbox/${connector}`).set('content-type', 'application/json');
  if (signature !== null) request.set('x-hook-signature', signature);
  return request.send(body).then((response) => response);
};
const hints = () => world.sql<{ kind: string; id: string }>('SELECT kind, remote_id AS id FROM sync_hint ORDER BY seq');
const wanted = async () => (await world.sql(`SELECT 1 FROM outbox WHERE topic = 'sync.wanted'`)).length;

describe('POST /hooks/netbox/{connector}', () => {
  it('takes a signed event, and the object is read again', async () => {
    world.local.put('tenant', 'ten_1', { name: 'acme', slug: 'acme', description: 'old' });
    await world.sync();
    const id = world.foreign.all('tenant')[0]?.remoteId ?? '';
    world.foreign.edit('tenant', id, { description: 'theirs' });
    const before = world.foreign.calls.scan;
    const answer = await send(event(Number(id)));
    expect([answer.status, answer.body]).toEqual([202, { status: 'ACCEPTED' }]);
    await world.attend();
    expect(world.local.get('tenant', 'ten_1')).toMatchObject({ description: 'theirs' });
    expect(world.foreign.calls.scan).toBe(before);
    expect(await hints()).toEqual([]);
  });

  it('has one answer for all that is not proved, and keeps nothing of it', async () => {
    const body = event(7);
    const unproven = {
      'no signature': () => send(body, null),
      'an empty one': () => send(body, ''),
      'another secret': () => send(body, sign(body, 'guessed')),
      'another body': () => send(`${body} `, sign(body)),
      'no connector of that name': () => send(body, sign(body), 'nobody'),
      'no name': () => send(body, sign(body), 'NOT%2Fa-name'),
      'no body': () => send('', null),
      'a connector that is off': async () => {
        await changed(() => world.set({ enabled: false }));
        return send(body);
      },
    };
    const texts = new Set<string>();
    for (const [what, attempt] of Object.entries(unproven)) {
      const { status, body: answer } = await attempt();
      expect(status, what).toBe(401);
      texts.add(JSON.stringify({ ...answer.error, requestId: '' }));
    }
    expect([...texts]).toEqual([
      JSON.stringify({ code: 'UNAUTHENTICATED', message: 'the message is not proved to come from this connector', requestId: '' }),
    ]);
    expect(await hints()).toEqual([]);
  });

  it('hears nobody where no secret was said, and another one from when it was', async () => {
    await open({});
    expect((await send(event(7))).status).toBe(401);
    expect((await send(event(7), sign(event(7), ''))).status).toBe(401);
    await changed(() => world.set({ hookSecret: new Secret('louder') }));
    expect((await send(event(7))).status).toBe(401);
    expect((await send(event(7), sign(event(7), 'louder'))).status).toBe(202);
  });

  it('makes one row of a storm about one object, and tells the worker once', async () => {
    const before = await wanted();
    for (let round = 0; round < 10; round++) {
      const statuses = await Promise.all(Array.from({ length: 20 }, (_, n) => send(event(7, { timestamp: `t${round * 20 + n}` }))));
      expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([202]));
    }
    expect((await send(event(7))).status).toBe(202); // A copy of one that came.
    expect((await send(event(8))).status).toBe(202);
    expect(await hints()).toEqual([
      { kind: 'tenant', id: '7' },
      { kind: 'tenant', id: '8' },
    ]);
    expect((await wanted()) - before).toBe(2);
  });

  it('of ten thousand about three objects writes what three objects cost, and asks once who sends', async () => {
    const before = await wanted();
    const bodies = Array.from({ length: 10_000 }, (_, n) => event(7 + (n % 3), { timestamp: `t${n}` }));
    const signed = bodies.map((body) => ({ body: Buffer.from(body), signature: sign(body) }));
    let statuses: number[] = [];
    const begun = performance.now();
    const sent = await sentStatements(async () => {
      statuses = (await Promise.all(signed.map(({ body, signature }) => hooks().receive('netbox', signature, body)))).map(
        ({ status }) => status,
      );
    });
    const tenths = Math.ceil((performance.now() - begun) / 100);
    expect([...new Set(statuses)]).toEqual([202]);
    expect(sent.filter((text) => text.includes('sealed_hook_secret')).length).toBeLessThanOrEqual(1 + tenths / 10);
    expect(sent.filter((text) => text.includes('INTO sync_hint')).length).toBeLessThanOrEqual(2 * (1 + tenths));
    expect(await hints()).toHaveLength(3);
    expect((await wanted()) - before).toBeLessThanOrEqual(2);
  });

  it('that proves nothing asks the database nothing, whatever comes, and is told once', async () => {
    const warn = vi.spyOn(api.api.get<Logger>(LOGGER), 'warn');
    await send(event(7));
    const body = Buffer.from(event(7));
    const sent = await sentStatements(async () => {
      for (let n = 0; n < 500; n++) {
        expect((await hooks().receive('netbox', sign(`${n}`), body)).status).toBe(401);
        expect((await hooks().receive(`nobody-${n}`, sign(`${n}`), body)).status).toBe(401);
        expect((await hooks().receive('netbox', undefined, body)).status).toBe(401);
      }
    });
    expect(sent.length).toBeLessThan(5);
    expect(warn.mock.calls.filter(([event]) => event === 'sync.hooks_unproven').length).toBeLessThanOrEqual(1);
    warn.mockRestore();
  });

  it('passes over what is not of the inventory, and refuses what is no event', async () => {
    expect((await send(event(7, { object_type: 'dcim.cable' }))).status).toBe(202);
    const { status, body } = await send('<html>');
    expect([status, body.error.code]).toEqual([422, 'INVALID_VALUE']);
    expect(await hints()).toEqual([]);
  });

  it('has room for an object before and after, and not for more than a mebibyte', async () => {
    const long = (length: number): string => event(7, { snapshots: { prechange: { description: 'x'.repeat(length) } } });
    expect((await send(long(900_000))).status).toBe(202);
    const { status, body } = await send(long(1_048_576));
    expect([status, body.error]).toMatchObject([413, { code: 'TOO_LARGE', message: 'a body has at most 1048576 bytes' }]);
  });
});
