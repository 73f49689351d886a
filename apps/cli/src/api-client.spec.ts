import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { ask } from './api-client.js';

let server: http.Server;
let base: string;
/** Of an answer. */
let half: (response: http.ServerResponse) => void;
beforeAll(async () => {
  server = http.createServer((request, response) => {
    if (request.url?.startsWith('/half/')) return half(response);
    const isApi = request.url === '/graphql';
    response.writeHead(isApi ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isApi ? '{"data":{"connectors":[]}}' : '{"statusCode":404,"message":"Cannot POST"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});
afterEach(() => vi.unstubAllEnvs());

function asked(url: string, waitMs?: number): Promise<unknown> {
  vi.stubEnv('TRAME_URL', url);
  vi.stubEnv('TRAME_TOKEN', 'trame_live_x');
  return ask('{ connectors { id } }', {}, waitMs);
}

describe('the API, asked from the command line', () => {
  it.each(['', '/', '/graphql', '/graphql/'])('is found where its address ends with %j', async (end) => {
    expect(await asked(`${base}${end}`)).toEqual({ connectors: [] });
  });

  it('is told from whatever else answers there', async () => {
    await expect(asked(`${base}/netbox`)).rejects.toThrow('/netbox/graphql is not the API of Trame (HTTP 404): is TRAME_URL right?');
  });

  it('at what is no address is nowhere, and the words say why', async () => {
    await expect(asked('127.0.0.1:4000')).rejects.toThrow('an http or https URL is needed');
  });

  it('where nobody listens is nowhere, and the words say why', async () => {
    const gone = http.createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    await expect(asked(`http://127.0.0.1:${port}`)).rejects.toThrow('cannot be reached: ECONNREFUSED');
  });

  it.each([
    ['is cut', (response: http.ServerResponse) => response.destroy(), /broke off \(HTTP 200\): \S/],
    ['does not end', () => undefined, 'broke off (HTTP 200): no whole answer within 0.2 s'],
  ])('whose answer %s is the API all the same', async (_what, then, words) => {
    half = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data":', () => then(response));
    };
    await expect(asked(`${base}/half`, 200)).rejects.toThrow(words);
  });

  it('that is asked by https where it speaks http says so', async () => {
    await expect(asked(base.replace('http', 'https'))).rejects.toThrow(/cannot be reached: .*SSL/);
  });
});
