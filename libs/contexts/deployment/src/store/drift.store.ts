import { Injectable } from '@nestjs/common';
import type { AdoptedFacts } from '#engines/intent';
import type { DeviceId, DriftItemId, FabricId } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import { newId, type Tx } from '#platform';
import { HINTED_EVERY_SECONDS } from '../domain/drift-timer.js';
import { type DriftBase, type DriftFinding, driftIdentity, type DriftVerdict } from '../domain/drift.js';
import type { DriftItem, DriftReport } from '../domain/drift-report.js';

/** A device is one reader's for so long. */
export const CLAIM_SECONDS = 60;

/** Nobody is at the device: who pushes holds its lease. */
const IS_BUSY = `EXISTS (SELECT FROM lease l WHERE l.resource = 'device:' || s.device_id AND l.until > clock_timestamp())`;
const IS_CONFIRMED = `d.managed <> 'OBSERVE' AND s.verified_digest IS NOT NULL`;
/** By us: of the others somebody hands in what runs. */
const IS_WATCHED = `${IS_CONFIRMED} AND d.transport <> 'NONE'`;
/** After a push, however it ended: the device has had the time to take back what nobody confirmed. */
const AFTER_PUSH_SECONDS = 30;
/** What was pushed before somebody read the device is no reason: a worker that starts would read all devices at once. */
const ATTEMPTS_COUNT_FOR = `interval '5 minutes'`;
/** After a reading; a hint that came while it went on is not forgotten. */
const PAUSE = `CASE WHEN hinted_at > claimed_until - make_interval(secs => ${CLAIM_SECONDS}) THEN make_interval(secs => ${HINTED_EVERY_SECONDS}) ELSE make_interval(secs => $2) END`;
const KEEP_ENDED = `interval '30 days'`;

const ITEM = `SELECT i.id, i.device_id AS "deviceId", d.slug, d.fabric_id AS "fabricId", i.kind, i.path, i.section, i.intended, i.observed, i.risk, i.likely_cause AS "likelyCause",
    i.is_configuration AS "isConfiguration", i.first_seen_at AS "firstSeenAt", i.ended_at AS "endedAt", i.act, i.act_by AS "actBy", i.act_at AS "actAt", i.act_reason AS "actReason",
    CASE WHEN i.ignored_until > clock_timestamp() THEN i.ignored_until END AS "ignoredUntil" FROM drift_item i JOIN device d ON d.id = i.device_id`;

/** A device before it is read. `fence` and `verifiedDigest` must be the same afterwards, or what was read was in the midst of a push. */
export interface DriftStart extends DriftBase {
  readonly fabricId: FabricId;
  readonly fence: string;
  readonly isBusy: boolean;
  readonly observedDigest: string | null;
}

type StartRow = Omit<DriftStart, 'kept' | 'unconfirmed'> & {
  readonly adopted: AdoptedFacts | null;
  readonly unconfirmed: readonly Artefact[] | null;
};

@Injectable()
export class DriftStore {
  /** Devices that were pushed to and never read: spread over one period, so that they stay spread. */
  async enrol(tx: Tx, everySeconds: number): Promise<void> {
    await tx.run(
      `INSERT INTO drift_report (device_id, next_collect_at)
       SELECT s.device_id, clock_timestamp() + random() * make_interval(secs => $1) FROM device_state s JOIN device d ON d.id = s.device_id
        WHERE ${IS_WATCHED} AND NOT EXISTS (SELECT FROM drift_report r WHERE r.device_id = s.device_id) ON CONFLICT DO NOTHING`,
      [everySeconds],
    );
  }

  /** Devices whose time has come, or that were pushed to a moment ago; theirs for a minute. */
  async claimDue(tx: Tx, most: number, claimSeconds: number): Promise<DeviceId[]> {
    const rows = await tx.sql<{ id: DeviceId }>(
      `UPDATE drift_report SET claimed_until = clock_timestamp() + make_interval(secs => $2) WHERE device_id IN (
         SELECT r.device_id FROM drift_report r JOIN device d ON d.id = r.device_id JOIN device_state s ON s.device_id = r.device_id
           LEFT JOIN LATERAL (SELECT a.finished_at FROM push_attempt a WHERE a.device_id = r.device_id ORDER BY a.fence DESC LIMIT 1) last ON true
          WHERE r.claimed_until < clock_timestamp() AND ${IS_WATCHED} AND NOT ${IS_BUSY}
            AND (r.next_collect_at <= clock_timestamp()
              OR (last.finished_at > coalesce(r.tried_at, clock_timestamp() - ${ATTEMPTS_COUNT_FOR})
                AND last.finished_at < clock_timestamp() - make_interval(secs => ${AFTER_PUSH_SECONDS})))
          ORDER BY r.next_collect_at LIMIT $1 FOR UPDATE OF r SKIP LOCKED)
       RETURNING device_id AS id`,
      [most, claimSeconds],
    );
    return rows.map(({ id }) => id);
  }

