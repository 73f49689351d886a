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

/** The stream of what happened to a thing, for portals and people. */
@Injectable()
export class EventService {
  async append(tx: Tx, event: { tenantId: TenantId; type: string; subjectId: string; body: object }): Promise<void> {
    await tx.run('INSERT INTO event (tenant_id, type, subject_id, body) VALUES ($1, $2, $3, $4)', [event.tenantId, event.type, event.subjectId, JSON.stringify(event.body)]);
  }

  /**
   * In the order of transactions, and only below the oldest one that is still open: ordered by the cursor alone, a row that commits
   * late would be skipped. @throws DomainError INVALID_VALUE for a cursor that is none.
   */
  async read(tx: Tx, subjectId: string, after?: string, limit = 100): Promise<StreamedEvent[]> {
    const [xid, cursor] = after === undefined ? ['0', '0'] : parseCursor(after);
    const rows = await tx.sql<{ xid: string; cursor: string; at: Date; type: string; subject_id: string; body: Record<string, unknown> }>(
      `SELECT xid::text, cursor, at, type, subject_id, body FROM event
        WHERE subject_id = $1 AND (xid, cursor) > ($2::text::xid8, $3::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY event.xid, event.cursor LIMIT $4`,
      [subjectId, xid, cursor, limit],
    );
    return rows.map((row) => ({ cursor: `${row.xid}.${row.cursor}`, at: row.at, type: row.type, subjectId: row.subject_id, body: row.body }));
  }
}

function parseCursor(text: string): [string, string] {
  const match = /^(\d{1,19})\.(\d{1,18})$/.exec(text);
  if (!match) throw invalidValue('cursor', text, 'the cursor of an event of this stream');
  return [match[1] as string, match[2] as string];
}
