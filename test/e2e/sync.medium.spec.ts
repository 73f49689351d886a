// Other systems that are kept right, as an operator sees them through the API.
import { encodeId } from '#engines/kernel';
import { openSyncApiWorld, type SyncApiWorld } from '../support/sync-api-world.js';
import { type SyncRunnerWorld, tenant } from '../support/sync-runner-world.js';

let api: SyncApiWorld;
let world: SyncRunnerWorld;
beforeAll(async () => {
  api = await openSyncApiWorld();
});
afterAll(() => api?.close());

interface Run {
  readonly id: string;
  readonly state: string;
  readonly digest: string;
  readonly guards: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly phase: string;
  readonly progress: { readonly objectType: string; readonly done: number; readonly total: number | null } | null;
}
interface Payload {
  readonly connector?: { readonly id: string; readonly version: number } | null;
  readonly run?: Run | null;
  readonly replayed?: boolean | null;
  readonly errors: readonly { readonly code: string; readonly path: readonly string[]; readonly accepted?: string }[];
}
const RUN =
  'id state digest guards counts { read created updated deleted unchanged conflicts skipped } error phase progress { objectType done total }';
const ANSWER = `{ run { ${RUN} } replayed errors { code message path } }`;
const START = `mutation ($input: StartSyncInput!) { startSync(input: $input) ${ANSWER} }`;
const APPROVE = `mutation ($id: ID!, $digest: String!) { approveSyncRun(id: $id, digest: $digest) ${ANSWER} }`;
const CREATE = `mutation ($input: CreateConnectorInput!) { createConnector(input: $input) { connector { id version slug mode enabled authority { objectType field owner byDefault } } replayed errors { code message path ... on InvalidInputError { accepted } } } }`;
const UPDATE = `mutation ($id: ID!, $ifVersion: Int!, $input: UpdateConnectorInput!) { updateConnector(id: $id, ifVersion: $ifVersion, input: $input) { connector { id version enabled mode health { ok message } } errors { code message path } } }`;

