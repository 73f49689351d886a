import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an operator says twice happens once; what causes each hunk; orders that wait for a person; recalls that are taken back (ADR 0017). */
export class SayOnce1767225600022 implements MigrationInterface {
  name = 'SayOnce1767225600022';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- Written with its effect: the same key of the same caller is answered with what came of it the first time.
      CREATE TABLE operator_act (
        actor text NOT NULL,
        key text NOT NULL,
        request_sha256 text NOT NULL,
        -- Which plan or lock it was about.
        answer jsonb,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT operator_act_pkey PRIMARY KEY (actor, key));
      CREATE INDEX operator_act_at ON operator_act (at);
      GRANT SELECT, INSERT, UPDATE, DELETE ON operator_act TO trame_system;

      -- Parts of the diff, each with the objects that cause it.
      ALTER TABLE plan_item ADD COLUMN hunks jsonb NOT NULL DEFAULT '[]';

      -- Until the device is proven at this revision a person approves what is pushed to it: an order asked for that.
      ALTER TABLE device_progress ADD COLUMN attended_revision bigint NOT NULL DEFAULT 0, ADD COLUMN attended_because text;
      ALTER TABLE network_order
        ADD COLUMN deploy text NOT NULL DEFAULT 'AUTO_IF_LOW_RISK' CONSTRAINT network_order_deploy_known CHECK (deploy IN ('AUTO_IF_LOW_RISK', 'PLAN_ONLY'));

      -- UNWANTED: it was ordered when the rollback began, and none of its devices came back.
      ALTER TABLE network_recall
        DROP CONSTRAINT network_recall_state_known,
        ADD CONSTRAINT network_recall_state_known CHECK (state IN ('PROPOSED', 'WANTED', 'ORDERED', 'UNWANTED', 'REFUSED', 'KEPT')),
        -- Devices of the rollback on which the network goes or comes; what is recalled hangs on whether they are back.
        -- None in rows of an older release: then nobody knows, and nothing is withdrawn.
        ADD COLUMN device_ids uuid[] NOT NULL DEFAULT '{}',
        -- Since when a rollback waits for it: it does not wait for ever.
        ADD COLUMN wanted_at timestamptz;
      DROP INDEX network_recall_wanted;
      CREATE INDEX network_recall_open ON network_recall (id) WHERE state IN ('WANTED', 'UNWANTED');

      -- The last hint that was taken: a device that chatters is not read all the time.
      ALTER TABLE drift_report ADD COLUMN hinted_at timestamptz;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE drift_report DROP COLUMN hinted_at;
      DROP INDEX network_recall_open;
      UPDATE network_recall SET state = 'KEPT', reason = coalesce(reason, 'it was ordered, and none of its devices came back') WHERE state = 'UNWANTED';
      ALTER TABLE network_recall
        DROP COLUMN device_ids,
        DROP COLUMN wanted_at,
        DROP CONSTRAINT network_recall_state_known,
        ADD CONSTRAINT network_recall_state_known CHECK (state IN ('PROPOSED', 'WANTED', 'ORDERED', 'REFUSED', 'KEPT'));
      CREATE INDEX network_recall_wanted ON network_recall (id) WHERE state = 'WANTED';
      ALTER TABLE network_order DROP COLUMN deploy;
      ALTER TABLE device_progress DROP COLUMN attended_revision, DROP COLUMN attended_because;
      ALTER TABLE plan_item DROP COLUMN hunks;
      DROP TABLE operator_act;
    `);
  }
}
