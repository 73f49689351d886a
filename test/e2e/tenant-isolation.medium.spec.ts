// What one customer can learn of another through the API: nothing. The schema that is executed says which fields and arguments there
// are, so that a new one cannot be forgotten here.
import { TransportError } from '#contexts/deployment/ports';
import { encodeId, type IdKind } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld, type GraphqlAnswer } from '../support/api-world.js';
import { LiveQuery } from '../support/live-query.js';
import { documentFor, namingPlaces, type RootField, rootFields, type Sample } from '../support/root-fields.js';

/** In every text of the other customer. */
const TAINT = 'zqtaint';
const UNKNOWN = '01890000-0000-7000-8000-000000000000';

/** What each place that names a thing names. The operator's things are everybody's to name; the others are a customer's own. */
const NAMES = {
  'Query.allocation.id': 'allocation',
  'Query.allocation.tenant': 'tenant',
  'Query.allocationsOfKey.tenant': 'tenant',
  'Query.connector.id': 'connector',
  'Query.connector.slug': 'connectorSlug',
  'Query.device.id': 'device',
  'Query.device.slug': 'deviceSlug',
  'Query.network.id': 'network',
  'Query.network.vni': 'vni',
  'Query.network.externalRef': 'externalRef',
  'Query.numberPool.id': 'vniPool',
  'Query.numberPool.slug': 'poolSlug',
  'Query.order.id': 'order',
  'Query.order.externalRef': 'externalRef',
  'Query.plan.id': 'plan',
  'Query.prefix.id': 'prefix',
  'Query.prefixes.space': 'space',
  'Query.prefixPool.id': 'prefixPool',
  'Query.prefixPool.slug': 'prefixPoolSlug',
  'Query.subnet.id': 'subnet',
  'Query.syncRun.id': 'syncRun',
  'Query.tenant.id': 'tenant',
  'Query.tenant.slug': 'tenantSlug',
  'Mutation.addSubnetRange.input.subnet': 'subnet',
  'Mutation.adoptDrift.items': 'driftItems',
  'Mutation.adoptAllocations.input.tenant': 'tenant',
  'Mutation.adoptAllocations.input.numbers.pool': 'vniPool',
  'Mutation.adoptAllocations.input.prefixes.pool': 'prefixPool',
  'Mutation.adoptAllocations.input.addresses.subnet': 'subnet',
  'Mutation.allocateBatch.input.numbers.tenant': 'tenant',
  'Mutation.allocateBatch.input.numbers.pool': 'vniPool',
  'Mutation.allocateBatch.input.vnis.tenant': 'tenant',
  'Mutation.allocateBatch.input.vnis.pool': 'vniPool',
  'Mutation.allocateBatch.input.vlans.tenant': 'tenant',
  'Mutation.allocateBatch.input.vlans.domain': 'vlanDomain',
  'Mutation.allocateBatch.input.prefixes.tenant': 'tenant',
  'Mutation.allocateBatch.input.prefixes.pool': 'prefixPool',
  'Mutation.allocateBatch.input.ips.subnet': 'subnet',
  'Mutation.allocateBatch.input.ips.tenant': 'tenant',
  'Mutation.allocateIp.input.subnet': 'subnet',
  'Mutation.allocateIp.input.tenant': 'tenant',
  'Mutation.allocateNumber.input.tenant': 'tenant',
  'Mutation.allocateNumber.input.pool': 'vniPool',
  'Mutation.allocatePrefix.input.tenant': 'tenant',
  'Mutation.allocatePrefix.input.pool': 'prefixPool',
  'Mutation.allocateVlan.input.tenant': 'tenant',
  'Mutation.allocateVlan.input.domain': 'vlanDomain',
  'Mutation.allocateVni.input.tenant': 'tenant',
  'Mutation.allocateVni.input.pool': 'vniPool',
  'Mutation.applyPlan.input.plan': 'plan',
  'Mutation.approvePlan.id': 'plan',
  'Mutation.bindAllocation.input.allocation': 'toBind',
  'Mutation.checkDrift.devices': 'devices',
  'Mutation.confirmExternal.input.plan': 'plan',
  'Mutation.confirmExternal.input.device': 'device',
  'Mutation.handInConfiguration.input.device': 'device',
  'Mutation.handInConfiguration.input.plan': 'plan',
  'Mutation.closeSubnet.id': 'toClose',
  'Mutation.createNumberPool.input.fabric': 'fabric',
  'Mutation.createNumberPool.input.vlanDomain': 'vlanDomain',
  'Mutation.createNumberPool.input.tenants': 'tenants',
  'Mutation.createPrefix.input.space': 'space',
  'Mutation.createPrefixPool.input.space': 'space',
  'Mutation.createPrefixPool.input.tenants': 'tenants',
  'Mutation.createSubnet.input.tenant': 'tenant',
  'Mutation.createSubnet.input.pool': 'prefixPool',
  'Mutation.createSubnet.input.vrf': 'vrf',
  'Mutation.createVrf.input.tenant': 'tenant',
  'Mutation.createVrf.input.l3vniPool': 'l3vniPool',
  'Mutation.deprovisionNetwork.input.tenant': 'tenant',
  'Mutation.deprovisionNetwork.input.network': 'network',
  'Mutation.extendHold.input.allocation': 'toExtend',
  'Mutation.ignoreDrift.items': 'driftItems',
  'Mutation.leakVrf.input.from': 'vrf',
  'Mutation.leakVrf.input.into': 'vrf',
  'Mutation.planDeployment.input.devices': 'devices',
  'Mutation.acquireLock.input.subject': 'device',
  'Mutation.cancelPlan.id': 'plan',
  'Mutation.haltPlan.id': 'plan',
  'Mutation.pausePlan.id': 'plan',
  'Mutation.resumePlan.id': 'plan',
  'Mutation.rollbackPlan.id': 'plan',
  'Mutation.rollbackPlan.devices': 'devices',
  'Mutation.releaseLock.id': 'lock',
  'Mutation.provisionNetwork.input.tenant': 'tenant',
  'Mutation.provisionNetwork.input.vrf': 'vrf',
  'Mutation.provisionNetwork.input.vniPool': 'vniPool',
  'Mutation.provisionNetwork.input.subnets.prefixPool': 'prefixPool',
  'Mutation.provisionNetwork.input.attachments.device': 'device',
  'Mutation.reapplyDrift.items': 'driftItems',
  'Mutation.releaseAllocation.input.allocation': 'toRelease',
  'Mutation.removePool.id': 'vniPool',
  'Mutation.setDeviceCredential.input.device': 'device',
  'Mutation.setDeviceIdentity.input.device': 'device',
  'Mutation.setSecret.input.fabric': 'fabric',
  'Mutation.removePrefix.id': 'prefix',
  'Mutation.removeSubnetRange.input.subnet': 'subnet',
  'Mutation.setAddressQuota.input.tenant': 'tenant',
  'Mutation.setAddressQuota.input.space': 'space',
  'Mutation.setQuota.input.pool': 'vniPool',
  'Mutation.setQuota.input.tenant': 'tenant',
  'Mutation.transferAllocation.input.allocation': 'allocation',
  'Mutation.transferAllocation.input.tenant': 'tenant',
  'Mutation.unleakVrf.input.from': 'vrf',
  'Mutation.unleakVrf.input.into': 'vrf',
  'Mutation.updatePool.id': 'vniPool',
  'Mutation.adoptSyncProposals.run': 'syncRun',
  'Mutation.approveSyncRun.id': 'syncRun',
  'Mutation.createConnector.input.fabric': 'fabric',
  'Mutation.resolveSyncConflict.id': 'syncConflict',
  'Mutation.startSync.input.connector': 'connector',
  'Mutation.updateConnector.id': 'connector',
  'Mutation.verifyNetwork.id': 'network',
  'Mutation.updatePool.input.tenants': 'tenants',
  'Subscription.orderEvents.id': 'order',
} as const;
type Name = (typeof NAMES)[keyof typeof NAMES] | 'counterKey';
type Names = Readonly<Record<Name, string | number | string[]>>;
const CUSTOMERS_OWN: readonly Name[] = [
  'allocation',
  'externalRef',
  'network',
  'order',
  'prefix',
  'subnet',
  'tenant',
  'tenantSlug',
  'toBind',
  'toClose',
  'toExtend',
  'toRelease',
  'vni',
  'vrf',
];
/** Refused to every customer's token, whatever its scopes. */
const OPERATOR_ONLY = [
  'Query.connector',
  'Query.connectors',
  'Query.maintenanceLocks',
  'Query.driftReports',
  'Query.plan',
  'Query.plans',
  'Query.plansAwaitingPerson',
  'Query.secrets',
  'Query.syncRun',
  'Mutation.acquireLock',
  'Mutation.adoptAllocations',
  'Mutation.adoptDrift',
  'Mutation.adoptSyncProposals',
  'Mutation.applyPlan',
  'Mutation.approvePlan',
  'Mutation.approveSyncRun',
  'Mutation.cancelPlan',
  'Mutation.checkDrift',
  'Mutation.confirmExternal',
  'Mutation.createConnector',
  'Mutation.createNumberPool',
  'Mutation.createPrefix',
  'Mutation.createPrefixPool',
  'Mutation.createTenant',
  'Mutation.haltPlan',
  'Mutation.hintDrift',
  'Mutation.handInConfiguration',
  'Mutation.ignoreDrift',
  'Mutation.leakVrf',
  'Mutation.pausePlan',
  'Mutation.planDeployment',
  'Mutation.reapplyDrift',
  'Mutation.releaseLock',
  'Mutation.removePool',
  'Mutation.removePrefix',
  'Mutation.resolveSyncConflict',
  'Mutation.resumePlan',
  'Mutation.rollbackPlan',
  'Mutation.setAddressQuota',
  'Mutation.setDeviceCredential',
  'Mutation.setDeviceIdentity',
  'Mutation.setQuota',
  'Mutation.setSecret',
  'Mutation.startSync',
  'Mutation.transferAllocation',
  'Mutation.unleakVrf',
  'Mutation.updateConnector',
  'Mutation.updatePool',
];

