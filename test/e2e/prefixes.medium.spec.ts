// Prefixes and addresses as other systems allocate them, the pools that they come from, and subnets that no device carries.
import { encodeId, type TenantId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';
import { DatabaseState } from '../support/database-state.js';
import { sentStatements } from '../support/sent-statements.js';

let world: ApiWorld;
let database: DatabaseState;
let other: { readonly tenantId: TenantId; readonly token: string };
let tenant: string;
let theirs: string;
beforeAll(async () => {
  world = await createApiWorld();
  database = await DatabaseState.of(world.url);
  other = await world.newTenant('other', 'Other SA');
  tenant = encodeId('tenant', world.tenantId);
  theirs = encodeId('tenant', other.tenantId);
});
afterAll(async () => {
  await database?.close();
  await world?.close();
});

const ALLOCATION = `{ id version kind text state holderKind value { __typename ... on PrefixValue { prefix { id cidr role } }
  ... on IpValue { address { id address mac dnsName role } } ... on VniValue { vni } } }`;
const ERRORS = `errors { __typename code message path ... on InvalidInputError { accepted } ... on OverlapError { overlapping } ... on AlreadyExistsError { heldBy }
  ... on PoolExhaustedError { pool free largestFreePrefixLength largestFreeBlock } ... on QuotaExceededError { pool room } ... on VersionConflictError { currentVersion }
  ... on InUseError { holderKind } }`;
const POOL = `{ id version slug total free used utilization strategy cidr family prefixes defaultLength minLength maxLength freeBlocks { length count }
  freePrefixes(first: 3) exclusions { cidr reason } quotas { tenant max used } tenants }`;

interface Allocation {
  readonly id: string;
  readonly version: number;
  readonly text: string;
  readonly value: { readonly prefix?: { readonly id: string } };
}
type Errors = readonly Readonly<Record<string, unknown>>[];
interface Payload {
  readonly allocation: Allocation | null;
  readonly allocations: readonly Allocation[];
  readonly replayed: boolean;
  readonly errors: Errors;
}
interface Pool {
  readonly id: string;
  readonly version: number;
  readonly [field: string]: unknown;
}
interface Subnet {
  readonly id: string;
  readonly cidr: string;
  readonly prefix: string;
  readonly [field: string]: unknown;
}

let serial = 0;
const key = (): string => `key-${++serial}`;
type Input = Readonly<Record<string, unknown>>;

/** One mutation with one `input`. */
const mutate = <Result>(field: string, type: string, selection: string, input: Input, token = world.customer): Promise<Result> =>
  world.ask(token, `mutation ($input: ${type}!) { ${field}(input: $input) { ${selection} ${ERRORS} } }`, { input });

const GRANTED = `allocation ${ALLOCATION} allocations ${ALLOCATION} replayed dryRun`;
const allocatePrefix = (input: Input, token?: string): Promise<Payload> =>
  mutate('allocatePrefix', 'AllocatePrefixInput', GRANTED, { idempotencyKey: key(), tenant, ...input }, token);
const allocateIp = (input: Input, token?: string): Promise<Payload> =>
  mutate('allocateIp', 'AllocateIpInput', GRANTED, { idempotencyKey: key(), ...input }, token);
const change = (field: string, input: Input, token?: string): Promise<Payload & { changed?: boolean }> =>
  mutate(field, `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`, `allocation ${ALLOCATION}`, input, token);

const createPool = (input: Input, token = world.operator): Promise<{ pool: Pool | null; errors: Errors }> =>
  mutate(
    'createPrefixPool',
    'CreatePrefixPoolInput',
    `pool { ... on PrefixPool ${POOL} }`,
    { slug: `pool-${++serial}`, name: 'a pool', defaultLength: 26, minLength: 24, maxLength: 28, ...input },
    token,
  );
async function pool(input: Input): Promise<Pool> {
  const { pool: made, errors } = await createPool(input);
  expect(errors).toEqual([]);
  return made as Pool;
}
const update = ({ id, version }: Pool, input: Input): Promise<{ pool: Pool | null; errors: Errors }> =>
  world.ask(
    world.operator,
    `mutation ($id: ID!, $version: Int!, $input: UpdatePoolInput!) { updatePool(id: $id, ifVersion: $version, input: $input) { pool { ... on PrefixPool ${POOL} } ${ERRORS} } }`,
    { id, version, input },
  );
const SUBNET =
  '{ id cidr prefix vrf dnsZone gateway { address mode } total free ranges { first last kind reason } freeRanges { first last } }';
const createSubnet = (input: Input, token?: string): Promise<{ subnet: Subnet | null; replayed: boolean | null; errors: Errors }> =>
  mutate('createSubnet', 'CreateSubnetInput', `subnet ${SUBNET} replayed`, { idempotencyKey: key(), tenant, ...input }, token);
async function subnet(input: Input): Promise<Subnet> {
  const { subnet: made, errors } = await createSubnet(input);
  expect(errors).toEqual([]);
  return made as Subnet;
}

/** What is asked of the database; a token is read again after three seconds, whatever is done with it. */
const statementsOf = async (work: () => Promise<unknown>): Promise<string[]> =>
  (await sentStatements(work)).filter((text) => !text.includes('api_token'));

async function unchanged<T>(work: () => Promise<T>): Promise<T> {
  const before = await database.read();
  const answer = await work();
  expect(await database.read()).toEqual(before);
  return answer;
}
const texts = ({ allocations }: Payload): string[] => allocations.map(({ text }) => text);

describe('allocatePrefix', () => {
  it('gives the next prefix of a length, in both families, and the same one to the same key', async () => {
    const v4 = await pool({ prefixes: ['10.100.0.0/22'] });
    const input = { idempotencyKey: key(), pool: v4.id, length: 24 };
    const first = await allocatePrefix(input);
    expect(first.allocation).toMatchObject({
      id: expect.stringMatching(/^pfx_/),
      version: 1,
      kind: 'PREFIX',
      text: '10.100.0.0/24',
      state: 'BOUND',
      value: { __typename: 'PrefixValue', prefix: { id: first.allocation?.id, cidr: '10.100.0.0/24', role: 'SUBNET' } },
    });
    expect(await unchanged(() => allocatePrefix(input))).toEqual({ ...first, replayed: true });
    expect((await unchanged(() => allocatePrefix({ ...input, length: 25 }))).errors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    expect(texts(await allocatePrefix({ pool: v4.id }))).toEqual(['10.100.1.0/26']);
    const v6 = await pool({ prefixes: ['2001:db8:100::/48'], defaultLength: 64, minLength: 56, maxLength: 127 });
    expect(texts(await allocatePrefix({ pool: v6.id }))).toEqual(['2001:db8:100::/64']);
    expect(texts(await allocatePrefix({ pool: v6.id, length: 127, role: 'LINK' }))).toEqual(['2001:db8:100:1::/127']);
  });

  it('gives several that follow each other', async () => {
    const { id } = await pool({ prefixes: ['10.101.0.0/22'] });
    await allocatePrefix({ pool: id, prefer: '10.101.0.64/26' });
    const row = await allocatePrefix({ pool: id, length: 26, count: 4, contiguous: true });
    expect(row.errors).toEqual([]);
    expect(row.allocations).toHaveLength(4);
    const [first] = texts(row).map((cidr) => Number(cidr.split('.')[2]) * 256 + Number(cidr.split(/[./]/)[3]));
    expect(texts(row)).toEqual(
      [0, 1, 2, 3].map((n) => `10.101.${((first as number) + 64 * n) >> 8}.${((first as number) + 64 * n) & 255}/26`),
    );
  });

  it('refuses what is taken, outside, excluded or of another length, with what would be taken', async () => {
    const { id, version } = await pool({ prefixes: ['10.102.0.0/22'] });
    await update({ id, version }, { excludePrefixes: [{ cidr: '10.102.3.0/24', reason: 'old site' }] });
    await allocatePrefix({ pool: id, prefer: '10.102.0.0/24' });
    const refusal = async (input: Input, token?: string) => (await unchanged(() => allocatePrefix({ pool: id, ...input }, token))).errors;
    expect(await refusal({ prefer: '10.102.0.0/26' })).toMatchObject([{ __typename: 'OverlapError', overlapping: ['10.102.0.0/24'] }]);
    expect(await refusal({ tenant: theirs, prefer: '10.102.0.0/26' }, other.token)).toMatchObject([{ code: 'OVERLAPS', overlapping: [] }]);
    expect(await refusal({ prefer: '10.103.0.0/26' })).toMatchObject([{ code: 'OUT_OF_RANGE', accepted: 'a prefix within 10.102.0.0/22' }]);
    expect(await refusal({ prefer: '10.102.3.0/26' })).toMatchObject([
      { code: 'OUT_OF_RANGE', accepted: expect.stringContaining('old site') },
    ]);
    expect(await refusal({ length: 29 })).toMatchObject([{ code: 'OUT_OF_RANGE', accepted: expect.stringContaining('/24 to /28') }]);
    expect(await refusal({ role: 'RESERVED' })).toMatchObject([{ code: 'INVALID_VALUE', path: ['role'] }]);
    expect(await refusal({ length: 26, prefer: '10.102.1.0/24' })).toMatchObject([{ code: 'INVALID_VALUE' }]);
  });

  it('says the largest block that is left, and stops at a quota', async () => {
    const { id } = await pool({ prefixes: ['10.104.0.0/24'] });
    await allocatePrefix({ pool: id, length: 25 });
    expect((await unchanged(() => allocatePrefix({ pool: id, length: 24 }))).errors).toMatchObject([
      { __typename: 'PoolExhaustedError', code: 'POOL_EXHAUSTED', largestFreePrefixLength: 25, largestFreeBlock: null },
    ]);
    const quota = await mutate<{ pool: Pool }>(
      'setQuota',
      'SetQuotaInput',
      `pool { ... on PrefixPool ${POOL} }`,
      { pool: id, tenant, max: 9 },
      world.operator,
    );
    expect(quota.pool['quotas']).toEqual([{ tenant, max: '9', used: '8' }]);
    expect((await unchanged(() => allocatePrefix({ pool: id, length: 27 }))).errors).toMatchObject([{ code: 'QUOTA_EXCEEDED', room: '1' }]);
    expect((await allocatePrefix({ pool: id, length: 28 })).errors).toEqual([]);
  });

  it('asks the database once, and rehearses without a trace', async () => {
    const { id } = await pool({ prefixes: ['10.105.0.0/22'] });
    await allocatePrefix({ pool: id });
    const statements = await statementsOf(() => allocatePrefix({ pool: id, length: 26 }));
    expect(statements).toEqual([expect.stringContaining('prefix_allocate(')]);
    const rehearsed = await unchanged(() => allocatePrefix({ pool: id, dryRun: true }));
    expect(rehearsed).toMatchObject({ dryRun: true, errors: [] });
    expect(texts(await allocatePrefix({ pool: id }))).toEqual(texts(rehearsed));
  });
});

describe('a prefix', () => {
  it('is held, bound, released and transferred like every allocation', async () => {
    const { id } = await pool({ prefixes: ['10.106.0.0/24'], quarantineSeconds: 3600 });
    const held = (await allocatePrefix({ pool: id, ttlSeconds: 60 })).allocation as Allocation;
    expect(await change('extendHold', { allocation: held.id, ifVersion: 1, ttlSeconds: 600 })).toMatchObject({ errors: [] });
    expect(await change('bindAllocation', { allocation: held.id, ifVersion: 1 })).toMatchObject({
      errors: [],
      allocation: { state: 'BOUND', version: 2 },
    });
    expect((await change('bindAllocation', { allocation: held.id, ifVersion: 1 })).errors).toMatchObject([
      { code: 'VERSION_CONFLICT', currentVersion: 2 },
    ]);
    const moved = await change('transferAllocation', { allocation: held.id, ifVersion: 2, tenant: theirs }, world.operator);
    expect(moved).toMatchObject({ errors: [], allocation: { version: 3 } });
    expect((await change('releaseAllocation', { allocation: held.id })).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    const released = await change('releaseAllocation', { allocation: held.id, ifVersion: 3, reason: 'gone' }, other.token);
    expect(released).toMatchObject({ errors: [], allocation: { state: 'QUARANTINED' } });
    const audit = await world.db.inTransaction(systemScope('test'), (tx) =>
      tx.sql<{ detail: { reason?: string } }>(`SELECT detail FROM audit_entry WHERE action = 'prefix.released' ORDER BY at DESC LIMIT 1`),
    );
    expect(audit[0]?.detail.reason).toBe('gone');
  });

  it('lies in a tree: parent, children, what is free, how full it is', async () => {
    const container = await mutate<{ prefix: { id: string }; errors: Errors }>(
      'createPrefix',
      'CreatePrefixInput',
      'prefix { id cidr role }',
      { cidr: '10.107.0.0/16' },
      world.operator,
    );
    expect(container.errors).toEqual([]);
    const { id } = await pool({ prefixes: ['10.107.0.0/24'] });
    const leaf = (await allocatePrefix({ pool: id, length: 25 })).allocation as Allocation;
    const TREE = `{ cidr role space parent { cidr role parent { cidr } } children { nodes { cidr } } free(first: 2) utilization { ratio total heat(cells: 4) } }`;
    const read = (prefix: string, token = world.customer) =>
      world.ask(token, `query ($id: ID!) { prefix(id: $id) ${TREE} }`, { id: prefix });
    expect(await read(leaf.id)).toMatchObject({
      cidr: '10.107.0.0/25',
      role: 'SUBNET',
      parent: { cidr: '10.107.0.0/24', role: 'POOL', parent: { cidr: '10.107.0.0/16' } },
      children: { nodes: [] },
      free: [],
      utilization: { ratio: 1, total: '128' },
    });
    expect(await read(leaf.id, other.token)).toBeNull();
    const range = await world.ask<{ children: { nodes: { id: string }[] } }>(
      world.customer,
      'query ($id: ID!) { prefix(id: $id) { children { nodes { id } } } }',
      {
        id: container.prefix.id,
      },
    );
    expect(await read(range.children.nodes[0]?.id as string)).toMatchObject({
      role: 'POOL',
      children: { nodes: [{ cidr: '10.107.0.0/25' }] },
      free: ['10.107.0.128/25'],
      utilization: { ratio: 0.5, total: '256', heat: [1, 1, 0, 0] },
    });
    expect(await read(range.children.nodes[0]?.id as string, other.token)).toMatchObject({
      children: { nodes: [] },
      free: ['10.107.0.128/25'],
    });
    const { nodes } = await world.ask<{ nodes: { cidr: string }[] }>(world.customer, '{ prefixes(first: 100) { nodes { cidr } } }');
    expect(nodes.map(({ cidr }) => cidr)).toContain('10.107.0.0/16');
    expect(nodes.map(({ cidr }) => cidr)).not.toContain('10.107.0.0/24');
    const remove = 'mutation ($id: ID!) { removePrefix(id: $id) { deletedId errors { code } } }';
    expect(await world.ask(world.operator, remove, { id: leaf.id })).toMatchObject({ errors: [{ code: 'IN_USE' }] });
    expect(await world.ask(world.operator, remove, { id: container.prefix.id })).toMatchObject({ errors: [] });
  });

  it.each(['heat(cells: 3)', 'heat(cells: 8192)', 'heat(cells: 0)'])('shows no %s', async (heat) => {
    const { errors } = await world.graphql(world.operator, `{ prefixes { nodes { utilization { ${heat} } } } }`);
    expect(errors[0]?.extensions).toMatchObject({ reason: 'INVALID_VALUE' });
  });
});

describe('a pool of prefixes', () => {
  it('is made of several ranges, and says what is free', async () => {
    const made = await pool({
      slug: 'two-ranges',
      prefixes: ['10.108.4.0/24', '10.108.0.0/23'],
      strategy: 'LOWEST_FIT',
      quarantineSeconds: 5,
    });
    expect(made).toMatchObject({
      version: 1,
      total: '48',
      free: '48',
      used: '0',
      utilization: 0,
      strategy: 'LOWEST_FIT',
      family: 4,
      cidr: '10.108.0.0/23',
      prefixes: ['10.108.0.0/23', '10.108.4.0/24'],
      freePrefixes: ['10.108.0.0/23', '10.108.4.0/24'],
    });
    await allocatePrefix({ pool: made.id, length: 28 });
    const read = await world.ask(
      world.customer,
      `query ($id: ID) { prefixPool(id: $id) { free utilization allocations { nodes { text } } } }`,
      { id: made.id },
    );
    expect(read).toEqual({ free: '47', utilization: 0.020833, allocations: { nodes: [{ text: '10.108.0.0/28' }] } });
  });

  it.each([
    ['no prefix', { prefixes: [] }, 'INVALID_VALUE'],
    ['two families', { prefixes: ['10.109.0.0/24', '2001:db8:9::/48'] }, 'OUT_OF_RANGE'],
    ['lengths in the wrong order', { prefixes: ['10.109.0.0/24'], minLength: 28, maxLength: 24 }, 'OUT_OF_RANGE'],
    ['a length beyond the family', { prefixes: ['10.109.0.0/24'], maxLength: 64 }, 'OUT_OF_RANGE'],
    ['a prefix of another pool', { prefixes: ['10.20.128.0/24'] }, 'OVERLAPS'],
    ['a slug that is taken', { slug: 'cust-v4', prefixes: ['10.109.0.0/24'] }, 'ALREADY_EXISTS'],
    ['a strategy of numbers', { prefixes: ['10.109.0.0/24'], strategy: 'ROTATING' }, 'INVALID_VALUE'],
    ['a space that is none', { prefixes: ['10.109.0.0/24'], space: 'spc_00000000000000000000000000' }, 'NOT_FOUND'],
    ['a tenant that is none', { prefixes: ['10.109.0.0/24'], tenants: ['ten_00000000000000000000000000'] }, 'NOT_FOUND'],
  ])('is not made of %s', async (_what, input, code) => {
    expect((await unchanged(() => createPool(input))).errors).toMatchObject([{ code }]);
  });

  it('changes while it is used, all of it or nothing', async () => {
    const made = await pool({ prefixes: ['10.110.0.0/24'] });
    await allocatePrefix({ pool: made.id, length: 26 });
    const grown = await update(made, {
      name: 'grown',
      addPrefixes: ['10.110.1.0/24'],
      excludePrefixes: [{ cidr: '10.110.0.128/26', reason: 'spare' }],
      defaultLength: 27,
    });
    expect(grown).toMatchObject({
      errors: [],
      pool: { prefixes: ['10.110.0.0/24', '10.110.1.0/24'], exclusions: [{ cidr: '10.110.0.128/26', reason: 'spare' }], defaultLength: 27 },
    });
    const now = grown.pool as Pool;
    expect((await unchanged(() => update(made, { name: 'late' }))).errors).toMatchObject([
      { code: 'VERSION_CONFLICT', currentVersion: now.version },
    ]);
    expect((await unchanged(() => update(now, { name: 'half', addPrefixes: ['10.20.0.0/24'] }))).errors).toMatchObject([
      { code: 'OVERLAPS' },
    ]);
    expect((await unchanged(() => update(now, { removePrefixes: ['10.110.0.0/24'] }))).errors).toMatchObject([{ code: 'IN_USE' }]);
    expect((await unchanged(() => update(now, { addRanges: [{ first: 1, last: 2 }] }))).errors).toMatchObject([
      { code: 'INVALID_VALUE', path: ['addRanges'] },
    ]);
    const shrunk = await update(now, { removePrefixes: ['10.110.1.0/24'], includePrefixes: ['10.110.0.128/26'] });
    expect(shrunk).toMatchObject({ errors: [], pool: { prefixes: ['10.110.0.0/24'], exclusions: [], free: '12' } });
    const numbers = await world.ask<{ id: string }>(world.operator, '{ numberPool(slug: "cust-vni") { id } }');
    expect((await unchanged(() => update({ id: numbers.id, version: 1 }, { addPrefixes: ['10.111.0.0/24'] }))).errors).toMatchObject([
      { path: ['addPrefixes'] },
    ]);
  });

  it('is removed when nothing of it is given out', async () => {
    const remove = (id: string): Promise<{ deletedId: string | null; errors: Errors }> =>
      world.ask(world.operator, 'mutation ($id: ID!) { removePool(id: $id) { deletedId errors { code } } }', { id });
    const made = await pool({ prefixes: ['10.112.0.0/24'], tenants: [tenant], quarantineSeconds: 0 });
    const { allocation } = await allocatePrefix({ pool: made.id });
    expect((await unchanged(() => remove(made.id))).errors).toEqual([{ code: 'IN_USE' }]);
    expect((await allocatePrefix({ pool: made.id, tenant: theirs }, other.token)).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    await change('releaseAllocation', { allocation: allocation?.id });
    expect(await remove(made.id)).toEqual({ deletedId: made.id, errors: [] });
    expect((await createPool({ prefixes: ['10.112.0.0/24'] })).errors).toEqual([]);
  });
});

describe('a subnet that no device carries', () => {
  it('is made of a prefix of its own, once, with its gateway', async () => {
    const { id } = await pool({ prefixes: ['10.120.0.0/22'] });
    const input = { idempotencyKey: key(), pool: id, length: 24, gateway: { mode: 'EXTERNAL_FIREWALL' }, dnsZone: 'lab.example' };
    const first = await createSubnet(input);
    expect(first).toMatchObject({
      errors: [],
      replayed: false,
      subnet: {
        cidr: '10.120.0.0/24',
        dnsZone: 'lab.example',
        gateway: { address: '10.120.0.1', mode: 'EXTERNAL_FIREWALL' },
        total: '254',
        free: '253',
        vrf: null,
      },
    });
    expect(await unchanged(() => createSubnet(input))).toMatchObject({ replayed: true, errors: [], subnet: { id: first.subnet?.id } });
    expect((await unchanged(() => createSubnet({ ...input, dnsZone: 'other.example' }))).errors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
    expect((await change('releaseAllocation', { allocation: first.subnet?.prefix })).errors).toMatchObject([
      { code: 'IN_USE', holderKind: 'subnet' },
    ]);
    const close = 'mutation ($id: ID!) { closeSubnet(id: $id) { deletedId errors { code } } }';
    expect(await world.ask(other.token, close, { id: first.subnet?.id })).toMatchObject({ errors: [{ code: 'NOT_FOUND' }] });
    expect(await world.ask(world.customer, close, { id: first.subnet?.id })).toMatchObject({ errors: [] });
    expect((await change('releaseAllocation', { allocation: first.subnet?.prefix })).errors).toEqual([]);
  });

  it('leaves nothing of its prefix when its gateway cannot be', async () => {
    const { id } = await pool({ prefixes: ['10.121.0.0/24'] });
    const gateway = { mode: 'EXTERNAL_FIREWALL', address: '10.200.0.1' };
    expect((await unchanged(() => createSubnet({ pool: id, gateway }))).errors).toMatchObject([{ code: 'OUT_OF_RANGE' }]);
  });

  it('keeps DHCP ranges for those who name them, and reserved ones for nobody', async () => {
    const { id } = await pool({ prefixes: ['10.122.0.0/24'], quarantineSeconds: 0 });
    const { id: net } = await subnet({ pool: id, length: 28 });
    const addRange = (input: Input, token?: string): Promise<{ subnet: Subnet | null; errors: Errors }> =>
      mutate('addSubnetRange', 'AddSubnetRangeInput', `subnet ${SUBNET}`, { subnet: net, reason: 'r', ...input }, token);
    expect((await addRange({ first: '10.122.0.1', last: '10.122.0.2', kind: 'RESERVED' })).errors).toEqual([]);
    const dhcp = await addRange({ first: '10.122.0.4', last: '10.122.0.6', kind: 'DHCP' });
    expect(dhcp.subnet).toMatchObject({
      ranges: [
        { first: '10.122.0.1', kind: 'RESERVED' },
        { first: '10.122.0.4', last: '10.122.0.6', kind: 'DHCP', reason: 'r' },
      ],
      freeRanges: [
        { first: '10.122.0.3', last: '10.122.0.3' },
        { first: '10.122.0.7', last: '10.122.0.14' },
      ],
    });
    for (const [input, code] of [
      [{ first: '10.122.0.6', last: '10.122.0.9', kind: 'DHCP' }, 'OVERLAPS'],
      [{ first: '10.122.0.9', last: '10.122.0.8', kind: 'DHCP' }, 'INVALID_VALUE'],
      [{ first: '10.122.0.14', last: '10.122.0.15', kind: 'DHCP' }, 'OUT_OF_RANGE'],
    ] as const)
      expect((await unchanged(() => addRange(input))).errors).toMatchObject([{ code }]);
    expect((await unchanged(() => addRange({ first: '10.122.0.9', last: '10.122.0.9', kind: 'DHCP' }, other.token))).errors).toMatchObject([
      { code: 'NOT_FOUND' },
    ]);
    expect(texts(await allocateIp({ subnet: net, count: 2 }))).toEqual(['10.122.0.3', '10.122.0.7']);
    expect((await allocateIp({ subnet: net, prefer: '10.122.0.1' })).errors).toMatchObject([{ code: 'OUT_OF_RANGE' }]);
    expect(texts(await allocateIp({ subnet: net, within: { first: '10.122.0.4', last: '10.122.0.6' } }))).toEqual(['10.122.0.4']);
    const removed = await mutate<{ subnet: Subnet; errors: Errors }>('removeSubnetRange', 'RemoveSubnetRangeInput', `subnet ${SUBNET}`, {
      subnet: net,
      first: '10.122.0.1',
    });
    expect(removed).toMatchObject({ errors: [], subnet: { ranges: [{ kind: 'DHCP' }] } });
  });
});

describe('allocateIp', () => {
  it('gives the next address of a subnet, with name and MAC, once', async () => {
    const { id } = await pool({ prefixes: ['10.123.0.0/24'] });
    const { id: net } = await subnet({ pool: id, length: 28, dnsZone: 'x.example' });
    const input = { idempotencyKey: key(), subnet: net, mac: 'BC-24-11-00-00-01', dnsName: 'a.x.example' };
    const first = await allocateIp(input);
    expect(first.errors).toEqual([]);
    expect(first.allocation).toMatchObject({
      id: expect.stringMatching(/^ip_/),
      kind: 'IP_ADDRESS',
      text: '10.123.0.1',
      value: { __typename: 'IpValue', address: { address: '10.123.0.1', mac: 'bc:24:11:00:00:01', dnsName: 'a.x.example', role: 'HOST' } },
    });
    expect(await unchanged(() => allocateIp(input))).toEqual({ ...first, replayed: true });
    expect((await unchanged(() => allocateIp({ subnet: net, dnsName: 'a.x.example' }))).errors).toMatchObject([{ code: 'ALREADY_EXISTS' }]);
    expect((await unchanged(() => allocateIp({ subnet: net, prefer: '10.123.0.16' }))).errors).toMatchObject([{ code: 'OUT_OF_RANGE' }]);
    expect((await unchanged(() => allocateIp({ subnet: net, tenant: theirs }, other.token))).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await unchanged(() => allocateIp({ subnet: net }, other.token))).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(texts(await allocateIp({ subnet: net }, world.operator))).toEqual(['10.123.0.2']); // Whose it is need not be said.
    expect(texts(await unchanged(() => allocateIp({ subnet: net, dryRun: true, dnsName: 'b.x.example' })))).toEqual(['10.123.0.3']);
    const statements = await statementsOf(() => allocateIp({ subnet: net }));
    expect(statements).toEqual([expect.stringContaining('address_allocate(')]);
  });

  it('ends with the subnet, and goes to no other tenant than its subnet', async () => {
    const { id } = await pool({ prefixes: ['10.124.0.0/24'], maxLength: 30 });
    const { id: net } = await subnet({ pool: id, length: 30 });
    const given = (await allocateIp({ subnet: net })).allocation as Allocation;
    await allocateIp({ subnet: net });
    expect((await unchanged(() => allocateIp({ subnet: net }))).errors).toMatchObject([
      { __typename: 'PoolExhaustedError', free: '0', largestFreeBlock: '0' },
    ]);
    const move = (to: string) =>
      change('transferAllocation', { allocation: given.id, ifVersion: 1, tenant: to, holder: 'vm 2' }, world.operator);
    expect((await unchanged(() => move(theirs))).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
    expect(await move(tenant)).toMatchObject({ errors: [], allocation: { version: 2 } });
  });
});

describe('setAddressQuota', () => {
  it('limits the addresses of a tenant, in all its subnets together', async () => {
    const quota = (input: Input, token = world.operator): Promise<{ quota: unknown; errors: Errors }> =>
      mutate('setAddressQuota', 'SetAddressQuotaInput', 'quota { tenant max used }', input, token);
    const { tenantId, token } = await world.newTenant('few', 'Few SA');
    const few = encodeId('tenant', tenantId);
    const { id } = await pool({ prefixes: ['10.129.0.0/24'] });
    const { space } = await world.ask<{ space: string }>(token, 'query ($id: ID) { prefixPool(id: $id) { space } }', { id });
    const nets: (string | undefined)[] = [];
    for (let n = 0; n < 2; n++) nets.push((await createSubnet({ tenant: few, pool: id, length: 28 }, token)).subnet?.id);
    for (const net of nets) expect((await allocateIp({ subnet: net }, token)).errors).toEqual([]);
    expect(await quota({ tenant: few, space, max: 3 })).toEqual({ quota: { tenant: few, max: '3', used: '2' }, errors: [] });
    expect((await unchanged(() => allocateIp({ subnet: nets[0], count: 2 }, token))).errors).toMatchObject([
      { code: 'QUOTA_EXCEEDED', room: '1' },
    ]);
    expect((await allocateIp({ subnet: nets[1] }, token)).errors).toEqual([]);
    expect((await unchanged(() => allocateIp({ subnet: nets[0] }, token))).errors).toMatchObject([{ code: 'QUOTA_EXCEEDED', room: '0' }]);
    expect(await quota({ tenant: few, space, max: null })).toEqual({ quota: null, errors: [] });
    expect((await allocateIp({ subnet: nets[0] }, token)).errors).toEqual([]);
    for (const wrong of [{ tenant: 'ten_00000000000000000000000000' }, { space: 'spc_00000000000000000000000000' }])
      expect((await unchanged(() => quota({ tenant: few, space, max: 1, ...wrong }))).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});

describe('allocateBatch', () => {
  const batch = (input: Input): Promise<Payload & { items: readonly Payload[] }> =>
    mutate(
      'allocateBatch',
      'AllocateBatchInput',
      `replayed allocations ${ALLOCATION} items { path allocations ${ALLOCATION} ${ERRORS} }`,
      input,
    );
  const wish = (over: Input) => ({ idempotencyKey: key(), ...over });

  it('gives numbers, prefixes and addresses in one transaction, or nothing of them', async () => {
    const { id } = await pool({ prefixes: ['10.125.0.0/24'] });
    const { id: net } = await subnet({ pool: id, length: 28 });
    const input = {
      vnis: [wish({ tenant, pool: encodeId('pool', world.vniPoolId) })],
      prefixes: [wish({ tenant, pool: id, length: 26 }), wish({ tenant, pool: id, length: 28 })],
      ips: [wish({ subnet: net }), wish({ subnet: net, dnsName: 'batch.example' })],
    };
    const given = await batch(input);
    expect(given.errors).toEqual([]);
    expect(texts(given).slice(1)).toEqual(['10.125.0.64/26', '10.125.0.16/28', '10.125.0.1', '10.125.0.2']);
    expect(await unchanged(() => batch(input))).toMatchObject({ replayed: true, errors: [], allocations: given.allocations });
    const taken = {
      ...input,
      vnis: [wish({ tenant, pool: encodeId('pool', world.vniPoolId) })],
      prefixes: [],
      ips: [wish({ subnet: net, dnsName: 'batch.example' })],
    };
    expect(await unchanged(() => batch(taken))).toMatchObject({
      allocations: [],
      errors: [{ code: 'ALREADY_EXISTS', path: ['ips', '0'] }],
    });
  });

  it('of best effort survives what the database itself refuses', async () => {
    const { id } = await pool({ prefixes: ['10.126.0.0/24'] });
    const { id: net } = await subnet({ pool: id, length: 28 });
    await allocateIp({ subnet: net, dnsName: 'taken.example' });
    const ips = [wish({ subnet: net }), wish({ subnet: net, dnsName: 'taken.example' }), wish({ subnet: net })];
    const given = await batch({ mode: 'BEST_EFFORT', ips, prefixes: [wish({ tenant, pool: id, length: 30 })] });
    expect(texts(given)).toEqual(['10.126.0.2', '10.126.0.3']);
    expect(given.errors).toMatchObject([
      { code: 'OUT_OF_RANGE', path: ['prefixes', '0'] },
      { code: 'ALREADY_EXISTS', path: ['ips', '1'] },
    ]);
  });
});

describe('adoptAllocations', () => {
  it('takes over prefixes and addresses of an existing network, all or none', async () => {
    const { id } = await pool({ prefixes: ['10.127.0.0/24'] });
    const { id: net } = await subnet({ pool: id, length: 28 });
    const adopt = (input: Input): Promise<Payload> =>
      mutate('adoptAllocations', 'AdoptAllocationsInput', `allocations ${ALLOCATION}`, { tenant, ...input }, world.operator);
    const prefixes = [{ pool: id, cidr: '10.127.0.128/26', idempotencyKey: key() }];
    const addresses = [{ subnet: net, address: '10.127.0.9', idempotencyKey: key(), mac: 'bc:24:11:00:00:09', dnsName: 'old.example' }];
    expect(texts(await adopt({ prefixes, addresses }))).toEqual(['10.127.0.128/26', '10.127.0.9']);
    const twice = [
      { subnet: net, address: '10.127.0.8', idempotencyKey: key() },
      { subnet: net, address: '10.127.0.9', idempotencyKey: key() },
    ];
    expect((await unchanged(() => adopt({ addresses: twice }))).errors).toMatchObject([
      { code: 'ALREADY_EXISTS', path: ['addresses', '1'] },
    ]);
    const overlapping = [{ pool: id, cidr: '10.127.0.128/27', idempotencyKey: key() }];
    expect((await unchanged(() => adopt({ prefixes: overlapping }))).errors).toMatchObject([{ code: 'OVERLAPS', path: ['prefixes', '0'] }]);
  });
});

describe('leakVrf', () => {
  const leak = (field: string, from: string, into: string): Promise<{ vrf: { id: string } | null; errors: Errors }> =>
    mutate(field, 'LeakVrfInput', 'vrf { id }', { from, into }, world.operator);

  it('lets no prefixes overlap that are seen together', async () => {
    const l3vniPool = (await world.ask<{ id: string }>(world.operator, '{ numberPool(slug: "l3vni") { id } }')).id;
    const vrf = async (slug: string): Promise<string> =>
      (
        await mutate<{ vrf: { id: string } }>('createVrf', 'CreateVrfInput', 'vrf { id }', {
          idempotencyKey: key(),
          tenant,
          slug,
          name: slug,
          l3vniPool,
        })
      ).vrf.id;
    const [red, blue] = [await vrf('red'), await vrf('blue')];
    const { id } = await pool({ prefixes: ['10.128.0.0/24'] });
    expect((await subnet({ pool: id, vrf: red, cidr: '10.128.0.0/26' }))['vrf']).toBe(red);
    expect(await leak('leakVrf', red, blue)).toEqual({ vrf: { id: blue }, errors: [] });
    expect((await leak('leakVrf', red, blue)).errors).toEqual([]);
    expect((await leak('leakVrf', red, red)).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
    expect((await leak('leakVrf', red, 'vrf_00000000000000000000000000')).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await leak('unleakVrf', red, blue)).errors).toEqual([]);
    const { errors } = await world.graphql(
      world.customer,
      'mutation ($input: LeakVrfInput!) { leakVrf(input: $input) { errors { code } } }',
      { input: { from: red, into: blue } },
    );
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN');
  });
});
