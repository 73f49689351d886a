/** What a cluster does with a client that is less careful than ours: each is a fact about Proxmox, and runs against a real cluster, too. */
import { PveError, type SdnApi } from '#adapters/proxmox';
import { against, ClusterUnderTest, isRealCluster, TOKEN } from './proxmox-cluster.js';

console.info(`Proxmox contract: ${against}`);

const ZONE = 'tramezz';
const refused = (code: string, words?: RegExp) =>
  expect.objectContaining({ code, ...(words && !isRealCluster && { message: expect.stringMatching(words) as string }) }) as PveError;

describe(`the SDN of ${against}`, () => {
  let cluster: ClusterUnderTest;
  let api: SdnApi;
  let token: string;

  beforeAll(async () => {
    cluster = await ClusterUnderTest.start();
    api = cluster.api;
  });
  beforeEach(async () => {
    token = await api.lock(false);
  });
  afterEach(async () => {
    await api.rollback(token);
    await api.unlock(token);
  });
  afterAll(() => cluster.close());

  const makeZone = (id = ZONE): Promise<void> => api.create('zones', id, { type: 'vxlan', peers: '192.0.2.1' }, token);
  const makeVnet = (id: string, tag: number, more: Readonly<Record<string, string>> = {}): Promise<void> =>
    api.create('vnets', id, { zone: ZONE, tag: String(tag), ...more }, token);
  const stateOf = async (kind: 'zones' | 'vnets', id: string) => (await api.pending(kind)).find((one) => one.id === id)?.state;

  it('has one lock, and writes by no other token', async () => {
    await expect(api.lock(false)).rejects.toEqual(refused('REFUSED', /locked/));
    await expect(api.create('zones', ZONE, { type: 'vxlan', peers: '192.0.2.1' }, 'not-the-token')).rejects.toEqual(refused('REFUSED'));
    await expect(api.client.call('POST', '/cluster/sdn/zones', { zone: ZONE, type: 'simple' })).rejects.toEqual(
      refused('REFUSED', /locked/),
    );
    await expect(api.unlock('not-the-token')).rejects.toEqual(refused('REFUSED'));
    await expect(api.apply('not-the-token')).rejects.toEqual(refused('REFUSED'));
  });

  it('compares a token with the lock that there is: where there is none, any is taken, and any gives it back', async () => {
    await api.unlock(token);
    await api.create('zones', ZONE, { type: 'vxlan', peers: '192.0.2.1' }, 'of-a-lock-that-was-given-back');
    await api.unlock('of-a-lock-that-was-given-back');
    token = await api.lock(true);
    expect(await stateOf('zones', ZONE)).toBe('new');
  });

  it('gives no lock while something is pending, unless that is said', async () => {
    await makeZone();
    await api.unlock(token);
    await expect(api.lock(false)).rejects.toEqual(refused('REFUSED', /pending/));
    token = await api.lock(true);
    expect(await stateOf('zones', ZONE)).toBe('new');
  });

  it('says of what is not applied whether it is new, and forgets it by a rollback', async () => {
    await makeZone();
    await makeVnet('vzz1', 9_900_001);
    expect(await stateOf('vnets', 'vzz1')).toBe('new');
    expect((await api.objects('zones', 'CONFIG')).some(({ id }) => id === ZONE)).toBe(true);
    expect((await api.objects('zones', 'RUNNING')).some(({ id }) => id === ZONE)).toBe(false);
    await api.rollback(token);
    expect(await stateOf('vnets', 'vzz1')).toBeUndefined();
    await api.unlock(token); // a rollback keeps the lock where that is said
    token = await api.lock(false);
  });

  it('refuses a write on a file that is another one by now', async () => {
    await makeZone();
    const { digest } = await api.object('zones', ZONE);
    await makeZone('tramezy');
    await expect(api.update('zones', ZONE, { set: { peers: '192.0.2.7' }, unset: [], digest }, token)).rejects.toEqual(
      refused('REFUSED', /modified/),
    );
    expect((await api.object('zones', ZONE)).options['peers']).toBe('192.0.2.1');
    const fresh = (await api.object('zones', ZONE)).digest;
    await api.update('zones', ZONE, { set: { mtu: '1400' }, unset: [], digest: fresh }, token);
    await api.update('zones', ZONE, { set: {}, unset: ['mtu'], digest: null }, token);
    expect((await api.object('zones', ZONE)).options['mtu']).toBeUndefined();
  });

  it.each([
    ['nine characters', 'vnets', 'v16000001', { zone: ZONE, tag: '9900001' }, 'vnet'],
    ['a dash', 'zones', 'tra-me', { type: 'vxlan', peers: '192.0.2.1' }, 'zone'],
    ['a digit in front', 'zones', '1trame', { type: 'vxlan', peers: '192.0.2.1' }, 'zone'],
    ['an alias with a slash', 'vnets', 'vzz1', { zone: ZONE, tag: '9900001', alias: 'a/b' }, 'alias'],
    ['no kind', 'zones', ZONE, { peers: '192.0.2.1' }, 'type'],
    ['an option that there is not', 'zones', ZONE, { type: 'vxlan', peers: '192.0.2.1', colour: 'red' }, 'colour'],
    ['a tag of 25 bits', 'vnets', 'vzz1', { zone: ZONE, tag: '16777217' }, 'tag'],
  ] as const)('refuses %s, and says which parameter it is', async (_what, kind, id, options, parameter) => {
    if (kind === 'vnets') await makeZone();
    const error = await api.create(kind, id, options, token).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'INVALID_PARAMETERS' });
    expect(Object.keys((error as PveError).facts.parameters ?? {})).toContain(parameter);
  });

  it('gives a tag to one VNet of all tunnels, and a name once', async () => {
    await makeZone();
    await makeVnet('vzz1', 9_900_001);
    await expect(makeVnet('vzz2', 9_900_001)).rejects.toEqual(refused('REFUSED', /9900001/));
    await expect(makeVnet('vzz1', 9_900_002)).rejects.toEqual(refused('REFUSED', /already/));
    await expect(api.create('vnets', 'vzz3', { zone: 'nowhere', tag: '1' }, token)).rejects.toEqual(refused('REFUSED'));
  });

  it('removes nothing that is in use', async () => {
    await makeZone();
    await makeVnet('vzz1', 9_900_001);
    await expect(api.remove('zones', ZONE, undefined, token)).rejects.toEqual(refused('REFUSED', /used by vzz1/));
    await api.remove('vnets', 'vzz1', undefined, token);
    await api.remove('zones', ZONE, undefined, token);
    await expect(api.remove('zones', ZONE, undefined, token)).rejects.toEqual(refused('REFUSED'));
  });

  it('shows on a trial what a node would get', async () => {
    await makeZone();
    await makeVnet('vzz1', 9_900_001);
    const trial = await api.dryRun(cluster.nodes[0] ?? '');
    expect(Object.keys(trial ?? {})).toContain('interfaces-diff');
    expect(trial?.['interfaces-diff']).toContain('vzz1');
  });

  it('applies as a task, reloads each node by itself, and says what each carries', async () => {
    await makeZone();
    await makeVnet('vzz1', 9_900_001, { alias: 'trame contract' });
    const end = await api.task(await api.apply(token), 60_000);
    expect(end?.exit).toMatch(/^(OK|WARNINGS)/);
    for (const node of cluster.nodes) {
      await expect
        .poll(async () => (await api.zoneStatus(node)).find(({ id }) => id === ZONE)?.status, { timeout: 60_000 })
        .toBe('available');
      expect((await api.vnetStatus(node, ZONE)).map(({ id }) => id)).toEqual(['vzz1']);
    }
    await api.update('vnets', 'vzz1', { set: { alias: 'trame renamed' }, unset: [], digest: null }, token);
    expect(await stateOf('vnets', 'vzz1')).toBe('changed');
    await api.remove('vnets', 'vzz1', undefined, token);
    await api.remove('zones', ZONE, undefined, token);
    expect(await stateOf('vnets', 'vzz1')).toBe('deleted');
    await api.task(await api.apply(token), 60_000);
    expect((await api.objects('zones', 'RUNNING')).some(({ id }) => id === ZONE)).toBe(false);
  });

  it.skipIf(isRealCluster)('shows nothing to a token without privileges, and says which it lacks for writing', async () => {
    const poor = await ClusterUnderTest.start({ tokens: [{ ...TOKEN, privileges: [] }] });
    expect(await poor.api.objects('zones', 'CONFIG')).toEqual([]);
    await expect(poor.api.lock(false)).rejects.toEqual(refused('FORBIDDEN', /SDN\.Allocate/));
    await expect(poor.api.cluster()).rejects.toEqual(refused('FORBIDDEN', /Sys\.Audit/));
    await poor.close();
  });

  it.skipIf(isRealCluster)('of release 8 has no lock, no rollback and no trial; 9.0 has no trial', async () => {
    const old = await ClusterUnderTest.start({ release: '8.4.1' });
    await expect(old.api.lock(false)).rejects.toEqual(refused('NOT_IMPLEMENTED'));
    expect(await old.api.dryRun('node1')).toBeNull();
    await old.close();
    const middle = await ClusterUnderTest.start({ release: '9.0.4', hasWordsInBody: false });
    await middle.api.lock(false);
    expect(await middle.api.dryRun('node1')).toBeNull();
    await expect(middle.api.unlock('x')).rejects.toEqual(refused('REFUSED', /lock token/));
    await middle.close();
  });

  it.skipIf(isRealCluster)('has a boot of a node put in force what is pending, for all', async () => {
    await makeZone();
    cluster.simulator.cluster.boot('node2');
    expect((await api.objects('zones', 'RUNNING')).some(({ id }) => id === ZONE)).toBe(true);
    expect((await api.zoneStatus('node1')).map(({ status }) => status)).toEqual(['pending']);
    await api.remove('zones', ZONE, undefined, token);
    await api.task(await api.apply(token), 1_000);
  });
});
