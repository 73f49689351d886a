// What one customer can learn of another through the API: nothing. The schema that is executed says which fields and arguments there
// are, so that a new one cannot be forgotten here.
import { TransportError } from '#contexts/deployment/ports';
import { systemScope } from '#platform';
import type { ApiWorld, GraphqlAnswer } from '../support/api-world.js';
import { CUSTOMERS_OWN, type Name, NAMES, type Names, OPERATOR_ONLY } from '../support/isolation-places.js';
import { hostOf, type IsolationWorld, openIsolationWorld, PROVISION, TAINT } from '../support/isolation-world.js';
import { LiveQuery } from '../support/live-query.js';
import { documentFor, namingPlaces, type RootField, rootFields, type Sample } from '../support/root-fields.js';

let world: ApiWorld;
let other: IsolationWorld['other'];
let mine: IsolationWorld['mine'];
let nobodys: Names;
let mySubnet: string;
/** Every answer that went to me. */
const told: string[] = [];

beforeAll(async () => {
  ({ world, other, mine, nobodys, mySubnet } = await openIsolationWorld());
});
afterAll(() => world?.close());

let serial = 0;
/** What I send where a field asks for something that names nothing; by its place or by its name. */
const PLAIN: Readonly<Record<string, (path: string) => ReturnType<Sample>>> = {
  idempotencyKey: (path) => `probe-${serial}-${path}`,
  slug: () => `probe-${serial}`,
  name: () => `probe-${serial}`,
  digest: () => 'd',
  text: () => 'hostname probe',
  'Mutation.hintDrift.device': () => 'pve1',
  ifVersion: () => 2,
  'Mutation.bindAllocation.input.ifVersion': () => 1,
  'Mutation.extendHold.input.ifVersion': () => 1,
  'Mutation.releaseAllocation.input.ifVersion': () => 1,
  'Mutation.extendHold.input.ttlSeconds': () => 600,
  tagging: () => 'BRIDGE_ONLY',
  reason: () => 'a reason',
  kind: () => 'VNI',
  scope: () => 'DEVICE',
  'Mutation.createConnector.input.kind': () => 'NETBOX',
  'Mutation.createConnector.input.url': () => 'https://netbox.example',
  'Mutation.createConnector.input.secret': () => 'probe',
  keep: () => 'US',
  objectType: () => 'prefix',
  field: () => 'description',
  owner: () => 'US',
  'Mutation.ignoreDrift.until': () => new Date(Date.now() + 3_600_000).toISOString(),
  'Mutation.addSubnetRange.input.kind': () => 'DHCP',
  'Mutation.addSubnetRange.input.first': () => hostOf(mySubnet, 9),
  'Mutation.addSubnetRange.input.last': () => hostOf(mySubnet, 10),
  'Mutation.describeSubnetRange.first': () => hostOf(mySubnet, 12),
  'Mutation.removeSubnetRange.input.first': () => hostOf(mySubnet, 9),
  'Mutation.allocateIp.input.within': () => null,
  'Mutation.allocateBatch.input.ips.within': () => null,
  'Mutation.createSubnet.input.gateway': () => null,
  'Mutation.createSubnet.input.length': () => 28,
  'Mutation.allocatePrefix.input.length': () => 28,
  'Mutation.allocateBatch.input.prefixes.length': () => 28,
  'Mutation.provisionNetwork.input.subnets.length': () => 28,
  first: (path) => (path.startsWith('Mutation.') ? '900000' : undefined),
  last: () => '900009',
  value: () => '10999',
  cidr: (path) => (path.startsWith('Mutation.provisionNetwork') || path.startsWith('Mutation.createSubnet') ? undefined : '10.99.0.0/24'),
  address: (path) => (path.startsWith('Mutation.adopt') ? '10.20.0.9' : undefined),
  'Mutation.createPrefixPool.input.prefixes': () => ['10.99.0.0/24'],
  'Mutation.setAddressAliases.input.aliases': () => [],
  defaultLength: () => 28,
  minLength: () => 24,
  maxLength: () => 28,
};

/** My own names everywhere, but for one place. In a query a thing has one name at a time. */
function sampleOf(field: RootField, probed: string | undefined, names: Names): Sample {
  const place = probed ?? (field.operation === 'query' ? namingPlaces(field)[0] : undefined);
  return (path) => {
    const name = (NAMES as Readonly<Record<string, Name>>)[path];
    if (path === place && name) return names[name];
    if (name) return field.operation === 'query' ? undefined : mine.names[name];
    if (path === 'Query.allocationsOfKey.idempotencyKey') return names.counterKey;
    if (path === 'Query.allocation.idempotencyKey') return place === 'Query.allocation.tenant' ? names.counterKey : undefined;
    return (PLAIN[path] ?? PLAIN[path.slice(path.lastIndexOf('.') + 1)])?.(path);
  };
}

