import { Injectable } from '@nestjs/common';
import type { SyncRunId, SyncTargetId } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import type { ZoneStops } from '../dns/zone-stops.js';
import type { PageOf, RunCounts, RunPhase, SyncRun, SyncState, SyncTrigger } from '../domain/sync-run.js';

export const NO_COUNTS: RunCounts = { read: 0, created: 0, updated: 0, deleted: 0, unchanged: 0, conflicts: 0, skipped: 0 };
/** A plan that nobody looked at for so long is of no use; how often it ran is in the log. */
const KEPT_DAYS = 30;
/** Where everything is planned each day, or with each change of a name, and nothing is written, the lines would be many. */
const SCANS_WITH_CHANGES = 5;

const COLUMNS = `id, target_id AS "targetId", trigger, is_dry_run AS "isDryRun", state, phase, started_at AS "startedAt", finished_at AS "finishedAt", counts, progress, digest,
  guards, lines_kept AS "linesKept", wanted_by AS "wantedBy", approved_by AS "approvedBy", error`;

const WENT_THROUGH = `(trigger IN ('TIMER', 'PERSON') AND state IN ('SUCCEEDED', 'PARTIAL'))`;
/** The same was stopped again later, and a person said yes to that: nobody waits for this one any more. @param run alias of the one that was stopped. */
export const answered = (run: string): string =>
  `EXISTS (SELECT FROM sync_run a WHERE a.target_id = ${run}.target_id AND a.started_at > ${run}.started_at AND a.approved_by IS NOT NULL AND NOT a.is_dry_run
     AND a.state IN ('SUCCEEDED', 'PARTIAL') AND a.guards = ${run}.guards AND a.digest = ${run}.digest)`;
/** What was stopped, or a complete run that went through. A dry run says nothing: nobody waits for it. */
export const LAST_WORD = `SELECT id, state FROM sync_run WHERE target_id = $1 AND NOT is_dry_run
  AND (state = 'BLOCKED_BY_GUARD' OR ${WENT_THROUGH}) AND NOT (state = 'BLOCKED_BY_GUARD' AND ${answered('sync_run')}) ORDER BY started_at DESC, id DESC LIMIT 1`;

/** A run of a name server without a digest could not read every zone: what waits goes on waiting. */
const LAST_WORD_ON_NAMES = `SELECT id, state, stops FROM sync_run WHERE target_id = $1 AND NOT is_dry_run AND state <> 'RUNNING' AND digest IS NOT NULL
  ORDER BY started_at DESC, id DESC LIMIT 1`;
/** Of a name server: what a run that looks again is compared with. */
const newestOfNames = (which = 'true'): string =>
  `SELECT id FROM sync_run WHERE target_id = $1 AND NOT is_dry_run AND state <> 'RUNNING' AND ${which} ORDER BY started_at DESC, id DESC LIMIT 1`;
/** Of a name server, what a person sees of a run and says yes to. */
const HELD_LINES = (run: string): string =>
  `SELECT l->>'zone' AS zone, l->>'verb', l->>'key', l->'before', l->'after' FROM sync_run r, jsonb_array_elements(r.plan) l WHERE r.id = ${run} AND l ? 'isHeld'`;
const WROTE_NOTHING = `r.counts @> '{"created": 0, "updated": 0, "deleted": 0}'`;
/** The last word of a name server says so. One that was approved says it of zones that it could not read: nobody has decided about those. */
export const WAITS = `(w.state = 'BLOCKED_BY_GUARD' OR w.stops @? '$.* ? (@.isUnread == true)')`;
/** Of the lines of a run for a name server what was done; KEEP is what it answers otherwise. */
const DONE_LINES = `jsonb_path_query_array(r.plan, '$[*] ? (@.verb != "KEEP" && !exists(@.reason) && !exists(@.isHeld) && !exists(@.isOnlyShown))')`;
/** So many runs are thinned with each one: after an hour in which much waited they would be thousands. */
const THINNED_AT_ONCE = 100;
/** Whoever reads the lines of a run that a newer one has followed has so long to decide. */
const READ_FOR = `interval '1 hour'`;

/** A run that waits for a person. */
export interface StoppedRun {
  readonly id: SyncRunId;
  readonly stops: ZoneStops;
}

const toRun = (row: SyncRun): SyncRun => ({ ...row, counts: { ...NO_COUNTS, ...row.counts } });

export type OpenRun = SyncRun & { readonly maxDeleteRatio: number | null };

