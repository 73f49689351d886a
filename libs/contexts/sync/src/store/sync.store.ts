import { Injectable } from '@nestjs/common';
import type { FabricId, Fqdn, SyncTargetId } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import type { ConnectorMode } from '../domain/connector.js';
import type { RunCounts } from '../domain/sync-run.js';
import type { RrsetValue } from '../ports/rrset.js';
import { SyncTargetEntity } from './sync-target.entity.js';

export interface SyncTarget {
  readonly id: SyncTargetId;
  readonly fabricId: FabricId;
  readonly slug: string;
  readonly url: string;
  readonly sealedSecret: Buffer;
  readonly tlsPins: readonly string[];
  readonly mode: ConnectorMode;
  readonly zones: readonly Fqdn[];
  readonly ttlSeconds: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly settledRevision: number;
  /** Names changed since the last run, or it is time to look again at what could not be written. */
  readonly isDue: boolean;
  /** Of the transaction that read this: what it saw, the run settles. */
  readonly snapshot: string;
}

export type RunState = 'SUCCEEDED' | 'PARTIAL' | 'FAILED' | 'BLOCKED_BY_GUARD';

export interface RunChange {
  readonly zone: string;
  readonly verb: string;
  readonly key: string;
  readonly before?: RrsetValue;
  readonly after?: RrsetValue;
  /** Why it was not written. */
  readonly reason?: string;
  /** It is what would be written: the connector is in OBSERVE. */
  readonly isOnlyShown?: true;
  /** What the name server answered afterwards, or why it did not. */
  readonly answered?: string;
}

const RECHECK_SECONDS = 60;
/** Names changed, what was left is to be looked at again, or nobody has looked for a while: people delete record sets of ours, too. */
const IS_DUE = `(EXISTS (SELECT FROM dns_change c WHERE c.target_id = t.id) OR coalesce(t.recheck_at <= clock_timestamp(), false)
  OR coalesce(t.last_ok_at, t.created_at) + make_interval(secs => t.scan_every_seconds) <= clock_timestamp())`;

@Injectable()
export class SyncStore {
  async insertTarget(tx: Tx, target: SyncTargetEntity): Promise<void> {
    await tx.manager.insert(SyncTargetEntity, target);
  }

  /** Targets whose fabric moved on or whose names changed since they were settled, out of their back-off. */
  due(tx: Tx): Promise<SyncTargetId[]> {
    return tx
      .sql<{ id: SyncTargetId }>(
        `SELECT t.id FROM sync_target t JOIN fabric f ON f.id = t.fabric_id
          WHERE t.enabled AND t.kind = 'POWERDNS' AND t.next_try_at <= clock_timestamp() AND (t.settled_revision < f.revision OR ${IS_DUE}) ORDER BY t.id`,
      )
      .then((rows) => rows.map((row) => row.id));
  }

  async target(tx: Tx, id: SyncTargetId): Promise<SyncTarget | undefined> {
    const row = await tx.one<SyncTarget & { settledRevision: string }>(
      `SELECT t.id, t.fabric_id AS "fabricId", t.slug, t.url, t.sealed_secret AS "sealedSecret", t.tls_pins AS "tlsPins", t.mode, t.zones, t.ttl_seconds AS "ttlSeconds", t.settings,
          t.settled_revision AS "settledRevision", ${IS_DUE} AS "isDue", pg_current_snapshot()::text AS snapshot
         FROM sync_target t WHERE t.id = $1 AND t.enabled AND t.kind = 'POWERDNS'`,
      [id],
    );
    return row && { ...row, settledRevision: Number(row.settledRevision) };
  }

  async beginRun(tx: Tx, targetId: SyncTargetId): Promise<string> {
    const id = newId<string>();
    await tx.run(`INSERT INTO sync_run (id, target_id, state) VALUES ($1, $2, 'RUNNING')`, [id, targetId]);
    return id;
  }

  async endRun(
    tx: Tx,
    runId: string,
    state: RunState,
    { changes, counts, error }: { changes: readonly RunChange[]; counts: RunCounts; error: string | null },
  ): Promise<void> {
    await tx.run('UPDATE sync_run SET state = $2, plan = $3, counts = $4, error = $5, finished_at = clock_timestamp() WHERE id = $1', [
      runId,
      state,
      JSON.stringify(changes),
      JSON.stringify(counts),
      error,
    ]);
  }

  /**
   * Changes that were committed after `snapshot` are for the next run.
   * @param left what could not be written and waits for other people; it is tried again in a minute, and nothing waits for it.
   */
  async settle(tx: Tx, { id, snapshot }: SyncTarget, revision: number, left: string | null): Promise<void> {
    await tx.run('DELETE FROM dns_change WHERE target_id = $1 AND pg_visible_in_snapshot(xid, $2::pg_snapshot)', [id, snapshot]);
    await tx.run(
      `UPDATE sync_target SET settled_revision = greatest(settled_revision, $2), failures = 0, next_try_at = '-infinity', last_error = $3, last_ok_at = clock_timestamp(),
         recheck_at = CASE WHEN $3::text IS NULL THEN NULL ELSE clock_timestamp() + make_interval(secs => ${RECHECK_SECONDS}) END WHERE id = $1`,
      [id, revision, left?.slice(0, 500) ?? null],
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
