// A VRF by GraphQL: its numbers, its key, and a network in it.
import { PoolAdminService } from '#contexts/numbering';
import { encodeId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';
import { DatabaseState } from '../support/database-state.js';

let world: ApiWorld;
let l3vniPool: string;
beforeAll(async () => {
  world = await createApiWorld();
  const another = {
    fabricId: world.fabricId,
    kind: 'L3VNI',
    slug: 'l3vni-too',
    name: 'More',
    ranges: [{ first: 60_000, last: 60_010 }],
  } as const;
  await world.db.inTransaction(systemScope('test'), (tx) => world.app.get(PoolAdminService).create(tx, another));
  l3vniPool = (await world.ask<{ id: string }>(world.customer, '{ numberPool(slug: "l3vni") { id } }')).id;
});
afterAll(() => world?.close());

interface Payload {
  readonly vrf: { readonly id: string; readonly l3vni: number } | null;
  readonly errors: readonly { readonly code: string }[];
}
const CREATE = `mutation ($input: CreateVrfInput!) { createVrf(input: $input) {
  vrf { id slug name deviceName l3vni importTargets exportTargets version } errors { code message } } }`;
const create = (over: Record<string, unknown>): Promise<Payload> =>
  world.ask(world.customer, CREATE, {
    input: { idempotencyKey: 'k1', tenant: encodeId('tenant', world.tenantId), slug: 'prod', name: 'Prod', l3vniPool, ...over },
  });

describe('a VRF', () => {
  it('gets its numbers once, however often its key is sent, and its key stands for no other', async () => {
    const first = await create({});
    expect(first).toMatchObject({
      vrf: {
        slug: 'prod',
        name: 'Prod',
        deviceName: 'vrf50000',
        l3vni: 50_000,
        exportTargets: ['65051:50000'],
        importTargets: ['65051:50000'],
      },
      errors: [],
    });
    const database = await DatabaseState.of(world.url);
    const before = await database.read();
    expect(await create({})).toEqual(first);
    const { id: vniPool } = await world.ask<{ id: string }>(world.customer, '{ numberPool(slug: "l3vni-too") { id } }');
    for (const over of [{ slug: 'other' }, { name: 'Other' }, { l3vniPool: vniPool }])
      expect(await create(over)).toMatchObject({ vrf: null, errors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }] });
    expect(await create({ idempotencyKey: 'k2' })).toMatchObject({ vrf: null, errors: [{ code: 'ALREADY_EXISTS' }] });
    expect(await database.read()).toEqual(before);
    await database.close();
  });

  it('shares no number with an order, whatever their keys', async () => {
    const { order } = await world.ask<{ order: { network: { eviId: number } } }>(
      world.customer,
      'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { network { eviId } } errors { code } } }',
      { input: world.orderInput({ idempotencyKey: 'shared' }) },
    );
    expect(await create({ idempotencyKey: 'order/shared', slug: 'other' })).toMatchObject({ errors: [] });
    const { rows } = await world.db.inTransaction(systemScope('test'), async (tx) => ({
      rows: await tx.sql<{ evi_id: number }>('SELECT evi_id FROM vrf'),
    }));
    expect(rows.map(({ evi_id }) => evi_id)).not.toContain(order.network.eviId);
  });

  it('carries a network with a gateway on every VTEP', async () => {
    const { vrf } = await create({ idempotencyKey: 'k3', slug: 'third' });
    const input = world.orderInput({
      vrf: vrf?.id,
      subnets: [{ prefixPool: encodeId('prefixPool', world.prefixPoolId), gateway: 'ANYCAST_VTEP' }],
      attachments: [{ device: encodeId('device', world.deviceIds.get('test') as string), port: 'Ethernet2', tagging: 'UNTAGGED' }],
    });
    const { order, errors } = await world.ask<{ order: { id: string } | null; errors: unknown[] }>(
      world.customer,
      'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id } errors { code message } } }',
      { input },
    );
    expect(errors).toEqual([]);
    expect(await world.settlePublic(order?.id as string)).toBe('ACTIVE');
    expect([...(world.devices.get('test')?.files.values() ?? [])].join()).toContain(`vrf${vrf?.l3vni}`);
  });
});
