import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is published at a name server is remembered: a record set is deleted by itself where its mark and a row of ours agree. */
export class RememberPublished1767225600040 implements MigrationInterface {
  name = 'RememberPublished1767225600040';

  async up(q: QueryRunner): Promise<void> {
    await q.query(TABLE);
    // Until then something may still come that was sent and not answered; afterwards somebody looks.
    await q.query('ALTER TABLE sync_target ADD COLUMN may_come_until timestamptz');
    // The rows are made by the first run: what is marked as ours and wanted gets one, without a request that writes.
    await q.query(`UPDATE sync_target SET recheck_at = clock_timestamp() WHERE kind = 'POWERDNS' AND enabled`);
    // What the name server answered otherwise than was written is asked again: the lines of the last run said which.
    await q.query(`
      INSERT INTO dns_published (target_id, zone, key, value, answers_otherwise)
        SELECT t.id, line->>'zone', line->>'key', line->'after', true FROM sync_target t
          CROSS JOIN LATERAL (SELECT plan FROM sync_run WHERE target_id = t.id AND NOT is_dry_run AND state <> 'RUNNING' ORDER BY started_at DESC, id DESC LIMIT 1) r,
          jsonb_array_elements(r.plan) line
         WHERE t.kind = 'POWERDNS' AND line ? 'isOtherwise' AND line ? 'after' ON CONFLICT ON CONSTRAINT dns_published_pkey DO NOTHING`);
  }

  async down(q: QueryRunner): Promise<void> {
    // The release before keeps no more than their number.
    await q.query(`
      UPDATE sync_target t SET seen = t.seen || c.seen FROM (
        SELECT target_id, jsonb_object_agg(zone, n) AS seen FROM (
          SELECT target_id, zone, count(*) AS n FROM dns_published WHERE sent_at IS NULL GROUP BY target_id, zone) z GROUP BY target_id) c
       WHERE c.target_id = t.id;
      ALTER TABLE sync_target DROP COLUMN may_come_until;
      DROP TRIGGER sync_target_published ON sync_target; DROP FUNCTION dns_published_elsewhere(); DROP TABLE dns_published`);
  }
}

const TABLE = `
  CREATE TABLE dns_published (
    target_id uuid NOT NULL CONSTRAINT dns_published_target_fkey REFERENCES sync_target (id) ON DELETE CASCADE,
    zone text COLLATE "C" NOT NULL,
    -- Name and type: 'gw.cust.example/a'.
    key text COLLATE "C" NOT NULL,
    -- What was written last, or what stood there when it was met without a row.
    value jsonb NOT NULL,
    -- When something was sent for it of which nobody knows what came; null: it stood there when it was last looked at.
    sent_at timestamptz,
    -- The name server gave another answer than was written when it was last asked.
    answers_otherwise boolean NOT NULL DEFAULT false,
    CONSTRAINT dns_published_pkey PRIMARY KEY (target_id, zone, key));
  GRANT SELECT, INSERT, UPDATE, DELETE ON dns_published TO trame_system;

  -- At another server, or in a zone that is left alone for a while, nobody knows what stands there; what was published stays ours to delete.
  CREATE FUNCTION dns_published_elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE dns_published SET sent_at = '-infinity' WHERE target_id = NEW.id AND (NEW.url <> OLD.url OR zone <> ALL (NEW.zones)); RETURN NULL; END $$;
  CREATE TRIGGER sync_target_published AFTER UPDATE ON sync_target FOR EACH ROW
    WHEN (NEW.kind = 'POWERDNS' AND (OLD.url, OLD.zones) IS DISTINCT FROM (NEW.url, NEW.zones)) EXECUTE FUNCTION dns_published_elsewhere();
`;