  /** @returns false when nobody watches it, somebody pushes to it, or another reader is at it. */
  async claim(tx: Tx, deviceId: DeviceId, claimSeconds: number): Promise<boolean> {
    const touched = await tx.run(
      `UPDATE drift_report r SET claimed_until = clock_timestamp() + make_interval(secs => $2) FROM device_state s JOIN device d ON d.id = s.device_id
        WHERE r.device_id = $1 AND s.device_id = $1 AND r.claimed_until < clock_timestamp() AND ${IS_WATCHED} AND NOT ${IS_BUSY}`,
      [deviceId, claimSeconds],
    );
    return touched === 1;
  }

  /** No timer ever comes to it. */
  async enrolHandedIn(tx: Tx, deviceId: DeviceId): Promise<void> {
    await tx.run(
      `INSERT INTO drift_report (device_id, next_collect_at)
       SELECT s.device_id, clock_timestamp() FROM device_state s JOIN device d ON d.id = s.device_id WHERE d.id = $1 AND ${IS_CONFIRMED} ON CONFLICT DO NOTHING`,
      [deviceId],
    );
  }

  start(tx: Tx, deviceId: DeviceId): Promise<DriftStart | undefined> {
    return this.startWhere(tx, deviceId, IS_WATCHED);
  }

  startHandedIn(tx: Tx, deviceId: DeviceId): Promise<DriftStart | undefined> {
    return this.startWhere(tx, deviceId, IS_CONFIRMED);
  }

  private async startWhere(tx: Tx, deviceId: DeviceId, which: string): Promise<DriftStart | undefined> {
    const row = await tx.one<StartRow>(
      `SELECT d.id AS "deviceId", d.slug, d.fabric_id AS "fabricId", s.verified_digest AS "verifiedDigest", s.verified_artefacts AS "verifiedArtefacts",
          CASE WHEN last.outcome IN ('CONFIRMED', 'NOOP') THEN NULL ELSE s.uncertain_artefacts END AS unconfirmed, d.facts->'adopted' AS adopted,
          extract(epoch FROM clock_timestamp() - confirmed.at)::float8 AS "secondsSincePush",
          CASE WHEN r.verified_digest = s.verified_digest THEN r.observed_digest END AS "observedDigest",
          coalesce((SELECT l.fence FROM lease l WHERE l.resource = 'device:' || d.id), 0)::text AS fence, ${IS_BUSY} AS "isBusy"
         FROM device d JOIN device_state s ON s.device_id = d.id JOIN drift_report r ON r.device_id = d.id
           LEFT JOIN LATERAL (SELECT a.outcome FROM push_attempt a WHERE a.device_id = d.id ORDER BY a.fence DESC LIMIT 1) last ON true
           LEFT JOIN LATERAL (SELECT max(a.finished_at) AS at FROM push_attempt a WHERE a.device_id = d.id AND a.outcome = 'CONFIRMED') confirmed ON true
        WHERE d.id = $1 AND ${which}`,
      [deviceId],
    );
    if (!row) return undefined;
    const { adopted, unconfirmed, ...rest } = row;
    return { ...rest, kept: adopted?.kept ?? [], unconfirmed: unconfirmed ?? [] };
  }

  /** Is what was read still of the device as it is: no push began meanwhile, and none was confirmed? */
  async isUndisturbed(tx: Tx, { deviceId, fence, verifiedDigest }: DriftStart): Promise<boolean> {
    const row = await tx.one(
      `SELECT 1 AS same FROM device_state s WHERE s.device_id = $1 AND s.verified_digest = $3 AND NOT ${IS_BUSY}
          AND coalesce((SELECT l.fence FROM lease l WHERE l.resource = 'device:' || s.device_id), 0)::text = $2`,
      [deviceId, fence, verifiedDigest],
    );
    return row !== undefined;
  }

