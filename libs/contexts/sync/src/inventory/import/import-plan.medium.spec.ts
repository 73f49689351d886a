// What an import would take, said before anything is taken; and prefixes of several VRFs, tenants and of no VRF, taken in one import.
import { createInventoryWorld, type InventoryWorld } from '../../../../../../test/support/inventory-world.js';
import { AddressingService, PrefixPoolAdminService } from '#contexts/addressing';
import { type AddressSpaceId, Slug, type SyncTargetId } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import { Secret, systemScope } from '#platform';
import { ConnectorService } from '../../connector.service.js';
import { SyncModule } from '../../sync.module.js';
import { InMemoryInventory } from '../../testing/index.js';
import type { InventoryKind } from '../kinds.js';
import { type AskedImport, ImportDesk } from './import-desk.js';
import { ImportRunner } from './import-runner.js';

const scope = systemScope('operator');
let world: InventoryWorld;
let targetId: SyncTargetId;
const spaces: Record<'blue' | 'red' | 'lab', AddressSpaceId> = { blue: '' as never, red: '' as never, lab: '' as never };
const paging = { pageSize: 2 };
const foreign = new InMemoryInventory(paging);

beforeAll(async () => {
  const noServer = (): never => {
    throw new Error('there is no name server here');
  };
  world = await createInventoryWorld([], [SyncModule.with(noServer, { NETBOX: () => foreign })]);
  for (const slug of ['blue', 'red', 'lab'] as const)
    spaces[slug] = await world.asSystem((tx) =>
      world.app.get(AddressingService).createSpace(tx, { fabricId: world.fabricId, slug, name: slug }),
    );
  const ref = (kind: InventoryKind, fields: Fields) => ({ kind, id: `~${foreign.put(kind, fields)}` });
  const [blue, red] = ['blue', 'red'].map((slug) => ref('tenant', { name: slug.toUpperCase(), slug, description: null }));
  const vrf = (name: string, tenant: unknown) =>
    ref('vrf', { name, tenant, importTargets: [], exportTargets: [], description: null } as Fields);
  const [prod, shop] = [vrf('prod', blue), vrf('shop', red)];
  const prefix = (cidr: string, vrfOf: unknown, tenant: unknown, status = 'active') =>
    foreign.put('prefix', { prefix: cidr, vrf: vrfOf, tenant, vlan: null, status, description: null } as Fields);
  // The same addresses four times, each somebody else's.
  for (const [vrfOf, tenant] of [
    [prod, blue],
    [shop, red],
    [null, blue],
    [null, red],
  ])
    prefix('10.0.1.0/24', vrfOf, tenant);
  prefix('10.0.0.0/16', prod, null, 'container');
  const address = (host: string, vrfOf: unknown, tenant: unknown) =>
    foreign.put('ipAddress', {
      host,
      length: 24,
      vrf: vrfOf,
      tenant,
      dnsName: null,
      status: 'active',
      role: null,
      description: null,
    } as Fields);
  address('10.0.1.5', prod, null);
  address('10.0.1.5', shop, null);
  address('10.0.1.6', null, red);
  address('10.0.1.7', null, null);
  const made = { kind: 'NETBOX', slug: Slug.parse('netbox'), url: 'https://netbox.example', secret: new Secret('token') } as const;
  targetId = (await world.app.get(ConnectorService).create(made, 'operator')).id;
});
afterAll(() => world.close());

const desk = () => world.app.get(ImportDesk, { strict: false });
const ask = (over: Partial<AskedImport>): Promise<string> =>
  desk().start(scope, { targetId, spaceId: world.spaceId, ownerId: null, pools: 'MAKE', ...over });
async function run(over: Partial<AskedImport>) {
  const id = await ask(over);
  await world.app.get(ImportRunner, { strict: false }).runDue(new AbortController().signal);
  return { state: await desk().state(scope, id), notes: await desk().notTaken(scope, id, null, 100) };
}
const RULES = () =>
  [
    { whose: 'VRF', name: 'prod', spaceId: spaces.blue },
    { whose: 'VRF', name: 'shop', spaceId: spaces.red },
    { whose: 'TENANT', name: 'red', spaceId: spaces.lab },
  ] as const;
