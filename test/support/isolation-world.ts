/** Two customers with the same things each, beside each other, and the name of nothing for every kind of thing. */
import { encodeId, type IdKind } from '#engines/kernel';
import { type ApiWorld, createApiWorld } from './api-world.js';
import type { Names } from './isolation-places.js';

/** In every text of the other customer. */
export const TAINT = 'zqtaint';
const UNKNOWN = '01890000-0000-7000-8000-000000000000';

export interface IsolatedCustomer {
  readonly token: string;
  readonly names: Names;
}

export interface IsolationWorld {
  readonly world: ApiWorld;
  readonly other: IsolatedCustomer;
  readonly mine: IsolatedCustomer;
  readonly nobodys: Names;
  /** The only subnet that is mine and no network's. */
  readonly mySubnet: string;
}

export const PROVISION =
  'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id network { id vni } } errors { code message } } }';
const CREATE_VRF = 'mutation ($input: CreateVrfInput!) { createVrf(input: $input) { vrf { id } errors { code message } } }';

/** The n-th address of a subnet. */
export const hostOf = (cidr: string, n: number): string => cidr.replace(/(\d+)\/\d+$/, (_all, last: string) => String(Number(last) + n));

async function poolId(world: ApiWorld, slug: string): Promise<string> {
  return (await world.ask<{ id: string }>(world.operator, 'query ($slug: Slug!) { numberPool(slug: $slug) { id } }', { slug })).id;
}

/** What the counter has given to a customer, for everything that may be done with it. */
async function given(world: ApiWorld, token: string, tenant: string, mark: string) {
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
  const inSubnet = await subnet('subnet');
  return {
    counterKey: `${mark}-counter`,
    allocation: await number('counter'),
    toBind: await number('bind', { ttlSeconds: 3600 }),
    toExtend: await number('extend', { ttlSeconds: 3600 }),
    toRelease: await number('release'),
    prefix: await allocate('allocatePrefix', 'AllocatePrefixInput', { idempotencyKey: `${mark}-prefix`, pool, length: 28 }),
    subnet: inSubnet,
    ipAddress: await allocate('allocateIp', 'AllocateIpInput', { idempotencyKey: `${mark}-ip`, subnet: inSubnet }),
    toClose: await subnet('close'),
  };
}

/** A customer with a VRF, a network that is live, and the order for it; its mark is in every text that it may choose. */
async function customer(world: ApiWorld, slug: string, mark: string, subnet: string): Promise<IsolatedCustomer> {
  const { tenantId, token } = await world.newTenant(slug, `${mark} company`);
  const tenant = encodeId('tenant', tenantId);
  const l3vniPool = await poolId(world, 'l3vni');
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
    ...(await given(world, token, tenant, mark)),
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

export async function openIsolationWorld(): Promise<IsolationWorld> {
  const world = await createApiWorld();
  const other = await customer(world, TAINT, TAINT, '10.20.77.0/24');
  const mine = await customer(world, 'mine', 'mine', '10.20.88.0/24');
  const { cidr } = await world.ask<{ cidr: string }>(mine.token, 'query ($id: ID!) { subnet(id: $id) { cidr } }', {
    id: mine.names.subnet,
  });
  const range = { subnet: mine.names.subnet, first: hostOf(cidr, 12), last: hostOf(cidr, 13), kind: 'DHCP', reason: 'phones' };
  await world.ask(mine.token, 'mutation ($input: AddSubnetRangeInput!) { addSubnetRange(input: $input) { errors { code } } }', {
    input: range,
  });
  const unknown = (kind: IdKind): string => encodeId(kind, UNKNOWN);
  const nobodys: Names = {
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
    ipAddress: unknown('ipAddress'),
    toClose: unknown('subnet'),
  };
  return { world, other, mine, nobodys, mySubnet: cidr };
}
