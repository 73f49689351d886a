import { Injectable } from '@nestjs/common';
import type { SyncTargetId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { InventoryKind } from '../inventory/kinds.js';

export interface SyncHint {
  readonly kind: InventoryKind;
  readonly remoteId: string;
  readonly seq: string;
}

/** What somebody said that changed there. A word is a row, whoever says it and how often. */
@Injectable()
export class SyncHintStore {
  /** @returns how many of them were not waiting already. */
  async put(tx: Tx, targetId: SyncTargetId, hints: readonly { kind: InventoryKind; remoteId: string }[]): Promise<number> {
    const rows = await tx.sql<{ isNew: boolean }>(
      `INSERT INTO sync_hint AS h (target_id, kind, remote_id, seq) SELECT $1::uuid, k, r, nextval('sync_hint_seq')
         FROM (SELECT DISTINCT k, r FROM unnest($2::text[], $3::text[]) x(k, r)) distinct_hints
       ON CONFLICT (target_id, kind, remote_id) DO UPDATE SET seq = EXCLUDED.seq RETURNING h.xmax = 0 AS "isNew"`,
      [targetId, hints.map(({ kind }) => kind), hints.map(({ remoteId }) => remoteId)],
    );
    return rows.filter(({ isNew }) => isNew).length;
  }

  next(tx: Tx, targetId: SyncTargetId, limit: number): Promise<SyncHint[]> {
    return tx.sql<SyncHint>('SELECT kind, remote_id AS "remoteId", seq FROM sync_hint WHERE target_id = $1 ORDER BY seq LIMIT $2', [
      targetId,
      limit,
    ]);
  }

  /** Those that were said again since they were read stay. */
  async done(tx: Tx, targetId: SyncTargetId, hints: readonly SyncHint[]): Promise<void> {
    if (hints.length === 0) return;
    await tx.run(
      `DELETE FROM sync_hint h USING unnest($2::text[], $3::text[], $4::bigint[]) x(kind, remote_id, seq)
        WHERE h.target_id = $1 AND h.kind = x.kind AND h.remote_id = x.remote_id AND h.seq = x.seq`,
      [targetId, hints.map(({ kind }) => kind), hints.map(({ remoteId }) => remoteId), hints.map(({ seq }) => seq)],
    );
  }

  /** Everything that was said before a complete scan began is in what it read. */
  async upTo(tx: Tx): Promise<string> {
    return (await tx.one<{ seq: string }>(`SELECT nextval('sync_hint_seq') AS seq`))?.seq ?? '0';
  }

  async forgetUpTo(tx: Tx, targetId: SyncTargetId, seq: string): Promise<void> {
    await tx.run('DELETE FROM sync_hint WHERE target_id = $1 AND seq < $2', [targetId, seq]);
  }
}