/** Everything of which an import could leave something. */
const everything = () =>
  world.asSystem(async (tx) => {
    const counts: Record<string, number> = {};
    const tables = [
      'tenant',
      'vrf',
      'prefix',
      'subnet',
      'ip_address',
      'prefix_pool',
      'sync_imported',
      'sync_import_page',
      'outbox',
      'sync_journal',
      'audit_entry',
    ];
    for (const table of tables) counts[table] = (await tx.one<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))?.n ?? -1;
    return { ...counts, ...(await tx.one('SELECT revision::int FROM fabric')) };
  });

describe('a plan of an import', () => {
  it('says of every object whether it would be taken, and leaves nothing', async () => {
    const before = await everything();
    const { state, notes } = await run({ planSeconds: 20 });
    expect(state).toMatchObject({
      error: null,
      counts: {
        tenant: { taken: 2, known: 0, refused: 0 },
        vrf: { taken: 2, known: 0, refused: 0 },
        prefix: { taken: 1, known: 0, refused: 4 },
        ipAddress: { taken: 1, known: 0, refused: 3 },
      },
    });
    const said = notes.map(({ kind, code }) => `${kind} ${code ?? 'taken'}`).sort();
    expect(said.filter((each) => each === 'tenant taken')).toHaveLength(2);
    expect(said.filter((each) => each === 'prefix OVERLAPS')).toHaveLength(3);
    expect(said).toContain('prefix INVALID_STATE'); // The container of a VRF.
    const after = await everything();
    // That it was asked for is in the audit.
    expect(after).toEqual({ ...before, audit_entry: (before as { audit_entry: number }).audit_entry + 1 });
    expect(foreign.effects).toEqual([]);
  });

  it('is what is taken then', async () => {
    const { state: planned } = await run({ planSeconds: 20, elsewhere: RULES() });
    const { state: done } = await run({ elsewhere: RULES() });
    expect(done.counts).toEqual(planned.counts);
    expect(done.counts).toMatchObject({ prefix: { taken: 5, refused: 0 }, ipAddress: { taken: 3, refused: 1 } });
    const { state: again } = await run({ planSeconds: 20, elsewhere: RULES() });
    expect(again.counts).toMatchObject({ prefix: { taken: 0, known: 5 }, ipAddress: { taken: 0, known: 3, refused: 1 } });
  });
});

describe('a plan whose time is over', () => {
  /** Whoever is at the tenants keeps the plan waiting for longer than it may take. */
  async function planThatWaits(): ReturnType<typeof run> {
    let planned: ReturnType<typeof run> | undefined;
    await world.asSystem(async (tx) => {
      await tx.run('LOCK TABLE tenant IN SHARE MODE');
      planned = run({ planSeconds: 1, elsewhere: RULES() });
      const isWaiting = `SELECT pg_sleep(0.02), EXISTS (SELECT FROM pg_locks WHERE relation = 'tenant'::regclass AND NOT granted) AS now`;
      while ((await tx.one<{ now: boolean }>(isWaiting))?.now !== true);
      await tx.run('SELECT pg_sleep(1.1)');
    });
    return (await planned) as Awaited<ReturnType<typeof run>>;
  }

  it('says how much of it there is, and holds up nobody any longer', async () => {
    foreign.put('tenant', { name: 'Green', slug: 'green', description: null });
    const { state } = await planThatWaits();
    expect(state.error).toMatch(/^1 s are over, and \d+ of \d+ pages are planned/);
    expect(state.counts.prefix).toBeUndefined();
  });

  it('is not kept waiting for the rest of a long page', async () => {
    paging.pageSize = 1000;
    const many = Array.from({ length: 250 }, (_, n) => foreign.put('tenant', { name: `Many ${n}`, slug: `many-${n}`, description: null }));
    const { state } = await planThatWaits();
    expect(state.error).toMatch(/^1 s are over, and 0 of \d+ pages are planned/);
    const { taken = 0, known = 0, refused = 0 } = state.counts.tenant ?? {};
    expect(taken + known + refused).toBe(100);
    paging.pageSize = 2;
    for (const remoteId of many) foreign.remove('tenant', remoteId);
  });
});

