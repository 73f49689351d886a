import { Injectable } from '@nestjs/common';
import type { SyncRunId, SyncTargetId } from '#engines/kernel';
import type { Fields, RetirePhase } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { InventoryKind } from '../inventory/kinds.js';
import { LAST_WORD } from './sync-run.store.js';

/** A place in a scan. */
export interface RemotePlace {
  readonly remoteId: string;
  readonly order: number;
}

export interface Link extends RemotePlace {
  readonly localId: string;
  readonly base: Fields;
  readonly state: 'LINKED' | 'DEPRECATED' | 'GONE';
  /** By the clock of the database. */
  readonly phase: RetirePhase;
}

export interface LinkRow extends RemotePlace {
  readonly localId: string;
  readonly version: string | null;
  readonly base: Fields;
  readonly isDeprecated: boolean;
}

const COLUMNS = `l.local_id AS "localId", l.remote_id AS "remoteId", l.remote_order::float8 AS "order", l.base, l.state,
  CASE WHEN l.state <> 'DEPRECATED' THEN 'NONE' WHEN l.deprecated_at + make_interval(secs => t.grace_seconds) <= clock_timestamp() THEN 'DUE' ELSE 'GRACE' END AS phase`;
const FROM = 'FROM sync_link l JOIN sync_target t ON t.id = l.target_id WHERE l.target_id = $1 AND l.kind = $2';

@Injectable()
export class SyncLinkStore {
  /** Behind `from`, up to and with `to`, in the order of a scan; null: from the beginning, to the end. */
  stretch(
    tx: Tx,
    targetId: SyncTargetId,
    kind: InventoryKind,
    from: RemotePlace | null,
    to: RemotePlace | null,
    limit: number,
  ): Promise<Link[]> {
    return tx.sql<Link>(
      `SELECT ${COLUMNS} ${FROM} AND ($3::bigint IS NULL OR (l.remote_order, l.remote_id) > ($3, $4)) AND ($5::bigint IS NULL OR (l.remote_order, l.remote_id) <= ($5, $6))
        ORDER BY l.remote_order, l.remote_id LIMIT $7`,
      [targetId, kind, from?.order ?? null, from?.remoteId ?? null, to?.order ?? null, to?.remoteId ?? null, limit],
    );
  }

