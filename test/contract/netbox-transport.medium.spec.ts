/** Addresses, tokens, headers and faults of the line: what a client meets before it meets an object. */
import { against, isAtLeast, isRealNetBox, NetBoxUnderTest, releases, textOf } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);

describe.each(releases)(`NetBox %s${isRealNetBox ? '' : ' (simulated)'}: the way in`, (release) => {
  let netbox: NetBoxUnderTest;

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
  });
  afterAll(() => netbox.close());

  it('leads to the address with a slash, and loses the body of a POST on the way', async () => {
    const { status, headers } = await netbox.get('tenancy/tenants');
    expect([301, 302]).toContain(status);
    expect(headers['location']).toMatch(/\/api\/tenancy\/tenants\/$/);
    const name = netbox.name('lost');
    const lost = await netbox.call('POST', 'tenancy/tenants', { name, slug: name });
    expect(lost.status).not.toBe(201);
    expect(await netbox.rows(`tenancy/tenants/?name=${name}`)).toEqual([]);
  });

  it('has a page for people where nothing of its API is, and words where an object is not', async () => {
    for (const path of ['ipam/nobody-made-this/', 'nobody/vrfs/', 'ipam/prefixes/1/available-nothing/'])
      expect(await netbox.get(path)).toMatchObject({ status: 404, json: {}, text: expect.stringMatching(/<html/i) as string });
    expect(await netbox.get('ipam/vlan-groups/999999999/')).toMatchObject({
      status: 404,
      json: { detail: 'No VLANGroup matches the given query.' },
    });
  });

  it('says its release in its status and in a header of every answer, and gives each answer an id', async () => {
    const status = await netbox.get('status/');
    expect(textOf(status.json['netbox-version'])).toMatch(new RegExp(`^${release.replace('.', '\\.')}\\.`));
    expect('hostname' in status.json).toBe(isAtLeast(release, '4.4'));
    for (const reply of [status, await netbox.get('ipam/vrfs/'), await netbox.get('ipam/vrfs/999999999/')]) {
      expect(reply.headers['api-version']).toBe(release);
      expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('refuses who is nobody with 403, and words', async () => {
    const nobody = await netbox.call('GET', 'ipam/vrfs/', undefined, {}, '');
    expect(nobody).toMatchObject({ status: 403, json: { detail: 'Authentication credentials were not provided.' } });
    const stranger = await netbox.call('GET', 'ipam/vrfs/', undefined, {}, 'f'.repeat(40));
    expect(stranger).toMatchObject({ status: 403, json: { detail: expect.stringMatching(/^Invalid/) as string } });
    expect((await netbox.get('users/tokens/')).status).toBe(200);
    expect((await netbox.get('authentication-check/')).status).toBe(isAtLeast(release, '4.5') ? 200 : 404);
  });

  it('sees by the value which kind of token it is, whatever the word before it', async () => {
    const words = isAtLeast(release, '4.5') ? ['Token', 'Bearer', 'token', 'BEARER'] : ['Token', 'token'];
    for (const word of words)
      expect((await netbox.call('GET', 'status/', undefined, { authorization: `${word} ${netbox.token}` })).status).toBe(200);
    if (isRealNetBox || !isAtLeast(release, '4.5')) return;
    const old = netbox.simulator.state.user('with-an-old-token', null, 1);
    expect(old.value).toMatch(/^[0-9a-f]{40}$/);
    for (const word of words)
      expect((await netbox.call('GET', 'status/', undefined, { authorization: `${word} ${old.value}` })).status).toBe(200);
    expect(netbox.token).toMatch(/^nbt_[^.]+\..+$/);
  });
});
