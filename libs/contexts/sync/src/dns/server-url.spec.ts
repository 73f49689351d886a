import { parseServerUrl } from './server-url.js';

describe('the address of a name server', () => {
  it.each(['http://127.0.0.1:8081', 'http://127.0.0.1:8081/', 'https://tools.example/powerdns', 'https://gateway.example/api/powerdns'])(
    'may be %s',
    (url) => {
      expect(parseServerUrl(url)).toBe(url);
    },
  );

  it.each([
    '/api',
    '/api/',
    '/api/v1',
    '/api/v1/servers',
    '/api/v1/servers/localhost',
    '/api/v1/servers/localhost/',
    '/API/v1/servers/a/zones',
  ])('that ends in %s is refused, with the one that is meant', (path) => {
    expect(() => parseServerUrl(`https://tools.example/dns${path}`)).toThrow(
      expect.objectContaining({
        code: 'INVALID_VALUE',
        facts: expect.objectContaining({
          accepted: `the address of PowerDNS without ${path}, which is added here: https://tools.example/dns`,
        }),
      }),
    );
  });
});
