// What a request is refused with, and that nothing of it is kept: no row of any table differs afterwards.
import { encodeId } from '#engines/kernel';
import { type ApiWorld, createApiWorld, type GraphqlAnswer } from '../support/api-world.js';
import { DatabaseState } from '../support/database-state.js';

let world: ApiWorld;
let database: DatabaseState;
beforeAll(async () => {
  world = await createApiWorld();
  database = await DatabaseState.of(world.url);
});
afterAll(async () => {
  await database?.close();
  await world?.close();
});

const ERRORS =
  'errors { __typename code message path ... on InvalidInputError { accepted } ... on OverlapError { overlapping } ... on PoolExhaustedError { pool free largestFreePrefixLength } }';
const PROVISION = `mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id } replayed ${ERRORS} } }`;
const DEPROVISION = `mutation ($input: DeprovisionNetworkInput!) { deprovisionNetwork(input: $input) { order { id } ${ERRORS} } }`;
const CREATE_VRF = `mutation ($input: CreateVrfInput!) { createVrf(input: $input) { vrf { id } ${ERRORS} } }`;
const CREATE_TENANT = `mutation ($input: CreateTenantInput!) { createTenant(input: $input) { tenant { id } ${ERRORS} } }`;

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly path: readonly string[];
  readonly accepted?: string | null;
  readonly overlapping?: readonly string[];
}

/** The one error of an answer, in the payload or at the top. */
function refusalOf(answer: GraphqlAnswer): Refusal {
  const [payload] = Object.values(answer.data ?? {}) as ({ errors?: Refusal[] } | null)[];
  const inPayload = payload?.errors ?? [];
  expect(inPayload.length + answer.errors.length, answer.text).toBe(1);
  for (const secret of ['node_modules', ' at Object.', 'SELECT', 'constraint', 'Error:']) expect(answer.text).not.toContain(secret);
  const [found] = inPayload;
  if (found) return found;
  const [{ message, extensions }] = answer.errors as [GraphqlAnswer['errors'][number]];
  expect(answer.data === null || Object.values(answer.data)[0] === null).toBe(true);
  return { path: [], ...extensions, message, code: typeof extensions['reason'] === 'string' ? extensions['reason'] : extensions.code };
}

async function refused(query: string, input: Record<string, unknown>, token = world.customer): Promise<Refusal> {
  const before = await database.read();
  const refusal = refusalOf(await world.graphql(token, query, { input }));
  expect(await database.read()).toEqual(before);
  return refusal;
}
const refusedOrder = (over: Readonly<Record<string, unknown>>): Promise<Refusal> => refused(PROVISION, world.orderInput(over));

const prefixPool = (): string => encodeId('prefixPool', world.prefixPoolId);
const subnet = (over: Readonly<Record<string, unknown>> = {}) => ({ subnets: [{ prefixPool: prefixPool(), ...over }] });
const host = (over: Readonly<Record<string, unknown>>) => subnet({ cidr: '10.20.200.0/24', hosts: [{ name: 'www', ...over }] });
const leaf = (over: Readonly<Record<string, unknown>>) => ({
  attachments: [{ device: encodeId('device', world.deviceIds.get('test') as string), port: 'Ethernet2', tagging: 'UNTAGGED', ...over }],
});
const pve1 = (over: Readonly<Record<string, unknown>>) => ({
  attachments: [{ device: encodeId('device', world.deviceIds.get('pve1') as string), tagging: 'BRIDGE_ONLY', ...over }],
});
const poolId = async (slug: string): Promise<string> =>
  (await world.ask<{ id: string }>(world.customer, 'query ($slug: Slug!) { numberPool(slug: $slug) { id } }', { slug })).id;

const UNKNOWN = '01890000-0000-7000-8000-000000000000';

