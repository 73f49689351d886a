import { Injectable } from '@nestjs/common';
import type { SyncRunId, SyncTargetId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { InventoryKind } from '../inventory/kinds.js';

/** 1, 2, 4 … minutes, six hours at most. */
const LATER = (attempts: string): string => `make_interval(secs => least(21600, 60 * 2 ^ least(greatest(${attempts} - 1, 0), 12)))`;
/** When the link `l` of the target `t` ends. What is shown as going away is shown for a minute, whatever the connector says: whoever wants to keep it can say so. */
const END_OF_GRACE = `l.deprecated_at + greatest(make_interval(secs => t.grace_seconds), interval '1 minute')`;
/** Of what goes away, far more than may be deleted without a person: of those that are left the brakes are sure to see too many, too. */
const MOST_LEAVING = 5000;
/** Waits for a person, who is shown it: looked at again as rarely as anything. */
const LATEST = `interval '6 hours'`;
/** Workers of a NetBox (gunicorn) have 120 s for a request, whether somebody still waits for the answer or not; those of phpIPAM less. */
const MAY_COME = `interval '3 minutes'`;

export interface Recheck {
  readonly kind: InventoryKind;
  readonly localId: string;
}

/** With the words of the time before; null: only time had to pass. */
export interface DueRecheck extends Recheck {
  readonly error: string | null;
}

/** The last line of a run for each object. */
const LAST_LINES = `SELECT DISTINCT ON (kind, local_id) kind, local_id, action, state, error FROM sync_change WHERE run_id = $2 ORDER BY kind, local_id, seq DESC`;
const IS_DUE = `c.target_id = $1 AND c.due_at <= clock_timestamp()`;
/** It is shown there as going away. */
const IS_LEAVING = `EXISTS (SELECT FROM sync_link l WHERE l.target_id = c.target_id AND l.kind = c.kind AND l.local_id = c.local_id AND l.state = 'DEPRECATED')`;
const IS_LEFT = `state IN ('REFUSED', 'SKIPPED', 'STALE')`;

/** Objects that are looked at again although nothing changed: what was refused or not answered, and what goes away when its grace period ends. */
@Injectable()
export class SyncRecheckStore {
  /**
   * Those whose time has come; the next time is set before anything is tried, so that an execution that dies tries nothing forever. What goes away is taken
   * by itself: a run that would delete too much waits for a person, and what was refused does not wait with it; and all of it at once whose grace is over,
   * what was put off as well, or the brakes would see a hundred, and seconds later a rest that is few enough.
   * @param limit of what does not go away.
   */
  async take(tx: Tx, targetId: SyncTargetId, limit: number): Promise<DueRecheck[]> {
    return tx.sql<DueRecheck>(
      `WITH oldest AS (SELECT ${IS_LEAVING} AS is_leaving FROM sync_recheck c WHERE ${IS_DUE} ORDER BY due_at LIMIT 1),
            leaving AS (SELECT c.kind, c.local_id FROM sync_recheck c JOIN sync_target t ON t.id = c.target_id
                          JOIN sync_link l ON l.target_id = c.target_id AND l.kind = c.kind AND l.local_id = c.local_id AND l.state = 'DEPRECATED'
                         WHERE (SELECT is_leaving FROM oldest) AND c.target_id = $1 AND (c.due_at <= clock_timestamp() OR ${END_OF_GRACE} <= clock_timestamp())
                         ORDER BY c.due_at LIMIT ${MOST_LEAVING}),
            others AS (SELECT kind, local_id FROM sync_recheck c WHERE NOT (SELECT is_leaving FROM oldest) AND ${IS_DUE} AND NOT ${IS_LEAVING} ORDER BY due_at LIMIT $2),
            taken AS (SELECT * FROM leaving UNION ALL SELECT * FROM others)
       UPDATE sync_recheck r SET attempts = r.attempts + 1, due_at = clock_timestamp() + ${LATER('r.attempts + 1')} FROM taken t
        WHERE r.target_id = $1 AND r.kind = t.kind AND r.local_id = t.local_id RETURNING r.kind, r.local_id AS "localId", r.error`,
      [targetId, limit],
    );
  }

  /** Those of them that came to nothing before and wait. */
  async tried(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (localIds.length === 0) return new Set();
    const rows = await tx.sql<{ id: string }>(
      'SELECT local_id AS id FROM sync_recheck WHERE target_id = $1 AND kind = $2 AND local_id = ANY($3) AND attempts > 0',
      [targetId, kind, localIds],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** They could not even be looked at. */
  async keep(tx: Tx, targetId: SyncTargetId, objects: readonly Recheck[], error: string): Promise<void> {
    if (objects.length === 0) return;
    await tx.run(
      `INSERT INTO sync_recheck AS r (target_id, kind, local_id, attempts, due_at, error)
       SELECT $1, kind, id, 1, clock_timestamp() + ${LATER('1')}, $4 FROM unnest($2::text[], $3::text[]) x(kind, id)
       ON CONFLICT (target_id, kind, local_id) DO UPDATE SET error = EXCLUDED.error, due_at = greatest(r.due_at, EXCLUDED.due_at)`,
      [targetId, objects.map(({ kind }) => kind), objects.map(({ localId }) => localId), error.slice(0, 500)],
    );
  }

  /** They are about to be sent to be made. A time that one of them has already stays: this is over when the answer is there. */
  async sent(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<void> {
    await tx.run(
      `INSERT INTO sync_recheck (target_id, kind, local_id, due_at, may_come_until)
       SELECT $1, $2, id, clock_timestamp() + ${MAY_COME}, clock_timestamp() + ${MAY_COME} FROM unnest($3::text[]) id
       ON CONFLICT (target_id, kind, local_id) DO UPDATE SET may_come_until = EXCLUDED.may_come_until`,
      [targetId, kind, localIds],
    );
  }

  /** What came of them is known, or that nothing did: none of them may still come, and those that were only sent wait for nothing. */
  async isKnown(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<void> {
    if (localIds.length === 0) return;
    const which = 'c.target_id = $1 AND c.kind = $2 AND c.local_id = ANY($3) AND c.may_come_until IS NOT NULL';
    const isOnlySent = `(c.attempts = 0 AND NOT ${IS_LEAVING})`;
    await tx.run(
      `WITH forgotten AS (DELETE FROM sync_recheck c WHERE ${which} AND ${isOnlySent})
       UPDATE sync_recheck c SET may_come_until = NULL WHERE ${which} AND NOT ${isOnlySent}`,
      [targetId, kind, localIds],
    );
  }

  /** They were to be made, and the answer is out: made again before the other system has given the request up, they could be there twice. */
  async mayCome(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<void> {
    if (localIds.length === 0) return;
    await tx.run(
      `INSERT INTO sync_recheck AS r (target_id, kind, local_id, attempts, due_at, may_come_until)
       SELECT $1, $2, id, 1, clock_timestamp() + ${MAY_COME}, clock_timestamp() + ${MAY_COME} FROM unnest($3::text[]) id
       ON CONFLICT (target_id, kind, local_id) DO UPDATE SET may_come_until = EXCLUDED.may_come_until, due_at = greatest(r.due_at, EXCLUDED.due_at),
         attempts = greatest(r.attempts, 1)`,
      [targetId, kind, localIds],
    );
  }

  /** Those of them that may come yet. */
  async awaited(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (localIds.length === 0) return new Set();
    const rows = await tx.sql<{ id: string }>(
      `SELECT local_id AS id FROM sync_recheck WHERE target_id = $1 AND kind = $2 AND local_id = ANY($3) AND may_come_until > clock_timestamp()`,
      [targetId, kind, localIds],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** What came of a run that was carried out: what it left is tried again, what it did is not, and what goes away has its time. */
  async learn(tx: Tx, targetId: SyncTargetId, runId: SyncRunId): Promise<void> {
    await tx.run(
      `INSERT INTO sync_recheck AS r (target_id, kind, local_id, attempts, due_at, error)
       SELECT $1, kind, local_id, 1, clock_timestamp() + ${LATER('1')}, left(error, 500) FROM (${LAST_LINES}) l WHERE ${IS_LEFT}
       ON CONFLICT (target_id, kind, local_id) DO UPDATE SET error = EXCLUDED.error, due_at = greatest(r.due_at, EXCLUDED.due_at),
         attempts = greatest(r.attempts, 1)`,
      [targetId, runId],
    );
    await this.settle(tx, targetId, `SELECT kind, local_id FROM (${LAST_LINES}) l WHERE state = 'APPLIED'`, [runId]);
  }

  /** A person said that these are made again, and it is not known what came of it: that holds until it is. @returns how many. */
  mean(tx: Tx, targetId: SyncTargetId, runId: SyncRunId): Promise<number> {
    return tx.run(
      `UPDATE sync_recheck r SET is_meant = true FROM (${LAST_LINES}) l
        WHERE r.target_id = $1 AND r.kind = l.kind AND r.local_id = l.local_id AND l.action = 'CREATE' AND l.state = 'SKIPPED'`,
      [targetId, runId],
    );
  }

  /** Of those, these that a person said so of. */
  async meant(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, localIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (localIds.length === 0) return new Set();
    const rows = await tx.sql<{ id: string }>(
      'SELECT local_id AS id FROM sync_recheck WHERE target_id = $1 AND kind = $2 AND local_id = ANY($3) AND is_meant',
      [targetId, kind, localIds],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** A complete run has looked at everything: what it left waits, and nothing else does. */
  async learnAll(tx: Tx, targetId: SyncTargetId, runId: SyncRunId): Promise<void> {
    await this.settle(
      tx,
      targetId,
      `SELECT kind, local_id FROM sync_recheck WHERE target_id = $1 EXCEPT SELECT kind, local_id FROM (${LAST_LINES}) l WHERE ${IS_LEFT}`,
      [runId],
    );
    await this.awaitGrace(tx, targetId, `SELECT kind, local_id FROM sync_link WHERE target_id = $1 AND state = 'DEPRECATED'`, []);
  }

  /** Of those that were taken: what there is nothing to do for is done, and what waits for a person waits. @param runId null: there was no line at all. */
  async retried(tx: Tx, targetId: SyncTargetId, runId: SyncRunId | null, objects: readonly Recheck[]): Promise<void> {
    const asked = `SELECT kind, local_id FROM unnest($3::text[], $4::text[]) x(kind, local_id)`;
    const values = [runId, objects.map(({ kind }) => kind), objects.map(({ localId }) => localId)];
    await this.settle(tx, targetId, `${asked} EXCEPT SELECT kind, local_id FROM sync_change WHERE run_id = $2::uuid`, values);
    await tx.run(
      `UPDATE sync_recheck r SET due_at = clock_timestamp() + ${LATEST} FROM (${LAST_LINES}) l
        WHERE r.target_id = $1 AND r.kind = l.kind AND r.local_id = l.local_id AND l.state IN ('PLANNED', 'PROPOSED')`,
      [targetId, runId],
    );
  }

  /** The same words again are no news: the line is not kept a second time. A run without a line is none. */
  async forgetRepeated(tx: Tx, runId: SyncRunId, before: readonly DueRecheck[]): Promise<void> {
    await tx.run(
      `DELETE FROM sync_change c USING unnest($2::text[], $3::text[], $4::text[]) x(kind, local_id, error)
        WHERE c.run_id = $1 AND c.kind = x.kind AND c.local_id = x.local_id AND c.${IS_LEFT} AND left(c.error, 500) = x.error`,
      [runId, before.map(({ kind }) => kind), before.map(({ localId }) => localId), before.map(({ error }) => error)],
    );
    await tx.run(
      `DELETE FROM sync_run r WHERE r.id = $1 AND r.phase = 'ENDED' AND NOT EXISTS (SELECT FROM sync_change c WHERE c.run_id = r.id)`,
      [runId],
    );
  }

  /** @param which objects, a statement whose parameters are $1, the target, and `values` from $2 on. */
  private async settle(tx: Tx, targetId: SyncTargetId, which: string, values: readonly unknown[]): Promise<void> {
    await tx.run(
      `DELETE FROM sync_recheck r USING (${which}) d WHERE r.target_id = $1 AND r.kind = d.kind AND r.local_id = d.local_id
         AND NOT EXISTS (SELECT FROM sync_link l WHERE l.target_id = $1 AND l.kind = d.kind AND l.local_id = d.local_id AND l.state = 'DEPRECATED')`,
      [targetId, ...values],
    );
    await this.awaitGrace(tx, targetId, which, values);
  }

  private async awaitGrace(tx: Tx, targetId: SyncTargetId, which: string, values: readonly unknown[]): Promise<void> {
    await tx.run(
      `INSERT INTO sync_recheck AS r (target_id, kind, local_id, due_at)
       SELECT l.target_id, l.kind, l.local_id, ${END_OF_GRACE} FROM (${which}) d
         JOIN sync_link l ON l.target_id = $1 AND l.kind = d.kind AND l.local_id = d.local_id AND l.state = 'DEPRECATED' JOIN sync_target t ON t.id = $1
       ON CONFLICT (target_id, kind, local_id) DO UPDATE SET due_at = greatest(EXCLUDED.due_at, CASE WHEN r.attempts > 0 THEN r.due_at ELSE EXCLUDED.due_at END)`,
      [targetId, ...values],
    );
  }
}