export interface NewRun {
  readonly targetId: SyncTargetId;
  readonly trigger: SyncTrigger;
  readonly phase: RunPhase;
  readonly isDryRun?: boolean;
  readonly maxDeleteRatio?: number | null;
}

@Injectable()
export class SyncRunStore {
  async insert(tx: Tx, run: NewRun): Promise<SyncRunId> {
    const id = newId<SyncRunId>();
    await tx.run(
      `INSERT INTO sync_run (id, target_id, state, trigger, phase, is_dry_run, max_delete_ratio, wanted_by) VALUES ($1, $2, 'RUNNING', $3, $4, $5, $6, $7)`,
      [id, run.targetId, run.trigger, run.phase, run.isDryRun ?? false, run.maxDeleteRatio ?? null, tx.scope.actor],
    );
    return id;
  }

  async byId(tx: Tx, id: SyncRunId): Promise<SyncRun | undefined> {
    const row = await tx.one<SyncRun>(`SELECT ${COLUMNS} FROM sync_run WHERE id = $1`, [id]);
    return row && toRun(row);
  }

  /** Locked for the rest of the transaction. */
  async lock(tx: Tx, id: SyncRunId): Promise<SyncRun | undefined> {
    const row = await tx.one<SyncRun>(`SELECT ${COLUMNS} FROM sync_run WHERE id = $1 FOR UPDATE`, [id]);
    return row && toRun(row);
  }