  /** Nothing was compared: why, and when to come again. */
  async postpone(
    tx: Tx,
    deviceId: DeviceId,
    seconds: number,
    verdict: 'UNREACHABLE' | null = null,
    detail: string | null = null,
  ): Promise<void> {
    await tx.run(
      `UPDATE drift_report SET claimed_until = '-infinity', next_collect_at = clock_timestamp() + ${PAUSE}, tried_at = clock_timestamp(),
          verdict = coalesce($3, verdict), detail = CASE WHEN $3::text IS NULL THEN detail ELSE $4 END WHERE device_id = $1`,
      [deviceId, seconds, verdict, detail],
    );
  }

  /** Read again, and nothing is otherwise than last time. */
  async confirmVerdict(tx: Tx, deviceId: DeviceId, nextInSeconds: number): Promise<'CLEAN' | 'DRIFT'> {
    const row = await tx.one<{ verdict: 'CLEAN' | 'DRIFT' }>(
      `UPDATE drift_report r SET claimed_until = '-infinity', next_collect_at = clock_timestamp() + ${PAUSE}, tried_at = clock_timestamp(),
          collected_at = clock_timestamp(), detail = NULL,
          verdict = CASE WHEN EXISTS (SELECT FROM drift_item i WHERE i.device_id = r.device_id AND i.ended_at IS NULL) THEN 'DRIFT' ELSE 'CLEAN' END
        WHERE r.device_id = $1 RETURNING verdict`,
      [deviceId, nextInSeconds],
    );
    return row?.verdict ?? 'CLEAN';
  }

  /** @returns what came and what went: an item that is still there keeps its beginning and what was done about it. */
  async record(
    tx: Tx,
    start: DriftStart,
    observedDigest: string,
    verdict: DriftVerdict,
    nextInSeconds: number,
  ): Promise<{ found: readonly DriftFinding[]; gone: readonly DriftFinding[] }> {
    const { deviceId } = start;
    await tx.run('SELECT 1 FROM drift_report WHERE device_id = $1 FOR UPDATE', [deviceId]);
    const open = await tx.sql<DriftFinding & { id: string; identity: string }>(
      `SELECT id, identity, kind, path, section, intended, observed, risk, likely_cause AS "likelyCause", is_configuration AS "isConfiguration"
         FROM drift_item WHERE device_id = $1 AND ended_at IS NULL`,
      [deviceId],
    );
    const known = new Set(open.map(({ identity }) => identity));
    const now = new Map(verdict.findings.map((finding) => [driftIdentity(finding), finding]));
    for (const [identity, finding] of now) await this.keepItem(tx, deviceId, identity, finding);
    const gone = open.filter(({ identity }) => !now.has(identity));
    await tx.run('UPDATE drift_item SET ended_at = clock_timestamp() WHERE id = ANY($1)', [gone.map(({ id }) => id)]);
    await tx.run(`DELETE FROM drift_item WHERE device_id = $1 AND ended_at < clock_timestamp() - ${KEEP_ENDED}`, [deviceId]);
    await tx.run(
      `UPDATE drift_report SET verified_digest = $2, observed_digest = $3, foreign_elsewhere = $4, foreign_lines = $5 WHERE device_id = $1`,
      [
        deviceId,
        start.verifiedDigest,
        observedDigest,
        verdict.foreignElsewhere.length,
        JSON.stringify(verdict.foreignElsewhere.slice(0, MOST_FOREIGN_LINES)),
      ],
    );
    await this.confirmVerdict(tx, deviceId, nextInSeconds);
    return { found: [...now].filter(([identity]) => !known.has(identity)).map(([, finding]) => finding), gone };
  }

  private async keepItem(tx: Tx, deviceId: DeviceId, identity: string, finding: DriftFinding): Promise<void> {
    await tx.run(
      `INSERT INTO drift_item (id, device_id, identity, kind, path, section, intended, observed, risk, likely_cause, is_configuration, first_seen_at, seen_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock_timestamp(), clock_timestamp())
       ON CONFLICT (device_id, identity) WHERE ended_at IS NULL
       DO UPDATE SET observed = $8, risk = $9, likely_cause = $10, seen_at = clock_timestamp()`,
      [
        newId<DriftItemId>(),
        deviceId,
        identity,
        finding.kind,
        finding.path,
        finding.section,
        finding.intended,
        finding.observed,
        finding.risk,
        finding.likelyCause,
        finding.isConfiguration,
      ],
    );
  }

