// What an operator says again under the same key is answered as before, and done once.
import { encodeId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world?.close());

interface Payload {
  readonly plan?: { readonly id: string; readonly digest: string; readonly state: string } | null;
  readonly lock?: { readonly id: string; readonly reason: string; readonly until: string } | null;
  readonly replayed: boolean | null;
  readonly errors: readonly { readonly __typename: string; readonly code: string }[];
}
const UNKNOWN = '01890000-0000-7000-8000-000000000000';
const PLAN = 'plan { id digest state } replayed errors { __typename code }';
const LOCK = 'lock { id reason until } replayed errors { __typename code }';
/** Arguments as they are written, with the key beside them. */
const say = (mutation: string, args: string, key: string, token = world.operator): Promise<Payload> => {
  const inInput = args.startsWith('input: {');
  const withKey = inInput ? args.replace('input: {', `input: { idempotencyKey: "${key}",`) : `${args}, idempotencyKey: "${key}"`;
  return world.ask<Payload>(token, `mutation { ${mutation}(${withKey}) { ${mutation.endsWith('Lock') ? LOCK : PLAN} } }`);
};
const rows = async (text: string): Promise<number> =>
  (await world.db.inTransaction(systemScope('spec'), (tx) => tx.one<{ n: number }>(text)))?.n ?? 0;
const audited = (action: string): Promise<number> => rows(`SELECT count(*)::int AS n FROM audit_entry WHERE action = '${action}'`);
const REUSED = [{ __typename: 'IdempotencyError', code: 'IDEMPOTENCY_KEY_REUSED' }];

async function ordered(): Promise<void> {
  const { errors } = await world.ask<Payload>(
    world.customer,
    'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { errors { code } } }',
    { input: world.orderInput() },
  );
  expect(errors).toEqual([]);
}
/** Said twice, and once more with other words: the answers of the first two are of one thing, the third is refused. */
async function twice(mutation: string, args: string, otherArgs: string): Promise<Payload> {
  const key = `${mutation}-${Math.random().toString(36).slice(2)}`;
  const first = await say(mutation, args, key);
  expect(first).toMatchObject({ errors: [], replayed: false });
  const again = await say(mutation, args, key);
  expect(again).toMatchObject({ errors: [], replayed: true });
  expect(again.plan?.id).toBe(first.plan?.id);
  expect(again.lock).toEqual(first.lock);
  expect((await say(mutation, otherArgs, key)).errors).toEqual(REUSED);
  return again;
}

describe('the same key', () => {
  it('makes, approves, applies and takes back one plan, whatever has become of it since', async () => {
    await ordered();
    const { plan } = await twice('planDeployment', 'input: {}', 'input: { strategy: { canaries: 2 } }');
    const [id, digest] = [plan?.id as string, plan?.digest as string];
    await twice('approvePlan', `id: "${id}", digest: "${digest}"`, `id: "${id}", digest: "${digest}", comment: "seen"`);
    expect(await audited('plan.approved')).toBe(2); // The takeover, and this one.
    const apply = `input: { plan: "${id}", digest: "${digest}" }`;
    await twice('applyPlan', apply, `input: { plan: "${id}", digest: "another" }`);
    await world.converge();
    // Approved long ago: without the key this is refused by now.
    expect((await say('approvePlan', `id: "${id}", digest: "${digest}"`, 'another-key')).errors).toMatchObject([{ code: 'INVALID_STATE' }]);
    const { plan: back } = await twice('rollbackPlan', `id: "${id}", reason: "no"`, `id: "${id}", reason: "never"`);
    expect(await rows('SELECT count(*)::int AS n FROM plan WHERE rollback_of IS NOT NULL')).toBe(1);
    await twice('cancelPlan', `id: "${back?.id}", reason: "not yet"`, `id: "${back?.id}"`);
    expect(await audited('plan.cancelled')).toBe(1);
    await world.converge(); // Its devices are nobody's again.
  });

  it('pauses, resumes and halts a rollout once', async () => {
    await ordered();
    const { plan } = await say('planDeployment', 'input: {}', 'steered');
    const id = plan?.id as string;
    await world.db.inTransaction(systemScope('spec'), (tx) =>
      tx.run(`UPDATE plan SET state = 'APPLYING' WHERE digest = $1`, [plan?.digest]),
    );
    const paused = await twice('pausePlan', `id: "${id}"`, `id: "${id}", reason: "lunch"`);
    expect(paused.plan?.state).toBe('PAUSED');
    await twice('resumePlan', `id: "${id}"`, `id: "${encodeId('plan', UNKNOWN)}"`);
    // The pause is over: said again, it does not begin anew, and the answer is the plan as it is.
    expect(await audited('plan.paused')).toBe(1);
    await twice('haltPlan', `id: "${id}", reason: "smoke"`, `id: "${id}", reason: "fire"`);
    expect(await audited('plan.halted')).toBe(1);
  });

  it('locks and unlocks once; the lock is answered as it was', async () => {
    const words = 'scope: DEVICE, subject: "pve1"';
    const before = [await audited('lock.acquired'), await audited('lock.released')];
    const { lock } = await twice('acquireLock', `input: { ${words}, reason: "fans" }`, `input: { ${words}, reason: "disks" }`);
    await twice('releaseLock', `id: "${lock?.id}"`, `id: "${encodeId('maintenanceLock', UNKNOWN)}"`);
    expect(await world.ask<unknown[]>(world.operator, '{ maintenanceLocks { id } }')).toEqual([]);
    expect([await audited('lock.acquired'), await audited('lock.released')]).toEqual(before.map((n) => n + 1));
  });

  it("is the caller's own: what one operator has said another one says for themselves", async () => {
    const colleague = await world.newToken(null);
    const lock = 'input: { scope: DEVICE, subject: "pve2", reason: "fans" }';
    const mine = await say('acquireLock', lock, 'shared');
    const theirs = await say('acquireLock', lock, 'shared', colleague);
    expect(theirs).toMatchObject({ replayed: false, errors: [] });
    expect(theirs.lock?.id).not.toBe(mine.lock?.id);
  });

  it('that came with something refused may be used again; two at the same moment are one; a key that is none is refused', async () => {
    const absent = 'input: { scope: DEVICE, subject: "nowhere", reason: "fans" }';
    expect((await say('acquireLock', absent, 'tried')).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    const lock = 'input: { scope: DEVICE, subject: "test", reason: "fans" }';
    const answers = await Promise.all([1, 2, 3].map(() => say('acquireLock', lock, 'tried')));
    expect(new Set(answers.map((answer) => answer.lock?.id)).size).toBe(1);
    expect(answers.filter(({ replayed }) => replayed === false)).toHaveLength(1);
    expect((await say('acquireLock', lock, 'with blanks')).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
  });
});
