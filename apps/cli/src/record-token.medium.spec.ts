import { type OpenDatabase, openTestDatabase } from '../../../test/support/open-database.js';
import { testConfig } from '../../../test/support/world.js';
import { systemScope } from '#platform';
import { bootstrapToken, withTokens } from './operator.js';
import { recordToken } from './record-token.js';

let opened: OpenDatabase;
beforeAll(async () => {
  opened = await openTestDatabase([]);
});
afterAll(() => opened.close());

describe('tokens of the command line', () => {
  it('are in the audit when they are made and when they end, under one subject, and without their secret', async () => {
    const config = testConfig(opened.url);
    const secret = (await bootstrapToken(config)) ?? '';
    const id = secret.slice('trame_live_'.length, 'trame_live_'.length + 12);
    await withTokens(config, (tokens) => tokens.revoke(id, 'cli', recordToken('token.revoked')));
    const rows = await opened.db.inTransaction(systemScope('spec'), (tx) =>
      tx.sql<{ actor: string; action: string; subject: string; detail: { token: string } }>(
        `SELECT actor, action, subject_id AS subject, detail FROM audit_entry WHERE subject_kind = 'token' ORDER BY id`,
      ),
    );
    expect(rows.map(({ actor, action, detail }) => [actor, action, detail.token])).toEqual([
      ['bootstrap', 'token.created', id],
      ['cli', 'token.revoked', id],
    ]);
    expect(new Set(rows.map(({ subject }) => subject)).size).toBe(1);
    expect(secret).toMatch(/^trame_live_/);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(30));
  });
});
