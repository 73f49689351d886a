import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { ask } from './api-client.js';

let server: http.Server;
let base: string;
beforeAll(async () => {
  server = http.createServer((request, response) => {
    const isApi = request.url === '/graphql';
    response.writeHead(isApi ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isApi ? '{"data":{"connectors":[]}}' : '{"statusCode":404,"message":"Cannot POST"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
afterEach(() => vi.unstubAllEnvs());

function asked(url: string): Promise<unknown> {
  vi.stubEnv('TRAME_URL', url);
  vi.stubEnv('TRAME_TOKEN', 'trame_live_x');
  return ask('{ connectors { id } }', {});
}

describe('the API, asked from the command line', () => {
  it.each(['', '/', '/graphql', '/graphql/'])('is found where its address ends with %j', async (end) => {
    expect(await asked(`${base}${end}`)).toEqual({ connectors: [] });
  });

  it('is told from whatever else answers there', async () => {
    await expect(asked(`${base}/netbox`)).rejects.toThrow('/netbox/graphql is not the API of Trame (HTTP 404): is TRAME_URL right?');
  });

  it.each([
    ['127.0.0.1:4000', 'an http or https URL is needed'],
    ['http://127.0.0.1:9', /cannot be reached: \S/],
  ])('at %s is nowhere, and the words say why', async (url, words) => {
    await expect(asked(url)).rejects.toThrow(words);
  });

  it('that is asked by https where it speaks http says so', async () => {
    await expect(asked(base.replace('http', 'https'))).rejects.toThrow(/cannot be reached: .*SSL/);
  });
});
