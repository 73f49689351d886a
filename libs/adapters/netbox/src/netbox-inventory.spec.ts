import http from 'node:http';
import { NetBoxInventory } from './netbox-inventory.js';

const { signal } = new AbortController();
const servers: http.Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A NetBox without an object in it, which may be upgraded. */
async function empty(release: { is: string }): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://netbox').pathname;
    asked.push(path);
    const body = path === '/api/status/' ? { 'netbox-version': release.is } : { count: 0, next: null, previous: null, results: [] };
    const api = release.is.split('.').slice(0, 2).join('.');
    response.writeHead(200, { 'content-type': 'application/json', 'api-version': api }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, asked };
}

describe('an inventory of NetBox', () => {
  it('asks no more a second than its settings allow, after a second’s worth', async () => {
    const { url, asked } = await empty({ is: '4.6.8' });
    const inventory = new NetBoxInventory({ name: 'netbox', url, token: 'nbt_a.b', settings: { requestsPerSecond: 40 } });
    const begin = performance.now();
    while (asked.length <= 60) await inventory.scan('vrf', null, signal);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(((asked.length - 40) / 40) * 1000 - 5);
  });

  it.each([0, 0.5, 1001, '10'])('is not asked %j times a second', (requestsPerSecond) => {
    const made = () => new NetBoxInventory({ name: 'netbox', url: 'http://127.0.0.1', token: 'nbt_a.b', settings: { requestsPerSecond } });
    expect(made).toThrow(expect.objectContaining({ code: 'INVALID_VALUE', message: expect.stringContaining('1 to 1000') }));
  });

  it('that is upgraded while it is read is an error, and is probed again by who asks next', async () => {
    const release = { is: '4.6.8' };
    const { url } = await empty(release);
    const inventory = new NetBoxInventory({ name: 'netbox', url, token: 'nbt_a.b' });
    await inventory.scan('vrf', null, signal);
    release.is = '4.7.0';
    await expect(inventory.scan('vlan', null, signal)).rejects.toMatchObject({ code: 'NETBOX_RELEASE', facts: { retriable: true } });
    expect(await inventory.scan('vlan', null, signal)).toEqual({ objects: [], next: null, total: 0 });
    await expect(inventory.probe(signal)).resolves.toMatchObject({ version: '4.7.0' });
  });

  it.each(['4.1.11', '3.7.8', '5.0.0'])('of release %s is refused with what is accepted', async (is) => {
    const { url } = await empty({ is });
    const probing = new NetBoxInventory({ name: 'netbox', url, token: 'nbt_a.b' }).probe(signal);
    await expect(probing).rejects.toMatchObject({ code: 'NETBOX_RELEASE', message: expect.stringContaining('4.2 to 4.7') });
  });

  it.each(['<h1>Not Found</h1>', '{"detail":"Not found."}'])('at an address where none is says what an address is: %s', async (page) => {
    const server = http.createServer((_request, response) => response.writeHead(404).end(page));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/netbox`;
    const words = expect.stringContaining('no NetBox answers there; the address of the connector is all that stands before /api') as string;
    const inventory = new NetBoxInventory({ name: 'netbox', url, token: 'nbt_a.b' });
    await expect(inventory.probe(signal)).rejects.toMatchObject({ facts: { status: 404 }, message: words });
  });

  it('that has no such kind says what its settings lack', async () => {
    const { url } = await empty({ is: '4.6.8' });
    const inventory = new NetBoxInventory({ name: 'netbox', url, token: 'nbt_a.b' });
    await expect(inventory.scan('device', null, signal)).rejects.toMatchObject({
      code: 'NETBOX_NOT_PREPARED',
      message: expect.stringContaining('device.role'),
    });
  });

  it('asks for nothing that cannot be there', async () => {
    const { url, asked } = await empty({ is: '4.6.8' });
    const inventory = new NetBoxInventory({ name: 'netbox', url, token: 'nbt_a.b' });
    await inventory.probe(signal);
    asked.length = 0;
    expect(await inventory.get('vrf', [], signal)).toEqual([]);
    expect(await inventory.findAlike('l2vpn', [{ identifier: null }], signal)).toEqual([]);
    expect(await inventory.write('vrf', [], signal)).toEqual([]);
    expect(asked).toEqual([]);
  });

  it.each(['', '0', '-1', '1.5', 'x', '1 OR 1'])('refuses %j as an id', async (id) => {
    const { url } = await empty({ is: '4.6.8' });
    const inventory = new NetBoxInventory({ name: 'netbox', url, token: 'nbt_a.b' });
    await expect(inventory.get('vrf', [id], signal)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await expect(inventory.write('vrf', [{ verb: 'DEPRECATE', remoteId: id, version: null }], signal)).rejects.toMatchObject({
      code: 'INVALID_VALUE',
    });
  });

  it.each([{ rirs: 'x' }, { device: { role: 'leaf' } }, { rir: 5 }, { rir: 'not a slug' }, { createMissing: 'yes' }, { l2vpnType: '' }])(
    'refuses the settings %j with what is accepted',
    (settings) => {
      const make = () => new NetBoxInventory({ name: 'netbox', url: 'http://127.0.0.1', token: 'x', settings });
      expect(make).toThrow(
        expect.objectContaining({ code: 'INVALID_VALUE', message: expect.stringContaining('createMissing true or false') }),
      );
    },
  );

  it.each(['', 'x', '5', '5:1', '0:0:'])('refuses %j as a place to go on', async (after) => {
    const { url } = await empty({ is: '4.6.8' });
    const inventory = new NetBoxInventory({ name: 'netbox', url, token: 'nbt_a.b' });
    await expect(inventory.scan('vrf', after, signal)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });
});
