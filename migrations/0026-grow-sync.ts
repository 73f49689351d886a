import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Systems with an inventory of their own (ADR 0018): what is linked to what, what both last agreed on, and each run with all it would do. */
export class GrowSync1767225600026 implements MigrationInterface {
  name = 'GrowSync1767225600026';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE sync_target
        DROP CONSTRAINT sync_target_kind_known,
        ADD CONSTRAINT sync_target_kind_known CHECK (kind IN ('POWERDNS', 'NETBOX', 'PHPIPAM')),
        -- An inventory is of everything there is; names are of one fabric.
        ALTER COLUMN fabric_id DROP NOT NULL,
        ADD CONSTRAINT sync_target_names_have_fabric CHECK (kind <> 'POWERDNS' OR fabric_id IS NOT NULL),
        ALTER COLUMN zones SET DEFAULT '{}',
        -- Name servers of before go on writing; whoever makes an inventory's connector says OBSERVE.
        ADD COLUMN mode text NOT NULL DEFAULT 'WRITE' CONSTRAINT sync_target_mode_known CHECK (mode IN ('OBSERVE', 'WRITE')),
        ADD COLUMN adoption text NOT NULL DEFAULT 'PROPOSE' CONSTRAINT sync_target_adoption_known CHECK (adoption IN ('PROPOSE', 'AUTOMATIC')),
        ADD COLUMN on_remote_gone text NOT NULL DEFAULT 'RECREATE'
          CONSTRAINT sync_target_on_remote_gone_known CHECK (on_remote_gone IN ('RECREATE', 'ACCEPT', 'HOLD')),
        ADD COLUMN grace_seconds int NOT NULL DEFAULT 86400 CONSTRAINT sync_target_grace_range CHECK (grace_seconds BETWEEN 0 AND 31536000),
        ADD COLUMN tls_pins text[] NOT NULL DEFAULT '{}',
        -- kind → field → whose word counts, where it is not the rule.
        ADD COLUMN field_policy jsonb NOT NULL DEFAULT '{}' CONSTRAINT sync_target_field_policy_is_object CHECK (jsonb_typeof(field_policy) = 'object'),
        ADD COLUMN settings jsonb NOT NULL DEFAULT '{}' CONSTRAINT sync_target_settings_is_object CHECK (jsonb_typeof(settings) = 'object'),
        ADD COLUMN version int NOT NULL DEFAULT 1,
        ADD COLUMN created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        ADD COLUMN updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        ADD COLUMN last_ok_at timestamptz,
        ADD COLUMN api_version text,
        ADD COLUMN scan_every_seconds int NOT NULL DEFAULT 86400
          CONSTRAINT sync_target_scan_every_range CHECK (scan_every_seconds BETWEEN 60 AND 2592000),
        -- When the last complete scan began; null: everything is still to be read.
        ADD COLUMN last_full_scan_at timestamptz,
        -- Rows of each kind that the last complete scan found, as far as nothing made it doubtful; with what we made and deleted since.
        ADD COLUMN seen jsonb NOT NULL DEFAULT '{}',
        -- The journal is done up to here: (xid, seq) in that order, for only transactions that have ended are read.
        ADD COLUMN journal_xid xid8 NOT NULL DEFAULT '0',
        ADD COLUMN journal_seq bigint NOT NULL DEFAULT 0,
        -- Where to go on in their feed of changes.
        ADD COLUMN feed_cursor text,
        ADD COLUMN feed_read_at timestamptz;

      ALTER TABLE sync_run
        ADD COLUMN trigger text NOT NULL DEFAULT 'CHANGE'
          CONSTRAINT sync_run_trigger_known CHECK (trigger IN ('CHANGE', 'HINT', 'TIMER', 'PERSON', 'ADOPTION')),
        ADD COLUMN is_dry_run boolean NOT NULL DEFAULT false,
        -- Where an execution is, so that another one knows what a dead one has left.
        ADD COLUMN phase text NOT NULL DEFAULT 'ENDED'
          CONSTRAINT sync_run_phase_known CHECK (phase IN ('WANTED', 'PLANNING', 'APPROVED', 'APPLYING', 'ENDED')),
        ADD COLUMN max_delete_ratio float8 CONSTRAINT sync_run_max_delete_ratio_range CHECK (max_delete_ratio BETWEEN 0 AND 1),
        ADD COLUMN counts jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN progress jsonb NOT NULL DEFAULT '{}',
        -- Of all that it would do: what a person approves.
        ADD COLUMN digest text,
        -- Why it was stopped, in sentences.
        ADD COLUMN guards text[] NOT NULL DEFAULT '{}',
        ADD COLUMN wanted_by text NOT NULL DEFAULT 'sync',
        ADD COLUMN approved_by text,
        ADD COLUMN approved_at timestamptz;
      CREATE INDEX sync_run_open ON sync_run (target_id, id) WHERE phase <> 'ENDED';

