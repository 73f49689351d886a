// What a person is told to type at 3 a.m. runs as it stands in the page.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { systemScope } from '#platform';
import { REPOSITORY } from '../architecture/source-tree.js';
import { type OpenDatabase, openTestDatabase } from '../support/open-database.js';

let opened: OpenDatabase;
beforeAll(async () => {
  opened = await openTestDatabase([]);
});
afterAll(() => opened.close());

describe('docs/operations/backup-and-restore.md', () => {
  it('has statements that the database takes from the role that they name', async () => {
    const page = readFileSync(path.join(REPOSITORY, 'docs/operations/backup-and-restore.md'), 'utf8');
    const block = /```sql\n(\s*SET ROLE trame_system;[^`]*)```/.exec(page)?.[1] ?? '';
    const statements = block
      .replace(/--.*$/gm, '')
      .split(';')
      .map((statement) => statement.trim())
      .filter((statement) => /^(UPDATE|DELETE|INSERT)/.test(statement));
    expect(statements.length).toBeGreaterThan(3);
    await opened.db.inTransaction(systemScope('spec'), async (tx) => {
      expect(await tx.one('SELECT current_user::text AS role')).toEqual({ role: 'trame_system' });
      for (const statement of statements) await tx.run(statement, []);
    });
  });
});
