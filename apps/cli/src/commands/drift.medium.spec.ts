// Drift on the command line, against an API that listens.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { type ApiWorld, createApiWorld } from '../../../../test/support/api-world.js';
import { describeWith } from '../../../../test/support/describe-with.js';
import { DriftCollector } from '#contexts/deployment';
import type { DeviceId } from '#engines/kernel';

const program = path.resolve('dist/apps/cli/src/main.js');
const missing = fs.existsSync(program.replace('main.js', 'commands/drift.command.js')) ? [] : ['a build (npm run build)'];

describeWith({ missing }, 'trame drift', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let world: ApiWorld;
  beforeAll(async () => {
    world = await createApiWorld();
  });
  afterAll(() => world?.close());

  async function trame(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const env = { PATH: process.env['PATH'], TRAME_URL: world.apiUrl, TRAME_TOKEN: world.operator };
    const child = spawn(process.execPath, [program, 'drift', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...said };
  }

  it('lists what a hand has changed, ends with 2 for it, and ignores it until a day', async () => {
    const files = world.devices.get('pve1')?.files;
    const frr = files?.get('/etc/frr/frr.conf') ?? '';
    files?.set('/etc/frr/frr.conf', frr.replace('timers 20 60', 'timers 3 9'));
    await world.app.get(DriftCollector).collect(world.deviceIds.get('pve1') as DeviceId);
    const listed = await trame('list', '--exit-code');
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