      CREATE TABLE sync_link (
        target_id uuid NOT NULL CONSTRAINT sync_link_target_fkey REFERENCES sync_target (id) ON DELETE CASCADE,
        kind text NOT NULL,
        local_id text COLLATE "C" NOT NULL,
        remote_id text COLLATE "C" NOT NULL,
        -- A scan is in this order, then in that of remote_id: links are walked beside it.
        remote_order bigint NOT NULL,
        remote_version text,
        -- What both had when they last agreed.
        base jsonb NOT NULL,
        -- GONE: somebody deleted it there, and that is accepted.
        state text NOT NULL DEFAULT 'LINKED' CONSTRAINT sync_link_state_known CHECK (state IN ('LINKED', 'DEPRECATED', 'GONE')),
        deprecated_at timestamptz,
        CONSTRAINT sync_link_pkey PRIMARY KEY (target_id, kind, local_id),
        CONSTRAINT sync_link_remote_unique UNIQUE (target_id, kind, remote_id),
        CONSTRAINT sync_link_deprecated_since CHECK ((state = 'DEPRECATED') = (deprecated_at IS NOT NULL)));
      CREATE INDEX sync_link_deprecated ON sync_link (target_id, kind) WHERE state = 'DEPRECATED';
      CREATE INDEX sync_link_walk ON sync_link (target_id, kind, remote_order, remote_id);

      -- Theirs that is linked to nothing of ours; written only where it differs from what stands here.
      CREATE TABLE sync_unlinked (
        target_id uuid NOT NULL CONSTRAINT sync_unlinked_target_fkey REFERENCES sync_target (id) ON DELETE CASCADE,
        kind text NOT NULL,
        remote_id text COLLATE "C" NOT NULL,
        remote_order bigint NOT NULL,
        remote_version text,
        mark text,
        -- SHA-256 of what makes two objects the same one for a person.
        natural_key text NOT NULL,
        label text NOT NULL,
        fields jsonb NOT NULL,
        CONSTRAINT sync_unlinked_pkey PRIMARY KEY (target_id, kind, remote_id));
      CREATE INDEX sync_unlinked_walk ON sync_unlinked (target_id, kind, remote_order, remote_id);
      CREATE INDEX sync_unlinked_mark ON sync_unlinked (target_id, kind, mark) WHERE mark IS NOT NULL;
      CREATE INDEX sync_unlinked_natural_key ON sync_unlinked (target_id, kind, natural_key);

      -- One object's line of a plan.
      CREATE TABLE sync_change (
        run_id uuid NOT NULL CONSTRAINT sync_change_run_fkey REFERENCES sync_run (id) ON DELETE CASCADE,
        seq int NOT NULL,
        action text NOT NULL
          CONSTRAINT sync_change_action_known CHECK (action IN ('UNLINK', 'ACCEPT_GONE', 'RELINK', 'ADOPT', 'CREATE', 'UPDATE', 'DEPRECATE', 'DELETE')),
        kind text NOT NULL,
        local_id text COLLATE "C" NOT NULL,
        remote_id text COLLATE "C",
        remote_order bigint,
        remote_version text,
        label text NOT NULL,
        -- Of the fields that change: what stands there, and what is to stand there.
        before jsonb NOT NULL,
        after jsonb NOT NULL,
        -- What is taken over here.
        pull jsonb NOT NULL,
        -- What both have when both are done.
        base jsonb NOT NULL,
        overwritten text[] NOT NULL,
        guarded text[] NOT NULL,
        -- PROPOSED: a person says whether the two are one; nothing is written for it.
        state text NOT NULL
          CONSTRAINT sync_change_state_known CHECK (state IN ('PROPOSED', 'PLANNED', 'APPLIED', 'REFUSED', 'SKIPPED', 'STALE')),
        -- Of the other system, word by word; or why it waits.
        error text,
        CONSTRAINT sync_change_pkey PRIMARY KEY (run_id, seq));
      CREATE INDEX sync_change_order ON sync_change (run_id, kind, action, seq);
      CREATE INDEX sync_change_remote ON sync_change (run_id, kind, remote_id) WHERE action IN ('RELINK', 'ADOPT');

