import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

export class CreateEvents1767225600008 implements MigrationInterface {
  name = 'CreateEvents1767225600008';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- What is to be sent is written with its cause. Only the relay reads it; it is not tenants' data.
      CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
        topic text NOT NULL,
        key text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp());
      GRANT INSERT ON outbox TO trame_tenant;
      GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO trame_system; -- UPDATE: FOR UPDATE SKIP LOCKED asks for it.

      -- The stream of events. Readers order by (xid, cursor) and stop at the oldest open transaction: ids commit out of order.
      CREATE TABLE event (
        cursor bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT event_pkey PRIMARY KEY,
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        tenant_id uuid CONSTRAINT event_tenant_fkey REFERENCES tenant (id),
        type text NOT NULL,
        subject_id uuid NOT NULL,
        body jsonb NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp());
      CREATE INDEX event_stream ON event (subject_id, xid, cursor);
      ${isolateByTenant('event')}
      GRANT SELECT, INSERT ON event TO trame_tenant, trame_system;

      CREATE TABLE audit_entry (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_entry_pkey PRIMARY KEY,
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        actor text NOT NULL,
        tenant_id uuid CONSTRAINT audit_entry_tenant_fkey REFERENCES tenant (id),
        action text NOT NULL,
        subject_kind text NOT NULL,
        subject_id uuid NOT NULL,
        detail jsonb NOT NULL DEFAULT '{}');
      CREATE INDEX audit_entry_subject ON audit_entry (subject_id, id);
      ${isolateByTenant('audit_entry')}
      -- Append only: nobody has UPDATE or DELETE.
      GRANT SELECT, INSERT ON audit_entry TO trame_tenant, trame_system;

      CREATE TABLE inbound_source (
        id uuid CONSTRAINT inbound_source_pkey PRIMARY KEY,
        slug text NOT NULL CONSTRAINT inbound_source_slug_unique UNIQUE,
        tenant_id uuid NOT NULL CONSTRAINT inbound_source_tenant_fkey REFERENCES tenant (id),
        -- Two secrets may be active while one is rotated.
        sealed_secrets bytea[] NOT NULL CONSTRAINT inbound_source_secret_count CHECK (cardinality(sealed_secrets) BETWEEN 1 AND 2),
        enabled boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now());
      ${isolateByTenant('inbound_source')}
      GRANT SELECT, INSERT, UPDATE ON inbound_source TO trame_system;

      CREATE TABLE inbox (
        source_id uuid NOT NULL CONSTRAINT inbox_source_fkey REFERENCES inbound_source (id),
        message_id text NOT NULL CONSTRAINT inbox_message_id_form CHECK (message_id ~ '^[A-Za-z0-9_-]{1,64}$'),
        id uuid NOT NULL CONSTRAINT inbox_id_unique UNIQUE,
        tenant_id uuid NOT NULL CONSTRAINT inbox_tenant_fkey REFERENCES tenant (id),
        body_sha256 bytea NOT NULL CONSTRAINT inbox_sha256 CHECK (octet_length(body_sha256) = 32),
        body text NOT NULL,
        sent_at timestamptz NOT NULL,
        -- What the message is about, in the sender's words: messages of one subject are acted on in the order they were sent.
        subject text,
        received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        state text NOT NULL DEFAULT 'ACCEPTED' CONSTRAINT inbox_state_known CHECK (state IN ('ACCEPTED', 'PROCESSED', 'IGNORED', 'FAILED')),
        duplicate_count int NOT NULL DEFAULT 0,
        attempts int NOT NULL DEFAULT 0,
        next_try_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        effect_id uuid,
        error text,
        CONSTRAINT inbox_pkey PRIMARY KEY (source_id, message_id));
      CREATE INDEX inbox_subject ON inbox (source_id, subject, sent_at) WHERE state = 'ACCEPTED';
      CREATE INDEX inbox_due ON inbox (next_try_at) WHERE state = 'ACCEPTED';
      ${isolateByTenant('inbox')}
      GRANT SELECT, INSERT, UPDATE ON inbox TO trame_system;
      GRANT SELECT ON inbox TO trame_tenant;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP TABLE inbox; DROP TABLE inbound_source; DROP TABLE audit_entry; DROP TABLE event; DROP TABLE outbox');
  }
}
