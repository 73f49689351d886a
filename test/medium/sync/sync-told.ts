import assert from 'node:assert/strict';
import type { SyncTargetId } from '#engines/kernel';
import type { Loss } from './sync-ledger.js';
import type { SyncWorld } from './sync-world.js';

/** What was left by the last complete run, and what is on its way out, and nothing else, is looked at again by itself. */
export async function expectTimes(world: SyncWorld, targetId: SyncTargetId): Promise<void> {
  const [run] = await world.runs.runsOf(targetId, { first: 1, after: null });
  if (!run || run.state === 'BLOCKED_BY_GUARD' || run.state === 'FAILED') return;
  const awaited = await world.system((tx) =>
    tx.sql<{ place: string }>(`SELECT kind || ' ' || local_id AS place FROM sync_recheck WHERE target_id = $1 ORDER BY 1`, [targetId]),
  );
  const meant = await world.system((tx) =>
    tx.sql<{ place: string }>(
      `SELECT kind || ' ' || local_id AS place FROM sync_change WHERE run_id = $2 AND state IN ('REFUSED', 'SKIPPED', 'STALE')
       UNION SELECT kind || ' ' || local_id FROM sync_link WHERE target_id = $1 AND state = 'DEPRECATED' ORDER BY 1`,
      [targetId, run.id],
    ),
  );
  assert.deepEqual(awaited, meant, 'what is tried again is not what was left');
}

/** Every text that somebody wrote and that was overwritten unseen by the other side is named in a run or was decided in a conflict. */
export async function expectLossesTold(world: SyncWorld, targetId: SyncTargetId, losses: readonly Loss[]): Promise<void> {
  for (const { side, kind, localId, field, value } of losses) {
    const told = await world.system((tx) =>
      tx.sql(
        `SELECT 1 FROM sync_change c JOIN sync_run r ON r.id = c.run_id WHERE r.target_id = $1 AND c.kind = $2 AND c.local_id = $3 AND $4 = ANY(c.overwritten)
            AND CASE $6 WHEN 'OURS' THEN c.replaced->>$4 ELSE c.before->>$4 END = $5
         UNION ALL SELECT 1 FROM sync_conflict WHERE target_id = $1 AND kind = $2 AND local_id = $3 AND field = $4 AND decision IS NOT NULL
            AND (CASE $6 WHEN 'OURS' THEN ours ELSE theirs END) = to_jsonb($5::text)`,
        [targetId, kind, localId, field, value, side],
      ),
    );
    assert.ok(told.length > 0, `lost silently: ${side} ${kind} ${localId}.${field} ${value}`);
  }
}
