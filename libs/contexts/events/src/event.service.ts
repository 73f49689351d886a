import { Injectable } from '@nestjs/common';
import { invalidValue, type TenantId } from '#engines/kernel';
import type { Tx } from '#platform';

export interface StreamedEvent {
  /** Opaque; give it back as `after` and nothing is missed. */
  readonly cursor: string;
  readonly at: Date;
  readonly type: string;
  readonly subjectId: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface StreamPosition {
  readonly subjectId: string;
  /** Only events of this tenant; null for all. */
  readonly tenantId: string | null;
  readonly after?: string | undefined;
}

interface EventRecord {
  xid: string;
  cursor: string;
  at: Date;
  type: string;
  subject_id: string;
  body: Record<string, unknown>;
}

const PAGE = 100;

/**
 * Transactions with a lower number than this have ended. `pg_snapshot_xmin` alone would do, but transaction numbers belong to the whole
 * cluster: a forgotten transaction in a neighbour's database would stop every stream. So those that are known to run elsewhere do not
 * count; one whose place is not known does.
 */
export const SETTLED_BELOW = `(
  SELECT coalesce(min(running.xid), pg_snapshot_xmax(pg_current_snapshot()))
    FROM (SELECT pg_snapshot_xip(pg_current_snapshot()) AS xid UNION ALL SELECT pg_current_xact_id_if_assigned()) AS running
   WHERE NOT EXISTS (
     SELECT FROM pg_locks AS held JOIN pg_stat_activity AS session USING (pid)
      WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock' AND held.transactionid = running.xid::xid
        AND session.datid <> (SELECT oid FROM pg_database WHERE datname = current_database())))`;

const toEvent = (row: EventRecord): StreamedEvent => ({
  cursor: `${row.xid}.${row.cursor}`,
  at: row.at,
  type: row.type,
  subjectId: row.subject_id,
  body: row.body,
});

/** The stream of what happened to a thing, for portals and people. */
@Injectable()
export class EventService {
  /** @param event.tenantId null: of what belongs to the operator; tenants do not see it. */
  async append(tx: Tx, event: { tenantId: TenantId | null; type: string; subjectId: string; body: object }): Promise<void> {
    await tx.run('INSERT INTO event (tenant_id, type, subject_id, body) VALUES ($1, $2, $3, $4)', [
      event.tenantId,
      event.type,
      event.subjectId,
      JSON.stringify(event.body),
    ]);
  }

  /**
   * In the order of transactions, and only below the oldest one that is still open: ordered by the cursor alone, a row that commits
   * late would be skipped. @throws DomainError INVALID_VALUE for a cursor that is none.
   */
  async read(tx: Tx, subjectId: string, after?: string, limit = PAGE): Promise<StreamedEvent[]> {
    const [xid, cursor] = parseCursor(after);
    const rows = await tx.sql<EventRecord>(
      `SELECT xid::text, cursor, at, type, subject_id, body FROM event
        WHERE subject_id = $1 AND (xid, cursor) > ($2::text::xid8, $3::bigint) AND xid < ${SETTLED_BELOW}
        ORDER BY event.xid, event.cursor LIMIT $4`,
      [subjectId, xid, cursor, limit],
    );
    return rows.map(toEvent);
  }

  /** The next page of each of many readers in one question, by their index; readers without news are not in the answer. */
  async readMany(tx: Tx, positions: readonly StreamPosition[]): Promise<Map<number, StreamedEvent[]>> {
    const cursors = positions.map((position) => parseCursor(position.after));
    const rows = await tx.sql<EventRecord & { reader: string }>(
      `WITH settled AS MATERIALIZED (SELECT ${SETTLED_BELOW} AS below)
       SELECT wanted.n - 1 AS reader, found.* FROM settled CROSS JOIN unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[]) WITH ORDINALITY AS wanted (subject_id, tenant_id, xid, cursor, n)
        CROSS JOIN LATERAL (
          SELECT event.xid::text AS xid, event.cursor, at, type, event.subject_id, body FROM event
           WHERE event.subject_id = wanted.subject_id AND (wanted.tenant_id IS NULL OR event.tenant_id = wanted.tenant_id)
             AND (event.xid, event.cursor) > (wanted.xid::xid8, wanted.cursor) AND event.xid < settled.below
           ORDER BY event.xid, event.cursor LIMIT ${PAGE}) AS found
        ORDER BY wanted.n, found.xid::xid8, found.cursor`,
      [
        positions.map((p) => p.subjectId),
        positions.map((p) => p.tenantId),
        cursors.map(([xid]) => xid),
        cursors.map(([, cursor]) => cursor),
      ],
    );
    const pages = new Map<number, StreamedEvent[]>();
    for (const row of rows) {
      const reader = Number(row.reader);
      pages.set(reader, [...(pages.get(reader) ?? []), toEvent(row)]);
    }
    return pages;
  }
}

/** @throws DomainError INVALID_VALUE */
export function parseCursor(text: string | undefined): [xid: string, cursor: string] {
  if (text === undefined) return ['0', '0'];
  const match = /^(\d{1,19})\.(\d{1,18})$/.exec(text);
  if (!match) throw invalidValue('cursor', text, 'the cursor of an event of this stream');
  return [match[1] as string, match[2] as string];
}
