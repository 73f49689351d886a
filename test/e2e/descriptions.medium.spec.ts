// What people write about tenants, VRFs, networks, prefixes, addresses and ranges: said through the API, and there in a NetBox with the next run.
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NetBoxSimulator, startNetBoxSimulator } from '../../apps/lab/src/netbox-simulator/index.js';
import { foreignInventories } from '../../apps/worker/src/adapters.js';
import { EventsModule } from '#contexts/events';
import { ConnectorService, SyncModule, SyncRunner } from '#contexts/sync';
import { encodeId, Slug, type SyncTargetId, type TenantId } from '#engines/kernel';
import { Database, PlatformModule, Secret, systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';
import { untilHeard } from '../support/until-heard.js';
import { allEntities, testConfig } from '../support/world.js';

let world: ApiWorld;
let netbox: NetBoxSimulator;
let worker: INestApplicationContext;
let targetId: SyncTargetId;
let mine: { readonly tenantId: TenantId; readonly token: string };
const ids: Record<'tenant' | 'vrf' | 'network' | 'prefix' | 'address' | 'subnet' | 'container', string> = {
  tenant: '',
  vrf: '',
  network: '',
  prefix: '',
  address: '',
  subnet: '',
  container: '',
};

interface Payload {
  readonly errors: readonly { readonly code: string; readonly message: string }[];
  readonly [field: string]: unknown;
}
const ERRORS = 'errors { code message }';
const ASK: Readonly<Record<string, string>> = {
  describeTenant: `mutation ($id: ID!, $text: Description) { describeTenant(id: $id, description: $text) { tenant { description } ${ERRORS} } }`,
  describeVrf: `mutation ($id: ID!, $text: Description) { describeVrf(id: $id, description: $text) { vrf { description } ${ERRORS} } }`,
  describeNetwork: `mutation ($id: ID!, $text: Description) { describeNetwork(id: $id, description: $text) { network { description } ${ERRORS} } }`,
  describePrefix: `mutation ($id: ID!, $text: Description) { describePrefix(id: $id, description: $text) { prefix { description } ${ERRORS} } }`,
  describeIpAddress: `mutation ($id: ID!, $text: Description) { describeIpAddress(id: $id, description: $text) { ipAddress { description } ${ERRORS} } }`,
};
const RANGE = `mutation ($id: ID!, $first: IPAddress!, $text: Description) { describeSubnetRange(subnet: $id, first: $first, reason: $text) { subnet { ranges { first reason } } ${ERRORS} } }`;
const describeAs = (token: string, field: string, id: string, text: string | null): Promise<Payload> =>
  world.ask<Payload>(token, ASK[field] as string, { id, text });

beforeAll(async () => {
  [world, netbox] = [await createApiWorld(), await startNetBoxSimulator()];
  mine = await world.newTenant('mine', 'Mine SA');
  ids.tenant = encodeId('tenant', mine.tenantId);
  const pool = await world.ask<{ id: string }>(world.operator, '{ numberPool(slug: "l3vni") { id } }');
  const vrf = { idempotencyKey: 'v', tenant: ids.tenant, slug: 'prod', name: 'Prod', l3vniPool: pool.id };
  ids.vrf = (
    await world.ask<{ vrf: { id: string } }>(
      mine.token,
      `mutation ($input: CreateVrfInput!) { createVrf(input: $input) { vrf { id } ${ERRORS} } }`,
      { input: vrf },
    )
  ).vrf.id;
  const order = world.orderInput({ tenant: ids.tenant, idempotencyKey: 'o', subnets: [] });
  ids.network = (
    await world.ask<{ order: { network: { id: string } } }>(
      mine.token,
      `mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { network { id } } ${ERRORS} } }`,
      { input: order },
    )
  ).order.network.id;
  const subnet = {
    idempotencyKey: 's',
    tenant: ids.tenant,
    pool: encodeId('prefixPool', world.prefixPoolId),
    length: 28,
    description: 'said when it was made',
  };
  const { subnet: opened } = await world.ask<{ subnet: { id: string; prefix: string; description: string } }>(
    mine.token,
    `mutation ($input: CreateSubnetInput!) { createSubnet(input: $input) { subnet { id prefix description } ${ERRORS} } }`,
    { input: subnet },
  );
  expect(opened.description).toBe('said when it was made');
  [ids.subnet, ids.prefix] = [opened.id, opened.prefix];
  const given = await world.ask<{ allocation: { id: string } }>(
    mine.token,
    `mutation ($input: AllocateIpInput!) { allocateIp(input: $input) { allocation { id } ${ERRORS} } }`,
    { input: { idempotencyKey: 'a', subnet: ids.subnet } },
  );
  ids.address = given.allocation.id;
  const made = await world.ask<{ prefix: { id: string } }>(
    world.operator,
    `mutation { createPrefix(input: { cidr: "10.20.0.0/15", description: "backbone of the merger" }) { prefix { id } ${ERRORS} } }`,
  );
  ids.container = made.prefix.id;

  const noServer = (): never => {
    throw new Error('there is no name server here');
  };
  @Module({
    imports: [
      PlatformModule.forRoot(testConfig(world.url), allEntities, 'test'),
      EventsModule,
      SyncModule.with(noServer, foreignInventories),
    ],
  })
  class WorkerModule {}
  worker = await NestFactory.createApplicationContext(WorkerModule, { logger: false });
  const connector = {
    kind: 'NETBOX',
    slug: Slug.parse('netbox'),
    url: netbox.url,
    secret: new Secret(netbox.token),
    mode: 'WRITE',
  } as const;
  targetId = (await worker.get(ConnectorService).create(connector, 'operator')).id;
  await sync();
});
afterAll(async () => {
  await worker?.close();
  await netbox?.close();
  await world?.close();
});

async function sync(): Promise<void> {
  await untilHeard(worker.get(Database));
  await worker.get(SyncRunner).run(targetId, new AbortController().signal);
}
const there = (path: string): unknown[] => netbox.state.objects(path).map((object) => object.values['description']);

describe('a description', () => {
  it('is said through the API, and stands in NetBox with the next run', async () => {
    const said = {
      describeTenant: [world.operator, ids.tenant, 'pays late', 'tenancy/tenants'],
      describeVrf: [mine.token, ids.vrf, 'production', 'ipam/vrfs'],
      describeNetwork: [mine.token, ids.network, 'web\nand shop', 'vpn/l2vpns'],
      describePrefix: [mine.token, ids.prefix, 'servers', 'ipam/prefixes'],
      describeIpAddress: [mine.token, ids.address, 'printer — 2nd floor', 'ipam/ip-addresses'],
    } as const;
    expect(there('ipam/prefixes')).toContain('said when it was made');
    for (const [field, [token, id, text, path]] of Object.entries(said)) {
      expect(there(path), field).not.toContain(text);
      const payload = await describeAs(token, field, id, text);
      expect(payload.errors, field).toEqual([]);
      expect(Object.values(payload), field).toContainEqual({ description: text });
    }
    await sync();
    for (const [field, [, , text, path]] of Object.entries(said)) expect(there(path), field).toContain(text);
    expect((await describeAs(mine.token, 'describePrefix', ids.prefix, '')).prefix).toEqual({ description: null });
    await sync();
    expect(there('ipam/prefixes')).not.toContain('servers');
  });

  it('of a range is its reason', async () => {
    const { cidr } = await world.ask<{ cidr: string }>(mine.token, 'query ($id: ID!) { subnet(id: $id) { cidr } }', { id: ids.subnet });
    const at = (n: number): string => cidr.replace(/(\d+)\/\d+$/, (_all, last: string) => String(Number(last) + n));
    const input = { subnet: ids.subnet, first: at(9), last: at(11), kind: 'DHCP', reason: 'phones' };
    await world.ask(mine.token, `mutation ($input: AddSubnetRangeInput!) { addSubnetRange(input: $input) { ${ERRORS} } }`, { input });
    const change = (first: string, text: string): Promise<Payload> =>
      world.ask<Payload>(mine.token, RANGE, { id: ids.subnet, first, text });
    expect(await change(at(9), 'phones of\nthe shop')).toMatchObject({
      subnet: { ranges: [{ first: at(9), reason: 'phones of\nthe shop' }] },
      errors: [],
    });
    expect((await change(at(10), 'x')).errors).toEqual([
      { code: 'OUT_OF_RANGE', message: expect.stringContaining(`ranges begin at ${at(9)}`) },
    ]);
    await sync();
    expect(there('ipam/ip-ranges')).toContain('phones of\nthe shop');
  });

  it.each([['bell\u0007'], ['a\u0000b'], ['a'.repeat(1001)], ['\ud800']])('that is %j is refused, with what would do', async (text) => {
    const { errors } = await world.graphql(mine.token, ASK['describeVrf'] as string, { id: ids.vrf, text });
    expect(errors).toMatchObject([
      { message: expect.stringContaining('at most 1000 characters, no control characters'), extensions: { code: 'BAD_REQUEST' } },
    ]);
  });

  it('is in the audit with what stood there before, once, however often it is said', async () => {
    for (let n = 0; n < 2; n++) await describeAs(mine.token, 'describeVrf', ids.vrf, 'the shop');
    const entries = await world.db.inTransaction(systemScope('test'), (tx) =>
      tx.sql(`SELECT tenant_id AS "tenantId", detail FROM audit_entry WHERE action = 'vrf.described' ORDER BY id DESC LIMIT 1`),
    );
    expect(entries).toEqual([{ tenantId: mine.tenantId, detail: { before: 'production', description: 'the shop' } }]);
  });
});

describe('what a tenant is told', () => {
  it('is nothing of what the operator writes about it and about prefixes of its own', async () => {
    const read = (token: string) =>
      world.graphql(token, 'query ($t: ID!, $p: ID!) { tenant(id: $t) { description } prefix(id: $p) { cidr description } }', {
        t: ids.tenant,
        p: ids.container,
      });
    expect((await read(world.operator)).data).toEqual({
      tenant: { description: 'pays late' },
      prefix: { cidr: '10.20.0.0/15', description: 'backbone of the merger' },
    });
    expect((await read(mine.token)).data).toEqual({ tenant: { description: null }, prefix: { cidr: '10.20.0.0/15', description: null } });
  });

  it('and what it may say is about its own', async () => {
    const stranger = await world.newTenant('stranger', 'Stranger SA');
    for (const [field, id] of [
      ['describeVrf', ids.vrf],
      ['describeNetwork', ids.network],
      ['describePrefix', ids.prefix],
      ['describePrefix', ids.container],
      ['describeIpAddress', ids.address],
    ] as const)
      expect((await describeAs(stranger.token, field, id, 'mine now')).errors, field).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await world.graphql(stranger.token, ASK['describeTenant'] as string, { id: ids.tenant, text: 'x' })).text).toContain(
      'FORBIDDEN',
    );
  });
});