const connector = (): string => encodeId('syncTarget', world.targetId);
/** A person asks through the API, a worker comes by, the person looks. */
async function sync(over: object = {}): Promise<Run> {
  const { run, errors } = await api.ask<Payload>(START, { input: { connector: connector(), ...over } });
  expect(errors).toEqual([]);
  await world.attend();
  return api.ask<Run>(`query ($id: ID!) { syncRun(id: $id) { ${RUN} } }`, { id: run?.id });
}
async function changesOf(id: string, first: number, after: string | null = null) {
  const document = `query ($id: ID!, $first: Int!, $after: String) { syncRun(id: $id) { changes(first: $first, after: $after) {
    nodes { seq action objectType ours theirs label before after takenOver state applied error } pageInfo { hasNextPage endCursor } } } }`;
  const found = await api.ask<{
    changes: { nodes: Record<string, unknown>[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
  }>(document, { id, first, after });
  return found.changes;
}

describe('a connector', () => {
  const input = { idempotencyKey: 'c-1', kind: 'NETBOX', slug: 'ipam', url: 'https://ipam.example', secret: 'nbt_hush.hush' };

  it('is made once, begins in OBSERVE, and its secret comes out of nothing', async () => {
    world = await api.host.world();
    const first = await api.ask<Payload>(CREATE, { input });
    expect(first).toMatchObject({ connector: { slug: 'ipam', mode: 'OBSERVE', enabled: true }, replayed: false, errors: [] });
    expect(await api.ask<Payload>(CREATE, { input })).toMatchObject({ connector: { id: first.connector?.id }, replayed: true });
    const other = { ...input, url: 'https://other.example' };
    expect((await api.ask<Payload>(CREATE, { input: other })).errors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    expect((await api.ask<Payload>(CREATE, { input: { ...input, idempotencyKey: 'c-2' } })).errors).toMatchObject([
      { code: 'ALREADY_EXISTS' },
    ]);
    const all = await api.post(
      '{ connectors { nodes { id slug kind url settings health { ok message lagSeconds circuit } lastRun { id } } } }',
    );
    expect(JSON.parse(all)).toMatchObject({ data: { connectors: { nodes: [{ slug: 'netbox' }, { slug: 'ipam' }] } } });
    const kept = await world.sql(
      `SELECT detail::text FROM audit_entry WHERE action LIKE 'connector%' UNION ALL SELECT answer::text FROM operator_act`,
    );
    expect(all + JSON.stringify(first) + JSON.stringify(kept)).not.toContain('hush');
  });

  it('is changed at the version that was seen, and says whose word counts', async () => {
    world = await api.host.world();
    const found = await api.ask<{ id: string; version: number }>('{ connector(slug: "netbox") { id version } }');
    const authority = [{ objectType: 'prefix', field: 'description', owner: 'THEM' }];
    const off = { id: found.id, ifVersion: found.version, input: { enabled: false, authority } };
    expect(await api.ask<Payload>(UPDATE, off)).toMatchObject({
      connector: { enabled: false, mode: 'WRITE', health: { ok: false, message: 'switched off' } },
      errors: [],
    });
    expect((await api.ask<Payload>(UPDATE, off)).errors).toMatchObject([{ code: 'VERSION_CONFLICT' }]);
    expect((await api.ask<Payload>(START, { input: { connector: found.id } })).errors).toMatchObject([{ code: 'INVALID_STATE' }]);
    const rules = await api.ask<{ authority: object[] }>(
      '{ connector(slug: "netbox") { authority { objectType field owner byDefault } } }',
    );
    expect(rules.authority).toContainEqual({ objectType: 'prefix', field: 'description', owner: 'THEM', byDefault: false });
    expect(rules.authority).toContainEqual({ objectType: 'prefix', field: 'tenant', owner: 'US', byDefault: true });
    expect(rules.authority).toContainEqual({ objectType: 'vlan', field: 'name', owner: 'IGNORE', byDefault: true });
  });

  it.each([
    [{ url: 'https://me:pw@ipam.example' }, ['url']],
    [{ secret: '' }, ['secret']],
    [{ graceSeconds: -1 }, ['graceSeconds']],
    [{ authority: [{ objectType: 'rack', field: 'x', owner: 'US' }] }, ['authority']],
    [{ authority: [{ objectType: '__proto__', field: 'x', owner: 'US' }] }, ['authority']],
    [{ tlsSpkiSha256: ['x'] }, ['tlsSpkiSha256']],
  ])('of %j is refused with its place', async (over, path) => {
    world = await api.host.world();
    const { errors } = await api.ask<Payload>(CREATE, { input: { ...input, idempotencyKey: null, ...over } });
    expect(errors).toMatchObject([{ code: 'INVALID_VALUE', path }]);
  });

  it.each([
    ['NETBOX', { objectType: 'prefix', field: 'status', owner: 'THEM' }, 'prefix.status=US; of prefix description may be THEM'],
    [
      'NETBOX',
      { objectType: 'tenant', field: 'slug', owner: 'LAST_WRITER_WITH_REVIEW' },
      'tenant.slug=US; of tenant name and description may be',
    ],
    ['NETBOX', { objectType: 'vlan', field: 'name', owner: 'THEM' }, 'of vlan nothing is taken over'],
    [
      'NETBOX',
      { objectType: 'vlan', field: 'vid', owner: 'IGNORE' },
      'vlan.vid=US; of vlan nothing is taken over; of vlan name, tenant, status may be IGNORE',
    ],
    ['NETBOX', { objectType: 'vrf', field: 'importTargets', owner: 'IGNORE' }, 'of vrf description may be IGNORE'],
    ['NETBOX', { objectType: 'asn', field: 'asn', owner: 'IGNORE' }, 'of asn nothing may be IGNORE'],
    ['NETBOX', { objectType: 'prefix', field: 'vid', owner: 'US' }, 'of prefix prefix, vrf, tenant, vlan, status, description'],
    ['PHPIPAM', { objectType: 'prefixes', field: 'status', owner: 'US' }, 'tenant, routeTarget, vrf, vlanGroup'],
    ['POWERDNS', { objectType: 'prefix', field: 'description', owner: 'US' }, 'rules only for an inventory'],
  ])('of kind %s takes no rule %j, and says what it would take', async (kind, rule, accepted) => {
    world = await api.host.world();
    const { errors } = await api.ask<Payload>(CREATE, { input: { ...input, idempotencyKey: null, kind, authority: [rule] } });
    expect(errors).toMatchObject([{ code: 'INVALID_VALUE', path: ['authority'], accepted: expect.stringContaining(accepted) }]);
  });

  it('takes one rule for a field', async () => {
    world = await api.host.world();
    const rule = { objectType: 'prefix', field: 'description', owner: 'THEM' };
    const twice = { ...input, idempotencyKey: null, authority: [rule, { ...rule, owner: 'US' }] };
    expect((await api.ask<Payload>(CREATE, { input: twice })).errors).toMatchObject([{ code: 'INVALID_VALUE', path: ['authority', '1'] }]);
  });

  it('that is not there is null, and one place is named', async () => {
    expect(await api.ask('{ connector(slug: "nobody") { id } }')).toBeNull();
    expect(await api.post('{ connector { id } }')).toContain('INVALID_VALUE');
  });
});

describe('a run', () => {
  it('that is dry shows all it would do, by pages, and writes nothing; the same key begins it once', async () => {
    world = await api.host.world();
    await sync(); // The first time everything is read in any case.
    world.tenants(5);
    const run = await sync({ dryRun: true });
    expect(run).toMatchObject({ state: 'SUCCEEDED', counts: { created: 5 }, progress: null });
    const one = await changesOf(run.id, 3);
    expect(one.nodes.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(one.nodes[0]).toMatchObject({
      action: 'CREATE',
      objectType: 'tenant',
      ours: 'ten_00001',
      theirs: null,
      state: 'PLANNED',
      applied: false,
    });
    const two = await changesOf(run.id, 3, one.pageInfo.endCursor);
    expect([one.pageInfo.hasNextPage, two.nodes.length, two.pageInfo.hasNextPage]).toEqual([true, 2, false]);
    expect(world.foreign.all('tenant')).toEqual([]);
    const keyed = { input: { connector: connector(), idempotencyKey: 'r-1' } };
    const [begun, again] = [await api.ask<Payload>(START, keyed), await api.ask<Payload>(START, keyed)];
    expect([again.run?.id, begun.replayed, again.replayed]).toEqual([begun.run?.id, false, true]);
    await world.attend();
    expect(world.foreign.all('tenant')).toHaveLength(5);
    const { lastRun, runs } = await api.ask<{ lastRun: Run; runs: { nodes: Run[] } }>(
      '{ connector(slug: "netbox") { lastRun { id } runs { nodes { id } } } }',
    );
    expect([lastRun.id, runs.nodes.length]).toEqual([begun.run?.id, 3]);
  });

  it('that was stopped goes on with the digest that was seen, and with no other', async () => {
    world = await api.host.world();
    world.tenants(20);
    await sync();
    for (const n of [1, 2, 3]) world.local.remove('tenant', `ten_0000${n}`);
    const run = await sync();
    expect(run).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: ['tenant: 3 of 20 would be deleted, 10 % may be'] });
    expect((await api.ask<Payload>(APPROVE, { id: run.id, digest: 'another' })).errors).toMatchObject([{ code: 'PLAN_STALE' }]);
    expect(await api.ask<Payload>(APPROVE, { id: run.id, digest: run.digest })).toMatchObject({ run: { state: 'RUNNING' }, errors: [] });
    await world.attend();
    expect(await world.lastRun()).toMatchObject({ state: 'SUCCEEDED', approvedBy: expect.stringContaining('token') });
    expect((await sync({ maxDeleteRatio: 0.5 })).state).toBe('SUCCEEDED');
    expect((await api.ask<Payload>(START, { input: { connector: connector(), maxDeleteRatio: 2 } })).errors).toMatchObject([
      { code: 'INVALID_VALUE', path: ['maxDeleteRatio'] },
    ]);
  });

  it.each([
    [{ enabled: false }, 'switched off'],
    [{ mode: 'OBSERVE' }, 'set to OBSERVE'],
  ])('that is writing ends with what it sends just now when %j is said', async (input, words) => {
    let isSaid = true;
    world = await api.host.world({
      foreign: {
        onCall: async (call) => {
          if (call !== 'write' || isSaid) return undefined;
          isSaid = true;
          const { id, version } = await api.ask<{ id: string; version: number }>('{ connector(slug: "netbox") { id version } }');
          expect((await api.ask<Payload>(UPDATE, { id, ifVersion: version, input })).errors).toEqual([]);
          return undefined;
        },
      },
    });
    await sync();
    isSaid = false;
    world.tenants(250);
    await sync();
    expect(await world.lastRun()).toMatchObject({ state: 'PARTIAL', error: expect.stringContaining(words) });
    expect(world.foreign.all('tenant')).toHaveLength(100);
    await world.attend();
    expect(world.foreign.all('tenant')).toHaveLength(100);
    await world.set({ enabled: true, mode: 'WRITE' });
    await world.attend();
    expect(world.foreign.all('tenant')).toHaveLength(250);
  });

  it('says while it is under way what it does and how far it is: what it reads, then what it writes', async () => {
    const seen: { phase: string; progress: Run['progress'] }[] = [];
    let slow: ((ms: number) => Promise<void>) | undefined;
    world = await api.host.world({
      foreign: {
        pageSize: 100,
        onCall: async (call) => {
          if (call === 'scan' || call === 'write') await slow?.(call === 'scan' ? 400 : 1100);
          return undefined;
        },
      },
    });
    await sync();
    world.tenants(300);
    for (let n = 1; n <= 300; n++) world.foreign.put('tenant', tenant(`theirs-${n}`));
    // Progress is told once a second at the most: a page takes a little of one, and a batch of writes more than one.
    slow = async (ms) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      const { lastRun } = await api.ask<{ lastRun: Run }>(
        '{ connector(slug: "netbox") { lastRun { phase progress { objectType done total } } } }',
      );
      seen.push(lastRun);
    };
    const run = await sync({ maxDeleteRatio: 1 });
    expect(run).toMatchObject({ phase: 'ENDED', progress: null });
    expect(seen.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['PLANNING', 'APPLYING']));
    const told = seen.flatMap(({ phase, progress }) => (progress ? [{ phase, ...progress }] : []));
    expect(told).toContainEqual({ phase: 'PLANNING', objectType: 'tenant', done: expect.any(Number), total: 300 });
    expect(told).toContainEqual({ phase: 'APPLYING', objectType: 'tenant', done: expect.any(Number), total: expect.any(Number) });
    for (const { done, total } of told) expect(done).toBeLessThanOrEqual(total ?? done);
  });

  it('proposes what was there before, and adopts it when a person says so', async () => {
    world = await api.host.world();
    world.local.put('tenant', 'ten_1', tenant('acme'));
    world.foreign.put('tenant', tenant('acme'));
    const run = await sync();
    expect((await changesOf(run.id, 10)).nodes).toMatchObject([{ action: 'ADOPT', ours: 'ten_1', state: 'PROPOSED' }]);
    const ADOPT = `mutation ($run: ID!, $seqs: [Int!]) { adoptSyncProposals(run: $run, seqs: $seqs) ${ANSWER} }`;
    expect((await api.ask<Payload>(ADOPT, { run: run.id, seqs: [99] })).errors).toMatchObject([{ code: 'INVALID_STATE' }]);
    expect(await api.ask<Payload>(ADOPT, { run: run.id })).toMatchObject({ errors: [] });
    await world.attend();
    expect(world.foreign.all('tenant')).toMatchObject([{ mark: 'ten_1' }]);
  });
});

