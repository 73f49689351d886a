import { Injectable } from '@nestjs/common';
import type { SyncRunId, SyncTargetId } from '#engines/kernel';
import type { Tx } from '#platform';

/** Complete runs that fail: they read everything, so the next one waits longer each time, while single changes go on. */
@Injectable()
export class SyncScanStore {
  /** The next one after 1, 2, 4 … minutes, six hours at most. */
  async failed(tx: Tx, id: SyncTargetId, error: string): Promise<void> {
    await tx.run(
      `UPDATE sync_target SET scan_failures = scan_failures + 1, scan_failing_since = coalesce(scan_failing_since, clock_timestamp()), scan_error = $2,
         next_scan_at = clock_timestamp() + make_interval(secs => least(21600, 60 * 2 ^ least(scan_failures, 12))) WHERE id = $1`,
      [id, error.slice(0, 500)],
    );
  }

  /** Everything is to be read as soon as it may be; what is told meanwhile goes on. */
  async want(tx: Tx, id: SyncTargetId): Promise<void> {
    await tx.run('UPDATE sync_target SET last_full_scan_at = NULL WHERE id = $1', [id]);
  }

  /**
   * A person says that what a run saw is right: a later scan is measured by it, in the kinds in which it was stopped for that. The run keeps what was the
   * measure until then: said a second time, all is as before.
   */
  async isRight(tx: Tx, id: SyncTargetId, runId: SyncRunId): Promise<void> {
    await tx.run(
      `WITH said AS (SELECT r.measure FROM sync_run r WHERE r.id = $2 AND r.measure <> '{}'),
         before AS (SELECT jsonb_object_agg(k, coalesce(t.seen->k, 'null')) AS seen FROM sync_target t, said, jsonb_object_keys(said.measure) k WHERE t.id = $1),
         now AS (UPDATE sync_target t SET seen = jsonb_strip_nulls(t.seen || said.measure) FROM said WHERE t.id = $1)
       UPDATE sync_run r SET measure = before.seen FROM before, said WHERE r.id = $2`,
      [id, runId],
    );
  }

  async succeeded(tx: Tx, id: SyncTargetId): Promise<void> {
    await tx.run(
      `UPDATE sync_target SET scan_failures = 0, scan_failing_since = NULL, scan_error = NULL, next_scan_at = '-infinity' WHERE id = $1 AND scan_failures > 0`,
      [id],
    );
  }
}
