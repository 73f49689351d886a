import { createInventoryWorld, type InventoryWorld } from '../../../../test/support/inventory-world.js';
import { AddressingService } from '#contexts/addressing';
import { ConnectorService, ImportRunner, SyncModule } from '#contexts/sync';
import { InMemoryInventory } from '#contexts/sync/testing';
import { Slug } from '#engines/kernel';
import { Secret } from '#platform';
import { importInventory, type ImportInventoryOptions, type ImportOutcome, linesOf } from './import-inventory.command.js';

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
async function run(over: Partial<ImportInventoryOptions> = {}): Promise<{ outcome: ImportOutcome; lines: string[] }> {
  const outcome = await importInventory(world.app, { connector: 'netbox', pools: 'make', ...over }, () => {
    void world.app.get(ImportRunner, { strict: false }).runDue(new AbortController().signal);
  });
  return { outcome, lines: linesOf(outcome) };
}
const tenants = () => world.asSystem((tx) => tx.sql<{ slug: string }>('SELECT slug FROM tenant ORDER BY slug'));

describe('trame import inventory', () => {
  it('shows what would be taken, and of what not, why; nothing is written', async () => {
    const before = await tenants();
    const { outcome, lines } = await run();
    expect(outcome).toMatchObject({ isPlan: true, error: null });
    expect(lines).toContainEqual(expect.stringMatching(/^would be taken {2}tenant \S/));
    expect(lines).toContain('tenant: 1 would be taken, 0 known before, 0 not taken');
    expect(lines.at(-1)).toBe('nothing was written: --write takes what would be taken');
    expect(await tenants()).toEqual(before);
  });

  it('says what was taken, and of what was not, why', async () => {
    const { outcome, lines } = await run({ write: true });
    expect(outcome).toMatchObject({ isPlan: false, error: null });
    expect(lines).toContain('tenant: 1 taken, 0 known before, 0 not taken');
    expect(lines).toContain('prefix: 0 taken, 0 known before, 1 not taken');
    expect(lines.find((line) => line.startsWith('NOT_FOUND'))).toContain('it has no tenant there');
  });

  it('gives what has no tenant there to the one that is named', async () => {
    const { lines } = await run({ tenant: 'acme', space: ['customers'], write: true });
    expect(lines).toContain('tenant: 0 taken, 1 known before, 0 not taken');
    expect(lines).toContain('prefix: 1 taken, 0 known before, 0 not taken');
  });

  it('takes what is in no VRF, in a VRF or of a tenant into the address spaces that are named for them', async () => {
    const { fabricId } = world;
    await world.asSystem((tx) => world.app.get(AddressingService).createSpace(tx, { fabricId, slug: 'lab', name: 'lab' }));
    foreign.put('prefix', { prefix: '10.30.1.0/24', vrf: null, tenant: null, vlan: null, status: 'active', description: null });
    await expect(run()).rejects.toMatchObject({ code: 'INVALID_VALUE', facts: { accepted: 'one of customers, lab' } });
    const { lines } = await run({ tenant: 'acme', space: ['customers', 'global=lab', 'vrf:Blue = prod=lab'], write: true });
    expect(lines).toContain('prefix: 1 taken, 1 known before, 0 not taken');
    expect(lines.find((line) => line.startsWith('NOT_FOUND  vrf vrf:Blue = prod'))).toContain('nothing goes into the address space');
  });

  it('refuses a connector, a tenant or an address space that is not there, and says which there are', async () => {
    await expect(run({ connector: 'nowhere' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(run({ tenant: 'nobody', space: ['lab'] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(run({ space: ['nowhere'] })).rejects.toMatchObject({ code: 'INVALID_VALUE', facts: { accepted: 'customers, lab' } });
    for (const space of [['lab', 'customers'], ['lab', 'vfr:x=lab'], ['vrf:=lab']])
      await expect(run({ space })).rejects.toMatchObject({
        code: 'INVALID_VALUE',
        facts: { accepted: expect.stringContaining('vrf:NAME=SPACE') },
      });
  });
});
