import { Injectable } from '@nestjs/common';
import type { SyncTargetId } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { InventoryKind } from '../inventory/kinds.js';
import type { RemotePlace } from './sync-link.store.js';

/** An object of theirs as it was seen last, linked to nothing of ours. References are theirs. */
export interface Unlinked extends RemotePlace {
  readonly version: string | null;
  readonly mark: string | null;
  readonly naturalKey: string;
  readonly label: string;
  readonly fields: Fields;
}

const COLUMNS = `remote_id AS "remoteId", remote_order::float8 AS "order", remote_version AS version, mark, natural_key AS "naturalKey", label, fields`;

@Injectable()
export class SyncUnlinkedStore {
  /** Writes those that differ from what stands here, and nothing else. */
  async put(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, objects: readonly Unlinked[]): Promise<void> {
    if (objects.length === 0) return;
    await tx.run(
      `INSERT INTO sync_unlinked AS u (target_id, kind, remote_id, remote_order, remote_version, mark, natural_key, label, fields)
       SELECT $1, $2, x."remoteId", x."order", x.version, x.mark, x."naturalKey", x.label, x.fields
         FROM jsonb_to_recordset($3::jsonb) x("remoteId" text, "order" bigint, version text, mark text, "naturalKey" text, label text, fields jsonb)
        WHERE NOT EXISTS (SELECT FROM sync_unlinked u WHERE u.target_id = $1 AND u.kind = $2 AND u.remote_id = x."remoteId"
          AND (u.remote_order, u.remote_version, u.mark, u.natural_key, u.label, u.fields) IS NOT DISTINCT FROM (x."order", x.version, x.mark, x."naturalKey", x.label, x.fields))
       ON CONFLICT (target_id, kind, remote_id) DO UPDATE SET remote_order = EXCLUDED.remote_order, remote_version = EXCLUDED.remote_version, mark = EXCLUDED.mark,
         natural_key = EXCLUDED.natural_key, label = EXCLUDED.label, fields = EXCLUDED.fields`,
      [targetId, kind, JSON.stringify(objects)],
    );
  }

  /** Those of a stretch that were not seen there any more, or are linked now. Behind `from`, up to and with `to`. */
  async keepOnly(
    tx: Tx,
    targetId: SyncTargetId,
    kind: InventoryKind,
    from: RemotePlace | null,
    to: RemotePlace | null,
    remoteIds: readonly string[],
  ): Promise<void> {
    await tx.run(
      `DELETE FROM sync_unlinked u WHERE u.target_id = $1 AND u.kind = $2 AND ($3::bigint IS NULL OR (u.remote_order, u.remote_id) > ($3, $4))
         AND ($5::bigint IS NULL OR (u.remote_order, u.remote_id) <= ($5, $6)) AND u.remote_id <> ALL($7)`,
      [targetId, kind, from?.order ?? null, from?.remoteId ?? null, to?.order ?? null, to?.remoteId ?? null, remoteIds],
    );
  }

  async drop(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, remoteIds: readonly string[]): Promise<void> {
    if (remoteIds.length > 0)
      await tx.run('DELETE FROM sync_unlinked WHERE target_id = $1 AND kind = $2 AND remote_id = ANY($3)', [targetId, kind, remoteIds]);
  }

  /** Those with one of these marks, or one of these natural keys. */
  candidates(
    tx: Tx,
    targetId: SyncTargetId,
    kind: InventoryKind,
    marks: readonly string[],
    naturalKeys: readonly string[],
  ): Promise<Unlinked[]> {
    return tx.sql<Unlinked>(
      `SELECT ${COLUMNS} FROM sync_unlinked WHERE target_id = $1 AND kind = $2 AND mark = ANY($3)
       UNION SELECT ${COLUMNS} FROM sync_unlinked WHERE target_id = $1 AND kind = $2 AND natural_key = ANY($4)`,
      [targetId, kind, marks, naturalKeys],
    );
  }
}