let world: ApiWorld;
let other: { readonly token: string; readonly names: Names };
let mine: { readonly token: string; readonly names: Names };
let nobodys: Names;
/** Every answer that went to me. */
const told: string[] = [];

const PROVISION =
  'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id network { id vni } } errors { code message } } }';
const CREATE_VRF = 'mutation ($input: CreateVrfInput!) { createVrf(input: $input) { vrf { id } errors { code message } } }';

async function poolId(slug: string): Promise<string> {
  return (await world.ask<{ id: string }>(world.operator, 'query ($slug: Slug!) { numberPool(slug: $slug) { id } }', { slug })).id;
}

/** What the counter has given to a customer, for everything that may be done with it. */
async function given(token: string, tenant: string, mark: string) {
  const allocate = async (field: string, type: string, input: object): Promise<string> => {
    const document = `mutation ($input: ${type}!) { ${field}(input: $input) { allocation { id } errors { code message } } }`;
    const words = { tenant, holder: `${mark} machine`, externalRef: `${mark}-ref` };
    const { allocation } = await world.ask<{ allocation: { id: string } }>(token, document, { input: { ...words, ...input } });
    return allocation.id;
  };
  const number = (name: string, over: object = {}): Promise<string> =>
    allocate('allocateVni', 'AllocateVniInput', { idempotencyKey: `${mark}-${name}`, pool: encodeId('pool', world.vniPoolId), ...over });
  const pool = encodeId('prefixPool', world.prefixPoolId);
  const subnet = async (name: string): Promise<string> => {
    const document = 'mutation ($input: CreateSubnetInput!) { createSubnet(input: $input) { subnet { id } errors { code message } } }';
    const input = { idempotencyKey: `${mark}-${name}`, tenant, pool, length: 28, dnsZone: `${mark}.example` };
    return (await world.ask<{ subnet: { id: string } }>(token, document, { input })).subnet.id;
  };
  return {
    counterKey: `${mark}-counter`,
    allocation: await number('counter'),
    toBind: await number('bind', { ttlSeconds: 3600 }),
    toExtend: await number('extend', { ttlSeconds: 3600 }),
    toRelease: await number('release'),
    prefix: await allocate('allocatePrefix', 'AllocatePrefixInput', { idempotencyKey: `${mark}-prefix`, pool, length: 28 }),
    subnet: await subnet('subnet'),
    toClose: await subnet('close'),
  };
}

