// What goes wrong between Trame and a NetBox: an effect is there once, and an error is never an empty list.
import type { FaultKind, JsonObject, RequestLine } from '../../apps/lab/src/netbox-simulator/index.js';
import {
  closeRooms,
  connect,
  create,
  doneOf,
  drop,
  made,
  scanned,
  signal,
  start,
  to,
  update,
  without,
  written,
} from '../support/netbox-room.js';

afterEach(closeRooms);

const SAYING: Partial<Record<FaultKind, RegExp>> = {
  'server-error': /RuntimeError/,
  'bad-gateway': /3 times .* answered 502 .*nothing was done/,
  unavailable: /3 times .* answered 503 .*nothing was done/,
  firewall: /3 times .* answered 403 .*nothing was done/,
  'reset-before': /3 times no answer came .*nothing was done/,
};

describe.each(['4.5', '4.7'] as const)('what goes wrong with NetBox %s', (version) => {
  describe('an answer that is lost', () => {
    const lost: readonly FaultKind[] = [
      'reset-after',
      'reset-before',
      'half-page',
      'truncated-json',
      'bad-gateway',
      'unavailable',
      'login-page',
      'server-error',
      'deadlock',
      'throttled',
    ];

    it.each(lost)('%s: the effect is there once, whatever the verb', async (kind) => {
      const room = await start(version);
      const { netbox, inventory } = room;
      const fault = (method: string) => netbox.faults.add({ kind, when: to(method, 'tenancy/tenants'), retryAfter: 0 });
      fault('POST');
      const names = ['a', 'b', 'c'];
      const outcomes = await inventory.write(
        'tenant',
        names.map((name) => create(`ten_${name}`, { name, slug: name })),
        signal,
      );
      expect(outcomes.map((outcome) => doneOf(outcome).mark)).toEqual(['ten_a', 'ten_b', 'ten_c']);
      fault('PATCH');
      const renamed = await inventory.write(
        'tenant',
        outcomes.map((outcome) => update(doneOf(outcome), { description: 'now' })),
        signal,
      );
      expect(renamed.map((outcome) => doneOf(outcome).fields)).toEqual(names.map((name) => ({ name, slug: name, description: 'now' })));
      fault('DELETE');
      const gone = await inventory.write(
        'tenant',
        renamed.map((outcome) => drop(doneOf(outcome), doneOf(outcome).mark ?? '')),
        signal,
      );
      expect(gone).toEqual([{ done: null }, { done: null }, { done: null }]);
      expect([netbox.faults.armed, netbox.state.count('tenancy/tenants')]).toEqual([0, 0]);
    });
  });

  it('silence after a create: what was done is found, what is not to be seen is asked for later', async () => {
    const room = await start(version);
    const inventory = connect(room.netbox, { writeMs: 700 });
    room.netbox.faults.add({ kind: 'hang-after', when: to('POST', 'tenancy/tenants') });
    expect(doneOf((await inventory.write('tenant', [create('ten_a', { name: 'a', slug: 'a' })], signal))[0])).toMatchObject({
      mark: 'ten_a',
    });
    room.netbox.faults.add({ kind: 'hang', when: to('POST', 'tenancy/tenants') });
    const writing = inventory.write('tenant', [create('ten_b', { name: 'b', slug: 'b' })], signal);
    await expect(writing).rejects.toMatchObject({ code: 'NETBOX_NO_ANSWER', facts: { retriable: true } });
    expect(doneOf((await room.inventory.write('tenant', [create('ten_b', { name: 'b', slug: 'b' })], signal))[0])).toMatchObject({
      mark: 'ten_b',
    });
    expect(room.netbox.state.count('tenancy/tenants')).toBe(2);
  });

  it('a gateway that stops waiting: what NetBox still works at is not made twice, and is found when it is there', async () => {
    const room = await start(version, { enforceGlobalUnique: false });
    const { netbox, inventory } = room;
    const post = to('POST', 'ipam/prefixes');
    const write = [create('pfx_a', { prefix: '10.0.0.0/24', status: 'active' })];
    netbox.faults.add({ kind: 'gateway-timeout', when: post, ms: 1000 });
    await expect(inventory.write('prefix', write, signal)).rejects.toMatchObject({
      code: 'NETBOX_NO_ANSWER',
      facts: { retriable: true, isTimeout: true },
    });
    await netbox.idle();
    const prefix = doneOf((await inventory.write('prefix', write, signal))[0]);
    expect(prefix).toMatchObject({ mark: 'pfx_a' });
    expect(netbox.state.count('ipam/prefixes')).toBe(1);
    // A change is the same one a second time; an object of which it is known that it was there goes once.
    netbox.faults.add({ kind: 'gateway-timeout', when: to('PATCH', 'ipam/prefixes'), ms: 500 });
    const changed = await inventory.write('prefix', [update(prefix, { description: 'now' })], signal);
    await netbox.idle();
    expect(doneOf(changed[0]).fields).toMatchObject({ description: 'now' });
    const [now] = await inventory.get('prefix', [prefix.remoteId], signal);
    if (!now) throw new Error('it is gone');
    netbox.faults.add({ kind: 'gateway-timeout', when: to('DELETE', 'ipam/prefixes'), ms: 30 });
    expect(await inventory.write('prefix', [drop(now, 'pfx_a')], signal)).toEqual([{ done: null }]);
    await netbox.idle();
    expect(netbox.state.count('ipam/prefixes')).toBe(0);
  });

  it('a create that may come yet is said to be that, also where it cannot be looked for', async () => {
    const { netbox, inventory } = await start(version);
    const post = to('POST', 'tenancy/tenants');
    netbox.faults.add({ kind: 'gateway-timeout', when: post, ms: 30 });
    netbox.faults.meanwhile(post, () => netbox.faults.add({ kind: 'unavailable', when: to('GET', 'tenancy/tenants'), times: 100 }));
    await expect(inventory.write('tenant', [create('ten_a', { name: 'a', slug: 'a' })], signal)).rejects.toMatchObject({
      code: 'NETBOX_NO_ANSWER',
      facts: { call: 'POST /api/tenancy/tenants/', isTimeout: true },
    });
    await netbox.idle();
  });

  it('a read that fails is an error and never an empty list', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    await made(room, 'tenant', 'ten_a', { name: 'a', slug: 'a' });
    const list = to('GET', 'tenancy/tenants');
    for (const kind of ['server-error', 'bad-gateway', 'half-page', 'truncated-json', 'throttled', 'reset-before', 'slow'] as const) {
      netbox.faults.add({ kind, when: list, retryAfter: 0 });
      expect(await scanned(inventory, 'tenant'), kind).toHaveLength(1);
    }
    const codes = {
      'server-error': 'NETBOX_UNEXPECTED_ANSWER',
      'bad-gateway': 'NETBOX_UNREACHABLE',
      'half-page': 'NETBOX_NO_ANSWER',
      'truncated-json': 'NETBOX_UNEXPECTED_ANSWER',
      'login-page': 'NETBOX_UNEXPECTED_ANSWER',
      throttled: 'NETBOX_BUSY',
    } as const;
    for (const [kind, code] of Object.entries(codes) as [FaultKind, string][]) {
      netbox.faults.clear();
      netbox.faults.add({ kind, when: list, times: 100, retryAfter: 0 });
      await expect(inventory.scan('tenant', null, signal), kind).rejects.toMatchObject({ code });
    }
    const code = codes.throttled; // the last of them is still on
    await expect(inventory.get('tenant', ['1'], signal)).rejects.toMatchObject({ code });
    await expect(inventory.findMarked('tenant', ['ten_a'], signal)).rejects.toMatchObject({ code });
    await expect(inventory.findAlike('tenant', [{ slug: 'a' }], signal)).rejects.toMatchObject({ code });
  });

  it('a page with rows left out, or of another shape, is an error', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    netbox.state.seed(
      'tenancy/tenants',
      ['a', 'b', 'c'].map((name) => ({ name, slug: name })),
    );
    const answers = async (rewrite: (page: JsonObject) => JsonObject, code: string) => {
      netbox.faults.add({
        kind: 'rewritten',
        when: to('GET', 'tenancy/tenants'),
        rewrite: (answer) => rewrite(answer as JsonObject),
        times: 3,
      });
      await expect(inventory.scan('tenant', null, signal)).rejects.toMatchObject({ code });
      netbox.faults.clear();
    };
    const rows = (page: JsonObject) => page['results'] as JsonObject[];
    await answers((page) => ({ ...page, results: rows(page).slice(0, 2) }), 'NETBOX_INCOMPLETE');
    await answers((page) => ({ ...page, results: [] }), 'NETBOX_INCOMPLETE');
    await answers((page) => ({ ...page, results: rows(page).reverse() }), 'NETBOX_INCOMPLETE');
    await answers((page) => ({ ...page, results: rows(page).map((row) => without(row, 'slug')) }), 'NETBOX_UNEXPECTED_ANSWER');
    await answers(
      (page) => ({ ...page, results: rows(page).map((row) => ({ ...row, name: { text: row['name'] ?? '' } })) }),
      'NETBOX_UNEXPECTED_ANSWER',
    );
    await answers(() => ({ tenants: [] }), 'NETBOX_UNEXPECTED_ANSWER');
    expect(await scanned(inventory, 'tenant')).toHaveLength(3);
  });

  it('a permission that is lost is an error for what is read, and words for what is written', async () => {
    const room = await start(version);
    const { netbox } = room;
    const all = { view: true, add: true, change: true, delete: true } as const;
    const support = { 'extras.customfield': all, 'extras.tag': all, 'core.objectchange': all };
    const token = netbox.state.user('trame', { ...support, 'tenancy.tenant': all });
    const inventory = connect(netbox, { token: token.value });
    const tenant = doneOf((await inventory.write('tenant', [create('ten_a', { name: 'a', slug: 'a' })], signal))[0]);
    await expect(inventory.scan('vrf', null, signal)).rejects.toMatchObject({ code: 'NETBOX_FORBIDDEN', facts: { retriable: false } });

    token.user.permissions = { ...support, 'tenancy.tenant': { view: true } };
    const names = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const before = written(room).length;
    const outcomes = await inventory.write(
      'tenant',
      names.map((name) => create(`ten_${name}`, { name, slug: name })),
      signal,
    );
    expect(outcomes).toEqual(names.map(() => ({ refused: 'You do not have permission to perform this action.' })));
    expect(written(room).length - before).toBeLessThan(10);
    expect(Object.keys((await inventory.write('tenant', [update(tenant, { name: 'x' })], signal))[0] ?? {})).toEqual(['refused']);

    token.user.permissions = support;
    await expect(inventory.scan('tenant', null, signal)).rejects.toMatchObject({ code: 'NETBOX_FORBIDDEN' });
    token.enabled = false;
    await expect(inventory.write('tenant', [create('ten_z', { name: 'z', slug: 'z' })], signal)).rejects.toMatchObject({
      code: 'NETBOX_UNAUTHORIZED',
    });
    expect(netbox.state.count('tenancy/tenants')).toBe(1);
  });

  const never: readonly FaultKind[] = ['server-error', 'bad-gateway', 'unavailable', 'firewall', 'reset-before'];
  it.each(never)('one object that never gets through (%s) is refused, and the others go on', async (kind) => {
    const room = await start(version);
    const isPoisoned = (request: RequestLine) => request.method !== 'GET' && request.body.includes('poison');
    room.netbox.faults.add({ kind, when: isPoisoned, times: 1000 });
    const names = ['a', 'b', 'poison', 'd', 'e'];
    const outcomes = await room.inventory.write(
      'tenant',
      names.map((name) => create(`ten_${name}`, { name, slug: name })),
      signal,
    );
    expect(outcomes.map((outcome) => Object.keys(outcome)[0])).toEqual(['done', 'done', 'refused', 'done', 'done']);
    expect(outcomes[2]).toEqual({ refused: expect.stringMatching(SAYING[kind] ?? '') });
    // Alone, too, and whatever the verb: others would get through, which is asked for with an object that nobody makes.
    const tenant = doneOf(outcomes[0]);
    const [changed] = await room.inventory.write('tenant', [update(tenant, { description: 'poison' })], signal);
    expect(changed).toEqual({ refused: expect.stringMatching(SAYING[kind] ?? '') });
    expect(room.netbox.state.objects('tenancy/tenants').map(({ values }) => values['name'])).toEqual(['a', 'b', 'd', 'e']);
  });

  it.each(['bad-gateway', 'firewall'] as const)(
    'a NetBox that takes no writes (%s), but is read, is an error that passes: nothing is refused',
    async (kind) => {
      const room = await start(version);
      const { netbox, inventory } = room;
      const many = Array.from({ length: 12 }, (_, at) => create(`ten_${at}`, { name: `t${at}`, slug: `t${at}` }));
      const all = (request: RequestLine) => request.method !== 'GET';
      for (const writes of [many.slice(0, 1), many]) {
        netbox.faults.add({ kind, when: all, times: 10_000 });
        await expect(inventory.write('tenant', writes, signal)).rejects.toMatchObject({
          code: 'NETBOX_NO_ANSWER',
          facts: { retriable: true },
        });
        netbox.faults.clear();
      }
      // In the middle of a list, and such that a small question gets through: many in a row are no chance.
      netbox.faults.add({ kind, when: ({ method, body }) => method !== 'GET' && /ten_([4-9]|1\d)/.test(body), times: 10_000 });
      await expect(inventory.write('tenant', many, signal)).rejects.toMatchObject({ code: 'NETBOX_NO_ANSWER', facts: { retriable: true } });
      netbox.faults.clear();
      expect((await inventory.write('tenant', many, signal)).map((outcome) => Object.keys(outcome)[0])).toEqual(many.map(() => 'done'));
      expect(netbox.state.count('tenancy/tenants')).toBe(12);
    },
  );

  it('a NetBox that is maintained is an error that passes', async () => {
    const room = await start(version);
    room.netbox.faults.add({ kind: 'maintenance', when: ({ method }) => method !== 'GET', times: 1000 });
    const write = create('ten_a', { name: 'a', slug: 'a' });
    await expect(room.inventory.write('tenant', [write], signal)).rejects.toMatchObject({
      code: 'NETBOX_BUSY',
      facts: { retriable: true },
    });
    room.netbox.faults.clear();
    doneOf((await room.inventory.write('tenant', [write], signal))[0]);
  });
});