describe('an import into several address spaces', () => {
  it('takes the same prefix once for each of them, and each address where its prefix is', async () => {
    const slugs = new Map([[world.spaceId, 'customers'], ...Object.entries(spaces).map(([slug, id]) => [id, slug] as const)]);
    const rows = await world.asSystem((tx) =>
      tx.sql<{ what: string; space: AddressSpaceId; vrf: string | null }>(
        `SELECT s.cidr::text AS what, s.space_id AS space, v.name AS vrf FROM subnet s LEFT JOIN vrf v ON v.id = s.vrf_id WHERE s.cidr <<= '10.0.0.0/16'
         UNION ALL SELECT host(a.address), a.space_id, v.name FROM ip_address a JOIN subnet s ON s.id = a.subnet_id LEFT JOIN vrf v ON v.id = s.vrf_id
           WHERE a.address <<= '10.0.0.0/16' UNION ALL SELECT p.cidr::text || ' ' || p.role, p.space_id, NULL FROM prefix p WHERE p.cidr = '10.0.0.0/16' AND p.role = 'CONTAINER'`,
      ),
    );
    expect(rows.map(({ what, space, vrf }) => `${slugs.get(space)} ${vrf ?? '-'} ${what}`).sort()).toEqual([
      'blue - 10.0.0.0/16 CONTAINER',
      'blue prod 10.0.1.0/24',
      'blue prod 10.0.1.5',
      'customers - 10.0.1.0/24',
      'lab - 10.0.1.0/24',
      'lab - 10.0.1.6',
      'red shop 10.0.1.0/24',
      'red shop 10.0.1.5',
    ]);
    const pools = await world.asSystem((tx) => world.app.get(PrefixPoolAdminService).pools(tx));
    expect(new Set(pools.filter(({ slug }) => slug.startsWith('imported-')).map(({ spaceId }) => spaceId)).size).toBe(4);
  });

  it('says of an address that two of them have, and whose tenant is not said, that it is in neither', async () => {
    const { notes } = await run({ elsewhere: RULES() });
    expect(notes).toMatchObject([
      { kind: 'ipAddress', code: 'INVALID_STATE', reason: expect.stringContaining('10.0.1.7 is a host of prefixes in 2 address spaces') },
    ]);
  });

  it('names a rule that nothing goes by', async () => {
    const { notes } = await run({ elsewhere: [{ whose: 'VRF', name: 'prdo', spaceId: spaces.blue }], planSeconds: 20 });
    expect(notes.find(({ label }) => label === 'vrf:prdo')).toMatchObject({
      code: 'NOT_FOUND',
      reason: expect.stringContaining('nothing goes into'),
    });
  });

  it.each([
    [
      [
        { whose: 'VRF', name: 'x' },
        { whose: 'VRF', name: 'x' },
      ],
      'one address space for each',
    ],
    [[{ whose: 'VRF', name: '' }], 'a name for a VRF'],
    [[{ whose: 'GLOBAL', name: 'x' }], 'none for what is in no VRF'],
  ] as const)('is refused with rules as %j', async (rules, accepted) => {
    const elsewhere = rules.map((rule) => ({ ...rule, spaceId: spaces.blue }));
    await expect(ask({ elsewhere })).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      facts: { accepted: expect.stringContaining(accepted) },
    });
  });

  it('is refused where the spaces are not of one fabric, or a plan would take too long', async () => {
    const spaceId = '01890000-0000-7000-8000-000000000000' as AddressSpaceId;
    await expect(ask({ elsewhere: [{ whose: 'GLOBAL', name: '', spaceId }] })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await expect(ask({ planSeconds: 301 })).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      facts: { accepted: 'a whole number from 1 to 300' },
    });
  });
});
