import { Injectable } from '@nestjs/common';
import { DomainError, type SyncTargetId } from '#engines/kernel';
import { type Tx, violatedConstraint } from '#platform';
import { placeOf, serverOf } from '../domain/connector-place.js';
import type { CircuitState, Connector, ConnectorKind, FailingScans } from '../domain/connector.js';
import type { PageOf } from '../domain/sync-run.js';
import { answered, WAITS } from './sync-run.store.js';

/** After this many failures one after the other nothing is sent until the pause is over. */
const OPEN_AFTER = 3;

/** What a connector is made of, without what is known of its health. */
export type ConnectorRow = Omit<Connector, 'version' | 'createdAt' | 'updatedAt' | 'lastFullScanAt' | 'health'> & {
  readonly sealedSecret: Buffer;
};

interface Record extends Omit<Connector, 'health'> {
  readonly lastError: string | null;
  readonly apiVersion: string | null;
  readonly circuit: CircuitState;
  readonly lagSeconds: number | null;
  readonly stopped: readonly string[] | null;
  readonly scanFailures: number;
  readonly scanFailingSince: Date | null;
  readonly scanError: string | null;
  readonly nextScanAt: Date;
  readonly openConflicts: number;
}

/** What was approved says nothing of the zones that it could not read. */
const UNREAD = `ARRAY(SELECT z.key || ': what waited there waits still, and it could not be read since' FROM jsonb_each(w.stops) z
  WHERE z.value @> '{"isUnread": true}' ORDER BY z.key)`;

const COLUMNS = `t.id, t.version, t.created_at AS "createdAt", t.updated_at AS "updatedAt", t.fabric_id AS "fabricId", t.slug, t.kind, t.url, t.enabled, t.mode,
  t.adoption, t.on_remote_gone AS "onRemoteGone", t.grace_seconds AS "graceSeconds", t.scan_every_seconds AS "scanEverySeconds", t.tls_pins AS "tlsPins",
  t.field_policy AS authority, t.settings, t.zones, t.ttl_seconds AS "ttlSeconds", t.last_full_scan_at AS "lastFullScanAt", t.last_error AS "lastError",
  t.api_version AS "apiVersion", t.scan_failures AS "scanFailures", t.scan_failing_since AS "scanFailingSince", t.scan_error AS "scanError",
  -- At once, where somebody has just changed it.
  CASE WHEN t.scan_failures > 0 THEN CASE WHEN isfinite(t.next_scan_at) THEN t.next_scan_at ELSE clock_timestamp() END END AS "nextScanAt",
  (SELECT count(*)::int FROM sync_conflict c WHERE c.target_id = t.id AND c.resolved_at IS NULL AND c.decision IS NULL) AS "openConflicts",
  CASE WHEN t.failures < ${OPEN_AFTER} THEN 'CLOSED' WHEN t.next_try_at > clock_timestamp() THEN 'OPEN' ELSE 'HALF_OPEN' END AS circuit,
  CASE WHEN t.kind = 'POWERDNS'
         THEN CASE WHEN t.settled_revision < 0 THEN NULL WHEN EXISTS (SELECT FROM fabric f WHERE f.id = t.fabric_id AND f.revision > t.settled_revision)
           OR EXISTS (SELECT FROM dns_change c WHERE c.target_id = t.id)
           THEN extract(epoch FROM clock_timestamp() - coalesce(t.last_ok_at, t.created_at))::int ELSE 0 END
       -- It is read anew, because it lost its place in the journal or somebody wants it to be.
       WHEN t.last_full_scan_at IS NULL THEN extract(epoch FROM clock_timestamp() - t.last_ok_at)::int
       -- The journal has no times: while nothing fails it is read within a second.
       WHEN t.failures > 0 AND EXISTS (SELECT FROM sync_journal j WHERE (j.xid, j.seq) > (t.journal_xid, t.journal_seq))
         THEN extract(epoch FROM clock_timestamp() - coalesce(t.last_ok_at, t.created_at))::int
       ELSE coalesce(extract(epoch FROM clock_timestamp() - (SELECT min(h.at) FROM sync_hint h WHERE h.target_id = t.id))::int, 0) END AS "lagSeconds",
  CASE WHEN t.kind = 'POWERDNS' THEN (SELECT CASE WHEN w.state = 'BLOCKED_BY_GUARD' THEN w.guards ELSE ${UNREAD} END
      FROM (SELECT r.state, r.guards, r.stops FROM sync_run r WHERE r.target_id = t.id AND NOT r.is_dry_run
      AND r.state <> 'RUNNING' AND r.digest IS NOT NULL ORDER BY r.started_at DESC, r.id DESC LIMIT 1) w WHERE ${WAITS})
  ELSE (SELECT w.guards FROM (SELECT r.state, r.guards FROM sync_run r WHERE r.target_id = t.id AND NOT r.is_dry_run
      AND (r.state = 'BLOCKED_BY_GUARD' OR (r.trigger IN ('TIMER', 'PERSON') AND r.state IN ('SUCCEEDED', 'PARTIAL')))
      AND NOT (r.state = 'BLOCKED_BY_GUARD' AND ${answered('r')}) ORDER BY r.started_at DESC, r.id DESC LIMIT 1) w WHERE w.state = 'BLOCKED_BY_GUARD') END AS stopped`;

