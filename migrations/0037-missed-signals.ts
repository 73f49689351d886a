import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A change that came while an execution was about to fail is what the next execution begins for: it does not wait for the rest to end. */
export class MissedSignals1767225600037 implements MigrationInterface {
  name = 'MissedSignals1767225600037';

  async up(q: QueryRunner): Promise<void> {
    await q.query('ALTER TABLE fabric_retry ADD COLUMN is_asked boolean NOT NULL DEFAULT false');
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('ALTER TABLE fabric_retry DROP COLUMN is_asked');
  }
}
