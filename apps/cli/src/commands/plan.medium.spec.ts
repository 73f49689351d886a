// Plans and locks on the command line, against an API that listens.
import { type ApiWorld, createApiWorld } from '../../../../test/support/api-world.js';
import { commandInProcess, missingForProgram as missing, programItself } from '../../../../test/support/command-in-process.js';
import { describeWith } from '../../../../test/support/describe-with.js';
import { addLock } from './lock.command.js';
import { addPlan } from './plan.command.js';

describeWith({ missing }, 'trame plan and trame lock', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let world: ApiWorld;
  beforeAll(async () => {
    world = await createApiWorld();
  });
  afterAll(() => world?.close());

  const settings = () => ({ TRAME_URL: world.apiUrl, TRAME_TOKEN: world.operator });
  const trame = (...args: string[]) => commandInProcess([addPlan, addLock], args, settings());

  it('shows what a plan changes and why, and steers only what is under way', async () => {
    await world.ask(
      world.customer,
      'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id } errors { code } } }',
      { input: world.orderInput() },
    );
    const { plan } = await world.ask<{ plan: { id: string; digest: string } }>(
      world.operator,
      'mutation { planDeployment { plan { id digest } errors { code } } }',
    );
    const listed = await programItself(['plan', 'list', '--first', '1'], settings());
    expect(listed.out).toMatch(new RegExp(`^${plan.id} {2}PROPOSED +LOW +0/1 0/1 {2}by `));
    const shown = (await trame('plan', 'show', plan.id)).out;
    expect(shown).toMatch(/^ok {2}CURRENT: /m);
    expect(shown).toMatch(/^pve1 {2}wave 0 step 0 {2}LOW {2}PENDING\n {2}added network \S+\n {4}--- /m);
    expect(shown).toMatch(/^ {4}# added network (\S+)\n {4}@@ [^\n]*\n(?: {4}[ +-][^\n]*\n)*? {4}\+.*1\d{4}/m);
    expect((await trame('plan', 'pause', plan.id)).err).toMatch(/^INVALID_STATE: the plan is PROPOSED/);
    expect((await trame('plan', 'approve', plan.id, plan.digest, '--comment', 'seen')).out).toContain('APPROVED');
    expect((await trame('plan', 'cancel', plan.id, '--reason', 'not today')).out).toMatch(/CANCELLED .* cancelled by .*: not today/);
  });

  it('makes a plan, and takes one back: what becomes of its networks is in the answer', async () => {
    const made = (await trame('plan', 'make')).out;
    expect(made).toMatch(/^plan_\S+ {2}PROPOSED /);
    const id = made.split(' ')[0] as string;
    const { digest } = JSON.parse((await trame('plan', 'show', id, '-o', 'json')).out) as { digest: string };
    await trame('plan', 'approve', id, digest);
    await trame('plan', 'apply', id, digest);
    await world.converge();
    expect((await trame('plan', 'rollback', id)).err).toContain("'--reason <text>' not specified");
    expect((await trame('plan', 'rollback', id, '--reason', 'no', '--digest', 'another')).err).toMatch(/^PLAN_STALE: /);
    const back = (await trame('plan', 'rollback', id, '--reason', 'customers complain')).out;
    expect(back).toMatch(new RegExp(`^plan_\\S+ {2}APPROVED .*\ntakes back ${id}\nwithdraw network \\S+ \\(VNI 1\\d{4}\\) {2}PROPOSED\n$`));
    const lock = (await trame('lock', 'list')).out;
    expect(lock).toContain('taken back: customers complain');
    for (const held of lock.trim().split('\n')) await trame('lock', 'release', held.split(' ')[0] as string);
  });

  it('locks, lists and unlocks', async () => {
    const made = await trame('lock', 'acquire', '--scope', 'DEVICE', '--subject', 'pve1', '--reason', 'new fans', '-o', 'json');
    const { id } = JSON.parse(made.out) as { id: string };
    expect((await trame('lock', 'list')).out).toMatch(new RegExp(`^${id} {2}DEVICE +pve1 {2}until .*: new fans\n$`));
    expect((await programItself(['lock', 'release', id], settings())).code).toBe(0);
    expect(await trame('lock', 'release', id)).toMatchObject({ code: 1, err: expect.stringMatching(/^NOT_FOUND: /) });
    expect(await trame('lock', 'acquire', '--scope', 'SITE', '--reason', 'x')).toMatchObject({
      code: 1,
      err: expect.stringContaining('INVALID_VALUE'),
    });
  });
});