const bytes = (answer: GraphqlAnswer): string => `${answer.status} ${answer.text.replaceAll(/"requestId":"[^"]+"/g, '"requestId":""')}`;
const codeOf = ({ errors }: GraphqlAnswer): string | undefined => errors[0]?.extensions.code;

async function askAsMe(field: RootField, sample: Sample): Promise<GraphqlAnswer> {
  const { query, variables } = documentFor(field, sample);
  if (field.operation !== 'subscription') {
    const answer = await world.graphql(mine.token, query, variables);
    told.push(answer.text);
    return answer;
  }
  const live = new LiveQuery<unknown>(world.apiUrl, mine.token, query, variables);
  const first = live.until(() => true).then((event) => ({ data: { [field.name]: event } }));
  const answer = await Promise.race([first, live.refused.then((errors) => ({ data: null, errors }))]);
  await live.stop();
  first.catch(() => undefined); // It was refused: nothing comes.
  told.push(JSON.stringify(live.events), JSON.stringify(answer));
  return { status: 200, text: JSON.stringify(answer), errors: [], ...answer } as GraphqlAnswer;
}

const fields = (): RootField[] => rootFields(world.schema);
const isOpenToMe = (field: RootField): boolean => !OPERATOR_ONLY.includes(field.path);

describe('the schema', () => {
  it('has no place that names a thing and is not looked at here', () => {
    expect(fields().flatMap(namingPlaces).sort()).toEqual(Object.keys(NAMES).sort());
  });
});

describe("another customer's name for a thing", () => {
  it('gives the same bytes as one that names nothing, wherever it is sent', async () => {
    const probed: string[] = [];
    for (const field of fields()) {
      for (const place of namingPlaces(field)) {
        if (!CUSTOMERS_OWN.includes((NAMES as Readonly<Record<string, Name>>)[place] as Name)) continue;
        const [theirs, nothing] = [
          await askAsMe(field, sampleOf(field, place, other.names)),
          await askAsMe(field, sampleOf(field, place, nobodys)),
        ];
        expect(bytes(theirs), place).toBe(bytes(nothing));
        probed.push(place);
      }
    }
    expect(probed.length).toBeGreaterThanOrEqual(12);
  });

  it('is refused because of the name: my own gives something in the same place', async () => {
    for (const field of fields().filter(isOpenToMe)) {
      for (const place of field.operation === 'query' && namingPlaces(field).length > 0 ? namingPlaces(field) : [undefined]) {
        serial++;
        const answer = await askAsMe(field, sampleOf(field, place, mine.names));
        expect(answer.errors, `${place ?? field.path}: ${answer.text}`).toEqual([]);
        const found = answer.data?.[field.name] as { errors?: unknown[] } | null;
        expect(found, place ?? field.path).not.toBeNull();
        expect(found?.errors ?? [], place ?? field.path).toEqual([]);
      }
    }
  });

  it('is not to be had by the operator’s fields either', async () => {
    for (const field of fields().filter((candidate) => !isOpenToMe(candidate))) {
      const answers = [];
      for (const names of [other.names, nobodys, mine.names]) answers.push(await askAsMe(field, sampleOf(field, undefined, names)));
      for (const answer of answers) {
        expect(codeOf(answer), `${field.path}: ${answer.text}`).toBe('FORBIDDEN');
        expect(bytes(answer)).toBe(bytes(answers[0] as GraphqlAnswer));
      }
    }
  });

  it('that is wished for as my own is refused without a word of whose it is', async () => {
    const input = world.orderInput({
      tenant: mine.names['tenant'],
      subnets: [{ prefixPool: mine.names['prefixPool'], cidr: '10.20.77.0/25' }],
    });
    const refused = PROVISION.replace('code message', 'code message ... on OverlapError { overlapping }');
    const { provisionNetwork } = (await world.graphql(mine.token, refused, { input })).data ?? {};
    const message = '10.20.77.0/25 overlaps a prefix that is in use';
    expect(provisionNetwork).toEqual({ order: null, errors: [{ code: 'OVERLAPS', message, overlapping: [] }] });
  });
});

