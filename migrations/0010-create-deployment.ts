import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDeployment1767225600010 implements MigrationInterface {
  name = 'CreateDeployment1767225600010';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE lease (
        resource text CONSTRAINT lease_pkey PRIMARY KEY,
        holder uuid NOT NULL,
        fence bigint NOT NULL,
        until timestamptz NOT NULL);

      -- A plan says everything and is never changed: only its state moves. The digest is what people approve.
      CREATE TABLE plan (
        id uuid CONSTRAINT plan_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL CONSTRAINT plan_fabric_fkey REFERENCES fabric (id),
        generation bigint NOT NULL,
        target_revision bigint NOT NULL,
        digest text NOT NULL,
        risk text NOT NULL CONSTRAINT plan_risk_known CHECK (risk IN ('NONE', 'LOW', 'MEDIUM', 'HIGH')),
        state text NOT NULL CONSTRAINT plan_state_known CHECK (state IN ('PROPOSED', 'APPROVED', 'APPLYING', 'APPLIED', 'FAILED', 'SUPERSEDED', 'EXPIRED')),
        -- Approved is not yet asked to run: a person does that, or the policy that approved it.
        is_released boolean NOT NULL DEFAULT false,
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        expires_at timestamptz NOT NULL,
        started_at timestamptz,
        finished_at timestamptz,
        halt_reason text,
        CONSTRAINT plan_generation_unique UNIQUE (fabric_id, generation));
      -- One rollout at a time in a fabric.
      CREATE UNIQUE INDEX plan_one_applying ON plan (fabric_id) WHERE state = 'APPLYING';
      CREATE INDEX plan_open ON plan (fabric_id, generation) WHERE state IN ('PROPOSED', 'APPROVED', 'APPLYING');
      CREATE TABLE plan_item (
        plan_id uuid NOT NULL CONSTRAINT plan_item_plan_fkey REFERENCES plan (id),
        device_id uuid NOT NULL CONSTRAINT plan_item_device_fkey REFERENCES device (id),
        wave int NOT NULL,
        desired_digest text NOT NULL,
        artefacts jsonb NOT NULL,
        intent jsonb NOT NULL,
        diff text NOT NULL,
        risk text NOT NULL CONSTRAINT plan_item_risk_known CHECK (risk IN ('NONE', 'LOW', 'MEDIUM', 'HIGH')),
        state text NOT NULL DEFAULT 'PENDING' CONSTRAINT plan_item_state_known CHECK (state IN ('PENDING', 'PUSHING', 'CONFIRMED', 'VERIFIED', 'FAILED', 'SKIPPED')),
        attempt int NOT NULL DEFAULT 0,
        error jsonb,
        started_at timestamptz,
        finished_at timestamptz,
        CONSTRAINT plan_item_pkey PRIMARY KEY (plan_id, device_id));
      CREATE TABLE plan_approval (
        plan_id uuid NOT NULL CONSTRAINT plan_approval_plan_fkey REFERENCES plan (id),
        approved_by text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        comment text,
        CONSTRAINT plan_approval_pkey PRIMARY KEY (plan_id, approved_by));

      CREATE TABLE device_state (
        device_id uuid CONSTRAINT device_state_pkey PRIMARY KEY CONSTRAINT device_state_device_fkey REFERENCES device (id) ON DELETE CASCADE,
        -- What was last confirmed on the device: the base of the next diff, and of what we may remove there.
        verified_digest text,
        verified_artefacts jsonb NOT NULL DEFAULT '[]',
        verified_intent jsonb,
        -- True from just before a change goes live until its outcome is known: then only the device can tell.
        is_uncertain boolean NOT NULL DEFAULT false,
        -- What may be on it as well: every change that went live since, until the device was read.
        uncertain_artefacts jsonb NOT NULL DEFAULT '[]',
        failures int NOT NULL DEFAULT 0,
        next_try_at timestamptz NOT NULL DEFAULT '-infinity',
        last_seen_at timestamptz);
      CREATE TABLE push_attempt (
        id uuid CONSTRAINT push_attempt_pkey PRIMARY KEY,
        plan_id uuid NOT NULL CONSTRAINT push_attempt_plan_fkey REFERENCES plan (id),
        device_id uuid NOT NULL CONSTRAINT push_attempt_device_fkey REFERENCES device (id),
        fence bigint NOT NULL,
        started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        finished_at timestamptz,
        outcome text CONSTRAINT push_attempt_outcome_known CHECK (outcome IN ('CONFIRMED', 'NOOP', 'REVERTED', 'FAILED', 'ABANDONED')),
        detail text,
        CONSTRAINT push_attempt_fence_unique UNIQUE (device_id, fence));
      CREATE INDEX push_attempt_plan ON push_attempt (plan_id);

      GRANT SELECT, INSERT, UPDATE, DELETE ON lease, plan, plan_item, plan_approval, device_state, push_attempt TO trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(
      'DROP TABLE push_attempt; DROP TABLE device_state; DROP TABLE plan_approval; DROP TABLE plan_item; DROP TABLE plan; DROP TABLE lease',
    );
  }
}
