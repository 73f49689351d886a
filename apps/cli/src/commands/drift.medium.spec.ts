// Drift on the command line, against an API that listens.
import { type ApiWorld, createApiWorld } from '../../../../test/support/api-world.js';
import { commandInProcess, missingForProgram as missing, programItself } from '../../../../test/support/command-in-process.js';
import { describeWith } from '../../../../test/support/describe-with.js';
import { DriftCollector } from '#contexts/deployment';
import type { DeviceId } from '#engines/kernel';
import { addDrift } from './drift.command.js';

describeWith({ missing }, 'trame drift', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let world: ApiWorld;
  beforeAll(async () => {
    world = await createApiWorld();
  });
  afterAll(() => world?.close());

  const settings = () => ({ TRAME_URL: world.apiUrl, TRAME_TOKEN: world.operator });
  const trame = (...args: string[]) => commandInProcess([addDrift], ['drift', ...args], settings());

  it('lists what a hand has changed, ends with 2 for it, and ignores it until a day', async () => {
    const files = world.devices.get('pve1')?.files;
    const frr = files?.get('/etc/frr/frr.conf') ?? '';
    files?.set('/etc/frr/frr.conf', frr.replace('timers 20 60', 'timers 3 9'));
    await world.app.get(DriftCollector).collect(world.deviceIds.get('pve1') as DeviceId);
    const listed = await programItself(['drift', 'list', '--exit-code'], settings());
    expect(listed).toMatchObject({ code: 2, err: '' });
    expect(listed.out).toMatch(
      /^pve1 +DRIFT .*\n {2}dri_\w+ {2}OURS_CHANGED {2}HIGH .*\n {4}\/etc\/frr\/frr\.conf \/ router bgp 65051\n {6}- neighbor \S+ timers 20 60\n {6}\+ neighbor \S+ timers 3 9\n/,
    );
    const item = /dri_\w+/.exec(listed.out)?.[0] ?? '';
    expect(await trame('adopt', 'dri_nothing', '--reason', 'x')).toMatchObject({ code: 1, err: expect.stringContaining('NOT_FOUND') });
    const until = new Date(Date.now() + 3_600_000).toISOString();
    expect((await trame('ignore', item, '--until', until, '--reason', 'window')).out).toContain('ignored until');
    expect(await trame('list', '--exit-code')).toEqual({ code: 0, out: '', err: '' });
    expect(JSON.parse((await trame('check', 'pve1', '-o', 'json')).out)).toMatchObject([{ device: 'pve1', verdict: 'DRIFT' }]);
  });
});
