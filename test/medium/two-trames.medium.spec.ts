import { type NetBoxSimulator, startNetBoxSimulator } from '../../apps/lab/src/netbox-simulator/index.js';
import { foreignInventories } from '../../apps/worker/src/adapters.js';
import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld } from '../support/sync-runner-world.js';
import { Secret } from '#platform';

let netbox: NetBoxSimulator;
let hosts: SyncRunnerHost[] = [];
let one: SyncRunnerWorld;
let other: SyncRunnerWorld;
beforeAll(async () => {
  netbox = await startNetBoxSimulator();
  hosts = await Promise.all([openSyncRunnerHost(foreignInventories.NETBOX), openSyncRunnerHost(foreignInventories.NETBOX)]);
  const settings = { url: netbox.url, secret: new Secret(netbox.token), settings: { rir: 'private', createMissing: true } };
  [one, other] = (await Promise.all(hosts.map((host) => host.world({ settings })))) as [SyncRunnerWorld, SyncRunnerWorld];
});
afterAll(async () => {
  for (const host of hosts) await host.close();
  await netbox.close();
});

const tenant = (name: string) => ({ name, slug: name, description: null });
const seen = (path: string) =>
  netbox.state
    .objects(path)
    .map(({ id, values, custom, tags }) => ({ id, name: values['name'] ?? values['asn'], mark: custom['trame_id'], tags }));
const linesOf = async (world: SyncRunnerWorld): Promise<string[]> =>
  (await world.changes(await world.sync())).map(({ action, localId, state, error }) =>
    `${action} ${localId} ${state} ${error ?? ''}`.trim(),
  );

it('two Trames that have the same things keep off what is the other one’s, and say what is in their way', async () => {
  for (const [world, its] of [
    [one, 'ten_1'],
    [other, 'ten_2'],
  ] as const) {
    world.local.put('tenant', its, tenant('acme'));
    world.local.put('routeTarget', 'rt-65000:1', { name: '65000:1', tenant: null });
    world.local.put('asn', 'asn-0000065001', { asn: 65001 });
  }
  other.local.put('tenant', 'ten_3', tenant('blue'));
  expect((await one.sync()).state).toBe('SUCCEEDED');
  const all = () => ['tenancy/tenants', 'ipam/route-targets', 'ipam/asns'].map(seen);
  const before = all();
  const lines = await linesOf(other);
  expect(lines).toHaveLength(4);
  expect(lines.filter((line) => line.includes('SKIPPED') && line.includes('carries the mark of another owner'))).toHaveLength(3);
  expect(lines).toContain('CREATE ten_3 APPLIED');
  for (const id of ['ten_2', 'rt-65000:1', 'asn-0000065001'] as const)
    other.local.remove(id.startsWith('ten') ? 'tenant' : id.startsWith('rt') ? 'routeTarget' : 'asn', id);
  expect(await linesOf(other)).toEqual([]);
  expect(await linesOf(one)).toEqual([]);
  const [tenants, ...others] = all();
  expect([tenants?.filter(({ name }) => name !== 'blue'), ...others]).toEqual(before);
});

it('what is made anew in a Trame takes over its NetBox object: no deletion, no second one, and no sign of going away', async () => {
  const [acme] = seen('tenancy/tenants');
  one.local.remove('tenant', 'ten_1');
  await one.sync();
  expect(JSON.stringify(seen('tenancy/tenants')[0]?.tags)).toContain('trame-deprecated');
  one.local.put('tenant', 'ten_9', tenant('acme'));
  expect(await linesOf(one)).toEqual(['ADOPT ten_9 APPLIED']);
  const [now] = seen('tenancy/tenants');
  expect(now).toEqual({ ...acme, mark: 'ten_9' });
});
