/** Who may do what: rights by type and by object, tokens that only read, are off or old, and passwords. */
import type { JsonObject } from '../../apps/lab/src/netbox-simulator/index.js';
import { type Person, person } from './netbox-people.js';
import { against, isAtLeast, isRealNetBox, itWhere, type NetBoxReply, NetBoxUnderTest, releases, textOf } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);

const like = (words: RegExp): string => expect.stringMatching(words) as string;
const ALL = ['view', 'add', 'change', 'delete'] as const;

describe.each(releases)(`NetBox %s${isRealNetBox ? '' : ' (simulated)'}: users`, (release) => {
  let netbox: NetBoxUnderTest;
  const by =
    ({ token }: Person) =>
    (method: string, path: string, body?: JsonObject): Promise<NetBoxReply> =>
      netbox.call(method, path, body, {}, token);

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
  });
  afterAll(() => netbox.close());

  it('whose token only reads, is old or is off', async () => {
    const reader = await person(netbox, { actions: ALL });
    const call = by(reader);
    await reader.change({ isWriting: false });
    expect((await call('GET', 'ipam/vrfs/?limit=1')).status).toBe(200);
    expect(await call('POST', 'ipam/vrfs/', { name: 'x' })).toMatchObject({ status: 403, json: { detail: like(/permission/) } });
    await reader.change({ isExpired: true });
    expect(await call('GET', 'ipam/vrfs/')).toMatchObject({ status: 403, json: { detail: 'Token expired' } });
    if (!isAtLeast(release, '4.5')) return;
    await reader.change({ isEnabled: false });
    expect(await call('GET', 'ipam/vrfs/')).toMatchObject({ status: 403, json: { detail: 'Token disabled' } });
  });

  it('may some things with some types, and lose that at any time', async () => {
    const limited = await person(netbox, { actions: ['view', 'add'] });
    const call = by(limited);
    expect((await call('GET', 'ipam/prefixes/')).status).toBe(403);
    const made = await call('POST', 'ipam/vrfs/', { name: netbox.name('v') });
    netbox.forget(`ipam/vrfs/${Number(made.json['id'])}/`);
    expect(made.status).toBe(201);
    expect((await call('PATCH', `ipam/vrfs/${Number(made.json['id'])}/`, {})).status).toBe(403);
    await limited.loseRights();
    expect((await call('GET', 'ipam/vrfs/')).status).toBe(403);
  });

  it('see some objects, and make none outside of those', async () => {
    const prefix = netbox.name('ours');
    const call = by(await person(netbox, { actions: ALL, prefix }));
    const theirs = await netbox.vrf();
    const ours = await call('POST', 'ipam/vrfs/', { name: `${prefix}-a` });
    netbox.forget(`ipam/vrfs/${Number(ours.json['id'])}/`);
    expect((await call('GET', 'ipam/vrfs/')).json).toMatchObject({ count: 1, results: [{ id: ours.json['id'] }] });
    for (const method of ['GET', 'DELETE']) expect((await call(method, `ipam/vrfs/${theirs.id}/`)).status).toBe(404);
    const outside = netbox.name('outside');
    expect((await call('POST', 'ipam/vrfs/', { name: outside })).status).toBe(403);
    expect((await call('PATCH', `ipam/vrfs/${Number(ours.json['id'])}/`, { name: outside })).status).toBe(403);
    expect(await netbox.rows(`ipam/vrfs/?name=${outside}`)).toEqual([]);
  });

  it('get a token for their password', async () => {
    const { name, password } = await person(netbox, { actions: ['view'] });
    const provision = (given: string) => netbox.call('POST', 'users/tokens/provision/', { username: name, password: given }, {}, '');
    expect((await provision('wrong')).status).toBe(403);
    const { status, json } = await provision(password);
    expect(status).toBe(201);
    const value = isAtLeast(release, '4.5') ? `nbt_${textOf(json['key'])}.${textOf(json['token'])}` : textOf(json['key']);
    expect((await netbox.call('GET', 'ipam/vrfs/?limit=1', undefined, {}, value)).status).toBe(200);
  });

  itWhere(isAtLeast(release, '4.7'))('are refused in lists for each object, and nothing is done', async () => {
    const prefix = netbox.name('ours');
    const { token } = await person(netbox, { actions: ALL, prefix });
    const names = [`${prefix}-a`, netbox.name('outside')];
    const bodies = names.map((name) => ({ name }));
    const refused = await netbox.call('POST', 'ipam/vrfs/', bodies, {}, token);
    expect(refused).toMatchObject({ status: 403, json: { errors: [{ index: 1, errors: { __all__: [like(/permission/)] } }] } });
    expect(await netbox.rows(`ipam/vrfs/?name=${names[0]}&name=${names[1]}`)).toEqual([]);
  });
});