describe('a conflict', () => {
  it('waits for a person, and is done as they say', async () => {
    world = await api.host.world();
    world.local.put('tenant', 'ten_1', tenant('acme', 'old'));
    await sync();
    world.foreign.edit('tenant', world.foreign.all('tenant')[0]?.remoteId ?? '', { description: 'theirs' });
    world.local.put('tenant', 'ten_1', { description: 'ours' });
    await sync();
    const document = '{ connector(slug: "netbox") { conflicts { nodes { id objectType label field ours theirs base decision } } } }';
    const { conflicts } = await api.ask<{ conflicts: { nodes: { id: string }[] } }>(document);
    expect(conflicts.nodes).toMatchObject([{ objectType: 'tenant', field: 'description', ours: 'ours', theirs: 'theirs', base: 'old' }]);
    const RESOLVE = `mutation ($id: ID!) { resolveSyncConflict(id: $id, keep: THEM) { conflict { decision decidedBy } errors { code } } }`;
    expect(await api.ask(RESOLVE, { id: conflicts.nodes[0]?.id })).toMatchObject({ conflict: { decision: 'THEM' }, errors: [] });
    await world.attend();
    expect(world.local.get('tenant', 'ten_1')).toMatchObject({ description: 'theirs' });
    expect(await api.ask(document)).toEqual({ conflicts: { nodes: [] } });
    const over = await api.ask(
      '{ connector(slug: "netbox") { conflicts(state: RESOLVED) { nodes { id state resolvedAt ours theirs base decision } } } }',
    );
    const kept = { id: conflicts.nodes[0]?.id, state: 'RESOLVED', ours: 'ours', theirs: 'theirs', base: 'old', decision: 'THEM' };
    expect(over).toEqual({ conflicts: { nodes: [{ ...kept, resolvedAt: expect.stringMatching(/^\d{4}-/) }] } });
    await world.sql(`UPDATE sync_conflict SET resolved_at = resolved_at - interval '31 days'`);
    await api.host.runner().forgetRuns();
    expect(await world.sql('SELECT id FROM sync_conflict')).toEqual([]);
  });
});

describe('a token', () => {
  it('that may read may not begin a run, and one that may begin a run may not make a connector', async () => {
    world = await api.host.world();
    const [reader, writer] = [await api.token(['sync:read']), await api.token(['sync:write'])];
    expect(await api.post('{ connectors { nodes { slug } } }', {}, reader)).toContain('netbox');
    const start = { input: { connector: connector() } };
    expect(await api.post(START, start, reader)).toContain('lacks the scope sync:write');
    expect(await api.post(START, start, writer)).toContain('"errors":[]');
    const set = { id: connector(), ifVersion: 1, input: { enabled: false } };
    expect(await api.post(UPDATE, set, writer)).toContain('lacks the scope sync:admin');
  });
});