  byLocal(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<Link[]> {
    return tx.sql<Link>(`SELECT ${COLUMNS} ${FROM} AND l.local_id = ANY($3)`, [targetId, kind, localIds]);
  }

  byRemote(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, remoteIds: readonly string[]): Promise<Link[]> {
    return tx.sql<Link>(`SELECT ${COLUMNS} ${FROM} AND l.remote_id = ANY($3)`, [targetId, kind, remoteIds]);
  }

  /** Those that have no link. */
  async withoutLink(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await tx.sql<{ id: string }>(
      // OFFSET 0: a look at the key for each. As an anti-join it reads all links while the statistics are those of before an export.
      `SELECT x.id FROM unnest($3::text[]) x(id)
        WHERE NOT EXISTS (SELECT FROM sync_link l WHERE l.target_id = $1 AND l.kind = $2 AND l.local_id = x.id OFFSET 0)`,
      [targetId, kind, localIds],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** @param runId what it is about to link, or proposes to, counts as linked. */
  async localIdsOf(
    tx: Tx,
    targetId: SyncTargetId,
    runId: SyncRunId | null,
    kind: string,
    remoteIds: readonly string[],
  ): Promise<ReadonlyMap<string, string>> {
    const rows = await tx.sql<{ remoteId: string; localId: string }>(
      `SELECT remote_id AS "remoteId", local_id AS "localId", 0 AS n FROM sync_link WHERE target_id = $1 AND kind = $2 AND remote_id = ANY($3)
       UNION ALL SELECT remote_id, local_id, 1 FROM sync_change WHERE run_id = $4 AND kind = $2 AND remote_id = ANY($3) AND action IN ('RELINK', 'ADOPT')
       ORDER BY n`,
      [targetId, kind, remoteIds, runId],
    );
    // What was kept for an object that is no more is its successor's.
    return new Map(rows.map(({ remoteId, localId }) => [remoteId, localId]));
  }

  /** @param runId as in `localIdsOf`; null: nothing but what is linked. */
  async remoteIdsOf(
    tx: Tx,
    targetId: SyncTargetId,
    runId: SyncRunId | null,
    kind: string,
    localIds: readonly string[],
  ): Promise<ReadonlyMap<string, string>> {
    const rows = await tx.sql<{ remoteId: string; localId: string }>(
      `SELECT remote_id AS "remoteId", local_id AS "localId", 0 AS n FROM sync_link WHERE target_id = $1 AND kind = $2 AND local_id = ANY($3) AND state <> 'GONE'
       UNION ALL SELECT remote_id, local_id, 1 FROM sync_change WHERE run_id = $4 AND kind = $2 AND local_id = ANY($3) AND action IN ('RELINK', 'ADOPT')
       ORDER BY n`,
      [targetId, kind, localIds, runId],
    );
    return new Map(rows.map(({ remoteId, localId }) => [localId, remoteId]));
  }

  /** Of these, those that wait for a person to say what becomes of them: they are gone there, or may only be hidden, and a complete run has said so. */
  async asked(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await tx.sql<{ id: string }>(
      `SELECT id FROM unnest($3::text[]) x(id)
        WHERE EXISTS (SELECT FROM sync_conflict c WHERE c.target_id = $1 AND c.kind = $2 AND c.local_id = x.id AND c.field = '*' AND c.resolved_at IS NULL AND c.decision IS NULL)
           OR EXISTS (SELECT FROM sync_change c WHERE c.run_id = (SELECT w.id FROM (${LAST_WORD}) w) AND c.kind = $2 AND c.local_id = x.id AND c.action = 'CREATE' AND c.state = 'PROPOSED')`,
      [targetId, kind, localIds],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Of objects that are kept there. */
  async count(tx: Tx, targetId: SyncTargetId, kind: InventoryKind): Promise<number> {
    const row = await tx.one<{ count: number }>(
      `SELECT count(*)::int AS count FROM sync_link WHERE target_id = $1 AND kind = $2 AND state <> 'GONE'`,
      [targetId, kind],
    );
    return row?.count ?? 0;
  }

  /** Is there one whose object is on its way out there? */
  async isLeaving(tx: Tx, targetId: SyncTargetId, kind: InventoryKind): Promise<boolean> {
    return (
      (await tx.one(`SELECT 1 AS found FROM sync_link WHERE target_id = $1 AND kind = $2 AND state = 'DEPRECATED' LIMIT 1`, [
        targetId,
        kind,
      ])) !== undefined
    );
  }

  /** Made, or as it is now. An object of theirs that was another one's before is this one's: the mark said so. */
  async put(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, links: readonly LinkRow[]): Promise<void> {
    if (links.length === 0) return;
    const json = JSON.stringify(links);
    await tx.run(
      `DELETE FROM sync_link l USING jsonb_to_recordset($3::jsonb) x("localId" text, "remoteId" text)
        WHERE l.target_id = $1 AND l.kind = $2 AND l.remote_id = x."remoteId" AND l.local_id <> x."localId"`,
      [targetId, kind, json],
    );
    await tx.run(
      `INSERT INTO sync_link AS l (target_id, kind, local_id, remote_id, remote_order, remote_version, base, state, deprecated_at)
       SELECT $1, $2, x."localId", x."remoteId", x."order", x.version, x.base, CASE WHEN x."isDeprecated" THEN 'DEPRECATED' ELSE 'LINKED' END,
              CASE WHEN x."isDeprecated" THEN clock_timestamp() END
         FROM jsonb_to_recordset($3::jsonb) x("localId" text, "remoteId" text, "order" bigint, version text, base jsonb, "isDeprecated" boolean)
       ON CONFLICT (target_id, kind, local_id) DO UPDATE SET remote_id = EXCLUDED.remote_id, remote_order = EXCLUDED.remote_order,
         remote_version = EXCLUDED.remote_version, base = EXCLUDED.base, state = EXCLUDED.state, deprecated_at = EXCLUDED.deprecated_at`,
      [targetId, kind, json],
    );
  }

  /** Both agree on something new without anything to write. */
  async rebase(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, bases: readonly { localId: string; base: Fields }[]): Promise<void> {
    if (bases.length === 0) return;
    await tx.run(
      `UPDATE sync_link l SET base = x.base FROM jsonb_to_recordset($3::jsonb) x("localId" text, base jsonb)
        WHERE l.target_id = $1 AND l.kind = $2 AND l.local_id = x."localId"`,
      [targetId, kind, JSON.stringify(bases)],
    );
  }

  async markGone(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<void> {
    await tx.run(`UPDATE sync_link SET state = 'GONE', deprecated_at = NULL WHERE target_id = $1 AND kind = $2 AND local_id = ANY($3)`, [
      targetId,
      kind,
      localIds,
    ]);
  }

  async drop(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<void> {
    if (localIds.length > 0)
      await tx.run('DELETE FROM sync_link WHERE target_id = $1 AND kind = $2 AND local_id = ANY($3)', [targetId, kind, localIds]);
  }
}
