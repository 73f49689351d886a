import { Injectable } from '@nestjs/common';
import type { SyncConflictId, SyncRunId, SyncTargetId } from '#engines/kernel';
import type { FieldValue } from '#engines/reconcile';
import { newId, type Tx } from '#platform';
import type { PageOf, SyncConflict } from '../domain/sync-run.js';
import type { InventoryKind } from '../inventory/kinds.js';

/** Of an object that is gone there the conflict is about the whole. */
export const WHOLE_OBJECT = '*';

export interface SeenConflict {
  readonly localId: string;
  readonly remoteId: string;
  readonly field: string;
  readonly label: string;
  readonly ours: FieldValue;
  readonly base: FieldValue;
  readonly theirs: FieldValue;
}

/** As long as runs are. */
const KEPT_DAYS = 30;
const COLUMNS = `id, target_id AS "targetId", kind, local_id AS "localId", remote_id AS "remoteId", field, label, ours, base, theirs,
  first_seen_at AS "firstSeenAt", resolved_at AS "resolvedAt", decision, decided_by AS "decidedBy"`;

const pageOf = (which: string): string =>
  `SELECT ${COLUMNS} FROM sync_conflict WHERE target_id = $1 AND resolved_at ${which} AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`;
const [OPEN, RESOLVED] = [pageOf('IS NULL'), pageOf('IS NOT NULL')];

@Injectable()
export class SyncConflictStore {
  /** Those that wait, or have waited. The oldest first. */
  page(tx: Tx, targetId: SyncTargetId, isResolved: boolean, { first, after }: PageOf<SyncConflictId>): Promise<SyncConflict[]> {
    return tx.sql<SyncConflict>(isResolved ? RESOLVED : OPEN, [targetId, after, first]);
  }

  lock(tx: Tx, id: SyncConflictId): Promise<SyncConflict | undefined> {
    return tx.one<SyncConflict>(`SELECT ${COLUMNS} FROM sync_conflict WHERE id = $1 AND resolved_at IS NULL FOR UPDATE`, [id]);
  }

  open(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<SyncConflict[]> {
    return tx.sql<SyncConflict>(
      `SELECT ${COLUMNS} FROM sync_conflict WHERE target_id = $1 AND kind = $2 AND local_id = ANY($3) AND resolved_at IS NULL`,
      [targetId, kind, localIds],
    );
  }

  async decide(tx: Tx, id: SyncConflictId, decision: 'US' | 'THEM'): Promise<void> {
    await tx.run('UPDATE sync_conflict SET decision = $2, decided_by = $3, decided_at = clock_timestamp() WHERE id = $1', [
      id,
      decision,
      tx.scope.actor,
    ]);
  }

  /** One that is seen with other values than those that a person decided on waits for a person again. */
  async put(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, conflicts: readonly SeenConflict[]): Promise<void> {
    await tx.run(
      `INSERT INTO sync_conflict AS s (id, target_id, kind, local_id, remote_id, field, label, ours, base, theirs)
       SELECT c.id, $1, $2, c."localId", c."remoteId", c.field, c.label, coalesce(c.ours, 'null'), coalesce(c.base, 'null'), coalesce(c.theirs, 'null')
         FROM jsonb_to_recordset($3::jsonb) c(id uuid, "localId" text, "remoteId" text, field text, label text, ours jsonb, base jsonb, theirs jsonb)
       ON CONFLICT (target_id, kind, local_id, field) WHERE resolved_at IS NULL DO UPDATE
         SET remote_id = EXCLUDED.remote_id, label = EXCLUDED.label, ours = EXCLUDED.ours, base = EXCLUDED.base, theirs = EXCLUDED.theirs,
             decision = NULL, decided_by = NULL, decided_at = NULL`,
      [targetId, kind, JSON.stringify(conflicts.map((conflict) => ({ ...conflict, id: newId<SyncConflictId>() })))],
    );
  }

  /** Those that are over for long. @returns whether there may be more. */
  async forgetOld(tx: Tx, limit: number): Promise<boolean> {
    const gone = await tx.run(
      `DELETE FROM sync_conflict WHERE id IN (SELECT id FROM sync_conflict WHERE resolved_at < clock_timestamp() - interval '${KEPT_DAYS} days'
         ORDER BY resolved_at LIMIT $1)`,
      [limit],
    );
    return gone === limit;
  }

  async close(tx: Tx, ids: readonly SyncConflictId[]): Promise<void> {
    if (ids.length > 0) await tx.run('UPDATE sync_conflict SET resolved_at = clock_timestamp() WHERE id = ANY($1)', [ids]);
  }

  /** Of what neither a link nor a line of the complete run knows any more: nobody would look at it again. */
  async closeOrphans(tx: Tx, targetId: SyncTargetId, runId: SyncRunId): Promise<void> {
    await tx.run(
      `UPDATE sync_conflict c SET resolved_at = clock_timestamp() WHERE c.target_id = $1 AND c.resolved_at IS NULL
          AND NOT EXISTS (SELECT FROM sync_link l WHERE l.target_id = c.target_id AND l.kind = c.kind AND l.local_id = c.local_id)
          AND NOT EXISTS (SELECT FROM sync_change x WHERE x.run_id = $2 AND x.kind = c.kind AND x.local_id = c.local_id)`,
      [targetId, runId],
    );
  }

  /** Of these fields what was decided is done. One statement, however many there are. */
  async done(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, fields: readonly { localId: string; field: string }[]): Promise<void> {
    await tx.run(
      `UPDATE sync_conflict c SET resolved_at = clock_timestamp() FROM unnest($3::text[], $4::text[]) x(local_id, field)
        WHERE c.target_id = $1 AND c.kind = $2 AND c.local_id = x.local_id AND c.field = x.field AND c.resolved_at IS NULL AND c.decision IS NOT NULL`,
      [targetId, kind, fields.map(({ localId }) => localId), fields.map(({ field }) => field)],
    );
  }
}
