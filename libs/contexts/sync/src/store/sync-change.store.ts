import { Injectable } from '@nestjs/common';
import { storableText, type SyncRunId } from '#engines/kernel';
import type { Fields, SyncAction } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { ChangeState, PageOf, StoredChange } from '../domain/sync-run.js';
import type { InventoryKind } from '../inventory/kinds.js';

/** With what it takes to carry it out. */
export interface PlannedChange extends StoredChange {
  readonly remoteOrder: number | null;
  readonly remoteVersion: string | null;
  /** What both have when it is done. */
  readonly base: Fields;
  readonly guarded: readonly string[];
}

/** What came of a line. */
export interface ChangeOutcome {
  readonly seq: number;
  readonly state: ChangeState;
  readonly remoteId: string | null;
  readonly error: string | null;
}

export interface Tally {
  readonly action: SyncAction;
  readonly state: ChangeState;
  readonly hasEffects: boolean;
  readonly count: number;
}

const SEEN = `seq, action, kind, local_id AS "localId", remote_id AS "remoteId", label, before, after, pull, replaced,
  successor_of AS "successorOf", overwritten, state, error`;
const COLUMNS = `${SEEN}, remote_order::float8 AS "remoteOrder", remote_version AS "remoteVersion", base, guarded`;
const UNAMBIGUOUS = `SELECT min(p.seq) FROM sync_change p WHERE p.run_id = $1 AND p.state = 'PROPOSED' AND p.action = 'ADOPT' GROUP BY p.kind, p.local_id HAVING count(*) = 1`;
/** A run for a name server has its lines in one value: it is made and written as a whole. */
const RECORD_SETS = `SELECT x.n::int, x.line->>'verb', 'recordSet', x.line->>'key', NULL, x.line->>'key', coalesce(x.line->'before', '{}'), coalesce(x.line->'after', '{}'), '{}', '{}', NULL,
    '{}'::text[], CASE WHEN x.line ? 'isStale' THEN 'STALE' WHEN x.line ? 'isHeld' OR x.line ? 'isOnlyShown' THEN 'PLANNED' WHEN x.line ? 'reason' THEN 'SKIPPED' ELSE 'APPLIED' END, coalesce(x.line->>'reason', x.line->>'answered')
  FROM sync_run r, jsonb_array_elements(r.plan) WITH ORDINALITY x(line, n) WHERE r.id = $1 AND x.n > $2`;
/** Words of other systems can be a page of HTML. */
const LONGEST_ERROR = 1000;
/** As a database keeps them: it takes no half of a character that was cut, and no NUL, and would not keep what was done either. */
const kept = (words: string): string => storableText(words.slice(0, LONGEST_ERROR));

@Injectable()
export class SyncChangeStore {
  async append(tx: Tx, runId: SyncRunId, changes: readonly PlannedChange[]): Promise<void> {
    await tx.run(
      `INSERT INTO sync_change (run_id, seq, action, kind, local_id, remote_id, remote_order, remote_version, label, before, after, pull, replaced, successor_of, base, overwritten, guarded,
         state, error)
       SELECT $1, c.seq, c.action, c.kind, c."localId", c."remoteId", c."remoteOrder", c."remoteVersion", c.label, c.before, c.after, c.pull, c.replaced, c."successorOf", c.base,
              ARRAY(SELECT jsonb_array_elements_text(c.overwritten)), ARRAY(SELECT jsonb_array_elements_text(c.guarded)), c.state, c.error
         FROM jsonb_to_recordset($2::jsonb) c(seq int, action text, kind text, "localId" text, "remoteId" text, "remoteOrder" bigint, "remoteVersion" text, label text,
              before jsonb, after jsonb, pull jsonb, replaced jsonb, "successorOf" text, base jsonb, overwritten jsonb, guarded jsonb, state text, error text)`,
      [runId, JSON.stringify(changes)],
    );
  }

  /** In the order in which they were found. */
  page(tx: Tx, runId: SyncRunId, { first, after }: PageOf<number>): Promise<StoredChange[]> {
    return tx.sql<StoredChange>(
      `(SELECT ${SEEN} FROM sync_change WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) UNION ALL (${RECORD_SETS} ORDER BY 1 LIMIT $3) ORDER BY 1 LIMIT $3`,
      [runId, after ?? 0, first],
    );
  }

  /** What is still to be done of one kind and action; each line that was tried is in another state afterwards. */
  next(
    tx: Tx,
    runId: SyncRunId,
    { kind, action, isGuardedToo }: { kind: InventoryKind; action: SyncAction; isGuardedToo: boolean },
    after: number,
    limit: number,
  ): Promise<PlannedChange[]> {
    return tx.sql<PlannedChange>(
      `SELECT ${COLUMNS} FROM sync_change WHERE run_id = $1 AND kind = $2 AND action = $3 AND state = 'PLANNED' AND (guarded = '{}' OR $4) AND seq > $5
        ORDER BY seq LIMIT $6`,
      [runId, kind, action, isGuardedToo, after, limit],
    );
  }