/** A customer with a VRF, a network that is live, and the order for it; its mark is in every text that it may choose. */
async function customer(slug: string, mark: string, subnet: string): Promise<{ readonly token: string; readonly names: Names }> {
  const { tenantId, token } = await world.newTenant(slug, `${mark} company`);
  const tenant = encodeId('tenant', tenantId);
  const l3vniPool = await poolId('l3vni');
  const { vrf } = await world.ask<{ vrf: { id: string } }>(token, CREATE_VRF, {
    input: { idempotencyKey: `${mark}-vrf`, tenant, slug: `${mark}-vrf`, name: `${mark} vrf`, l3vniPool },
  });
  const input = world.orderInput({
    idempotencyKey: `${mark}-key`,
    externalRef: `${mark}-ref`,
    tenant,
    name: `${mark} network`,
    vrf: vrf.id,
    subnets: [
      {
        prefixPool: encodeId('prefixPool', world.prefixPoolId),
        cidr: subnet,
        zone: `${mark}.example`,
        hosts: [{ name: mark, mac: 'bc:24:11:00:00:01' }],
      },
    ],
  });
  const { order } = await world.ask<{ order: { id: string; network: { id: string; vni: number } } }>(token, PROVISION, { input });
  expect(await world.settlePublic(order.id)).toBe('ACTIVE');
  const device = encodeId('device', world.deviceIds.get('pve1') as string);
  const { space } = await world.ask<{ space: string }>(token, '{ prefixPool(slug: "cust-v4") { space } }');
  const pools = await world.ask<{ vlanDomain: string | null }[]>(token, '{ numberPools { vlanDomain } }');
  const names = {
    ...(await given(token, tenant, mark)),
    tenant,
    tenants: [tenant],
    fabric: encodeId('fabric', world.fabricId),
    vlanDomain: pools.find(({ vlanDomain }) => vlanDomain !== null)?.vlanDomain as string,
    space,
    tenantSlug: slug,
    network: order.network.id,
    vni: order.network.vni,
    externalRef: `${mark}-ref`,
    order: order.id,
    vrf: vrf.id,
    plan: encodeId('plan', UNKNOWN),
    lock: encodeId('maintenanceLock', UNKNOWN),
    connector: encodeId('syncTarget', UNKNOWN),
    connectorSlug: 'netbox',
    syncRun: encodeId('syncRun', UNKNOWN),
    syncConflict: encodeId('syncConflict', UNKNOWN),
    device,
    devices: [device],
    driftItems: [encodeId('driftItem', UNKNOWN)],
    deviceSlug: 'pve1',
    vniPool: encodeId('pool', world.vniPoolId),
    l3vniPool,
    poolSlug: 'cust-vni',
    prefixPool: encodeId('prefixPool', world.prefixPoolId),
    prefixPoolSlug: 'cust-v4',
  };
  return { token, names };
}