describe('a name', () => {
  it.each([
    ['with a newline', 'x\nno router bgp 65051'],
    ['with carriage return and newline', 'a\r\nfoo'],
    ['with a NUL', 'a\u0000'],
    ['with a bell', 'a\u0007'],
    ['with a DEL', 'a\u007f'],
    ['with a bidi override', 'a\u202eb'],
    ['with a zero-width space', 'a\u200bb'],
    ['with a line separator', 'a\u2028b'],
    ['with half a character', 'a\ud800'],
    ['of 300 characters', 'x'.repeat(300)],
    ['of nothing', ''],
    ['of blanks', '   '],
  ])('%s is refused, and the answer says where it was and what would be taken', async (_what, name) => {
    const refusal = await refusedOrder({ name });
    expect(refusal).toMatchObject({ code: 'INVALID_VALUE', path: ['input', 'name'] });
    expect(refusal.accepted).toContain('one line');
    expect(refusal.message).toMatch(/^[\x20-\x7e…]{1,240}$/); // What was sent does not come back as it was.
  });

  it('cannot make the answer point elsewhere', async () => {
    expect(await refusedOrder({ name: 'a\n" at "input.vrf"; ' })).toMatchObject({ code: 'INVALID_VALUE', path: ['input', 'name'] });
  });

  it('that only looks like a command is text, and is taken', async () => {
    for (const name of ['! end', '"; reload now', '$(reboot)', '`id`', '| bash', 'EOF', 'banner motd EOF']) {
      const { data } = await world.graphql(world.customer, PROVISION, { input: world.orderInput({ name, ...pve1({}) }) });
      expect(data, name).toMatchObject({ provisionNetwork: { errors: [] } });
    }
  });
});

