// `trame verify` against an API that listens and a verifier that looks.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { type ApiWorld, createApiWorld } from '../../../../test/support/api-world.js';
import { describeWith } from '../../../../test/support/describe-with.js';
import { NetworkVerifier } from '#contexts/deployment';

const program = path.resolve('dist/apps/cli/src/main.js');
const missing = fs.existsSync(program.replace('main.js', 'commands/verify.command.js')) ? [] : ['a build (npm run build)'];

describeWith({ missing }, 'trame verify', () => {
  let world: ApiWorld;
  let vni: number;
  beforeAll(async () => {
    world = await createApiWorld();
    const { order } = await world.ask<{ order: { id: string; network: { vni: number } } }>(
      world.customer,
      'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id network { vni } } errors { code } } }',
      { input: world.orderInput() },
    );
    await world.settlePublic(order.id);
    ({ vni } = order.network);
  });
  afterAll(() => world?.close());

  async function verify(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const env = { PATH: process.env['PATH'], TRAME_URL: world.apiUrl, TRAME_TOKEN: world.operator };
    const child = spawn(process.execPath, [program, 'verify', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
    const closed = once(child, 'close');
    // The worker's part: until somebody has asked, nothing is due.
    const verifier = world.app.get(NetworkVerifier, { strict: false });
    let isOver = false;
    void closed.then(() => (isOver = true));
    while (!isOver) {
      await verifier.verifyDue();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const [code] = (await closed) as [number | null];
    return { code, ...said };
  }

  it('prints what each device says of the network, and ends with 2 and the reason where something is broken', async () => {
    const well = await verify(String(vni));
    expect(well).toMatchObject({ code: 0, err: '' });
    expect(well.out).toMatch(new RegExp(`^\\S+ \\(VNI ${vni}\\) {2}OK .*as it shall be`));
    expect(well.out).toMatch(/\n {2}pve2 +OK\n {4}PATH_MTU +OK\n/);
    world.devices.get('pve2')?.broken.set('PATH_MTU', '172.16.1.51: 0 received of 3');
    const broken = await verify(String(vni));
    expect(broken).toMatchObject({ code: 2, err: '' });
    expect(broken.out).toMatch(
      / {2}pve2 +FAILED\n {4}PATH_MTU +FAILED\n {6}expected 172\.16\.1\.51 answers to 1500\n {6}seen {5}172\.16\.1\.51: 0 received of 3\n/,
    );
    world.devices.get('pve2')?.broken.clear();
    world.devices.get('pve2')?.failAt('open', 'UNREACHABLE');
    const unread = await verify(String(vni));
    expect(unread).toMatchObject({ code: 2, out: expect.stringMatching(new RegExp(`^\\S+ \\(VNI ${vni}\\) {2}STALE `)) as string });
    world.devices.get('pve2')?.heal();
    expect(await verify('99', '--wait', '0')).toMatchObject({ code: 1, err: expect.stringContaining('there is no network 99') as string });
  });
});