  /** By the id of the device; one more than a page is asked for. */
  async reports(tx: Tx, page: { first: number; after: string | null }, isDirtyOnly: boolean): Promise<DriftReport[]> {
    const rows = await tx.sql<Omit<DriftReport, 'items'>>(
      `${REPORT} WHERE ($1::uuid IS NULL OR r.device_id > $1) AND (NOT $3 OR r.verdict = 'UNREACHABLE' OR EXISTS (SELECT FROM drift_item i WHERE i.device_id = r.device_id
           AND i.ended_at IS NULL AND (i.ignored_until IS NULL OR i.ignored_until <= clock_timestamp()))) ORDER BY r.device_id LIMIT $2`,
      [page.after, page.first, isDirtyOnly],
    );
    return this.withItems(tx, rows);
  }

  async reportsOf(tx: Tx, deviceIds: readonly DeviceId[]): Promise<DriftReport[]> {
    return this.withItems(
      tx,
      await tx.sql<Omit<DriftReport, 'items'>>(`${REPORT} WHERE r.device_id = ANY($1) ORDER BY r.device_id`, [deviceIds]),
    );
  }

  /** Their devices are locked until the end of the transaction: two people may settle two items of one device. */
  async items(tx: Tx, ids: readonly DriftItemId[]): Promise<DriftItem[]> {
    await tx.sql(
      'SELECT 1 AS locked FROM drift_report WHERE device_id IN (SELECT device_id FROM drift_item WHERE id = ANY($1)) ORDER BY device_id FOR UPDATE',
      [ids],
    );
    return tx.sql<DriftItem>(`${ITEM} WHERE i.id = ANY($1) ORDER BY i.device_id, i.first_seen_at, i.id`, [ids]);
  }

  /** @returns the devices that are watched; the next look at them is now. */
  async hurry(tx: Tx, deviceIds: readonly DeviceId[]): Promise<DeviceId[]> {
    const rows = await tx.sql<{ id: DeviceId }>(
      'UPDATE drift_report SET next_collect_at = least(next_collect_at, clock_timestamp()) WHERE device_id = ANY($1) RETURNING device_id AS id',
      [deviceIds],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * What was said while the device is being read is about something that this reading may have missed: it is read again then, too.
   * @returns whether it is read now; otherwise when its pause is over, or not at all because nobody watches it.
   */
  async hint(tx: Tx, deviceId: DeviceId, everySeconds: number): Promise<boolean> {
    const row = await tx.one<{ isNow: boolean }>(
      `UPDATE drift_report SET hinted_at = clock_timestamp(),
          next_collect_at = least(next_collect_at, greatest(clock_timestamp(), tried_at + make_interval(secs => $2)))
        WHERE device_id = $1 RETURNING next_collect_at <= clock_timestamp() AS "isNow"`,
      [deviceId, everySeconds],
    );
    return row?.isNow ?? false;
  }

  async act(
    tx: Tx,
    ids: readonly DriftItemId[],
    act: 'ADOPTED' | 'REAPPLIED' | 'IGNORED',
    reason: string,
    until: Date | null,
  ): Promise<void> {
    await tx.run(
      'UPDATE drift_item SET act = $2, act_by = $3, act_reason = $4, act_at = clock_timestamp(), ignored_until = $5 WHERE id = ANY($1)',
      [ids, act, tx.scope.actor, reason, until],
    );
  }

  private async withItems(tx: Tx, reports: readonly Omit<DriftReport, 'items'>[]): Promise<DriftReport[]> {
    const items = await tx.sql<DriftItem>(`${ITEM} WHERE i.device_id = ANY($1) AND i.ended_at IS NULL ORDER BY i.first_seen_at, i.id`, [
      reports.map(({ deviceId }) => deviceId),
    ]);
    return reports.map((report) => ({ ...report, items: items.filter(({ deviceId }) => deviceId === report.deviceId) }));
  }
}

const MOST_FOREIGN_LINES = 100;
const REPORT = `SELECT r.device_id AS "deviceId", d.slug, r.verdict, r.detail, r.collected_at AS "collectedAt", r.foreign_elsewhere AS "foreignElsewhere",
    r.foreign_lines AS "foreignLines" FROM drift_report r JOIN device d ON d.id = r.device_id`;
