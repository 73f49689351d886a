// Other systems on the command line, against an API that listens and a worker whose NetBox is in memory.
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { commandInProcess, missingForProgram as missing, programItself } from '../../../../test/support/command-in-process.js';
import { describeWith } from '../../../../test/support/describe-with.js';
import { openSyncApiWorld, type SyncApiWorld } from '../../../../test/support/sync-api-world.js';
import { addSync } from './sync.command.js';

const tenant = (name: string, description: string | null = null) => ({ name, slug: name, description });

describeWith({ missing }, 'trame sync', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let api: SyncApiWorld;
  beforeAll(async () => {
    api = await openSyncApiWorld();
  });
  afterAll(() => api?.close());

  const settings = () => ({ TRAME_URL: api.url, TRAME_TOKEN: api.operator });
  const trame = (args: readonly string[], input = '') => commandInProcess([addSync], ['sync', ...args], settings(), input);

  it('connects with a secret that is no argument, sets and switches off', async () => {
    await api.host.world();
    const connect = ['connect', 'ipam', '--kind', 'netbox', '--url', 'https://ipam.example'];
    expect(await programItself(['sync', ...connect], settings(), 'nbt_hush.hush\n')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^ipam +NETBOX +OBSERVE never read/),
    });
    expect(await trame(connect, 'nbt_hush.hush\n')).toMatchObject({ code: 1, err: expect.stringContaining('ALREADY_EXISTS') });
    const set = ['set', 'ipam', '--off', '--mode', 'WRITE', '--rule', 'prefix.description=THEM', '--rule', 'vrf.name=US'];
    expect((await trame(set)).out).toMatch(/^ipam +NETBOX +OFF/);
    await trame(['set', 'ipam', '--rule', 'vrf.name=DEFAULT']);
    expect((await trame(['show', 'ipam'])).out).toMatch(/\nprefix\.description=THEM\n$/);
    expect(await trame(['set', 'ipam', '--rule', 'prefix'])).toMatchObject({ code: 64 });
    expect(await trame(['set', 'ipam', '--rule', 'prefix.status=THEM'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('prefix.status=US; of prefix description may be THEM'),
    });
    const rules = (await trame(['rules', 'ipam'])).out.split('\n');
    expect(rules).toContain('prefix.description=THEM  (said)');
    expect(rules).toContain('vrf.description=LAST_WRITER_WITH_REVIEW');
    expect(rules).toContain('vlan.name=IGNORE');
    await trame(['set', 'ipam', '--rule', 'vlan.status=IGNORE']);
    expect((await trame(['rules', 'ipam'])).out.split('\n')).toContain('vlan.status=IGNORE  (said)');
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'trame-')), 'secret');
    fs.writeFileSync(file, 'whisper\n', { mode: 0o600 });
    const secrets = await trame(['set', 'ipam', '--on', '--secret-file', '-', '--hook-secret-file', file], 'nbt_other.hush');
    expect(secrets).toMatchObject({ code: 0, err: '', out: expect.not.stringMatching(/whisper|hush/) });
    fs.rmSync(path.dirname(file), { recursive: true });
    const body = JSON.stringify({ event: 'updated', timestamp: 't', object_type: 'tenancy.tenant', data: { id: 7 } });
    const signature = createHmac('sha512', 'whisper').update(body).digest('hex');
    const said = await fetch(`${api.url}/hooks/netbox/ipam`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'x-hook-signature': signature },
    });
    expect(said.status).toBe(202);
    expect(await trame(['set', 'ipam', '--off'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await trame(['list', '--json'])).out)).toMatchObject([
      { slug: 'netbox' },
      { slug: 'ipam', enabled: false, mode: 'WRITE' },
    ]);
  });

  it('shows what a run would do and why it was stopped, lets it go on, and decides a conflict', async () => {
    const world = await api.host.world();
    for (let n = 1; n <= 20; n++) world.local.put('tenant', `ten_${n}`, tenant(`t${n}`, 'old'));
    await world.sync();
    for (const n of [1, 2, 3]) world.local.remove('tenant', `ten_${n}`);
    const begun = await trame(['run', 'netbox', '--dry-run', '--json']);
    expect(JSON.parse(begun.out)).toMatchObject({ state: 'RUNNING', dryRun: true });
    await world.attend();
    expect((await trame(['run', 'netbox'])).out).toMatch(/ {2}WANTED: no worker has come by yet\n$/);
    await world.attend();
    const runs = await trame(['runs', 'netbox', '--first', '1']);
    const [, run = '', digest = ''] =
      /^(syr_\w+) {2}BLOCKED_BY_GUARD .*\n {2}! tenant: 3 of 20 would be deleted, 10 % may be\n {2}digest (\w+)/.exec(runs.out) ?? [];
    expect((await trame(['list'])).out).toMatch(/ NOT OK, circuit CLOSED {2}a run was stopped and waits for a person: tenant: 3 of 20/);
    expect((await trame(['changes', run])).out).toMatch(/^1 {2}DEPRECATE tenant t\d {2}PLANNED/);
    expect(await trame(['approve', run, 'another'])).toMatchObject({ code: 1, err: expect.stringContaining('PLAN_STALE') });
    expect(await trame(['approve', run, digest])).toMatchObject({ code: 0, out: expect.stringContaining('RUNNING') });
    await world.attend();
    expect(await trame(['conflicts', 'netbox', '--exit-code'])).toEqual({ code: 0, out: '', err: '' });
    const theirs = world.foreign.all('tenant').find(({ mark }) => mark === 'ten_9');
    world.foreign.edit('tenant', theirs?.remoteId ?? '', { description: 'theirs' });
    world.local.put('tenant', 'ten_9', { description: 'ours' });
    await world.sync();
    const { out, code } = await trame(['conflicts', 'netbox', '--exit-code']);
    expect(code).toBe(2);
    expect((await trame(['list'])).out).toMatch(/^netbox +NETBOX +WRITE +in step {2}ok {2}works; conflicts that wait for a person: 1\n/);
    expect(await trame(['runs', 'box'])).toMatchObject({ code: 1, err: expect.stringMatching(/no connector box; there are: netbox\n$/) });
    expect(out).toMatch(/^syc_\w+ {2}tenant t9 {2}description .*\n {4}ours "ours"\n {4}theirs "theirs"\n {4}before "old"\n$/);
    expect((await trame(['resolve', out.split(' ')[0] ?? '', 'us'])).out).toContain('keep US');
    expect(await trame(['resolve', 'syc_x', 'both'])).toMatchObject({ code: 64 });
    await world.attend();
    expect((await trame(['conflicts', 'netbox', '--exit-code'])).code).toBe(0);
    expect((await trame(['conflicts', 'netbox', '--resolved'])).out).toMatch(
      /^syc_\w+ {2}tenant t9 {2}description .* keep US {2}over \d{4}-/,
    );
  });

  it('adopts what was there before', async () => {
    const world = await api.host.world();
    world.local.put('tenant', 'ten_1', tenant('acme'));
    world.foreign.put('tenant', tenant('acme'));
    await world.sync();
    const [{ id: shown }] = JSON.parse((await trame(['runs', 'netbox', '--json', '--first', '1'])).out) as [{ id: string }];
    expect((await trame(['changes', shown])).out).toContain('ADOPT tenant acme  PROPOSED');
    expect(await trame(['adopt', shown, '99'])).toMatchObject({ code: 1, err: expect.stringContaining('INVALID_STATE') });
    expect(await trame(['adopt', shown, '1'])).toMatchObject({ code: 0, err: '' });
    await world.attend();
    expect(world.foreign.all('tenant')).toMatchObject([{ mark: 'ten_1' }]);
  });

  it('says of a run whose lines are not kept any more that there were some', async () => {
    const world = await api.host.world();
    world.local.put('tenant', 'ten_1', tenant('acme'));
    world.foreign.put('tenant', tenant('acme'));
    for (let n = 1; n <= 7; n++) await world.sync();
    const runs = JSON.parse((await trame(['runs', 'netbox', '--json'])).out) as { id: string }[];
    expect(runs).toHaveLength(7);
    expect(await trame(['changes', runs[0]?.id ?? ''])).toEqual({ code: 0, err: '', out: expect.stringContaining('ADOPT tenant acme') });
    expect(await trame(['changes', runs[6]?.id ?? ''])).toEqual({ code: 0, out: '', err: expect.stringContaining('is not kept any more') });
  });
});
