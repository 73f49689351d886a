import { createInventoryWorld, type InventoryWorld } from '../../../../../../test/support/inventory-world.js';
import { type AddressSpaceId, Slug, type SyncTargetId } from '#engines/kernel';
import { newId, Secret, systemScope } from '#platform';
import { ConnectorService } from '../../connector.service.js';
import { SyncModule } from '../../sync.module.js';
import { InMemoryInventory } from '../../testing/index.js';
import { SyncRunner } from '../../runner/sync-runner.js';
import type { InventoryKind } from '../kinds.js';
import { ImportDesk } from './import-desk.js';
import { ImportRunner } from './import-runner.js';

const scope = systemScope('operator');
let world: InventoryWorld;
let foreign: InMemoryInventory;
let targetId: SyncTargetId;
let failing: (() => void) | undefined;

beforeAll(async () => {
  foreign = new InMemoryInventory({
    pageSize: 2,
    onCall: (_call, kind) => {
      if (kind === 'ipAddress') failing?.();
      return undefined;
    },
  });
  const noServer = (): never => {
    throw new Error('there is no name server here');
  };
  world = await createInventoryWorld([], [SyncModule.with(noServer, { NETBOX: () => foreign })]);
  const tenant = { kind: 'tenant', id: `~${foreign.put('tenant', { name: 'Blue', slug: 'blue', description: null })}` };
  foreign.put('tenant', { name: 'Acme', slug: 'acme', description: null });
  foreign.put('prefix', { prefix: '10.30.0.0/16', vrf: null, tenant: null, vlan: null, status: 'container', description: null });
  foreign.put('prefix', { prefix: '10.30.1.0/24', vrf: null, tenant, vlan: null, status: 'active', description: null });
  for (const host of ['10.30.1.10', '10.30.1.11', '192.0.2.1'])
    foreign.put('ipAddress', { host, length: 24, vrf: null, tenant: null, dnsName: null, status: 'active', role: null, description: null });
  const made = { kind: 'NETBOX', slug: Slug.parse('netbox'), url: 'https://netbox.example', secret: new Secret('token') } as const;
  targetId = (await world.app.get(ConnectorService).create(made, 'operator')).id;
});
afterAll(() => world.close());

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const desk = () => world.app.get(ImportDesk, { strict: false });
const runDue = (signal = new AbortController().signal) => world.app.get(ImportRunner, { strict: false }).runDue(signal);
const start = (over: object = {}) => desk().start(scope, { targetId, spaceId: world.spaceId, ownerId: null, pools: 'MAKE', ...over });
const codes = async (id: string) => (await desk().notTaken(scope, id, null, 100)).map(({ label: _label, kind, code }) => `${kind} ${code}`);

describe('an import that an operator asks for', () => {
  it('is asked for once at a time, of a connector with an inventory', async () => {
    await expect(start({ targetId: newId<SyncTargetId>() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(start({ spaceId: newId<AddressSpaceId>() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(desk().connector(scope, 'nowhere')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await desk().connector(scope, 'netbox')).toBe(targetId);
    const id = await start();
    await expect(start()).rejects.toMatchObject({ code: 'INVALID_STATE', facts: { state: 'RUNNING' } });
    expect(await desk().state(scope, id)).toMatchObject({ finishedAt: null, counts: {} });
  });

  it('goes on where an execution that died had come to, and says what was taken and what was not', async () => {
    const [id] = (await world.asSystem((tx) => tx.sql<{ id: string }>('SELECT id FROM sync_import'))).map((row) => row.id);
    const death = new AbortController();
    failing = () => {
      death.abort(new Error('the process is stopping'));
      throw death.signal.reason;
    };
    await expect(runDue(death.signal)).rejects.toThrow('stopping');
    expect(await desk().state(scope, id as string)).toMatchObject({ finishedAt: null });
    failing = undefined;
    await runDue();
    expect(await desk().state(scope, id as string)).toMatchObject({
      error: null,
      counts: {
        tenant: { taken: 1, known: 0, refused: 1 },
        prefix: { taken: 2, known: 0, refused: 0 },
        ipAddress: { taken: 2, known: 0, refused: 1 },
      },
    });
    expect((await desk().state(scope, id as string)).finishedAt).toBeInstanceOf(Date);
    expect(await codes(id as string)).toEqual(['tenant ALREADY_EXISTS', 'ipAddress NOT_FOUND']);
    const [first] = await desk().notTaken(scope, id as string, null, 1);
    expect((await desk().notTaken(scope, id as string, first?.seq ?? null, 100)).map(({ kind }) => kind)).toEqual(['ipAddress']);
  });

  it('wrote nothing there, and a complete run is due that proposes what is alike', async () => {
    expect(foreign.effects).toEqual([]);
    const due = await world.asSystem((tx) =>
      tx.one<{ at: Date | null }>('SELECT last_full_scan_at AS at FROM sync_target WHERE id = $1', [targetId]),
    );
    expect(due).toEqual({ at: null });
  });

  it('ends with what the other system said when it fails, and what was taken stays', async () => {
    foreign.put('tenant', { name: 'Green', slug: 'green', description: null });
    failing = () => {
      throw new Error('no answer');
    };
    const id = await start();
    await runDue();
    failing = undefined;
    expect(await desk().state(scope, id)).toMatchObject({
      error: expect.stringContaining('no answer'),
      counts: { tenant: { taken: 1, refused: 1 } },
    });
    const again = await start();
    await runDue();
    expect(await desk().state(scope, again)).toMatchObject({
      error: null,
      counts: { tenant: { taken: 0, known: 2 }, ipAddress: { taken: 0, known: 2 } },
    });
  });

  it('has what was taken adopted by the next complete run: it is marked there and not written again', async () => {
    const connectors = world.app.get(ConnectorService);
    const { version } = await connectors.byId(targetId);
    await connectors.update(targetId, version, { mode: 'WRITE', adoption: 'AUTOMATIC' }, 'operator');
    await world.app.get(SyncRunner).run(targetId, new AbortController().signal);
    const marked = (kind: InventoryKind, field: string) =>
      foreign.all(kind).map(({ fields, mark }) => `${text(fields[field])} ${mark === null ? 'theirs' : 'ours'}`);
    expect(marked('tenant', 'slug').sort()).toEqual(['acme ours', 'blue ours', 'green ours']);
    expect(marked('prefix', 'prefix').filter((each) => each.startsWith('10.30.'))).toEqual(['10.30.0.0/16 ours', '10.30.1.0/24 ours']);
    expect(marked('ipAddress', 'host').filter((each) => !each.startsWith('172.'))).toEqual([
      '10.30.1.10 ours',
      '10.30.1.11 ours',
      '192.0.2.1 theirs',
    ]);
    const written = foreign.effects.filter(({ verb, before }) => verb === 'UPDATE' && text(before?.['prefix']).startsWith('10.30.'));
    expect(written).toEqual([]);
  });
});
