// Somebody may write there, and means ill: what it does to his own objects must not be everybody's trouble.
import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld, tenant } from '../../../../../test/support/sync-runner-world.js';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

/** Of many characters, so that nothing makes it shorter. */
const long = (length: number): string => Array.from({ length }, (_, at) => String.fromCodePoint(0x4e00 + ((at * 7919) % 20_000))).join('');

describe('a mark of 100 kB', () => {
  it('stops nothing, and what carries it stays another owner’s', async () => {
    world = await host.world({ settings: { adoption: 'AUTOMATIC' } });
    world.foreign.put('tenant', tenant('acme'), long(50_000));
    world.foreign.put('asn', { asn: 65001 }, `${'x'.repeat(199)}\u{1f4a9}${long(50_000)}`);
    world.local.put('tenant', 'ten_1', tenant('acme'));
    world.local.put('tenant', 'ten_2', tenant('beta'));
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'PARTIAL', counts: { created: 1, skipped: 1 } });
    expect((await world.changes(run)).find(({ localId }) => localId === 'ten_1')?.error).toMatch(/carries the mark of another owner/);
    expect(world.foreign.effects.map(({ verb }) => verb)).toEqual(['CREATE']);
  });

  it('in the place of ours takes the object out of our hands, and nothing else', async () => {
    world = await host.world();
    world.tenants(3);
    await world.sync();
    const [first] = world.foreign.all('tenant');
    world.foreign.remark('tenant', first?.remoteId ?? '', long(50_000));
    await world.sync();
    world.local.put('tenant', 'ten_00004', tenant('t4'));
    expect((await world.sync()).counts).toMatchObject({ created: 1 });
    expect(world.foreign.effects.filter(({ remoteId }) => remoteId === first?.remoteId).map(({ verb }) => verb)).toEqual(['CREATE']);
  });
});