      -- Both changed a field, and no rule says who is right. The field waits, nothing else does. Field *: it is gone there.
      CREATE TABLE sync_conflict (
        id uuid CONSTRAINT sync_conflict_pkey PRIMARY KEY,
        target_id uuid NOT NULL CONSTRAINT sync_conflict_target_fkey REFERENCES sync_target (id) ON DELETE CASCADE,
        kind text NOT NULL,
        local_id text COLLATE "C" NOT NULL,
        remote_id text COLLATE "C" NOT NULL,
        field text NOT NULL,
        label text NOT NULL,
        ours jsonb NOT NULL,
        base jsonb NOT NULL,
        theirs jsonb NOT NULL,
        first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        decision text CONSTRAINT sync_conflict_decision_known CHECK (decision IN ('US', 'THEM')),
        decided_by text,
        decided_at timestamptz,
        -- The two agree again, by the decision or by themselves.
        resolved_at timestamptz);
      CREATE UNIQUE INDEX sync_conflict_open ON sync_conflict (target_id, kind, local_id, field) WHERE resolved_at IS NULL;
      CREATE INDEX sync_conflict_page ON sync_conflict (target_id, id) WHERE resolved_at IS NULL;

      -- Somebody said that this object of theirs changed; a new word while it is read again is not lost with the old one.
      CREATE TABLE sync_hint (
        target_id uuid NOT NULL CONSTRAINT sync_hint_target_fkey REFERENCES sync_target (id) ON DELETE CASCADE,
        kind text NOT NULL,
        remote_id text COLLATE "C" NOT NULL,
        seq bigint NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT sync_hint_pkey PRIMARY KEY (target_id, kind, remote_id));
      CREATE SEQUENCE sync_hint_seq;
      CREATE INDEX sync_hint_order ON sync_hint (target_id, seq);

      GRANT SELECT, INSERT, UPDATE, DELETE ON sync_link, sync_unlinked, sync_change, sync_conflict, sync_hint TO trame_system;
      GRANT USAGE ON SEQUENCE sync_hint_seq TO trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      DROP TABLE sync_hint; DROP SEQUENCE sync_hint_seq; DROP TABLE sync_conflict; DROP TABLE sync_change; DROP TABLE sync_unlinked; DROP TABLE sync_link;
      DELETE FROM sync_run r USING sync_target t WHERE t.id = r.target_id AND t.kind <> 'POWERDNS';
      DELETE FROM sync_target WHERE kind <> 'POWERDNS';
      DROP INDEX sync_run_open;
      ALTER TABLE sync_run
        DROP COLUMN trigger, DROP COLUMN is_dry_run, DROP COLUMN phase, DROP COLUMN max_delete_ratio, DROP COLUMN counts, DROP COLUMN progress,
        DROP COLUMN digest, DROP COLUMN guards, DROP COLUMN wanted_by, DROP COLUMN approved_by, DROP COLUMN approved_at;
      ALTER TABLE sync_target
        DROP CONSTRAINT sync_target_names_have_fabric,
        ALTER COLUMN fabric_id SET NOT NULL,
        ALTER COLUMN zones DROP DEFAULT,
        DROP COLUMN mode, DROP COLUMN adoption, DROP COLUMN on_remote_gone, DROP COLUMN grace_seconds, DROP COLUMN tls_pins, DROP COLUMN field_policy,
        DROP COLUMN settings, DROP COLUMN version, DROP COLUMN created_at, DROP COLUMN updated_at, DROP COLUMN last_ok_at, DROP COLUMN api_version,
        DROP COLUMN scan_every_seconds, DROP COLUMN last_full_scan_at, DROP COLUMN seen, DROP COLUMN journal_xid, DROP COLUMN journal_seq, DROP COLUMN feed_cursor,
        DROP COLUMN feed_read_at,
        DROP CONSTRAINT sync_target_kind_known,
        ADD CONSTRAINT sync_target_kind_known CHECK (kind IN ('POWERDNS'));
    `);
  }
}