describe('what a device says', () => {
  const failure = '{ code message }';
  const VIEW = `{ orders(first: 100) { nodes { id state customerMessage failure ${failure} steps { name message } } } devices { nodes { slug progress { lastError } } } }`;

  const settleAll = async (): Promise<void> => {
    const { nodes } = await world.ask<{ nodes: { id: string }[] }>(world.operator, '{ orders(first: 100) { nodes { id } } }');
    for (const { id } of nodes) await world.settlePublic(id);
  };

  it('may quote the lines of another customer: the operator reads it, I do not', async () => {
    await settleAll();
    const pve2 = world.devices.get('pve2');
    if (!pve2) throw new Error('there is no pve2');
    const check = pve2.check.bind(pve2);
    pve2.check = (step) => {
      if (step === 'stage') {
        const detail = `line 7: alias ${TAINT} network`;
        throw new TransportError('CONFIG_REFUSED', `pve2 refuses the configuration: ${detail}`, { device: 'pve2', detail });
      }
      check(step);
    };
    const { order } = await world.ask<{ order: { id: string } }>(mine.token, PROVISION, {
      input: world.orderInput({ tenant: mine.names['tenant'], externalRef: 'doomed' }),
    });
    const live = new LiveQuery<{ type: string; stepState: string | null }>(
      world.apiUrl,
      mine.token,
      `subscription ($id: ID!) { orderEvents(id: $id) { type step stepState message order { customerMessage failure ${failure} steps { message } } } }`,
      { id: order.id },
    );
    expect(await world.settlePublic(order.id)).toBe('FAILED_COMPENSATED');
    await live.until(({ type }) => type === 'order.failed_compensated');
    await live.stop();
    pve2.check = check;
    expect(live.events.some(({ stepState }) => stepState === 'FAILED')).toBe(true);
    told.push(JSON.stringify(live.events));

    // The error of a device is gone as soon as it obeys again; here it stays.
    const words = JSON.stringify({ code: 'CONFIG_REFUSED', message: `${TAINT} as pve2 says it` });
    await world.db.inTransaction(systemScope('test'), (tx) => tx.run('UPDATE device_progress SET last_error = $1::jsonb', [words]));
    const [asOperator, asMe] = [await world.graphql(world.operator, VIEW), await world.graphql(mine.token, VIEW)];
    expect(asOperator.text).toContain(`alias ${TAINT}`);
    expect(asOperator.text).toContain(`"lastError":"${TAINT} as pve2 says it"`);
    expect(asMe.text).toContain('"lastError":null');
    told.push(asMe.text);
    const { nodes } = asMe.data!['orders'] as { nodes: { id: string; customerMessage: string; failure: unknown; steps: unknown[] }[] };
    const doomed = nodes.find(({ id }) => id === order.id);
    expect(doomed?.failure).toEqual({ code: 'CONFIG_REFUSED', message: doomed?.customerMessage });
    expect(doomed?.customerMessage).not.toMatch(/pve|test|host|switch|leaf/i);
    await world.converge();
  });
});

describe('everything that I was told', () => {
  it('holds no text and no id of the other customer', async () => {
    for (const field of fields().filter(isOpenToMe))
      if (field.operation === 'query') await askAsMe(field, sampleOf(field, undefined, mine.names));
    const theirs = (
      await Promise.all(['orders', 'networks', 'vrfs', 'tenants', 'numberPools', 'prefixPools'].map(readAll(other.token)))
    ).join();
    const ids = new Set(theirs.match(/\b(?:net|ord|sub|ip|att|vrf|ten|alc|pfx)_[0-9a-z]{26}\b/g));
    expect(ids.size).toBeGreaterThan(15);
    expect(theirs).toContain(TAINT);
    expect(told.length).toBeGreaterThan(40);
    for (const text of told) {
      expect(text).not.toContain(TAINT);
      expect(text).not.toContain('10.20.77.');
      for (const id of ids) expect(text).not.toContain(id);
    }
  });

  const readAll =
    (token: string) =>
    async (name: string): Promise<string> => {
      const field = fields().find((candidate) => candidate.name === name) as RootField;
      const { query, variables } = documentFor(field, () => undefined);
      return (await world.graphql(token, query, variables)).text;
    };
});

describe('a token', () => {
  it('without the scope of a field is told which one it lacks, and one with just that scope gets in', async () => {
    const stranger = await world.newToken(null, ['audit:read']);
    for (const field of fields().filter(({ operation }) => operation !== 'subscription')) {
      serial++;
      const { query, variables } = documentFor(field, sampleOf(field, undefined, mine.names));
      const refused = await world.graphql(stranger, query, variables);
      expect(codeOf(refused), `${field.path}: ${refused.text}`).toBe('FORBIDDEN');
      const scope = /^this token lacks the scope ([a-z]+:[a-z]+)(?: or [a-z:]+)*$/.exec(refused.errors[0]?.message ?? '')?.[1];
      expect(scope, `${field.path}: ${refused.text}`).toBeDefined();
      const [admitted, small] = [await world.newToken(null, [scope as string]), `{ ${field.name} { __typename } }`];
      const answer =
        field.operation === 'query' && field.args.length === 0
          ? await world.graphql(admitted, small)
          : await world.graphql(admitted, query, variables);
      expect(answer.errors.find(({ path }) => path?.length === 1)?.message ?? '', field.path).not.toContain(`lacks the scope ${scope}`);
    }
  });

  it('is needed for every field: without one there is one answer', async () => {
    const answers = new Set<string>();
    for (const field of fields()) {
      const { query, variables } = documentFor(field, sampleOf(field, undefined, mine.names));
      for (const token of [null, 'trame_live_nobody', `${mine.token}x`]) answers.add(bytes(await world.graphql(token, query, variables)));
    }
    expect([...answers]).toHaveLength(1);
    expect([...answers][0]).toMatch(/^401 .*"UNAUTHENTICATED"/);
  });
});
