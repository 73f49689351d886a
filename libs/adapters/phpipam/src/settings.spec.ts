import http from 'node:http';
import { PhpIpamInventory } from './phpipam-inventory.js';
import { parsePhpIpamSettings } from '#contexts/sync/ports';

const settings = { app: 'trame', sections: ['Customers'] };
const { signal } = new AbortController();

describe('settings of a phpIPAM', () => {
  it('say how often it is asked in a second, after a second’s worth', async () => {
    let asked = 0;
    const server = http.createServer((_request, response) => {
      asked += 1;
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"code":404,"success":false,"message":"No vrfs configured"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    const inventory = new PhpIpamInventory({
      name: 'ipam',
      url,
      secret: 'code',
      settings: parsePhpIpamSettings({ ...settings, requestsPerSecond: 40 }),
    });
    try {
      const begin = performance.now();
      while (asked <= 60) await inventory.get('vrf', ['1'], signal);
      expect(performance.now() - begin).toBeGreaterThanOrEqual(((asked - 40) / 40) * 1000 - 5);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it.each([0, 1001, '10'])('that ask %j times a second are refused', (requestsPerSecond) => {
    const parse = () => parsePhpIpamSettings({ ...settings, requestsPerSecond });
    expect(parse).toThrow(expect.objectContaining({ code: 'INVALID_VALUE', message: expect.stringContaining('1 to 1000') }));
  });
});
