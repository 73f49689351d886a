import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Runs of busy name servers: what is told and kept of them, and how often what is left is looked at again. */
export class QuietNames1767225600042 implements MigrationInterface {
  name = 'QuietNames1767225600042';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE sync_run
        -- Lines that were not carried out are forgotten after a while; the run stays.
        ADD COLUMN lines_kept boolean NOT NULL DEFAULT true,
        -- Of a name server that waits for a person: zone → guards and lines that wait there, as they were told.
        ADD COLUMN stops jsonb NOT NULL DEFAULT '{}',
        -- sync.stopped named it: somebody may come back to it.
        ADD COLUMN is_told boolean NOT NULL DEFAULT false,
        -- Of a name server: what it did not do is forgotten, and nobody looks at it for that again.
        ADD COLUMN is_thinned boolean NOT NULL DEFAULT false;
      CREATE INDEX sync_run_unthinned ON sync_run (target_id, id) WHERE NOT is_thinned AND phase = 'ENDED' AND approved_by IS NULL;
      -- How long a name server is left alone with what waits for others: longer each time nothing came of it.
      ALTER TABLE sync_target ADD COLUMN recheck_seconds int NOT NULL DEFAULT 60
        CONSTRAINT sync_target_recheck_range CHECK (recheck_seconds BETWEEN 60 AND 900);
      -- A person approved that it is made again, and it is not known what came of that.
      ALTER TABLE sync_recheck ADD COLUMN is_meant boolean NOT NULL DEFAULT false;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE sync_recheck DROP COLUMN is_meant;
      ALTER TABLE sync_target DROP COLUMN recheck_seconds;
      ALTER TABLE sync_run DROP COLUMN lines_kept, DROP COLUMN stops, DROP COLUMN is_told, DROP COLUMN is_thinned;
    `);
  }
}
