import { openSyncRunnerHost, type SyncRunnerHost, tenant } from '../../../../../test/support/sync-runner-world.js';

let host: SyncRunnerHost;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

describe('a run that came to its end', () => {
  it('says that what it counts was only shown where the connector is in OBSERVE', async () => {
    const world = await host.world({ settings: { mode: 'OBSERVE' } });
    world.tenants(2);
    const error = '2 of its lines are shown and were not written: the connector is in OBSERVE';
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 2 }, error });
  });

  it('says how many of its lines wait to be adopted', async () => {
    const world = await host.world();
    world.tenants(2);
    world.foreign.put('tenant', tenant('t1'));
    const error = '1 of its lines are proposed, and wait until somebody adopts them';
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 1 }, error });
  });

  it('says which kinds it left alone, and what they lack, those that lack the same together', async () => {
    const world = await host.world();
    const probe = world.foreign.probe.bind(world.foreign);
    const lack = 'NetBox has no device role leaf: make it there, or let the settings say createMissing';
    world.foreign.probe = async (signal) => ({
      ...(await probe(signal)),
      lacking: new Map([['device', lack] as const, ['interface', lack] as const, ['asn', 'the settings name no RIR'] as const]),
    });
    const error = `device, interface left alone: ${lack}; asn left alone: the settings name no RIR`;
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', error });
  });

  it('says nothing where there is nothing to say', async () => {
    const world = await host.world();
    world.tenants(2);
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', error: null });
  });
});
