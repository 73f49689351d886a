import { Injectable } from '@nestjs/common';
import type { FabricId, Fqdn, SyncTargetId } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import { SyncTargetEntity } from './sync-target.entity.js';

export interface SyncTarget {
  readonly id: SyncTargetId;
  readonly fabricId: FabricId;
  readonly slug: string;
  readonly url: string;
  readonly sealedSecret: Buffer;
  readonly zones: readonly Fqdn[];
  readonly ttlSeconds: number;
  readonly settledRevision: number;
}

export type RunState = 'SUCCEEDED' | 'PARTIAL' | 'FAILED' | 'BLOCKED_BY_GUARD';

export interface RunChange {
  readonly zone: string;
  readonly verb: string;
  readonly key: string;
  readonly reason?: string;
}

@Injectable()
export class SyncStore {
  async insertTarget(tx: Tx, target: SyncTargetEntity): Promise<void> {
    await tx.manager.insert(SyncTargetEntity, target);
  }

  /** Targets whose fabric moved on since they were settled, out of their back-off. */
  due(tx: Tx): Promise<SyncTargetId[]> {
    return tx
      .sql<{ id: SyncTargetId }>(
        `SELECT t.id FROM sync_target t JOIN fabric f ON f.id = t.fabric_id WHERE t.enabled AND t.settled_revision < f.revision AND t.next_try_at <= clock_timestamp() ORDER BY t.id`,
      )
      .then((rows) => rows.map((row) => row.id));
  }

  async target(tx: Tx, id: SyncTargetId): Promise<SyncTarget | undefined> {
    const row = await tx.one<SyncTarget & { settledRevision: string }>(
      `SELECT id, fabric_id AS "fabricId", slug, url, sealed_secret AS "sealedSecret", zones, ttl_seconds AS "ttlSeconds", settled_revision AS "settledRevision"
         FROM sync_target WHERE id = $1 AND enabled`,
      [id],
    );
    return row && { ...row, settledRevision: Number(row.settledRevision) };
  }

  async beginRun(tx: Tx, targetId: SyncTargetId): Promise<string> {
    const id = newId<string>();
    await tx.run(`INSERT INTO sync_run (id, target_id, state) VALUES ($1, $2, 'RUNNING')`, [id, targetId]);
    return id;
  }

  async endRun(tx: Tx, runId: string, state: RunState, changes: readonly RunChange[], error: string | null): Promise<void> {
    await tx.run('UPDATE sync_run SET state = $2, plan = $3, error = $4, finished_at = clock_timestamp() WHERE id = $1', [
      runId,
      state,
      JSON.stringify(changes),
      error,
    ]);
  }

  async settle(tx: Tx, id: SyncTargetId, revision: number): Promise<void> {
    await tx.run(
      `UPDATE sync_target SET settled_revision = greatest(settled_revision, $2), failures = 0, next_try_at = '-infinity', last_error = NULL WHERE id = $1`,
      [id, revision],
    );
  }

  /** Tries again after 1, 2, 4 … 300 seconds. */
  async postpone(tx: Tx, id: SyncTargetId, error: string): Promise<void> {
    await tx.run(
      `UPDATE sync_target SET failures = failures + 1, last_error = $2, next_try_at = clock_timestamp() + make_interval(secs => least(300, 2 ^ least(failures, 9))) WHERE id = $1`,
      [id, error.slice(0, 500)],
    );
  }
}