function toConnector(record: Record): Connector {
  const {
    lastError,
    apiVersion,
    circuit,
    lagSeconds,
    stopped,
    scanFailures,
    scanFailingSince,
    scanError,
    nextScanAt,
    openConflicts,
    ...row
  } = record;
  const failingScans =
    scanFailingSince === null ? null : { count: scanFailures, since: scanFailingSince, error: scanError ?? '', nextAt: nextScanAt };
  // What a person has to decide about goes first: one foreign name would hide it for as long as it stands there.
  const trouble = [stopped && stopText(stopped), lastError, failingScans && scanText(failingScans)].filter(Boolean).join('; ');
  const goesOn = lagSeconds === null ? 'nothing was read there yet' : 'works';
  // It holds up nothing else, and so is no trouble; but nobody else would say it.
  const asked = openConflicts === 0 ? '' : `; conflicts that wait for a person: ${openConflicts}`;
  const message = !row.enabled ? 'switched off' : `${trouble || goesOn}${asked}`;
  return { ...row, health: { ok: row.enabled && trouble === '', message, apiVersion, lagSeconds, circuit, failingScans } };
}

const stopText = (guards: readonly string[]): string => `a run was stopped and waits for a person: ${guards.join('; ')}`;

const scanText = ({ count, since, error, nextAt }: FailingScans): string =>
  `complete runs fail since ${since.toISOString()} (${count}), the next one begins at ${nextAt.toISOString()}; single changes go on: ${error}`;