  async settle(tx: Tx, runId: SyncRunId, outcomes: readonly ChangeOutcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    await tx.run(
      `UPDATE sync_change c SET state = o.state, remote_id = coalesce(o."remoteId", c.remote_id), error = o.error
         FROM jsonb_to_recordset($2::jsonb) o(seq int, state text, "remoteId" text, error text) WHERE c.run_id = $1 AND c.seq = o.seq`,
      [runId, JSON.stringify(outcomes.map((outcome) => ({ ...outcome, error: outcome.error === null ? null : kept(outcome.error) })))],
    );
  }

  /** How many there are by action and state; of an object that was looked at again in the same run what came of it then. */
  tally(tx: Tx, runId: SyncRunId): Promise<Tally[]> {
    return tx.sql<Tally>(
      `SELECT action, state, after <> '{}' OR pull <> '{}' AS "hasEffects", count(*)::int AS count FROM sync_change c
        WHERE run_id = $1 AND NOT (state = 'STALE' AND EXISTS (SELECT FROM sync_change l WHERE l.run_id = $1 AND l.kind = c.kind AND l.local_id = c.local_id AND l.seq > c.seq))
        GROUP BY 1, 2, 3`,
      [runId],
    );
  }

  /** Nobody comes back to them. */
  async leaveRest(tx: Tx, runId: SyncRunId, why: string): Promise<void> {
    await tx.run(`UPDATE sync_change SET state = 'SKIPPED', error = $2 WHERE run_id = $1 AND state = 'PLANNED'`, [runId, kept(why)]);
  }

  /** Of one kind and action, those that are still to be done. */
  async leaveOut(tx: Tx, runId: SyncRunId, kind: InventoryKind, action: SyncAction, why: string): Promise<void> {
    await tx.run(
      `UPDATE sync_change SET state = 'SKIPPED', error = $4 WHERE run_id = $1 AND kind = $2 AND action = $3 AND state = 'PLANNED'`,
      [runId, kind, action, kept(why)],
    );
  }

  /** Those that were left out for that reason are still to be done. */
  async planAgain(tx: Tx, runId: SyncRunId, why: string): Promise<void> {
    await tx.run(`UPDATE sync_change SET state = 'PLANNED', error = NULL WHERE run_id = $1 AND state = 'SKIPPED' AND error = $2`, [
      runId,
      why,
    ]);
  }

  /** What was to go away there, or to be let go of, is taken over by another of ours: then it stays. @returns what was planned for it, by line. */
  async stay(tx: Tx, runId: SyncRunId, kind: InventoryKind, remoteIds: readonly string[]): Promise<SyncAction[]> {
    const rows = await tx.sql<{ action: SyncAction }>(
      `DELETE FROM sync_change WHERE run_id = $1 AND kind = $2 AND remote_id = ANY($3) AND action IN ('DEPRECATE', 'DELETE', 'UNLINK') AND state = 'PLANNED' RETURNING action`,
      [runId, kind, remoteIds],
    );
    return rows.map(({ action }) => action);
  }

  /** A person says that what is missing is gone: what was proposed to be made again in the kinds that were stopped for that is meant, too. */
  async meanMissing(tx: Tx, runId: SyncRunId): Promise<void> {
    await tx.run(
      `UPDATE sync_change c SET state = 'PLANNED', error = NULL FROM sync_run r
        WHERE r.id = $1 AND c.run_id = $1 AND c.state = 'PROPOSED' AND c.action = 'CREATE' AND r.measure ? c.kind`,
      [runId],
    );
  }

  async lastSeq(tx: Tx, runId: SyncRunId): Promise<number> {
    return (await tx.one<{ seq: number }>('SELECT coalesce(max(seq), 0) AS seq FROM sync_change WHERE run_id = $1', [runId]))?.seq ?? 0;
  }

  async forget(tx: Tx, runId: SyncRunId): Promise<void> {
    await tx.run('DELETE FROM sync_change WHERE run_id = $1', [runId]);
  }

  /** Copies proposals of one run into another that carries them out. @param seqs null: all for which there is one candidate. @returns how many. */
  async accept(tx: Tx, from: SyncRunId, to: SyncRunId, seqs: readonly number[] | null): Promise<number> {
    const accepted = await tx.run(
      `INSERT INTO sync_change (run_id, seq, action, kind, local_id, remote_id, remote_order, remote_version, label, before, after, pull, replaced, successor_of, base, overwritten, guarded,
         state)
       SELECT $2, seq, action, kind, local_id, remote_id, remote_order, remote_version, label, before, after, pull, replaced, successor_of, base, overwritten, guarded, 'PLANNED'
         FROM sync_change c WHERE run_id = $1 AND state = 'PROPOSED' AND seq = ANY(coalesce($3, ARRAY(${UNAMBIGUOUS})))`,
      [from, to, seqs],
    );
    await tx.run(
      `UPDATE sync_change SET state = 'SKIPPED', error = 'accepted: another run carries it out' WHERE run_id = $1 AND state = 'PROPOSED'
         AND EXISTS (SELECT FROM sync_change a WHERE a.run_id = $2 AND a.seq = sync_change.seq)`,
      [from, to],
    );
    return accepted;
  }
}
