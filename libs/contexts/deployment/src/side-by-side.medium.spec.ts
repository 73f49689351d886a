// What one fabric, or one device, cannot do is no reason for another one to wait.
import { FabricService, InventoryService } from '#contexts/fabric';
import { type DeviceId, DomainError, type FabricId } from '#engines/kernel';
import { systemScope } from '#platform';
import { createWorld, type World } from '../../../../test/support/world.js';
import { RolloutService } from './rollout.service.js';
import { TakeoverReader } from './takeover-reader.js';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await world.close();
});
const sql = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
  world.db.inTransaction(systemScope('spec'), (tx) => tx.sql<Row>(text, values));
const fabrics = (): FabricService => world.app.get(FabricService, { strict: false });
const readings = () =>
  sql<{ slug: string; error: string | null }>(
    'SELECT d.slug, t.error FROM device_takeover t JOIN device d ON d.id = t.device_id ORDER BY d.slug',
  );

/** Another fabric, with one host that somebody else configured before. */
async function anotherFabric(): Promise<FabricId> {
  const fabric = {
    slug: 'other',
    name: 'Other',
    asnScheme: 'IBGP',
    rtAdministrator: 65_052,
    vtepPool: '172.17.1.0/24',
    anycastGatewayMac: '00:1c:73:00:00:02',
  } as const;
  const host = {
    slug: 'far1',
    hostname: 'far1',
    site: 'par2',
    platform: 'DEBIAN_FRR',
    managementAddress: '192.0.2.1',
    managementPort: 22,
    username: 'root',
    secret: 'a key',
    ports: [],
  } as const;
  const rest = { sites: [{ slug: 'par2', name: 'Paris 2' }], links: [], sessions: [], vlanDomains: [] };
  const { fabricId } = await world.db.inTransaction(systemScope('spec'), (tx) =>
    world.app.get(InventoryService).load(tx, { fabric, devices: [host], ...rest }),
  );
  return fabricId;
}

/** Ours, only observed, and ours again: it is read before the next plan for it. */
async function retake(...slugs: readonly string[]): Promise<void> {
  for (const managed of ['OBSERVE', 'SECTION'] as const)
    for (const slug of slugs)
      await world.db.inTransaction(systemScope('spec'), (tx) => fabrics().manage(tx, world.deviceIds.get(slug) as DeviceId, managed));
}

describe('devices that are read before they are taken over', () => {
  it('are read although one of them says what cannot be kept', async () => {
    expect(await world.settle(await world.provision())).toBe('ACTIVE');
    await retake('pve1', 'pve2');
    const files = world.devices.get('pve1')?.files;
    for (const [path, text] of files ?? []) files?.set(path, text.replace(' timers 20 60', ' timers \0 60'));
    expect(await world.app.get(TakeoverReader).readDue()).toBe(2);
    expect(await readings()).toEqual([
      { slug: 'pve1', error: expect.stringMatching(/^INTERNAL: /) as string },
      { slug: 'pve2', error: null },
    ]);
  });

  it('are read in every fabric, whichever of them cannot be compiled; that one is looked at again after a while', async () => {
    expect(await world.settle(await world.provision())).toBe('ACTIVE');
    await anotherFabric();
    await sql(`UPDATE device SET facts = facts || '{"adopted": {}}' WHERE slug = 'far1'`);
    await retake('pve1');
    const refusal = new DomainError('CHECK_FAILED', 'two loopbacks are one', { findings: [] });
    vi.spyOn(fabrics(), 'snapshot').mockRejectedValueOnce(refusal); // Of whichever comes first.
    expect(await world.app.get(TakeoverReader).readDue()).toBe(2);
    const seen = await readings();
    expect(seen.map(({ slug }) => slug)).toEqual(['far1', 'pve1']);
    expect(seen.filter(({ error }) => error?.startsWith('CHECK_FAILED: two loopbacks') === true)).toHaveLength(1);
    expect(await world.app.get(TakeoverReader).readDue()).toBe(0);
  });
});

describe('fabrics', () => {
  it('are brought to their intents side by side: a rollout that soaks in one holds up no other', async () => {
    const other = await anotherFabric();
    const rollouts = world.app.get(RolloutService);
    const begun: FabricId[] = [];
    let release = (): void => undefined;
    const bothAreThere = new Promise<void>((resolve) => (release = resolve));
    vi.spyOn(rollouts, 'converge').mockImplementation(async (fabricId) => {
      if (begun.push(fabricId) === 2) release();
      await bothAreThere;
      if (fabricId === other) throw new Error('it cannot be planned');
    });
    await rollouts.convergeAll();
    expect(begun.sort()).toEqual([world.fabricId, other].sort());
  }, 10_000);
});