describe('an id', () => {
  const IDS = (kind: 'network' | 'tenant'): string[] => [
    encodeId(kind, UNKNOWN),
    UNKNOWN,
    'x',
    '',
    "' OR 1=1 --",
    'net_01JD\u0000',
    'ñ'.repeat(500),
    `${encodeId(kind, UNKNOWN)} `,
  ];

  it.each([
    ['vniPool', (id: string) => ({ vniPool: id }), 'network'],
    ['vrf', (id: string) => ({ vrf: id }), 'network'],
    ['tenant', (id: string) => ({ tenant: id }), 'network'],
    ['subnets.prefixPool', (id: string) => ({ subnets: [{ prefixPool: id }] }), 'network'],
    ['attachments.device', (id: string) => pve1({ device: id }), 'tenant'],
  ] as const)('in %s that is unknown, of another kind or none at all: the same answer', async (_field, over, otherKind) => {
    const refusals = [];
    for (const id of IDS(otherKind)) refusals.push(await refusedOrder(over(id)));
    expect(refusals[0]).toMatchObject({ code: 'NOT_FOUND' });
    for (const refusal of refusals) expect(refusal).toEqual(refusals[0]);
  });

  it('of a network that is to be removed: the same answer', async () => {
    const input = { idempotencyKey: 'k', tenant: encodeId('tenant', world.tenantId), ifVersion: 1 };
    const refusals = [];
    for (const network of IDS('tenant').concat(IDS('network'))) refusals.push(await refused(DEPROVISION, { ...input, network }));
    expect(refusals[0]).toMatchObject({ code: 'NOT_FOUND', message: 'there is no such network' });
    for (const refusal of refusals) expect(refusal).toEqual(refusals[0]);
  });

  it('of a customer that is not there is not found by the operator either', async () => {
    const tenant = encodeId('tenant', UNKNOWN);
    expect(await refused(PROVISION, world.orderInput({ tenant }), world.operator)).toMatchObject({ code: 'NOT_FOUND' });
    const vrf = { idempotencyKey: 'k', tenant, slug: 'v', name: 'v', l3vniPool: await poolId('l3vni') };
    expect(await refused(CREATE_VRF, vrf, world.operator)).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('of a pool that gives other numbers is refused, and says which', async () => {
    for (const slug of ['l3vni', 'evi', 'vlan-leaf-test']) {
      const refusal = await refusedOrder({ vniPool: await poolId(slug) });
      expect(refusal, slug).toMatchObject({ code: 'INVALID_VALUE' });
      expect(refusal.message).toContain('VNI');
    }
    const vrf = { idempotencyKey: 'k', tenant: encodeId('tenant', world.tenantId), slug: 'v', name: 'v', l3vniPool: await poolId('evi') };
    expect(await refused(CREATE_VRF, vrf)).toMatchObject({ code: 'INVALID_VALUE' });
  });

  it('beside another name for the same thing, or no name at all, is refused', async () => {
    for (const query of ['network', 'network(vni: 1, externalRef: "x")', 'order', 'device', 'numberPool', 'tenant'])
      expect(refusalOf(await world.graphql(world.customer, `{ ${query} { id } }`)), query).toMatchObject({ code: 'INVALID_VALUE' });
    expect(await world.ask(world.customer, '{ order(id: "") { id } }')).toBeNull();
  });
});

describe('a number', () => {
  it.each(['0', '-1', '16777215', '16777216', '1.5', '1e3', '"1000"', '4294967297', 'true', '[1]'])('VNI %s is refused', async (vni) => {
    const refusal = refusalOf(await world.graphql(world.customer, `{ network(vni: ${vni}) { id } }`));
    expect(['INVALID_VALUE', 'BAD_REQUEST']).toContain(refusal.code);
    if (refusal.code === 'INVALID_VALUE') expect(refusal.accepted).toBe('an integer from 1 to 16777214');
  });

  it.each([
    ['VLAN 0', () => leaf({ vlan: 0 }), 'INVALID_VALUE'],
    ['VLAN 4095', () => leaf({ vlan: 4095 }), 'INVALID_VALUE'],
    ['VLAN "100"', () => leaf({ vlan: '100' }), 'INVALID_VALUE'],
    ['a VLAN that the pool does not give', () => leaf({ vlan: 1000 }), 'OUT_OF_RANGE'],
    ['a VLAN on a host that has none', () => pve1({ vlan: 100 }), 'INVALID_VALUE'],
    ['two VLANs of one network in a domain', () => twoVlans(), 'INVALID_VALUE'],
    ['prefix length −1', () => subnet({ length: -1 }), 'OUT_OF_RANGE'],
    ['prefix length 33', () => subnet({ length: 33 }), 'OUT_OF_RANGE'],
    ['a prefix length that the pool does not give', () => subnet({ length: 30 }), 'OUT_OF_RANGE'],
    ['a prefix length beside a CIDR', () => subnet({ length: 24, cidr: '10.20.7.0/24' }), 'INVALID_VALUE'],
    ['a prefix length beyond 32 bits', () => subnet({ length: 2 ** 31 }), 'BAD_REQUEST'],
  ] as const)('%s is refused', async (_what, over, code) => {
    expect(await refusedOrder(over())).toMatchObject({ code });
  });

  const twoVlans = () => ({
    attachments: [
      ...leaf({ port: 'Ethernet2', tagging: 'TAGGED', vlan: 200 }).attachments,
      ...leaf({ port: 'Ethernet4', tagging: 'TAGGED', vlan: 201 }).attachments,
    ],
  });
});

describe('a prefix', () => {
  it.each([
    ['10.20.7.1/24', 'did you mean 10.20.7.0/24?'],
    ['10.20.7.0', 'length'],
    ['010.20.7.0/24', 'e.g. 10.20.0.0/24'],
    ['10/8', ''],
    ['10', ''],
    ['10.20.7.0/255.255.255.0', ''],
    ['10.20.7.0/33', ''],
    ['10.20.7.0/024', ''],
    ['10.20.7.256/24', ''],
    ['0x0a.20.7.0/24', ''],
    ['::ffff:10.20.7.0/120', ''],
    ['fe80::%eth0/64', ''],
    ['10.20.7.0/24 ', ''],
    ['', ''],
  ])('%j is refused, and the answer says what is wrong with it', async (cidr, hint) => {
    const refusal = await refusedOrder(subnet({ cidr }));
    expect(refusal).toMatchObject({ code: 'INVALID_VALUE', path: ['input', 'subnets', '0', 'cidr'] });
    expect(refusal.message).toContain(hint);
  });

  it.each(['10.99.0.0/24', '0.0.0.0/0', '127.0.0.0/24', '224.0.0.0/24', '2001:db8::/64', '10.20.0.0/15'])(
    '%s is not in the pool',
    async (cidr) => {
      expect(await refusedOrder(subnet({ cidr }))).toMatchObject({ code: 'OUT_OF_RANGE' });
    },
  );

  it('that overlaps one of the same order, or an earlier one, is refused with what it overlaps', async () => {
    const twice = { subnets: ['10.20.8.0/23', '10.20.9.0/24'].map((cidr) => ({ prefixPool: prefixPool(), cidr })) };
    expect(await refusedOrder(twice)).toMatchObject({ code: 'OVERLAPS', overlapping: ['10.20.8.0/23'] });
    const { data } = await world.graphql(world.customer, PROVISION, { input: world.orderInput(subnet({ cidr: '10.20.16.0/24' })) });
    expect(data).toMatchObject({ provisionNetwork: { errors: [] } });
    for (const cidr of ['10.20.16.0/24', '10.20.16.0/25', '10.20.16.0/22'])
      expect(await refusedOrder(subnet({ cidr })), cidr).toMatchObject({ code: 'OVERLAPS', overlapping: ['10.20.16.0/24'] });
  });
});

describe('a port', () => {
  it.each(['Ethernet1 ; reload', 'Et1\nshutdown', '../../etc', 'Ethernet1!', '', 'Ethernet1/2/3/4/5', 'x'.repeat(60), 'é'])(
    '%j is no port',
    async (port) => {
      expect(await refusedOrder(leaf({ port }))).toMatchObject({ code: 'INVALID_VALUE', path: ['attachments', '0', 'port'] });
    },
  );

  it.each([
    ['that the device does not have', () => leaf({ port: 'Ethernet9' }), 'NOT_FOUND'],
    ['of the underlay', () => leaf({ port: 'Ethernet1' }), 'NOT_FOUND'],
    ['of another device', () => pve1({ port: 'Ethernet2', tagging: 'TAGGED' }), 'NOT_FOUND'],
    ['twice in an order', () => ({ attachments: [...leaf({}).attachments, ...leaf({}).attachments] }), 'ALREADY_EXISTS'],
    ['left out where the tagging needs one', () => leaf({ port: null }), 'INVALID_VALUE'],
    ['given where the tagging has none', () => leaf({ tagging: 'BRIDGE_ONLY' }), 'INVALID_VALUE'],
    ['without a tagging', () => leaf({ tagging: undefined }), 'BAD_REQUEST'],
    ['with a tagging that is none', () => leaf({ tagging: 'DOUBLE' }), 'BAD_REQUEST'],
  ] as const)('%s is refused', async (_what, over, code) => {
    expect(await refusedOrder(over())).toMatchObject({ code });
  });

  it('that carries an untagged network takes no other', async () => {
    const { data } = await world.graphql(world.customer, PROVISION, { input: world.orderInput(leaf({ port: 'Ethernet4' })) });
    expect(data).toMatchObject({ provisionNetwork: { errors: [] } });
    expect(await refusedOrder(leaf({ port: 'Ethernet4' }))).toMatchObject({ code: 'IN_USE' });
  });
});

describe('a host', () => {
  it.each([
    ['a multicast MAC', { mac: '01:00:5e:00:00:01' }, 'INVALID_VALUE'],
    ['a broadcast MAC', { mac: 'ff:ff:ff:ff:ff:ff' }, 'INVALID_VALUE'],
    ['a MAC of zeros', { mac: '00:00:00:00:00:00' }, 'INVALID_VALUE'],
    ['a MAC of five octets', { mac: 'bc:24:11:8f:74' }, 'INVALID_VALUE'],
    ['a MAC of letters', { mac: 'gg:24:11:8f:74:b6' }, 'INVALID_VALUE'],
    ['an address with a leading zero', { address: '010.20.200.5' }, 'INVALID_VALUE'],
    ['an address with a length', { address: '10.20.200.5/24' }, 'INVALID_VALUE'],
    ['an address outside', { address: '10.20.201.5' }, 'OUT_OF_RANGE'],
    ['an address of another family', { address: '2001:db8::5' }, 'OUT_OF_RANGE'],
    ['the network address', { address: '10.20.200.0' }, 'OUT_OF_RANGE'],
    ['the broadcast address', { address: '10.20.200.255' }, 'OUT_OF_RANGE'],
    ["the gateway's address", { address: '10.20.200.1' }, 'ALREADY_EXISTS'],
    ['a name with a dash in front', { name: '-a' }, 'INVALID_VALUE'],
    ['a name of two labels', { name: 'a.b' }, 'INVALID_VALUE'],
    ['a name with an underscore', { name: 'a_b' }, 'INVALID_VALUE'],
    ['a name in capitals', { name: 'WWW' }, 'INVALID_VALUE'],
    ['a name with a newline', { name: 'a\n' }, 'INVALID_VALUE'],
    ['a wildcard for a name', { name: '*' }, 'INVALID_VALUE'],
    ['a name of 64 characters', { name: 'a'.repeat(64) }, 'INVALID_VALUE'],
    ['an empty name', { name: '' }, 'INVALID_VALUE'],
  ] as const)('with %s is refused', async (_what, over, code) => {
    expect(await refusedOrder(host(over))).toMatchObject({ code });
  });

  it.each([
    ['name', [{ name: 'a' }, { name: 'a' }]],
    [
      'address',
      [
        { name: 'a', address: '10.20.200.5' },
        { name: 'b', address: '10.20.200.5' },
      ],
    ],
    [
      'MAC',
      [
        { name: 'a', mac: 'bc:24:11:8f:74:b6' },
        { name: 'b', mac: 'BC-24-11-8F-74-B6' },
      ],
    ],
  ])('whose %s is taken by another one of the order is refused', async (_what, hosts) => {
    expect(await refusedOrder(subnet({ cidr: '10.20.200.0/24', hosts }))).toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it.each([
    'x',
    'a..example',
    '-a.example',
    'a.example.',
    'a_b.example',
    `${'a'.repeat(64)}.example`,
    'a.example\n',
    `${'a.'.repeat(126)}aa`,
  ])('in the zone %j is refused', async (zone) => {
    expect(await refusedOrder(subnet({ zone, hosts: [{ name: 'www' }] }))).toMatchObject({ code: 'INVALID_VALUE' });
  });
});

describe('too much', () => {
  it.each([
    ['257 attachments', () => ({ attachments: Array.from({ length: 257 }, () => pve1({}).attachments[0]) }), 'attachments'],
    ['33 subnets', () => ({ subnets: Array.from({ length: 33 }, () => ({ prefixPool: prefixPool() })) }), 'subnets'],
    ['257 hosts', () => subnet({ hosts: Array.from({ length: 257 }, (_, index) => ({ name: `h${index}` })) }), 'hosts'],
  ] as const)('%s are refused', async (_what, over, field) => {
    const refusal = await refusedOrder(over());
    expect(refusal).toMatchObject({ code: 'INVALID_VALUE' });
    expect(refusal.path.at(-1)).toBe(field);
  });

  it('too little: an order for no place is refused', async () => {
    expect(await refusedOrder({ attachments: [] })).toMatchObject({ code: 'INVALID_VALUE', path: ['attachments'] });
  });
});

describe("a caller's key", () => {
  const KEYS = ['x'.repeat(300), '', 'a b', 'a\n', 'a\u0000', 'clé'];

  it.each(KEYS)('%j is no idempotency key', async (idempotencyKey) => {
    expect(await refusedOrder({ idempotencyKey })).toMatchObject({ code: 'INVALID_VALUE', accepted: expect.stringContaining('1 to 128') });
    const tenant = encodeId('tenant', world.tenantId);
    expect(await refused(DEPROVISION, { idempotencyKey, tenant, network: 'x', ifVersion: 1 })).toMatchObject({
      code: expect.stringMatching(/^(?:INVALID_VALUE|NOT_FOUND)$/),
    });
    const vrf = { idempotencyKey, tenant, slug: 'v', name: 'v', l3vniPool: await poolId('l3vni') };
    expect(await refused(CREATE_VRF, vrf)).toMatchObject({ code: 'INVALID_VALUE', accepted: expect.stringContaining('1 to 128') });
  });

  it.each(KEYS)('%j is no external reference', async (externalRef) => {
    expect(await refusedOrder({ externalRef })).toMatchObject({ code: 'INVALID_VALUE', path: ['externalRef'] });
    expect(await refused(CREATE_TENANT, { slug: 'new', name: 'New', externalRef }, world.operator)).toMatchObject({
      code: 'INVALID_VALUE',
    });
    for (const field of ['order', 'network']) {
      const answer = await world.graphql(world.customer, `query ($ref: String!) { ${field}(externalRef: $ref) { id } }`, {
        ref: externalRef,
      });
      expect(refusalOf(answer), field).toMatchObject({ code: 'INVALID_VALUE' });
    }
  });

  it('that is missing is named by the answer', async () => {
    const refusal = await refusedOrder({ idempotencyKey: undefined });
    expect(refusal).toMatchObject({ code: 'BAD_REQUEST' });
    expect(refusal.message).toContain('idempotencyKey');
  });

  it.each(['ALL', 'default', 'vmbr0', 'lo', 'mgmt', 'a b', 'a\n', '-a', 'é', 'x'.repeat(64), ''])('%j is no slug', async (slug) => {
    expect(await refused(CREATE_TENANT, { slug, name: 'New' }, world.operator)).toMatchObject({ code: 'INVALID_VALUE' });
  });

  it('that somebody has is taken', async () => {
    expect(await refused(CREATE_TENANT, { slug: 'acme', name: 'New' }, world.operator)).toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});

describe('a page', () => {
  it.each(['first: 0', 'first: -1', 'first: 101', 'after: "x"', 'after: ""', `after: "${Buffer.from('["x"]').toString('base64url')}"`])(
    'with %s is refused',
    async (args) => {
      for (const list of ['networks', 'orders', 'tenants', 'vrfs', 'devices'])
        expect(refusalOf(await world.graphql(world.customer, `{ ${list}(${args}) { nodes { id } } }`)), list).toMatchObject({
          code: 'INVALID_VALUE',
        });
    },
  );
});

describe('a request', () => {
  it('with a list of lists a hundred thousand deep where a word belongs is refused like any other', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const [query, place] of [
      ['query ($v: VNI) { network(vni: $v) { id } }', 'v'],
      ['query ($v: Slug) { tenant(slug: $v) { id } }', 'v'],
    ]) {
      const answer = await world.post(world.customer, `{"query":${JSON.stringify(query)},"variables":{"v":${deep}}}`);
      expect(refusalOf(answer)).toMatchObject({ code: 'INVALID_VALUE', path: [place] });
    }
  });

  it.each([
    ['a number too large for JSON', '1e400'],
    ['a number that is too exact', '9007199254740993'],
    ['an object', '{"__typename":"VNI"}'],
  ])('with %s where a VNI belongs is refused', async (_what, value) => {
    const query = 'query ($v: VNI!) { network(vni: $v) { id } }';
    const answer = await world.post(world.customer, `{"query":${JSON.stringify(query)},"variables":{"v":${value}}}`);
    expect(['INVALID_VALUE', 'BAD_REQUEST']).toContain(refusalOf(answer).code);
  });

  it('for a subscription over HTTP is told where it goes', async () => {
    const answer = await world.graphql(world.customer, 'subscription { orderEvents(id: "x") { cursor } }');
    expect(answer.status).toBe(400);
    expect(refusalOf(answer)).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('WebSocket') });
  });

  it.each([
    ['an alias too many', `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: __typename`).join(' ')} }`],
    ['a field too deep', `{ __type(name: "Query") { ${'ofType { '.repeat(10)} name ${'} '.repeat(10)} } }`],
    ['a subscription', 'subscription { orderEvents(id: "x") { cursor } }'],
    ['a word too many', 'query a b { __typename }'],
  ])('that is refused for %s has an id, by which it is found in the log', async (_what, query) => {
    for (let time = 1; time <= 2; time++) {
      const { errors } = await world.graphql(world.customer, query);
      for (const { extensions } of errors) expect(extensions.requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(errors.length).toBeGreaterThan(0);
    }
  });
});

describe('after all of it', () => {
  it('a proper order goes live', async () => {
    const { data } = await world.graphql(world.customer, PROVISION, { input: world.orderInput() });
    const { order } = (data as { provisionNetwork: { order: { id: string } } }).provisionNetwork;
    expect(await world.settlePublic(order.id)).toBe('ACTIVE');
  });
});
