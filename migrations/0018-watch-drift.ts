import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a device says otherwise than what was confirmed on it, since when, and what a person did about it (ADR 0017). */
export class WatchDrift1767225600018 implements MigrationInterface {
  name = 'WatchDrift1767225600018';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE drift_report (
        device_id uuid CONSTRAINT drift_report_pkey PRIMARY KEY CONSTRAINT drift_report_device_fkey REFERENCES device (id) ON DELETE CASCADE,
        next_collect_at timestamptz NOT NULL,
        -- One reader at a time; one that died is forgotten by then.
        claimed_until timestamptz NOT NULL DEFAULT '-infinity',
        tried_at timestamptz,
        -- When the device was last read to the end: its items are of then.
        collected_at timestamptz,
        verdict text NOT NULL DEFAULT 'UNKNOWN' CONSTRAINT drift_report_verdict_known CHECK (verdict IN ('UNKNOWN', 'CLEAN', 'DRIFT', 'UNREACHABLE')),
        -- Why there is no verdict.
        detail text,
        -- What it was compared with, and what was read: as long as both are the same nothing is compared again.
        verified_digest text,
        observed_digest text,
        foreign_elsewhere int NOT NULL DEFAULT 0,
        foreign_lines jsonb NOT NULL DEFAULT '[]');
      CREATE INDEX drift_report_next ON drift_report (next_collect_at);
      CREATE TABLE drift_item (
        id uuid CONSTRAINT drift_item_pkey PRIMARY KEY,
        device_id uuid NOT NULL CONSTRAINT drift_item_report_fkey REFERENCES drift_report (device_id) ON DELETE CASCADE,
        -- What makes it the same item in the next collection.
        identity text NOT NULL,
        kind text NOT NULL CONSTRAINT drift_item_kind_known
          CHECK (kind IN ('OURS_MISSING', 'OURS_CHANGED', 'FOREIGN_IN_OWNED_SECTION', 'SECRET_CHANGED', 'ORDER_CHANGED', 'UNSAVED')),
        path text NOT NULL,
        section text[] NOT NULL,
        intended text,
        observed text,
        risk text NOT NULL CONSTRAINT drift_item_risk_known CHECK (risk IN ('LOW', 'MEDIUM', 'HIGH')),
        likely_cause text NOT NULL,
        is_configuration boolean NOT NULL,
        first_seen_at timestamptz NOT NULL,
        seen_at timestamptz NOT NULL,
        ended_at timestamptz,
        ignored_until timestamptz,
        act text CONSTRAINT drift_item_act_known CHECK (act IN ('ADOPTED', 'REAPPLIED', 'IGNORED')),
        act_by text,
        act_at timestamptz,
        act_reason text,
        CONSTRAINT drift_item_act_is_whole CHECK (num_nonnulls(act, act_by, act_at, act_reason) IN (0, 4)));
      CREATE UNIQUE INDEX drift_item_open ON drift_item (device_id, identity) WHERE ended_at IS NULL;
      CREATE INDEX drift_item_ended ON drift_item (ended_at) WHERE ended_at IS NOT NULL;
      GRANT SELECT, INSERT, UPDATE, DELETE ON drift_report, drift_item TO trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP TABLE drift_item; DROP TABLE drift_report');
  }
}
