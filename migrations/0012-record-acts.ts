import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A statement that serves many callers tells of them all at once: one audit row for each act, one outbox row for each thing that changed. */
export class RecordActs1767225600012 implements MigrationInterface {
  name = 'RecordActs1767225600012';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- The arrays are parallel; p_keys holds the ids of what changed, repetitions allowed.
      CREATE FUNCTION record_acts(p_actors text[], p_tenants uuid[], p_action text, p_kind text, p_subjects uuid[], p_details jsonb[], p_topic text, p_keys uuid[])
        RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO audit_entry (actor, tenant_id, action, subject_kind, subject_id, detail)
          SELECT u.actor, u.tenant, p_action, p_kind, u.subject, u.detail FROM unnest(p_actors, p_tenants, p_subjects, p_details) u(actor, tenant, subject, detail);
        INSERT INTO outbox (topic, key) SELECT DISTINCT p_topic, k::text FROM unnest(p_keys) k;
      END $$;
      CREATE FUNCTION record_act(p_actor text, p_tenant uuid, p_action text, p_kind text, p_subject uuid, p_detail jsonb, p_topic text, p_key uuid)
        RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO audit_entry (actor, tenant_id, action, subject_kind, subject_id, detail) VALUES (p_actor, p_tenant, p_action, p_kind, p_subject, p_detail);
        INSERT INTO outbox (topic, key) VALUES (p_topic, p_key::text);
      END $$;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(
      'DROP FUNCTION record_act(text, uuid, text, text, uuid, jsonb, text, uuid); DROP FUNCTION record_acts(text[], uuid[], text, text, uuid[], jsonb[], text, uuid[])',
    );
  }
}
