/** What only the simulator of phpIPAM can show: its releases, its clock, its locks and its bugs. */
import { type ApiRow, APP, IpamUnderTest, isRealIpam, MARK, TOKEN_APP, USER } from './phpipam-server.js';

describe.skipIf(isRealIpam)('the simulator of phpIPAM', () => {
  let ipam: IpamUnderTest | null = null;
  const start = async (...args: Parameters<typeof IpamUnderTest.start>) => (ipam = await IpamUnderTest.start(...args));
  afterEach(async () => {
    await ipam?.close();
    ipam = null;
  });

  const basic = (password: string = USER.password) => ({
    authorization: `Basic ${Buffer.from(`${USER.name}:${password}`).toString('base64')}`,
  });
  const login = (server: IpamUnderTest, password?: string) => server.call('POST', '/user/', undefined, basic(password), TOKEN_APP.id);
  const tokenOf = (answer: Awaited<ReturnType<IpamUnderTest['call']>>) => (answer.json.data as { token: string }).token;

  it('wants TLS of who has a code or a token, and of who has none unless that is unsafe by wish', async () => {
    const server = await start({ apps: [{ ...APP }, { ...APP, id: 'open', security: 'none' }] });
    const plain = await server.simulator.openPlain();
    const get = (app: string) => server.send('GET', `${plain}/api/${app}/sections/`, undefined, { token: APP.code });
    expect(await get(APP.id)).toMatchObject({ status: 503, body: expect.stringContaining('SSL connection is required') as string });
    expect(await get('open')).toMatchObject({ status: 503 });
    server.simulator.ipam.settings.allowsUnsafe = true;
    expect(await get('open')).toMatchObject({ status: 401 });
  });

  it('has one token for all clients of a user, which one of them takes from the others', async () => {
    const server = await start();
    const token = tokenOf(await login(server));
    expect(tokenOf(await login(server))).toBe(token);
    const get = () => server.call('GET', '/sections/', undefined, { token }, TOKEN_APP.id);
    expect(await get()).toMatchObject({ status: 200 });
    expect(await server.call('DELETE', '/user/', undefined, { token }, TOKEN_APP.id)).toMatchObject({ status: 200 });
    expect(await get()).toMatchObject({ status: 401 });
  });

  it('ends a token six hours after its last use', async () => {
    let now = new Date('2026-11-21T08:00:00');
    const server = await start({ now: () => now });
    const token = tokenOf(await login(server));
    const after = async (hours: number) => {
      now = new Date(now.getTime() + hours * 3_600_000);
      return (await server.call('GET', '/sections/', undefined, { token }, TOKEN_APP.id)).status;
    };
    expect([await after(5), await after(5), await after(7)]).toEqual([200, 200, 401]);
  });

  it('blocks an address after more than ten wrong passwords, for five minutes, with 500', async () => {
    let now = new Date('2026-11-21T08:00:00');
    const server = await start({ now: () => now });
    for (let i = 0; i < 11; i++)
      expect(await login(server, 'wrong')).toMatchObject({ status: 500, json: { message: 'Invalid username or password' } });
    expect(await login(server)).toMatchObject({ status: 500, json: { message: expect.stringContaining('blocked') as string } });
    expect(await server.call('GET', '/sections/')).toMatchObject({ status: 500 });
    now = new Date(now.getTime() + 301_000);
    expect(await login(server)).toMatchObject({ status: 200 });
  });

  it('1.7 falls over two logins at once', async () => {
    const server = await start({ release: '1.7.4' });
    let finish: (() => void) | undefined;
    server.simulator.ipam.hashing = () => new Promise<void>((resolve) => (finish = resolve));
    const first = login(server);
    await vi.waitFor(() => expect(finish).toBeDefined(), { timeout: 5000, interval: 5 });
    expect((await login(server)).status).toBe(500);
    finish?.();
    expect((await first).status).toBe(200);
  });

  it('1.8 has one lock for all writes, and gives up waiting for it', async () => {
    const server = await start({ apps: [{ ...APP, lockWaitMs: 20 }] });
    const release = server.simulator.ipam.lock.hold();
    expect(await server.call('POST', '/vrfs/', { name: 'red' })).toMatchObject({
      status: 500,
      json: { message: expect.stringContaining('Cannot obtain lock') as string },
    });
    expect(await server.call('GET', '/sections/')).toMatchObject({ status: 200 });
    release();
    expect(await server.call('POST', '/vrfs/', { name: 'red' })).toMatchObject({ status: 201 });
  });

  it('1.7 locks a subnet only, while it gives out its first free one', async () => {
    const server = await start({ release: '1.7.4', apps: [{ ...APP, lockWaitMs: 20 }] });
    const subnetId = await server.make('/subnets/', { subnet: '10.0.0.0', mask: '24', sectionId: await server.section() });
    const release = server.simulator.ipam.lock.hold();
    expect(await server.call('POST', '/vrfs/', { name: 'red' })).toMatchObject({ status: 201 });
    expect(await server.call('POST', `/addresses/first_free/${subnetId}/`, {})).toMatchObject({ status: 500 });
    release();
  });

  it('gives two first free addresses to two who ask at once', async () => {
    const server = await start();
    const subnetId = await server.make('/subnets/', { subnet: '10.0.0.0', mask: '24', sectionId: await server.section() });
    const both = await Promise.all([1, 2].map(() => server.call('POST', `/addresses/first_free/${subnetId}/`, {})));
    expect(both.map(({ json }) => json.data).sort()).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it('in a list shows the gateway of another subnet', async () => {
    const server = await start();
    const sectionId = await server.section();
    const [one, two] = [
      await server.make('/subnets/', { subnet: '10.0.0.0', mask: '24', sectionId }),
      await server.make('/subnets/', { subnet: '10.0.1.0', mask: '24', sectionId }),
    ];
    await server.make('/addresses/', { ip: '10.0.1.1', subnetId: two, is_gateway: 1 });
    const rows = (await server.read('/subnets/')) as unknown as ApiRow[];
    expect(rows.map((row) => [row['id'], row['gatewayId'] ?? null])).toEqual([
      [one, '1'],
      [two, null],
    ]);
    expect(await server.read(`/subnets/${two}/`)).toMatchObject({ gatewayId: '1' });
  });

  it('takes what goes out of the translations that name it', async () => {
    const server = await start();
    const { ipam } = server.simulator;
    const sectionId = await server.section();
    const subnet = await server.make('/subnets/', { subnet: '10.88.0.0', mask: '24', sectionId });
    const address = await server.make('/addresses/', { ip: '10.88.0.9', subnetId: subnet });
    expect(await server.call('GET', '/tools/nat/')).toMatchObject({ status: 404, json: { message: 'No objects found' } });
    ipam.typed('nat', { name: 'web', src: JSON.stringify({ ipaddresses: [address] }), dst: JSON.stringify({ subnets: [subnet] }) });
    await server.call('DELETE', `/subnets/${subnet}/`);
    expect((await server.call('GET', '/tools/nat/')).json.data).toMatchObject([{ src: '{"ipaddresses":[]}', dst: '{"subnets":[]}' }]);
  });

  it('moves added columns into custom_fields for an app that wants it, on reading and on writing', async () => {
    const server = await start({ apps: [{ ...APP, nestsCustomFields: true }] });
    const id = await server.make('/vrfs/', { name: 'red', custom_fields: { [MARK]: 'vrf_1' } });
    const row = await server.read(`/vrfs/${id}/`);
    expect([row['custom_fields'], row[MARK]]).toEqual([{ [MARK]: 'vrf_1' }, undefined]);
    expect(await server.call('POST', '/vrfs/', { name: 'blue', custom_fields: { custom_none: 'x' } })).toMatchObject({ status: 400 });
  });

  it('takes the tags of HTML out of what is written, and refuses or cuts what is too long', async () => {
    const server = await start();
    const id = await server.make('/vrfs/', { name: 'red', description: 'a <b>bold</b> one' });
    expect(await server.read(`/vrfs/${id}/`)).toMatchObject({ description: 'a bold one' });
    expect(await server.call('POST', '/vrfs/', { name: 'x'.repeat(33) })).toMatchObject({
      status: 500,
      json: { message: expect.stringContaining('1406') as string },
    });
    await server.close();
    const lax = await start({ isStrictSql: false });
    expect(await lax.read(`/vrfs/${await lax.make('/vrfs/', { name: 'x'.repeat(33) })}/`)).toMatchObject({ name: 'x'.repeat(32) });
  });

  it('has no way to write for an app that may only read, and none at all for one that is disabled', async () => {
    const server = await start();
    const app = server.simulator.ipam.apps[0];
    if (app) app.permissions = 1;
    expect(await server.call('POST', '/vrfs/', { name: 'red' })).toMatchObject({ status: 401, json: { message: 'invalid permissions' } });
    if (app) app.permissions = 0;
    expect(await server.call('GET', '/sections/')).toMatchObject({ status: 503, json: { message: 'Application disabled' } });
  });

  it('cannot tell an empty table from one that it cannot read, where all rows are asked for', async () => {
    const server = await start();
    expect(await server.call('GET', '/subnets/')).toMatchObject({ status: 500, json: { message: 'Unable to read subnets' } });
    expect(await server.call('GET', '/addresses/')).toMatchObject({ status: 500, json: { message: 'Unable to read addresses' } });
  });
});