@Injectable()
export class ConnectorStore {
  /** @throws DomainError ALREADY_EXISTS. */
  async insert(tx: Tx, row: ConnectorRow): Promise<void> {
    await told(row, () =>
      tx.run(
        `INSERT INTO sync_target (id, fabric_id, slug, kind, url, sealed_secret, enabled, mode, adoption, on_remote_gone, grace_seconds, scan_every_seconds,
           tls_pins, field_policy, settings, zones, ttl_seconds, place) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
        [row.id, row.fabricId, row.slug, row.kind, row.url, row.sealedSecret, ...valuesOf(row), placeOf(row)],
      ),
    );
  }

  /** The next try is now: whoever changed it wants to see what comes of it. What was not heard meanwhile is found by a full scan. */
  async update(tx: Tx, row: ConnectorRow, isScanWanted: boolean): Promise<void> {
    await told(row, () =>
      tx.run(
        `UPDATE sync_target SET fabric_id = $2, slug = $3, url = $4, sealed_secret = $5, enabled = $6, mode = $7, adoption = $8, on_remote_gone = $9,
           grace_seconds = $10, scan_every_seconds = $11, tls_pins = $12, field_policy = $13, settings = $14, zones = $15, ttl_seconds = $16,
           version = version + 1, updated_at = clock_timestamp(), failures = 0, next_try_at = '-infinity',
           last_full_scan_at = CASE WHEN $17 THEN NULL ELSE last_full_scan_at END,
           journal_xid = CASE WHEN $17 THEN '0' ELSE journal_xid END, journal_seq = CASE WHEN $17 THEN 0 ELSE journal_seq END,
           unheard_until = CASE WHEN $6 AND NOT enabled THEN '18446744073709551615' ELSE unheard_until END,
           seen = CASE WHEN url = $4 THEN seen ELSE '{}' END, next_scan_at = '-infinity', place = $18 WHERE id = $1`,
        [row.id, row.fabricId, row.slug, row.url, row.sealedSecret, ...valuesOf(row), isScanWanted, placeOf(row)],
      ),
    );
  }

  /**
   * Two connectors of one fabric would want the same names in a zone, each with its own mark and TTL. Those of several fabrics may share one: each keeps to its own record sets.
   * @throws DomainError ALREADY_EXISTS.
   */
  async checkZones(tx: Tx, { id, kind, enabled, fabricId, url, zones }: ConnectorRow): Promise<void> {
    if (kind !== 'POWERDNS' || !enabled) return;
    await tx.run('SELECT pg_advisory_xact_lock(hashtextextended($1, 2))', [`dns-zones ${fabricId}`]);
    const others = await tx.sql<{ slug: string; url: string; zones: string[] }>(
      `SELECT slug, url, zones FROM sync_target WHERE kind = 'POWERDNS' AND enabled AND fabric_id = $1 AND id <> $2 AND zones && $3::text[] ORDER BY id`,
      [fabricId, id, zones],
    );
    const other = others.find((one) => serverOf(one.url) === serverOf(url));
    if (!other) return;
    const both = zones.filter((zone) => other.zones.includes(zone));
    const words = `the connector ${other.slug} keeps the names of this fabric in ${both.join(', ')} at ${url}: leave them out here or there, or switch that one off; connectors of other fabrics may have the same zones`;
    throw new DomainError('ALREADY_EXISTS', words, { slug: other.slug, url, zones: both, path: ['zones'] });
  }

  /** What failed before a person decided says nothing of what they decided. */
  async tryNow(tx: Tx, id: SyncTargetId): Promise<void> {
    await tx.run(`UPDATE sync_target SET failures = 0, next_try_at = '-infinity', recheck_seconds = DEFAULT WHERE id = $1`, [id]);
  }

  async byId(tx: Tx, id: SyncTargetId): Promise<Connector | undefined> {
    const row = await tx.one<Record>(`SELECT ${COLUMNS} FROM sync_target t WHERE t.id = $1`, [id]);
    return row && toConnector(row);
  }

  /** Locked for the rest of the transaction. */
  async lock(tx: Tx, id: SyncTargetId): Promise<ConnectorRow | undefined> {
    const row = await tx.one<Record & { sealedSecret: Buffer }>(
      `SELECT ${COLUMNS}, t.sealed_secret AS "sealedSecret" FROM sync_target t WHERE t.id = $1 FOR UPDATE OF t`,
      [id],
    );
    return row && { ...toConnector(row), sealedSecret: row.sealedSecret };
  }

  /** By id, the oldest first. */
  async page(tx: Tx, { first, after }: PageOf<SyncTargetId>): Promise<Connector[]> {
    const rows = await tx.sql<Record>(`SELECT ${COLUMNS} FROM sync_target t WHERE $1::uuid IS NULL OR t.id > $1 ORDER BY t.id LIMIT $2`, [
      after,
      first,
    ]);
    return rows.map(toConnector);
  }

  async idBySlug(tx: Tx, slug: string, kinds: readonly ConnectorKind[]): Promise<SyncTargetId | undefined> {
    return (await tx.one<{ id: SyncTargetId }>('SELECT id FROM sync_target WHERE slug = $1 AND kind = ANY($2)', [slug, kinds]))?.id;
  }
}

const valuesOf = (row: ConnectorRow): unknown[] => [
  row.enabled,
  row.mode,
  row.adoption,
  row.onRemoteGone,
  row.graceSeconds,
  row.scanEverySeconds,
  row.tlsPins,
  JSON.stringify(row.authority),
  JSON.stringify(row.settings),
  row.zones,
  row.ttlSeconds,
];

async function told<T>({ slug, url }: ConnectorRow, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === 'sync_target_place_unique') {
      const words = `another connector keeps the objects at ${url}: two would both make and delete them; switch that one off first`;
      throw new DomainError('ALREADY_EXISTS', words, { url, path: ['url'] }, { cause: error });
    }
    if (constraint !== 'sync_target_slug_unique') throw error;
    throw new DomainError('ALREADY_EXISTS', `there is a connector ${slug} already`, { slug, path: ['slug'] }, { cause: error });
  }
}
