import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Systems that are kept right say themselves that something changed there. */
export class HearNetbox1767225600031 implements MigrationInterface {
  name = 'HearNetbox1767225600031';

  async up(q: QueryRunner): Promise<void> {
    // What their webhooks are signed with; NULL: none are heard.
    await q.query(`ALTER TABLE sync_target ADD COLUMN sealed_hook_secret bytea`);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`ALTER TABLE sync_target DROP COLUMN sealed_hook_secret`);
  }
}