  /** The newest first. */
  async page(tx: Tx, targetId: SyncTargetId, { first, after }: PageOf<SyncRunId>): Promise<SyncRun[]> {
    const rows = await tx.sql<SyncRun>(
      `SELECT ${COLUMNS} FROM sync_run WHERE target_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [targetId, after, first],
    );
    return rows.map(toRun);
  }

  /** The newest of each. */
  async last(tx: Tx, targetIds: readonly SyncTargetId[]): Promise<SyncRun[]> {
    const rows = await tx.sql<SyncRun>(
      `SELECT r.* FROM unnest($1::uuid[]) t(id) CROSS JOIN LATERAL (SELECT ${COLUMNS} FROM sync_run WHERE target_id = t.id ORDER BY id DESC LIMIT 1) r`,
      [targetIds],
    );
    return rows.map(toRun);
  }

  /** What is asked for, and what a dead execution has left: only under the lease of the target nobody is at it. The oldest first. */
  async open(tx: Tx, targetId: SyncTargetId): Promise<OpenRun[]> {
    const rows = await tx.sql<OpenRun>(
      `SELECT ${COLUMNS}, max_delete_ratio AS "maxDeleteRatio" FROM sync_run WHERE target_id = $1 AND phase <> 'ENDED' ORDER BY id`,
      [targetId],
    );
    return rows.map((row) => ({ ...row, ...toRun(row) }));
  }

  async setPhase(tx: Tx, id: SyncRunId, phase: RunPhase): Promise<void> {
    await tx.run('UPDATE sync_run SET phase = $2 WHERE id = $1', [id, phase]);
  }

  async progress(tx: Tx, id: SyncRunId, progress: Required<SyncRun['progress']>): Promise<void> {
    await tx.run('UPDATE sync_run SET progress = $2 WHERE id = $1', [id, JSON.stringify(progress)]);
  }

  /** @param measure rows by kind that a later scan is measured by once a person says that they are right. */
  async planned(
    tx: Tx,
    id: SyncRunId,
    { digest, counts, guards, measure }: Pick<SyncRun, 'counts' | 'guards'> & { digest: string; measure: Readonly<Record<string, number>> },
  ): Promise<void> {
    await tx.run(
      `UPDATE sync_run SET digest = $2, counts = $3, guards = $4, measure = $5, phase = 'PLANNING', progress = '{}' WHERE id = $1`,
      [id, digest, JSON.stringify(counts), guards, JSON.stringify(measure)],
    );
  }

  /** Has a complete run looked at everything since? */
  async isOutdated(tx: Tx, { id, targetId }: Pick<SyncRun, 'id' | 'targetId'>): Promise<boolean> {
    const newer = await tx.one(
      `SELECT 1 AS found FROM sync_run WHERE target_id = $2 AND id > $1 AND trigger IN ('TIMER', 'PERSON') AND NOT is_dry_run AND digest IS NOT NULL LIMIT 1`,
      [id, targetId],
    );
    return newer !== undefined;
  }

  /** It failed. Of those that failed before nothing is kept but what they did: the next one would do the same again, and fail of the same. */
  async cutShort(tx: Tx, { id, targetId }: Pick<SyncRun, 'id' | 'targetId'>): Promise<void> {
    await tx.run(
      `WITH before AS (UPDATE sync_run SET is_cut_short = false, lines_kept = false WHERE target_id = $2 AND is_cut_short AND id <> $1 RETURNING id)
       DELETE FROM sync_change c USING before b WHERE c.run_id = b.id AND c.state <> 'APPLIED'`,
      [id, targetId],
    );
    await tx.run('UPDATE sync_run SET is_cut_short = true WHERE id = $1', [id]);
  }

  async approve(tx: Tx, id: SyncRunId): Promise<void> {
    await tx.run(
      `UPDATE sync_run SET phase = 'APPROVED', state = 'RUNNING', finished_at = NULL, approved_by = $2, approved_at = clock_timestamp() WHERE id = $1`,
      [id, tx.scope.actor],
    );
  }

  /** It waits for a person again. */
  async askAgain(tx: Tx, id: SyncRunId): Promise<void> {
    await tx.run('UPDATE sync_run SET approved_by = NULL, approved_at = NULL WHERE id = $1', [id]);
  }

  async end(tx: Tx, id: SyncRunId, state: SyncState, counts: RunCounts, error: string | null): Promise<void> {
    await tx.run(
      `UPDATE sync_run SET state = $2, counts = $3, error = $4, phase = 'ENDED', progress = '{}', finished_at = clock_timestamp() WHERE id = $1`,
      [id, state, JSON.stringify(counts), error],
    );
  }

  /** The run that waits for a person; null: a complete one has gone through since, or nothing was ever stopped. */
  async stopped(tx: Tx, targetId: SyncTargetId): Promise<SyncRunId | null> {
    const row = await tx.one<{ id: SyncRunId }>(`SELECT id FROM (${LAST_WORD}) w WHERE state = 'BLOCKED_BY_GUARD'`, [targetId]);
    return row?.id ?? null;
  }

  /** Of a name server, each of whose runs looks at everything: the run that waits for a person, or one that was approved but for zones that it could not read. */
  async stoppedNames(tx: Tx, targetId: SyncTargetId): Promise<StoppedRun | null> {
    const row = await tx.one<StoppedRun>(`SELECT id, stops FROM (${LAST_WORD_ON_NAMES}) w WHERE ${WAITS}`, [targetId]);
    return row ?? null;
  }

  async keepStops(tx: Tx, id: SyncRunId, stops: ZoneStops): Promise<void> {
    await tx.run('UPDATE sync_run SET stops = $2 WHERE id = $1', [id, JSON.stringify(stops)]);
  }

  /** People are told of it: they may come back to it. */
  async told(tx: Tx, id: SyncRunId): Promise<void> {
    await tx.run('UPDATE sync_run SET is_told = true WHERE id = $1', [id]);
  }

  /** Of an inventory: were people told of another run that was stopped for the same, and has no complete one gone through since, nor a person said yes to it? A few objects and all of them are stopped in turns. */
  async isTold(tx: Tx, { id, targetId, guards, digest }: Pick<SyncRun, 'id' | 'targetId' | 'guards' | 'digest'>): Promise<boolean> {
    const told = await tx.one(
      `SELECT 1 AS found FROM sync_run WHERE target_id = $1 AND id <> $2 AND NOT is_dry_run AND state = 'BLOCKED_BY_GUARD' AND is_told AND guards = $3 AND digest = $4 AND NOT ${answered('sync_run')}
          AND started_at > coalesce((SELECT max(started_at) FROM sync_run WHERE target_id = $1 AND NOT is_dry_run AND ${WENT_THROUGH}), '-infinity') LIMIT 1`,
      [targetId, id, guards, digest],
    );
    return told !== undefined;
  }

  /** A person has decided about these zones: what waits there from now on is news. */
  async decided(tx: Tx, id: SyncRunId, zones: readonly string[]): Promise<void> {
    await tx.run('UPDATE sync_run SET stops = stops - $2::text[] WHERE id = $1', [id, zones]);
  }

  /** Do all lines of a run that wait for a person wait in a newer one, too, unchanged? In a zone that the newer one could not read they do. */
  async isStillHeld(tx: Tx, id: SyncRunId, newer: SyncRunId): Promise<boolean> {
    const row = await tx.one<{ isHeld: boolean }>(
      `SELECT r.lines_kept AND NOT EXISTS (
          SELECT FROM (${HELD_LINES('$1')} EXCEPT ${HELD_LINES('$2')}) gone WHERE NOT coalesce((w.stops->gone.zone->>'isUnread')::boolean, false)) AS "isHeld"
         FROM sync_run r, sync_run w WHERE r.id = $1 AND w.id = $2`,
      [id, newer],
    );
    return row?.isHeld === true;
  }

  /** Plans that nobody looked at in so long are of no use. @returns whether there may be more. */
  async forgetOld(tx: Tx, limit: number): Promise<boolean> {
    const gone = await tx.run(
      `DELETE FROM sync_run WHERE id IN (SELECT id FROM sync_run WHERE phase = 'ENDED' AND finished_at < clock_timestamp() - interval '${KEPT_DAYS} days'
         ORDER BY finished_at LIMIT $1)`,
      [limit],
    );
    return gone === limit;
  }

  /** What complete runs only showed. */
  async forgetShown(tx: Tx, targetId: SyncTargetId): Promise<void> {
    await tx.run(
      `WITH gone AS (DELETE FROM sync_change c USING sync_run r WHERE r.id = c.run_id AND r.target_id = $1 AND r.trigger IN ('TIMER', 'PERSON') AND r.phase = 'ENDED'
         AND c.state IN ('PROPOSED', 'PLANNED')
         AND r.id < (SELECT id FROM sync_run WHERE target_id = $1 AND trigger IN ('TIMER', 'PERSON') ORDER BY id DESC OFFSET ${SCANS_WITH_CHANGES} LIMIT 1)
         RETURNING c.run_id)
       UPDATE sync_run SET lines_kept = false WHERE id IN (SELECT run_id FROM gone)`,
      [targetId],
    );
  }

  /**
   * Of a name server, lines that were not carried out, but of the newest runs: in a busy zone each run has them anew. What waits for a person stays, and so do runs that
   * waited for the same: those that were told, and those that somebody may just be reading. So does the newest that was no dry run: the next one is compared with it.
   */
  async forgetShownNames(tx: Tx, targetId: SyncTargetId): Promise<void> {
    const newest = `SELECT id FROM sync_run WHERE target_id = $1 ORDER BY id DESC OFFSET ${SCANS_WITH_CHANGES - 1} LIMIT 1`;
    const mayBeApproved = `EXISTS (SELECT FROM (${LAST_WORD_ON_NAMES}) w WHERE ${WAITS}) AND r.state = 'BLOCKED_BY_GUARD' AND NOT r.is_dry_run
      AND (r.is_told OR r.finished_at > clock_timestamp() - ${READ_FOR} OR r.id = (SELECT w.id FROM (${LAST_WORD_ON_NAMES}) w))`;
    // No run is judged twice: those of thirty days may be sixty thousand.
    await tx.run(
      `UPDATE sync_run r SET is_thinned = true, plan = ${DONE_LINES}, lines_kept = jsonb_array_length(${DONE_LINES}) = jsonb_array_length(r.plan)
        WHERE r.id = ANY(ARRAY(SELECT r.id FROM sync_run r WHERE r.target_id = $1 AND NOT r.is_thinned AND r.phase = 'ENDED' AND r.approved_by IS NULL
          AND r.id < (${newest}) AND NOT (${mayBeApproved}) AND r.id IS DISTINCT FROM (${newestOfNames()}) ORDER BY r.id LIMIT ${THINNED_AT_ONCE}))`,
      [targetId],
    );
  }

  /** Of a name server: what was looked at again, wrote nothing and found what the run before it found is no run. @returns whether it was one. */
  async forgetRepeated(tx: Tx, { id, targetId }: Pick<SyncRun, 'id' | 'targetId'>): Promise<boolean> {
    const found = (of: string): string => `(${['state', 'digest', 'guards', 'error', 'plan'].map((name) => `${of}.${name}`).join(', ')})`;
    const gone = await tx.run(
      `DELETE FROM sync_run r USING sync_run n WHERE r.id = $2 AND r.trigger = 'RETRY' AND ${WROTE_NOTHING}
         AND n.id = (${newestOfNames('id <> $2')}) AND ${found('r')} IS NOT DISTINCT FROM ${found('n')}`,
      [targetId, id],
    );
    return gone > 0;
  }
}
