// What devices last said of a network: written by a rollout and by whoever asks, with devices in memory and a real database.
import { NetworkVerifier } from '#contexts/deployment';
import { encodeId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';

interface Check {
  readonly question: string;
  readonly state: string;
  readonly expected: string | null;
  readonly seen: string | null;
  readonly plan: string | null;
}
interface Verification {
  readonly state: string;
  readonly sentence: string;
  readonly checkedAt: string | null;
  readonly lookedAt: string | null;
  readonly devices: readonly { readonly device: string; readonly state: string; readonly checks: readonly Check[] }[];
}

const VERIFICATION =
  'verification { state sentence checkedAt lookedAt devices { device state checks { question state checkedAt expected seen plan } } }';
const PROVISION =
  'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id network { id vni } } errors { code message } } }';

let world: ApiWorld;
let network: string;
let vni: number;
beforeAll(async () => {
  world = await createApiWorld();
  const { order } = await world.ask<{ order: { id: string; network: { id: string; vni: number } } }>(world.customer, PROVISION, {
    input: world.orderInput(),
  });
  expect(await world.settlePublic(order.id)).toBe('ACTIVE');
  ({ id: network, vni } = order.network);
});
afterAll(() => world?.close());

const known = async (token: string): Promise<Verification> =>
  (await world.ask<{ verification: Verification }>(token, `query ($id: ID!) { network(id: $id) { ${VERIFICATION} } }`, { id: network }))
    .verification;
const ask = (token: string) =>
  world.ask<{ network: object | null; errors: readonly { code: string }[] }>(
    token,
    'mutation ($id: ID!) { verifyNetwork(id: $id) { network { id } errors { code message } } }',
    { id: network },
  );
const look = async (): Promise<Verification> => {
  expect((await ask(world.operator)).errors).toEqual([]);
  expect(await world.app.get(NetworkVerifier, { strict: false }).verifyDue()).toBe(1);
  return known(world.operator);
};
const stateOf = (verification: Verification, device: string, question: string): Check | undefined =>
  verification.devices.find((entry) => entry.device === device)?.checks.find((check) => check.question === question);
const device = (slug: 'pve1' | 'pve2' | 'test') => world.devices.get(slug) ?? expect.fail(slug);

describe('a network', () => {
  it('has the proof of the rollout that brought it, from each of its devices, with the plan', async () => {
    const verification = await known(world.operator);
    expect(verification).toMatchObject({ state: 'OK', sentence: 'All that was looked at is as it shall be, at pve1, pve2.' });
    expect(verification.devices.map((entry) => entry.device)).toEqual(['pve1', 'pve2']);
    const routes = stateOf(verification, 'pve1', 'ROUTES');
    expect(routes).toMatchObject({ state: 'OK', plan: expect.stringMatching(/^plan_/) as string });
    expect(routes?.expected).toMatch(new RegExp(`"vtep":"172.16.1.52","rd":"172.16.1.52:\\d+","target":"65051:${vni}"`));
  });

  it('is looked at again from both ends when somebody asks: guests of one end are asked for at the other, and the path for its size', async () => {
    device('pve2').macs.set(vni, ['bc:24:11:00:00:02']);
    const verification = await look();
    expect(verification.state).toBe('OK');
    expect(stateOf(verification, 'pve1', 'MACS')).toMatchObject({ state: 'OK', plan: null });
    expect(stateOf(verification, 'pve1', 'MACS')?.expected).toContain('"mac":"bc:24:11:00:00:02"');
    expect(stateOf(verification, 'pve2', 'MACS')).toBeUndefined();
    expect(stateOf(verification, 'pve2', 'PATH_MTU')).toMatchObject({ state: 'OK', expected: '172.16.1.51 answers to 1500' });
  });

  it('names the device and the question where something is broken, and is well again after that', async () => {
    device('pve2').broken.set('PATH_MTU', '172.16.1.51: 0 received of 3 (mtu=1400)');
    const broken = await look();
    expect(broken).toMatchObject({ state: 'FAILED', sentence: 'Not everything works at pve2: the operator sees what.' });
    expect(stateOf(broken, 'pve2', 'PATH_MTU')).toMatchObject({ state: 'FAILED', seen: '172.16.1.51: 0 received of 3 (mtu=1400)' });
    expect(stateOf(broken, 'pve1', 'PATH_MTU')).toMatchObject({ state: 'OK' });
    device('pve2').broken.clear();
    expect((await look()).state).toBe('OK');
  });

  it('says what nobody could look at, and never that it is well', async () => {
    device('pve1').mute.add('PATH_MTU');
    const verification = await look();
    expect(stateOf(verification, 'pve1', 'PATH_MTU')).toMatchObject({ state: 'NOT_CHECKED', seen: 'pve1 cannot tell' });
    expect(verification.sentence).toBe('All that was looked at is as it shall be, at pve1, pve2. One thing could not be looked at.');
    device('pve1').mute.clear();
  });

  it('keeps the last word of a device that does not answer, as an old one, and does not blame the others for it', async () => {
    await look();
    device('pve2').failAt('open', 'UNREACHABLE');
    const verification = await look();
    expect(verification).toMatchObject({ state: 'STALE' });
    expect(stateOf(verification, 'pve2', 'REMOTE_VTEPS')).toMatchObject({ state: 'STALE' });
    expect(stateOf(verification, 'pve1', 'REMOTE_VTEPS')).toMatchObject({
      state: 'NOT_CHECKED',
      seen: expect.stringContaining('pve2 could not be read (UNREACHABLE') as string,
    });
    device('pve2').heal();
    expect((await look()).state).toBe('OK');
  });

  it('is not judged by what was read while somebody began to push', async () => {
    const before = await known(world.operator);
    const release = device('pve1').holdAt('verify');
    expect((await ask(world.operator)).errors).toEqual([]);
    device('pve1').broken.set('VNI', 'gone');
    const looking = world.app.get(NetworkVerifier, { strict: false }).verifyDue();
    await world.db.inTransaction(systemScope('test'), (tx) =>
      tx.run(
        `INSERT INTO lease (resource, holder, fence, until) VALUES ('device:' || $1, gen_random_uuid(), 999, clock_timestamp() + interval '1 hour')
        ON CONFLICT (resource) DO UPDATE SET until = excluded.until`,
        [world.deviceIds.get('pve1')],
      ),
    );
    release();
    await looking;
    const after = await known(world.operator);
    expect(stateOf(after, 'pve1', 'VNI')).toEqual({ ...stateOf(before, 'pve1', 'VNI'), state: 'STALE' });
    expect(after).toMatchObject({ state: 'STALE', lookedAt: before.lookedAt });
    device('pve1').broken.clear();
    await world.db.inTransaction(systemScope('test'), (tx) =>
      tx.run(`UPDATE lease SET until = '-infinity' WHERE resource LIKE 'device:%'`),
    );
  });

  it('is not well, and was not looked at, while nobody knows how the last push to one of its devices ended', async () => {
    const before = await look();
    expect(before.state).toBe('OK');
    const setUncertain = (isUncertain: boolean) =>
      world.db.inTransaction(systemScope('test'), (tx) =>
        tx.run('UPDATE device_state SET is_uncertain = $2 WHERE device_id = $1', [world.deviceIds.get('pve2'), isUncertain]),
      );
    await setUncertain(true);
    const after = await look();
    expect(after).toMatchObject({ state: 'STALE', lookedAt: before.lookedAt });
    expect(stateOf(after, 'pve2', 'VNI')).toMatchObject({ state: 'STALE' });
    expect(stateOf(after, 'pve1', 'REMOTE_VTEPS')).toMatchObject({
      state: 'NOT_CHECKED',
      seen: 'Nobody knows how the last push to pve2 ended.',
    });
    await setUncertain(false);
    expect(await look()).toMatchObject({ state: 'OK' });
  });

  it('is looked at for its customer half a minute after the last look at the earliest, however often it is asked for', async () => {
    await look();
    const requests = async (): Promise<number> => {
      const row = await world.db.inTransaction(systemScope('test'), (tx) =>
        tx.one<{ n: number }>(`SELECT count(*)::int AS n FROM audit_entry WHERE action = 'network.verification_requested'`),
      );
      return row?.n ?? expect.fail('no count');
    };
    const before = await requests();
    for (let asked = 0; asked < 5; asked++) expect((await ask(world.customer)).errors).toEqual([]);
    expect(await world.app.get(NetworkVerifier, { strict: false }).verifyDue()).toBe(0);
    expect(await requests()).toBe(before + 1);
    const { next } = (await world.db.inTransaction(systemScope('test'), (tx) =>
      tx.one<{ next: number }>(
        'SELECT extract(epoch FROM v.next_at - v.verified_at)::float AS next FROM network_verification v JOIN network n ON n.id = v.network_id WHERE n.vni = $1',
        [vni],
      ),
    )) ?? { next: 0 };
    expect(next).toBeCloseTo(30, 1);
    expect((await look()).state).toBe('OK'); // The operator does not wait.
  });

  it('is as old as the beginning of its look: what somebody asks for while one is under way is answered by the next', async () => {
    await look();
    const release = device('pve1').holdAt('verify');
    expect((await ask(world.operator)).errors).toEqual([]);
    const verifier = world.app.get(NetworkVerifier, { strict: false });
    const looking = verifier.verifyDue();
    const isLooking = `SELECT EXISTS (SELECT FROM network_verification WHERE claimed_until > clock_timestamp()) AS now`;
    await vi.waitFor(
      async () =>
        expect(await world.db.inTransaction(systemScope('test'), (tx) => tx.one<{ now: boolean }>(isLooking))).toEqual({ now: true }),
      { timeout: 5000, interval: 20 },
    );
    const { askedAt } = await world.ask<{ askedAt: string }>(
      world.operator,
      'mutation ($id: ID!) { verifyNetwork(id: $id) { askedAt errors { code } } }',
      { id: network },
    );
    release();
    await looking;
    expect(Date.parse((await known(world.operator)).lookedAt ?? '')).toBeLessThan(Date.parse(askedAt));
    expect(await verifier.verifyDue()).toBe(1);
    expect(Date.parse((await known(world.operator)).lookedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(askedAt));
  });

  it('tells its customer how it is and where, and not what was expected of which number', async () => {
    device('pve2').broken.set('REMOTE_VTEPS', 'none');
    await look();
    const verification = await known(world.customer);
    expect(verification).toMatchObject({ state: 'FAILED', sentence: 'Not everything works at pve2: the operator sees what.' });
    const checks = verification.devices.flatMap((entry) => entry.checks);
    expect(checks.length).toBeGreaterThan(5);
    expect(checks.every(({ expected, seen, plan }) => expected === null && seen === null && plan === null)).toBe(true);
    expect(JSON.stringify(verification)).not.toMatch(/172\.16|65051/);
    device('pve2').broken.clear();
    await look();
  });

  it('of another customer is nothing to ask for', async () => {
    const { token } = await world.newTenant('other', 'Other');
    expect(await ask(token)).toMatchObject({ network: null, errors: [{ code: 'NOT_FOUND' }] });
    const unknown = encodeId('network', '01890000-0000-7000-8000-000000000000');
    const { errors } = await world.ask<{ errors: readonly object[] }>(
      token,
      'mutation ($id: ID!) { verifyNetwork(id: $id) { errors { code } } }',
      { id: unknown },
    );
    expect(errors).toEqual([{ code: 'NOT_FOUND' }]);
  });

  it('is not well as soon as a push for another network has cut off one of its devices', async () => {
    expect(await look()).toMatchObject({ state: 'OK' });
    device('pve2').dieAfterApply();
    const { order } = await world.ask<{ order: { id: string } }>(world.customer, PROVISION, { input: world.orderInput() });
    expect(await world.settlePublic(order.id)).toBe('FAILED_STUCK');
    // Nobody has looked since.
    const after = await known(world.operator);
    expect(after).toMatchObject({
      state: 'STALE',
      sentence: 'What is known of pve2 is of before a change, or it could not be read since.',
    });
    expect(stateOf(after, 'pve2', 'VNI')).toMatchObject({ state: 'STALE' });
    device('pve2').heal();
  });

  it('that is retired is refused, and nothing is kept of it', async () => {
    await world.db.inTransaction(systemScope('test'), async (tx) => {
      await tx.run(
        `UPDATE network SET state = 'RETIRED', vni_allocation_id = NULL, evi_allocation_id = NULL, version = version + 1 WHERE vni = $1`,
        [vni],
      );
      await tx.run(`UPDATE network_verification SET next_at = clock_timestamp() - interval '1 day'`);
    });
    expect(await ask(world.customer)).toMatchObject({ network: null, errors: [{ code: 'INVALID_STATE' }] });
    const anHourLater = performance.now() + 3_600_000;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(anHourLater);
    await world.app.get(NetworkVerifier, { strict: false }).verifyDue();
    clock.mockRestore();
    const left = await world.db.inTransaction(systemScope('test'), (tx) =>
      tx.sql(
        `SELECT x.network_id FROM (SELECT network_id FROM network_proof UNION ALL SELECT network_id FROM network_verification) x
           JOIN network n ON n.id = x.network_id WHERE n.vni = $1`,
        [vni],
      ),
    );
    expect(left).toEqual([]);
  });
});
