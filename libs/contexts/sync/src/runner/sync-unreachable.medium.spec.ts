import { openSyncRunnerHost, type SyncRunnerHost } from '../../../../../test/support/sync-runner-world.js';
import { invalidValue } from '#engines/kernel';

let host: SyncRunnerHost;
beforeAll(async () => {
  host = await openSyncRunnerHost(() => {
    throw invalidValue('settings of NetBox, device.deviceType', 'absent', 'device { role, deviceType, site? }');
  });
});
afterAll(() => host.close());

describe('a connector with settings that nobody can work with', () => {
  it('ends the run that somebody asked for, which would be waited for for ever, and says what is accepted', async () => {
    const world = await host.world();
    const words = expect.stringMatching(
      /^INVALID_VALUE: settings of NetBox, device\.deviceType .*: device \{ role, deviceType, site\? \}$/,
    );
    expect(await world.sync({ isDryRun: true })).toMatchObject({ state: 'FAILED', error: words });
    expect((await world.connectors.byId(world.targetId)).health).toMatchObject({ ok: false, message: words });
  });

  it('ends it as well where the secret cannot be opened with the keys that there are', async () => {
    const world = await host.world();
    await world.sql(`UPDATE sync_target SET sealed_secret = set_byte(sealed_secret, 40, get_byte(sealed_secret, 40) # 1)`);
    expect(await world.sync()).toMatchObject({ state: 'FAILED', error: expect.stringMatching(/secret|KEK|seal/i) });
  });
});
