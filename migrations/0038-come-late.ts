import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was sent and not answered is not sent again, by whatever kind of run, before the other system has given it up, too. */
export class ComeLate1767225600038 implements MigrationInterface {
  name = 'ComeLate1767225600038';

  async up(q: QueryRunner): Promise<void> {
    await q.query('ALTER TABLE sync_recheck ADD COLUMN may_come_until timestamptz');
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('ALTER TABLE sync_recheck DROP COLUMN may_come_until');
  }
}
