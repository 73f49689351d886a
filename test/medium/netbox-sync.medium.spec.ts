import { type NetBoxSimulator, startNetBoxSimulator } from '../../apps/lab/src/netbox-simulator/index.js';
import { foreignInventories } from '../../apps/worker/src/adapters.js';
import { eventually } from '../support/eventually.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';
import { ConnectorService, SyncModule, SyncRunService } from '#contexts/sync';
import { ReconcilerRegistry } from '#contexts/events';
import type { SyncTargetId } from '#engines/kernel';
import { Secret } from '#platform';

let netbox: NetBoxSimulator;
let world: InventoryWorld;
let targetId: SyncTargetId;
const ending = new AbortController();
let worker: Promise<void>;

const noServer = (): never => {
  throw new Error('there is no name server here');
};
const connectors = (): ConnectorService => world.app.get(ConnectorService);
const runs = (): SyncRunService => world.app.get(SyncRunService);
const set = async (change: Parameters<ConnectorService['update']>[2]): Promise<void> => {
  const { version } = await connectors().byId(targetId);
  await connectors().update(targetId, version, change, 'operator');
};
const theirs = (path: string): readonly Record<string, unknown>[] =>
  netbox.state.objects(path).map(({ id, values }) => ({ id, ...values }));
const sync = async (): Promise<Awaited<ReturnType<SyncRunService['run']>>> => {
  const { id } = await runs().start({ targetId }, 'operator');
  return eventually(
    () => runs().run(id),
    ({ state }) => state !== 'RUNNING',
    30_000,
  );
};

beforeAll(async () => {
  netbox = await startNetBoxSimulator();
  world = await createInventoryWorld([], [SyncModule.with(noServer, foreignInventories)]);
  await world.subnet(await world.network('blue', 120));
  await world.vrf('green');
  ({ id: targetId } = await connectors().create(
    { kind: 'NETBOX', slug: 'netbox', url: netbox.url, secret: new Secret(netbox.token) },
    'operator',
  ));
  // As the worker does, without its processes.
  const task = world.app
    .get(ReconcilerRegistry)
    .all()
    .find(({ name }) => name === 'inventory-sync');
  worker = (async () => {
    while (!ending.signal.aborted) {
      await task?.run(ending.signal);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
});
afterAll(async () => {
  ending.abort();
  await worker;
  await world.close();
  await netbox.close();
});

describe('an empty NetBox', () => {
  it('is read first, and shown what it would get', async () => {
    const run = await sync();
    expect(run).toMatchObject({ state: 'SUCCEEDED', error: expect.stringContaining(`${run.counts.created} of its lines are shown`) });
    expect(run.counts.created).toBeGreaterThan(5);
    expect(netbox.state.count('ipam/prefixes') + netbox.state.count('tenancy/tenants')).toBe(0);
  });

  it('gets what Trame has, each once, and nothing when it has it', async () => {
    await set({ mode: 'WRITE' });
    const run = await sync();
    expect({
      state: run.state,
      error: run.error,
      lines: (await runs().changesOf(run.id, { first: 100, after: null })).filter(({ error }) => error),
    }).toEqual({
      state: 'SUCCEEDED',
      error: expect.stringMatching(/^asn left alone: .*; device, interface left alone: [^;]*$/),
      lines: [],
    });
    expect(theirs('vpn/l2vpns')).toMatchObject([{ name: expect.stringContaining('blue') }]);
    expect(theirs('ipam/vrfs')).toMatchObject([{ name: 'GREEN' }]);
    expect(netbox.state.count('vpn/l2vpn-terminations')).toBe(1);
    netbox.requests.length = 0;
    expect(await sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 0, updated: 0, deleted: 0 } });
    expect(netbox.requests.filter((request) => !/^(?:GET|OPTIONS) /.test(request))).toEqual([]);
  });
});

describe('a NetBox that is kept in step', () => {
  it('has a change of ours two seconds later', async () => {
    const begun = performance.now();
    await world.network('red');
    await eventually(
      () => theirs('vpn/l2vpns').map(({ name }) => name),
      (names) => names.some((name) => String(name).startsWith('red')),
    );
    // The promise is 2 s on two quiet cores; the bench measures it.
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('may describe what is ours, and is put right where it says something else about what is ours to say', async () => {
    const [vrf] = theirs('ipam/vrfs');
    netbox.state.change('ipam/vrfs', Number(vrf?.['id']), { description: 'customer portal', name: 'else' });
    await runs().hint(targetId, 'vrf', String(vrf?.['id']));
    await eventually(
      () => theirs('ipam/vrfs').map(({ name, description }) => `${String(name)}: ${String(description)}`),
      ([line]) => line === 'GREEN: customer portal',
    );
    await eventually(
      () => world.asSystem((tx) => tx.one<{ description: string }>('SELECT description FROM vrf')),
      (row) => row?.description === 'customer portal',
    );
    expect((await connectors().byId(targetId)).health).toMatchObject({ ok: true, apiVersion: expect.stringContaining('4.6') });
  });

  it('keeps what others put there', async () => {
    const [id] = netbox.state.seed('ipam/vrfs', [{ name: 'of others' }]);
    await sync();
    expect(theirs('ipam/vrfs').some((vrf) => vrf['id'] === id)).toBe(true);
  });
});
