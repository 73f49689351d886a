import { openTestDatabase, type OpenDatabase } from '../../../../test/support/open-database.js';
import { testConfig } from '../../../../test/support/world.js';
import { newId, systemScope, type Tx } from '#platform';
import type { TenantId } from '#engines/kernel';
import { TokenStore } from './store/token.store.js';
import { newTokenText, tokenText } from './token-text.js';
import { TokenService } from './token.service.js';

let database: OpenDatabase;
beforeAll(async () => {
  database = await openTestDatabase([]);
});
afterAll(() => database.close());

class FakeClock {
  constructor(private ms = Date.parse('2026-03-01T12:00:00Z')) {}
  now(): Date {
    return new Date(this.ms);
  }
  advance(seconds: number): void {
    this.ms += seconds * 1000;
  }
}

const world = (clock = new FakeClock()) => {
  const service = (): TokenService => new TokenService(database.db, new TokenStore(), clock, testConfig(database.url));
  return { clock, tokens: service(), otherProcess: service() };
};
const input = (clock: FakeClock, over: object = {}) => ({
  name: 'portal',
  tenantId: null,
  scopes: ['order:read'],
  expiresAt: new Date(clock.now().getTime() + 3600_000),
  createdBy: 'test',
  ...over,
});
const row = <T extends object>(sql: string, values: unknown[]): Promise<T | undefined> =>
  database.db.inTransaction(systemScope('test'), (tx) => tx.one<T>(sql, values));