beforeAll(async () => {
  world = await createApiWorld();
  other = await customer(TAINT, TAINT, '10.20.77.0/24');
  mine = await customer('mine', 'mine', '10.20.88.0/24');
  const { cidr } = await world.ask<{ cidr: string }>(mine.token, 'query ($id: ID!) { subnet(id: $id) { cidr } }', {
    id: mine.names.subnet,
  });
  mySubnet = cidr;
  const unknown = (kind: IdKind): string => encodeId(kind, UNKNOWN);
  nobodys = {
    ...mine.names,
    tenant: unknown('tenant'),
    tenantSlug: 'nobody',
    network: unknown('network'),
    vni: 10_999,
    externalRef: 'nobodys-ref',
    order: unknown('order'),
    vrf: unknown('vrf'),
    counterKey: 'nobodys-counter',
    allocation: unknown('allocation'),
    toBind: unknown('allocation'),
    toExtend: unknown('allocation'),
    toRelease: unknown('allocation'),
    prefix: unknown('prefix'),
    subnet: unknown('subnet'),
    toClose: unknown('subnet'),
  };
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
  'Mutation.addSubnetRange.input.first': () => firstOf(mySubnet, 9),
  'Mutation.addSubnetRange.input.last': () => firstOf(mySubnet, 10),
  'Mutation.removeSubnetRange.input.first': () => firstOf(mySubnet, 9),
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
  defaultLength: () => 28,
  minLength: () => 24,
  maxLength: () => 28,
};
/** The only subnet that is mine and no network's. */
let mySubnet = '';
const firstOf = (cidr: string, n: number): string => cidr.replace(/(\d+)\/\d+$/, (_all, last: string) => String(Number(last) + n));

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
