import { ConfigError, loadConfig } from './config.js';

const key = Buffer.alloc(32, 7).toString('base64');
const good = { DATABASE_URL: 'postgres://localhost/trame', TRAME_KEK: key, TRAME_TOKEN_PEPPER: key };

describe('configuration', () => {
  it('fills in the defaults and reads numbers', () => {
    expect(loadConfig({ ...good, HTTP_PORT: '8080' })).toMatchObject({ HTTP_PORT: 8080, HTTP_HOST: '127.0.0.1', LEASE_SECONDS: 6 });
  });

  it('lists all problems at once, without the values', () => {
    let error: unknown;
    try {
      loadConfig({ DATABASE_URL: 'mysql://secret-value', HTTP_PORT: '99999', TRAME_KEK: 'short' });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConfigError);
    const problems = (error as ConfigError).problems;
    expect(problems.map((line) => line.split(/[ :]/)[0]).sort()).toEqual(['DATABASE_URL', 'HTTP_PORT', 'TRAME_KEK', 'TRAME_TOKEN_PEPPER']);
    expect((error as ConfigError).message).not.toContain('secret-value');
  });

  it('prints secrets as a mask', () => {
    expect(`${loadConfig(good).TRAME_KEK.toString()} ${JSON.stringify(loadConfig(good))}`).not.toContain(key);
  });

  it('reads which proxies are believed', () => {
    expect(loadConfig(good).TRUST_PROXY).toEqual([]);
    expect(loadConfig({ ...good, TRUST_PROXY: '127.0.0.1, 10.0.0.0/24,::1,fd00::/64' }).TRUST_PROXY).toEqual([
      '127.0.0.1',
      '10.0.0.0/24',
      '::1',
      'fd00::/64',
    ]);
  });

  it.each([
    '1',
    'true',
    '*',
    'loopback',
    'proxy.example',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.0/',
    'fe80::1%eth0',
    '127.0.0.1,',
    '10.0.0.0/8/8',
  ])('believes no proxy %s', (TRUST_PROXY) => {
    expect(() => loadConfig({ ...good, TRUST_PROXY })).toThrow(/TRUST_PROXY must be the addresses of reverse proxies, or CIDRs/);
  });
});
