// A device that a person configures, on the command line: what is asked, what to paste, and how it is confirmed.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { OrderReconciler } from '#contexts/provisioning';
import { encodeId } from '#engines/kernel';
import { type ApiWorld, createApiWorld } from '../../../../test/support/api-world.js';
import { commandInProcess, missingForProgram as missing, programItself } from '../../../../test/support/command-in-process.js';
import { describeWith } from '../../../../test/support/describe-with.js';
import { OTHERS, withForeignLeaf } from '../../../../test/support/foreign-leaf.js';
import { addExternal } from './external.command.js';

describeWith({ missing }, 'trame external', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let world: ApiWorld;
  let folder: string;
  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-external-'));
    world = await createApiWorld({ fabric: withForeignLeaf() });
  });
  afterAll(async () => {
    fs.rmSync(folder, { recursive: true, force: true });
    await world?.close();
  });

  const settings = () => ({ TRAME_URL: world.apiUrl, TRAME_TOKEN: world.operator });
  const trame = (args: readonly string[], input = '') => commandInProcess([addExternal], ['external', ...args], settings(), input);

  it('shows what to paste, refuses another text with what differs, takes a word and takes what runs', async () => {
    const [, plan = '', digest = ''] = /^leaf9 +(plan_\S+) {2}(\S+) {2}since /.exec((await trame(['list'])).out) ?? [];
    const shown = await trame(['show', 'leaf9']);
    expect(shown.out).toMatch(/^# running-config: paste into its configuration\n/);
    expect(shown.out).toMatch(/^router bgp 65051$/m);
    expect((await trame(['show', 'leaf9', '--diff'])).out).toMatch(/^\+router bgp 65051$/m);
    const { snippets } = JSON.parse((await trame(['show', 'leaf9', '-o', 'json'])).out) as { snippets: [{ text: string }] };
    const right = path.join(folder, 'leaf9.txt');
    fs.writeFileSync(right, OTHERS + snippets[0].text);

    const wrong = await programItself(['external', 'hand-in', 'leaf9', 'running-config=-'], settings(), OTHERS);
    expect(wrong).toMatchObject({ code: 2, err: '' });
    expect(wrong.out).toMatch(/^leaf9 {2}REFUSED\n {2}OURS_MISSING {2}running-config\n {4}- /);
    expect(wrong.out).toContain('# running-config: what is missing');
    expect(await trame(['hand-in', 'leaf9', '-'], OTHERS.replaceAll('LEAF9', 'OTHER'))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^INVALID_VALUE: texts.0: this is the configuration of other: /) as string,
    });
    expect(await trame(['confirm', 'leaf9', plan, 'another'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^PLAN_STALE: /) as string,
    });
    expect(await trame(['hand-in', 'leaf9', right, '--plan', plan])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^INVALID_VALUE: digest/) as string,
    });

    expect(await trame(['confirm', 'leaf9', plan, digest, '--comment', 'ticket 7'])).toMatchObject({
      code: 0,
      out: `leaf9  confirmed; ${plan} is APPLIED\n`,
    });
    expect(await trame(['list'])).toMatchObject({ code: 0, out: '' });
    expect((await trame(['show', 'leaf9'])).err).toContain('nobody is asked for anything on leaf9');
    expect(await trame(['hand-in', 'leaf9', right])).toMatchObject({ code: 0, out: 'leaf9  CLEAN\n' });
    expect((await trame(['hand-in', 'pve1', right])).err).toMatch(/^INVALID_STATE: Trame reads pve1 itself/);

    const { order } = await world.ask<{ order: { id: string } }>(
      world.customer,
      'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id } errors { code } } }',
      {
        input: world.orderInput({
          attachments: [{ device: encodeId('device', world.deviceIds.get('leaf9') as string), port: 'Ethernet2', tagging: 'TAGGED' }],
        }),
      },
    );
    for (const deadline = performance.now() + 20_000; (await trame(['list'])).out === '' && performance.now() < deadline; )
      await world.converge();
    await world.app.get(OrderReconciler).advanceOpen();
    const { steps } = await world.ask<{ steps: object[] }>(
      world.operator,
      'query ($id: ID!) { order(id: $id) { steps { name state message } } }',
      {
        id: order.id,
      },
    );
    expect(steps).toContainEqual({ name: 'device:leaf9', state: 'RUNNING', message: 'waits for a person: leaf9 is configured by hand' });
    const next = JSON.parse((await trame(['show', 'leaf9', '-o', 'json'])).out) as {
      plan: string;
      digest: string;
      snippets: [{ text: string }];
    };
    fs.writeFileSync(right, OTHERS + next.snippets[0].text);
    expect(await trame(['hand-in', 'leaf9', right, '--plan', next.plan, '--digest', next.digest])).toMatchObject({
      code: 0,
      out: 'leaf9  CONFIRMED\n',
    });
    expect(await world.settlePublic(order.id)).toBe('ACTIVE');
  });
});