describe('API tokens', () => {
  it('are made and ended together with what is recorded of it, once, by whom it was', async () => {
    const { clock, tokens } = world();
    const refuse = () => Promise.reject(new Error('not recorded'));
    const count = () => row<{ n: number }>('SELECT count(*)::int AS n FROM api_token WHERE revoked_at IS NULL', []);
    const before = await count();
    await expect(tokens.create(input(clock), refuse)).rejects.toThrow('not recorded');
    expect(await count()).toEqual(before);
    const said: string[] = [];
    const record = (word: string) => (tx: Tx, token: { readonly id: string }) => {
      said.push(`${word} ${token.id} by ${tx.scope.actor}`);
      return Promise.resolve();
    };
    const { token } = await tokens.create(input(clock), record('made'));
    await expect(tokens.revoke(token.id, 'someone', refuse)).rejects.toThrow('not recorded');
    await tokens.revoke(token.id, 'someone', record('ended'));
    await tokens.revoke(token.id, 'someone', record('ended'));
    expect(said).toEqual([`made ${token.id} by test`, `ended ${token.id} by someone`]);
  });

  it('prove who calls, with the scopes they were made with', async () => {
    const { clock, tokens } = world();
    const { token, secret } = await tokens.create(input(clock, { scopes: ['order:read', 'order:write', 'order:read'] }));
    expect(await tokens.authenticate(secret)).toMatchObject({
      tokenId: token.id,
      actor: `token:${token.id}`,
      tenantId: null,
      scopes: new Set(['order:read', 'order:write']),
      scope: { kind: 'system' },
    });
  });

  it('of a tenant see that tenant’s rows only', async () => {
    const { clock, tokens } = world();
    const tenantId = newId<TenantId>();
    await row('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2) RETURNING id', [tenantId, 'bound']);
    const { secret } = await tokens.create(input(clock, { tenantId }));
    expect((await tokens.authenticate(secret))?.scope).toMatchObject({ kind: 'tenant', tenantId });
  });

  it('are kept as a hash that does not open anything', async () => {
    const { clock, tokens } = world();
    const { token, secret } = await tokens.create(input(clock));
    const stored = await row<{ text: string }>('SELECT api_token::text AS text FROM api_token WHERE id = $1', [token.id]);
    expect(stored?.text).toContain(token.id);
    expect(stored?.text).not.toContain(secret.slice(24, 67));
    expect(stored?.text).not.toContain(Buffer.from(secret.slice(24, 67)).toString('hex'));
  });

  it('do not open with another secret, although its checksum is right', async () => {
    const { clock, tokens } = world();
    const { token, secret } = await tokens.create(input(clock));
    const forged = tokenText(token.id, newTokenText().secret).text;
    expect(await tokens.authenticate(forged)).toBeUndefined(); // Read from the database …
    expect(await tokens.authenticate(secret)).toBeDefined();
    expect(await tokens.authenticate(forged)).toBeUndefined(); // … and remembered.
    expect(await tokens.authenticate(newTokenText().text)).toBeUndefined();
  });

  it('stop at their expiry, to the second', async () => {
    const { clock, tokens } = world();
    const { secret } = await tokens.create(input(clock));
    clock.advance(3599);
    expect(await tokens.authenticate(secret)).toBeDefined();
    clock.advance(1);
    expect(await tokens.authenticate(secret)).toBeUndefined();
  });

  it('stop at once where they are revoked and within five seconds elsewhere', async () => {
    const { clock, tokens, otherProcess } = world();
    const { token, secret } = await tokens.create(input(clock));
    expect(await otherProcess.authenticate(secret)).toBeDefined();
    await tokens.revoke(token.id);
    expect(await tokens.authenticate(secret)).toBeUndefined();
    clock.advance(5);
    expect(await otherProcess.authenticate(secret)).toBeUndefined();
  });

  it('write when they were last used, once a minute', async () => {
    const { clock, tokens } = world();
    const { token, secret } = await tokens.create(input(clock));
    const lastUsed = async () => (await row<{ at: Date | null }>('SELECT last_used_at AS at FROM api_token WHERE id = $1', [token.id]))?.at;
    const first = clock.now();
    await tokens.authenticate(secret);
    clock.advance(30);
    await tokens.authenticate(secret);
    expect(await lastUsed()).toEqual(first);
    clock.advance(40);
    await tokens.authenticate(secret);
    expect(await lastUsed()).toEqual(clock.now());
  });

  it('ask the database once for many requests', async () => {
    const { clock, tokens } = world();
    const { token, secret } = await tokens.create(input(clock));
    await tokens.authenticate(secret);
    await row('UPDATE api_token SET revoked_at = now() WHERE id = $1 RETURNING id', [token.id]); // Behind its back.
    expect(await tokens.authenticate(secret)).toBeDefined();
    clock.advance(4);
    expect(await tokens.authenticate(secret)).toBeUndefined();
  });

  it('ask the database once for many requests of one moment', async () => {
    const { clock, tokens } = world();
    const { secret } = await tokens.create(input(clock));
    const asked = vi.spyOn(database.db, 'inTransaction');
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, () => tokens.authenticate(secret)));
      expect(new Set(answers.map((principal) => principal?.actor)).size).toBe(1);
      expect(asked).toHaveBeenCalledTimes(1);
    } finally {
      asked.mockRestore();
    }
  });

  it('stop at once where they are revoked, also for a request that was reading them at that moment', async () => {
    const { clock, tokens } = world();
    const { token, secret } = await tokens.create(input(clock));
    const reading = vi.spyOn(TokenStore.prototype, 'byId').mockImplementationOnce(async function (this: TokenStore, tx, id) {
      reading.mockRestore();
      const found = await this.byId(tx, id);
      await tokens.revoke(token.id);
      return found;
    });
    await tokens.authenticate(secret);
    expect(await tokens.authenticate(secret)).toBeUndefined();
  });

  it.each([
    ['an unknown scope', { scopes: ['order:raed'] }],
    ['no scope', { scopes: [] }],
    ['a name of two lines', { name: 'a\nb' }],
    ['an expiry in the past', { expiresAt: new Date('2026-02-01') }],
    ['an expiry two years away', { expiresAt: new Date('2028-03-01') }],
    ['an expiry that is no time', { expiresAt: new Date('never') }],
  ])('are not made with %s', async (_what, over) => {
    const { clock, tokens } = world();
    await expect(tokens.create(input(clock, over))).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });

  it('that do not exist cannot be revoked', async () => {
    await expect(world().tokens.revoke('AAAAAAAAAAAA')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('tell whether an installation has an operator', async () => {
    const { db, url, close } = await openTestDatabase([]);
    const clock = new FakeClock();
    const tokens = new TokenService(db, new TokenStore(), clock, testConfig(url));
    expect(await tokens.hasOperatorToken()).toBe(false);
    const { token } = await tokens.create(input(clock));
    expect(await tokens.hasOperatorToken()).toBe(true);
    await tokens.revoke(token.id);
    expect(await tokens.hasOperatorToken()).toBe(false);
    await close();
  });
});
