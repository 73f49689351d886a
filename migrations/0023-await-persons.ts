import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Devices that a person, or another tool, configures (ADR 0017): their items wait for a confirmation, and nobody waits for them but who needs them. */
export class AwaitPersons1767225600023 implements MigrationInterface {
  name = 'AwaitPersons1767225600023';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE plan
        DROP CONSTRAINT plan_state_known,
        -- AWAITING_PERSON: all that Trame pushes is pushed and proven; it is not under way any more, and not over.
        ADD CONSTRAINT plan_state_known CHECK (state IN ('PROPOSED', 'APPROVED', 'APPLYING', 'PAUSED', 'AWAITING_PERSON', 'APPLIED', 'FAILED', 'HALTED', 'CANCELLED', 'SUPERSEDED', 'EXPIRED'));
      CREATE INDEX plan_awaiting_person ON plan (fabric_id) WHERE state = 'AWAITING_PERSON';
      ALTER TABLE plan_item
        DROP CONSTRAINT plan_item_state_known,
        ADD CONSTRAINT plan_item_state_known CHECK (state IN ('PENDING', 'PUSHING', 'CONFIRMED', 'VERIFIED', 'FAILED', 'SKIPPED', 'AWAITING_PERSON')),
        ADD COLUMN is_external boolean NOT NULL DEFAULT false,
        -- What a person puts in force, file by file; secrets by their names.
        ADD COLUMN snippets jsonb NOT NULL DEFAULT '[]',
        -- Who said that it is in force, or handed in what runs.
        ADD COLUMN confirmed_by text,
        ADD CONSTRAINT plan_item_person_for_external CHECK (is_external OR state <> 'AWAITING_PERSON');
      -- A device waits for one thing at a time.
      CREATE UNIQUE INDEX plan_item_awaiting_person ON plan_item (device_id) WHERE state = 'AWAITING_PERSON';
      ALTER TABLE device_progress
        DROP CONSTRAINT device_progress_stage_known,
        ADD CONSTRAINT device_progress_stage_known CHECK (stage IN ('IDLE', 'PLANNED', 'AWAITING_APPROVAL', 'AWAITING_MAINTENANCE', 'AWAITING_PERSON', 'PAUSED', 'PUSHING', 'CONFIRMED', 'VERIFIED', 'FAILED'));
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      UPDATE device_progress SET stage = 'PLANNED' WHERE stage = 'AWAITING_PERSON';
      UPDATE plan_item SET state = 'SKIPPED', finished_at = clock_timestamp() WHERE state = 'AWAITING_PERSON';
      UPDATE plan SET state = 'SUPERSEDED', finished_at = clock_timestamp() WHERE state = 'AWAITING_PERSON';
      ALTER TABLE device_progress
        DROP CONSTRAINT device_progress_stage_known,
        ADD CONSTRAINT device_progress_stage_known CHECK (stage IN ('IDLE', 'PLANNED', 'AWAITING_APPROVAL', 'AWAITING_MAINTENANCE', 'PAUSED', 'PUSHING', 'CONFIRMED', 'VERIFIED', 'FAILED'));
      DROP INDEX plan_item_awaiting_person;
      ALTER TABLE plan_item
        DROP CONSTRAINT plan_item_person_for_external,
        DROP COLUMN is_external, DROP COLUMN snippets, DROP COLUMN confirmed_by,
        DROP CONSTRAINT plan_item_state_known,
        ADD CONSTRAINT plan_item_state_known CHECK (state IN ('PENDING', 'PUSHING', 'CONFIRMED', 'VERIFIED', 'FAILED', 'SKIPPED'));
      DROP INDEX plan_awaiting_person;
      ALTER TABLE plan
        DROP CONSTRAINT plan_state_known,
        ADD CONSTRAINT plan_state_known CHECK (state IN ('PROPOSED', 'APPROVED', 'APPLYING', 'PAUSED', 'APPLIED', 'FAILED', 'HALTED', 'CANCELLED', 'SUPERSEDED', 'EXPIRED'));
    `);
  }
}
