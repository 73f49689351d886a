import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What another system refused, or did not answer, is tried again by itself, later each time; and two connectors do not keep the same objects. */
export class TryAgain1767225600032 implements MigrationInterface {
  name = 'TryAgain1767225600032';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE sync_target
        -- Complete runs that failed one after the other; the next one begins at next_scan_at, whatever asks for it but a person.
        ADD COLUMN scan_failures int NOT NULL DEFAULT 0,
        ADD COLUMN scan_failing_since timestamptz,
        ADD COLUMN scan_error text,
        ADD COLUMN next_scan_at timestamptz NOT NULL DEFAULT '-infinity',
        -- Of an inventory that is switched on: its address, and where the marks stand there.
        ADD COLUMN place text,
        ADD CONSTRAINT sync_target_scan_failing_since CHECK ((scan_failures > 0) = (scan_failing_since IS NOT NULL));
      -- Of several to one place the first one; docs/operations/upgrade.md says how the others are found.
      WITH place AS (SELECT id, kind, regexp_replace(rtrim(regexp_replace(lower(url), '^https?://', ''), '/'), '/api$', '') AS host, settings->>'markColumn' AS marks
         FROM sync_target WHERE enabled AND kind <> 'POWERDNS')
      UPDATE sync_target t SET place = p.host || ' ' || coalesce(p.marks, '') FROM place p
       WHERE p.id = t.id AND NOT EXISTS (SELECT FROM place o WHERE o.id < p.id AND o.kind = p.kind AND o.host = p.host);
      CREATE UNIQUE INDEX sync_target_place_unique ON sync_target (kind, place);

      ALTER TABLE sync_run
        DROP CONSTRAINT sync_run_trigger_known,
        ADD CONSTRAINT sync_run_trigger_known CHECK (trigger IN ('CHANGE', 'HINT', 'TIMER', 'PERSON', 'ADOPTION', 'RETRY')),
        -- Of a run that was stopped by what it saw: rows by kind that a later scan is measured by, once a person says that they are right.
        ADD COLUMN measure jsonb NOT NULL DEFAULT '{}',
        -- It failed, and what it did not do is kept until the next one fails.
        ADD COLUMN is_cut_short boolean NOT NULL DEFAULT false;
      CREATE INDEX sync_run_finished ON sync_run (finished_at) WHERE phase = 'ENDED';
      CREATE INDEX sync_run_cut_short ON sync_run (target_id) WHERE is_cut_short;
      -- What was stopped, or a complete run that went through: a handful of millions.
      CREATE INDEX sync_run_word ON sync_run (target_id, started_at DESC, id DESC)
        WHERE NOT is_dry_run AND (state = 'BLOCKED_BY_GUARD' OR (trigger IN ('TIMER', 'PERSON') AND state IN ('SUCCEEDED', 'PARTIAL')));

      ALTER TABLE sync_change
        -- What stood here, of the fields in pull.
        ADD COLUMN replaced jsonb NOT NULL DEFAULT '{}',
        -- The object of ours, which is no more, whose mark stands there and gives way to that of this one.
        ADD COLUMN successor_of text COLLATE "C";

      -- When an object is looked at again although nothing changed: it was refused or not answered, or its grace period ends.
      CREATE TABLE sync_recheck (
        target_id uuid NOT NULL CONSTRAINT sync_recheck_target_fkey REFERENCES sync_target (id) ON DELETE CASCADE,
        kind text NOT NULL,
        local_id text COLLATE "C" NOT NULL,
        attempts int NOT NULL DEFAULT 0,
        due_at timestamptz NOT NULL,
        since timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- Of the other system, word by word; null: only time has to pass.
        error text,
        CONSTRAINT sync_recheck_pkey PRIMARY KEY (target_id, kind, local_id));
      CREATE INDEX sync_recheck_due ON sync_recheck (target_id, due_at);
      INSERT INTO sync_recheck (target_id, kind, local_id, due_at)
        SELECT l.target_id, l.kind, l.local_id, l.deprecated_at + make_interval(secs => t.grace_seconds) FROM sync_link l JOIN sync_target t ON t.id = l.target_id
         WHERE l.state = 'DEPRECATED';

      -- Which Trame this is, for marks of objects that are the same in every Trame (a route target, an ASN). Made when it is asked for first.
      CREATE TABLE sync_installation (
        is_only boolean CONSTRAINT sync_installation_pkey PRIMARY KEY DEFAULT true CONSTRAINT sync_installation_is_only CHECK (is_only),
        id text NOT NULL);

      GRANT SELECT, INSERT, UPDATE, DELETE ON sync_recheck TO trame_system;
      GRANT SELECT, INSERT ON sync_installation TO trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      DROP TABLE sync_installation; DROP TABLE sync_recheck;
      ALTER TABLE sync_change DROP COLUMN replaced, DROP COLUMN successor_of;
      UPDATE sync_run SET trigger = 'CHANGE' WHERE trigger = 'RETRY';
      DROP INDEX sync_run_finished; DROP INDEX sync_run_cut_short; DROP INDEX sync_run_word;
      ALTER TABLE sync_run
        DROP COLUMN measure, DROP COLUMN is_cut_short,
        DROP CONSTRAINT sync_run_trigger_known,
        ADD CONSTRAINT sync_run_trigger_known CHECK (trigger IN ('CHANGE', 'HINT', 'TIMER', 'PERSON', 'ADOPTION'));
      DROP INDEX sync_target_place_unique;
      ALTER TABLE sync_target
        DROP COLUMN scan_failures, DROP COLUMN scan_failing_since, DROP COLUMN scan_error, DROP COLUMN next_scan_at, DROP COLUMN place;
    `);
  }
}
