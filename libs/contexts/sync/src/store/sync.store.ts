import { Injectable } from '@nestjs/common';
import type { FabricId, Fqdn, Slug, SyncRunId, SyncTargetId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { NameServerConnector } from '../dns/zone-owner.js';
import { serverOf } from '../domain/connector-place.js';
import type { ConnectorMode } from '../domain/connector.js';
import type { RrsetValue } from '../ports/rrset.js';

export interface SyncTarget {
  readonly id: SyncTargetId;
  readonly fabricId: FabricId;
  readonly slug: Slug;
  readonly url: string;
  readonly sealedSecret: Buffer;
  readonly tlsPins: readonly string[];
  readonly mode: ConnectorMode;
  readonly zones: readonly Fqdn[];
  readonly ttlSeconds: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly settledRevision: number;
  /** How often in a row it failed. */
  readonly failures: number;
  /** Record sets of ours by zone as a release before left them; a zone that this one has looked at is not in it. */
  readonly seen: Readonly<Record<string, number>>;
  /** Names changed since the last run, or it is time to look again at what could not be written. */
  readonly isDue: boolean;
  /** When it looks again at what is left, with the microseconds that a date has not. */
  readonly recheckAt: string | null;
  /** Which of the two it is, or null: it is time to look at everything. */
  readonly why: 'CHANGE' | 'RETRY' | null;
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
  /** The answer is not what was written. */
  readonly isOtherwise?: true;
  /** A person says first whether it is meant: `reason` says why. */
  readonly isHeld?: true;
  /** It was approved, and would be another change by now. */
  readonly isStale?: true;
}

/** What is left is looked at again so soon at first; twice as long each time that nothing came of it. */
const RECHECK_SECONDS = 60;
const RECHECK_AT_MOST_SECONDS = 900;
const TWICE = `least(${RECHECK_AT_MOST_SECONDS}, recheck_seconds * 2)`;
/** What was sent and not answered came by now, or never does, and nobody was told since. */
const MAY_HAVE_COME = 'coalesce(may_come_until <= clock_timestamp(), false)';
/** Names changed, it is time to look again, or nobody has looked for a while: people delete record sets of ours, too. */
const IS_DUE = `(EXISTS (SELECT FROM dns_change c WHERE c.target_id = t.id) OR coalesce(t.recheck_at <= clock_timestamp(), false)
  OR coalesce(t.last_ok_at, t.created_at) + make_interval(secs => t.scan_every_seconds) <= clock_timestamp())`;
const WHY = `CASE WHEN EXISTS (SELECT FROM dns_change c WHERE c.target_id = t.id) THEN 'CHANGE' WHEN t.recheck_at <= clock_timestamp() THEN 'RETRY' END`;
/** A line that a run that died may have written, and of which nobody knows. */
const NOT_KNOWN = `CASE WHEN line ? 'isOnlyShown' THEN (line - 'isOnlyShown') || '{"reason": "the run ended before: whether it was written is looked at anew"}' ELSE line END`;

@Injectable()
export class SyncStore {
  /** Targets whose fabric moved on or whose names changed since they were settled, out of their back-off. */
  due(tx: Tx): Promise<SyncTargetId[]> {
    return tx
      .sql<{ id: SyncTargetId }>(
        `SELECT t.id FROM sync_target t JOIN fabric f ON f.id = t.fabric_id
          WHERE t.enabled AND t.kind = 'POWERDNS' AND t.next_try_at <= clock_timestamp() AND (t.settled_revision < f.revision OR ${IS_DUE} OR EXISTS (SELECT FROM sync_run r WHERE r.target_id = t.id AND r.phase <> 'ENDED'))
          ORDER BY t.id`,
      )
      .then((rows) => rows.map((row) => row.id));
  }

  async target(tx: Tx, id: SyncTargetId): Promise<SyncTarget | undefined> {
    const row = await tx.one<SyncTarget & { settledRevision: string }>(
      `SELECT t.id, t.fabric_id AS "fabricId", t.slug, t.url, t.sealed_secret AS "sealedSecret", t.tls_pins AS "tlsPins", t.mode, t.zones, t.ttl_seconds AS "ttlSeconds", t.settings,
          t.settled_revision AS "settledRevision", t.failures, t.seen, ${IS_DUE} AS "isDue", t.recheck_at::text AS "recheckAt", ${WHY} AS why, pg_current_snapshot()::text AS snapshot
         FROM sync_target t WHERE t.id = $1 AND t.enabled AND t.kind = 'POWERDNS'`,
      [id],
    );
    return row && { ...row, settledRevision: Number(row.settledRevision) };
  }

  /** Of all fabrics. */
  nameServers(tx: Tx): Promise<NameServerConnector[]> {
    return tx.sql(`SELECT id, fabric_id AS "fabricId", slug, enabled FROM sync_target WHERE kind = 'POWERDNS' ORDER BY id`);
  }

  /** Others that publish into these zones and wait for something there look again now: a name may have been given up. */
  async hurryOthers(tx: Tx, id: SyncTargetId, zones: readonly string[]): Promise<void> {
    await tx.run(
      `UPDATE sync_target SET recheck_at = clock_timestamp(), recheck_seconds = ${RECHECK_SECONDS} WHERE id IN (
         SELECT id FROM sync_target WHERE kind = 'POWERDNS' AND enabled AND id <> $1 AND zones && $2::text[] AND recheck_at > clock_timestamp() ORDER BY id FOR NO KEY UPDATE)`,
      [id, zones],
    );
  }

  /**
   * Once nothing can come any more of what was sent and not answered: all that publish into those zones of that server look once, whoever it was and whatever
   * becomes of its runs. What came says nothing of whom it hit. One that is switched off looks when it is switched on.
   */
  async lookAfterLate(tx: Tx): Promise<void> {
    if (!(await tx.one(`SELECT 1 AS found FROM sync_target WHERE kind = 'POWERDNS' AND ${MAY_HAVE_COME} LIMIT 1`))) return;
    const all = await tx.sql<Pick<SyncTarget, 'id' | 'url' | 'zones'> & { isLate: boolean }>(
      `SELECT id, url, zones, ${MAY_HAVE_COME} AS "isLate" FROM sync_target WHERE kind = 'POWERDNS' ORDER BY id FOR NO KEY UPDATE`,
    );
    const late = all.filter(({ isLate }) => isLate);
    const isHit = ({ url, zones }: (typeof all)[number]): boolean =>
      late.some((one) => serverOf(one.url) === serverOf(url) && one.zones.some((zone) => zones.includes(zone)));
    await tx.run(
      `UPDATE sync_target SET recheck_at = clock_timestamp(), may_come_until = CASE WHEN id = ANY($2) THEN NULL ELSE may_come_until END WHERE id = ANY($1)`,
      [all.filter(isHit).map(({ id }) => id), late.map(({ id }) => id)],
    );
  }

  /** What this connector wrote last under these keys, as far as runs are kept; what it deleted last is not in it. A witness beside `dns_published`, whose rows may say what never came. */
  async lastWritten(tx: Tx, id: SyncTargetId, zone: Fqdn, keys: readonly string[]): Promise<Map<string, RrsetValue>> {
    const rows = await tx.sql<{ key: string; after: RrsetValue | null }>(
      `SELECT DISTINCT ON (x.line->>'key') x.line->>'key' AS key, x.line->'after' AS after
         FROM sync_run r, jsonb_array_elements(r.plan) WITH ORDINALITY x(line, n)
        WHERE r.target_id = $1 AND (r.counts @? '$.created ? (@ > 0)' OR r.counts @? '$.updated ? (@ > 0)' OR r.counts @? '$.deleted ? (@ > 0)')
          AND x.line->>'zone' = $2 AND x.line->>'key' = ANY($3) AND NOT x.line ? 'reason' AND NOT x.line ? 'isOnlyShown'
        ORDER BY x.line->>'key', r.started_at DESC, x.n DESC`,
      [id, zone, keys],
    );
    return new Map(rows.flatMap(({ key, after }): [string, RrsetValue][] => (after === null ? [] : [[key, after]])));
  }

  /** All that a run would do is kept before anything is written. */
  async planned(
    tx: Tx,
    runId: SyncRunId,
    { lines, guards, digest }: { lines: readonly RunChange[]; guards: readonly string[]; digest: string | null },
  ): Promise<void> {
    await tx.run(`UPDATE sync_run SET plan = $2, guards = $3, digest = $4, phase = 'APPLYING' WHERE id = $1`, [
      runId,
      JSON.stringify(lines),
      guards,
      digest,
    ]);
  }

  /** The lines of a run, with what came of them until now. */
  async lines(tx: Tx, runId: SyncRunId): Promise<readonly RunChange[]> {
    return (await tx.one<{ plan: RunChange[] }>('SELECT plan FROM sync_run WHERE id = $1', [runId]))?.plan ?? [];
  }

  async keepLines(tx: Tx, runId: SyncRunId, lines: readonly RunChange[]): Promise<void> {
    await tx.run('UPDATE sync_run SET plan = $2 WHERE id = $1', [runId, JSON.stringify(lines)]);
  }

  /** The execution that made it is no more. It says nothing of whether anything waits. */
  async died(tx: Tx, runId: SyncRunId): Promise<void> {
    await tx.run(
      `UPDATE sync_run SET state = 'FAILED', phase = 'ENDED', digest = NULL, error = 'the execution that made it died', finished_at = clock_timestamp(),
         plan = coalesce((SELECT jsonb_agg(${NOT_KNOWN} ORDER BY n) FROM jsonb_array_elements(plan) WITH ORDINALITY x(line, n)), '[]') WHERE id = $1`,
      [runId],
    );
  }

  /** Everything is looked at again at once: what was approved is done. */
  async lookAgain(tx: Tx, id: SyncTargetId): Promise<void> {
    await tx.run(
      `UPDATE sync_target SET failures = 0, next_try_at = '-infinity', last_error = NULL, recheck_at = clock_timestamp(),
         recheck_seconds = ${RECHECK_SECONDS} WHERE id = $1`,
      [id],
    );
  }

  /**
   * Changes that were committed after `snapshot` are for the next run, and so is what it was told meanwhile to look at.
   * @param left what could not be written and waits for other people; it is tried again in a minute, or as late as the same was the last time, and nothing waits for it.
   */
  async settle(tx: Tx, { id, snapshot, recheckAt }: SyncTarget, revision: number, left: string | null): Promise<void> {
    await tx.run('DELETE FROM dns_change WHERE target_id = $1 AND pg_visible_in_snapshot(xid, $2::pg_snapshot)', [id, snapshot]);
    const seconds = `CASE WHEN last_error = $3::text THEN recheck_seconds ELSE ${RECHECK_SECONDS} END`;
    await tx.run(
      `UPDATE sync_target SET settled_revision = greatest(settled_revision, $2), failures = 0, next_try_at = '-infinity', last_error = $3, last_ok_at = clock_timestamp(),
         recheck_seconds = ${seconds}, recheck_at = CASE WHEN recheck_at IS DISTINCT FROM $4::timestamptz THEN recheck_at
           WHEN $3::text IS NOT NULL THEN clock_timestamp() + make_interval(secs => ${seconds}) END WHERE id = $1`,
      [id, revision, left?.slice(0, 500) ?? null, recheckAt],
    );
  }

  /** Nothing came of looking at it again: the next time later. */
  async stepBack(tx: Tx, id: SyncTargetId): Promise<void> {
    await tx.run(
      `UPDATE sync_target SET recheck_seconds = ${TWICE}, recheck_at = clock_timestamp() + make_interval(secs => ${TWICE}) WHERE id = $1 AND recheck_at > clock_timestamp()`,
      [id],
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
