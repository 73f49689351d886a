// An address of another system whose name another tenant has on name servers: it is taken without it, and the import says so.
import { createInventoryWorld, type InventoryWorld } from '../../../../../../test/support/inventory-world.js';
import { AddressAllocationService, AddressNamesService, PrefixAllocationService, SubnetService } from '#contexts/addressing';
import { Fqdn, IdempotencyKey, Slug, type SyncTargetId, type TenantId } from '#engines/kernel';
import { newId, Secret, systemScope } from '#platform';
import { ConnectorService } from '../../connector.service.js';
import { SyncModule } from '../../sync.module.js';
import { InMemoryInventory } from '../../testing/index.js';
import { ImportDesk } from './import-desk.js';
import { ImportRunner } from './import-runner.js';

const scope = systemScope('operator');
const NAME = 'www.cust.example';
let world: InventoryWorld;
let foreign: InMemoryInventory;
let targetId: SyncTargetId;

beforeAll(async () => {
  foreign = new InMemoryInventory({ pageSize: 2 });
  const noServer = (): never => {
    throw new Error('there is no name server here');
  };
  world = await createInventoryWorld([], [SyncModule.with(noServer, { NETBOX: () => foreign })]);
  const tenant = { kind: 'tenant', id: `~${foreign.put('tenant', { name: 'Blue', slug: 'blue', description: null })}` };
  foreign.put('prefix', { prefix: '10.30.0.0/16', vrf: null, tenant: null, vlan: null, status: 'container', description: null });
  foreign.put('prefix', { prefix: '10.30.1.0/24', vrf: null, tenant, vlan: null, status: 'active', description: null });
  for (const [host, dnsName] of [
    ['10.30.1.10', NAME],
    ['10.30.1.11', 'fine.cust.example'],
  ] as const)
    foreign.put('ipAddress', { host, length: 24, vrf: null, tenant: null, dnsName, status: 'active', role: null, description: null });
  const made = { kind: 'NETBOX', slug: Slug.parse('netbox'), url: 'https://netbox.example', secret: new Secret('token') } as const;
  targetId = (await world.app.get(ConnectorService).create(made, 'operator')).id;
  await haveAlias(NAME);
});
afterAll(() => world?.close());

/** Another tenant's, of an address of its own. */
async function haveAlias(alias: string): Promise<void> {
  const [tenantId, { prefixPoolId: poolId, app }] = [newId<TenantId>(), world];
  await world.asSystem((tx) => tx.run(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'red', 'Red')`, [tenantId]));
  const key = IdempotencyKey.parse('red');
  const [leaf] = (await app.get(PrefixAllocationService).allocate(scope, { poolId, tenantId, key, length: 28 })).allocations;
  if (!leaf) throw new Error('no prefix was given');
  await world.asSystem(async (tx) => {
    const on = { prefixId: leaf.id, generation: leaf.generation, tenantId, gatewayMode: 'NONE' as const };
    const { id: subnetId } = await app.get(SubnetService).open(tx, on);
    const request = { subnetId, tenantId, key, dnsName: Fqdn.parse('host.red.example') };
    const [given] = (await app.get(AddressAllocationService).allocateIn(tx, request)).allocations;
    if (given) await app.get(AddressNamesService).setAliases(tx, given.id, [Fqdn.parse(alias)]);
  });
}

it('is taken, and none of its names; the others are taken with theirs', async () => {
  const desk = world.app.get(ImportDesk, { strict: false });
  const id = await desk.start(scope, { targetId, spaceId: world.spaceId, ownerId: null, pools: 'MAKE' });
  await world.app.get(ImportRunner, { strict: false }).runDue(new AbortController().signal);
  expect(await desk.state(scope, id)).toMatchObject({ error: null, counts: { ipAddress: { taken: 2, known: 0, refused: 0 } } });
  const taken = await world.asSystem((tx) =>
    tx.sql(`SELECT host(address) AS address, dns_name AS name FROM ip_address WHERE address << '10.30.1.0/24' ORDER BY 1`),
  );
  expect(taken).toEqual([
    { address: '10.30.1.10', name: null },
    { address: '10.30.1.11', name: 'fine.cust.example' },
  ]);
  const notes = await world.asSystem((tx) => tx.sql<{ line: object }>('SELECT to_jsonb(l) AS line FROM sync_import_note l'));
  expect(JSON.stringify(notes)).toContain(`it is taken without its name: the name ${NAME} is in use`);
});
