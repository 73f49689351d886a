import { createInventoryWorld, type InventoryWorld } from '../../../../test/support/inventory-world.js';
import { ConnectorService, ImportRunner, SyncModule } from '#contexts/sync';
import { InMemoryInventory } from '#contexts/sync/testing';
import { Slug } from '#engines/kernel';
import { Secret } from '#platform';
import { importInventory, type ImportInventoryOptions } from './import-inventory.command.js';

let world: InventoryWorld;
const foreign = new InMemoryInventory({});

beforeAll(async () => {
  const noServer = (): never => {
    throw new Error('there is no name server here');
  };
  world = await createInventoryWorld([], [SyncModule.with(noServer, { NETBOX: () => foreign })]);
  foreign.put('tenant', { name: 'Blue', slug: 'blue', description: null });
  foreign.put('prefix', { prefix: '10.30.1.0/24', vrf: null, tenant: null, vlan: null, status: 'active', description: null });
  const made = { kind: 'NETBOX', slug: Slug.parse('netbox'), url: 'https://netbox.example', secret: new Secret('token') } as const;
  await world.app.get(ConnectorService).create(made, 'operator');
});
afterAll(() => world.close());

/** What the command prints, with a worker beside it. */
async function run(over: Partial<ImportInventoryOptions> = {}): Promise<{ isDone: boolean; lines: string[] }> {
  const lines: string[] = [];
  const said = importInventory(world.app, { connector: 'netbox', pools: 'make', ...over }, (line) => {
    lines.push(line);
    void world.app.get(ImportRunner, { strict: false }).runDue(new AbortController().signal);
  });
  return { isDone: await said, lines };
}

describe('trame import inventory', () => {
  it('says what was taken, and of what was not, why', async () => {
    const { isDone, lines } = await run();
    expect(isDone).toBe(true);
    expect(lines).toContain('tenant: 1 taken, 0 known before, 0 not taken');
    expect(lines).toContain('prefix: 0 taken, 0 known before, 1 not taken');
    expect(lines.find((line) => line.startsWith('NOT_FOUND'))).toContain('it has no tenant there');
  });

  it('gives what has no tenant there to the one that is named', async () => {
    const { lines } = await run({ tenant: 'acme', space: 'customers' });
    expect(lines).toContain('tenant: 0 taken, 1 known before, 0 not taken');
    expect(lines).toContain('prefix: 1 taken, 0 known before, 0 not taken');
  });

  it('refuses a connector, a tenant or an address space that is not there, and says which there are', async () => {
    await expect(run({ connector: 'nowhere' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(run({ tenant: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(run({ space: 'nowhere' })).rejects.toMatchObject({ code: 'INVALID_VALUE', facts: { accepted: 'customers' } });
  });
});
