import { Injectable } from '@nestjs/common';
import type { TenantId } from '#engines/kernel';
import type { Tx } from '#platform';

export interface NewInboxMessage {
  readonly id: string;
  readonly sourceId: string;
  readonly tenantId: TenantId;
  readonly messageId: string;
  readonly bodySha256: Buffer;
  readonly body: string;
  readonly sentAt: Date;
  /** What it is about, in the sender's words; null where it does not say. */
  readonly subject: string | null;
  /** Why it will never be processed; null for a message that is understood. */
  readonly refusal: string | null;
}

export interface ClaimedMessage {
  readonly id: string;
  readonly sourceSlug: string;
  readonly tenantId: TenantId;
  readonly messageId: string;
  readonly body: string;
  readonly sentAt: Date;
  readonly attempts: number;
}

interface ClaimedRecord {
  id: string;
  slug: string;
  tenant_id: TenantId;
  message_id: string;
  body: string;
  sent_at: Date;
  attempts: number;
}

@Injectable()
export class InboxStore {
  /** @returns false when the source has sent a message under this id before. */
  async insert(tx: Tx, message: NewInboxMessage): Promise<boolean> {
    const inserted = await tx.run(
      `INSERT INTO inbox (id, source_id, tenant_id, message_id, body_sha256, body, sent_at, state, error, subject)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (source_id, message_id) DO NOTHING`,
      [
        message.id,
        message.sourceId,
        message.tenantId,
        message.messageId,
        message.bodySha256,
        message.body,
        message.sentAt,
        message.refusal === null ? 'ACCEPTED' : 'FAILED',
        message.refusal,
        message.subject,
      ],
    );
    return inserted === 1;
  }

  /** Counts the repetition. @returns the digest of the body that came first. */
  async countDuplicate(tx: Tx, sourceId: string, messageId: string): Promise<Buffer> {
    const row = await tx.one<{ body_sha256: Buffer }>(
      'UPDATE inbox SET duplicate_count = duplicate_count + 1 WHERE source_id = $1 AND message_id = $2 RETURNING body_sha256',
      [sourceId, messageId],
    );
    if (!row) throw new Error('a message that was there a moment ago is gone');
    return row.body_sha256;
  }

  /**
   * Takes a due message for `seconds`: if its execution dies, another one takes it after that. Undefined when it is not due, is settled,
   * or has to wait for one of the same subject that was sent before it.
   */
  async claim(tx: Tx, id: string, seconds: number): Promise<ClaimedMessage | undefined> {
    const row = await tx.one<ClaimedRecord>(
      `UPDATE inbox SET attempts = attempts + 1, next_try_at = clock_timestamp() + make_interval(secs => $2)
        FROM inbound_source AS source
       WHERE inbox.id = $1 AND state = 'ACCEPTED' AND next_try_at <= clock_timestamp() AND source.id = inbox.source_id
         AND NOT EXISTS (SELECT 1 FROM inbox o WHERE o.source_id = inbox.source_id AND o.subject = inbox.subject AND o.state = 'ACCEPTED'
                            AND (o.sent_at, o.received_at, o.id) < (inbox.sent_at, inbox.received_at, inbox.id))
       RETURNING inbox.id, source.slug, inbox.tenant_id, message_id, body, sent_at, attempts`,
      [id, seconds],
    );
    return (
      row && {
        id: row.id,
        sourceSlug: row.slug,
        tenantId: row.tenant_id,
        messageId: row.message_id,
        body: row.body,
        sentAt: row.sent_at,
        attempts: row.attempts,
      }
    );
  }

  async settle(
    tx: Tx,
    id: string,
    state: 'PROCESSED' | 'IGNORED' | 'FAILED',
    outcome: { effectId: string | null; error: string | null },
  ): Promise<void> {
    await tx.run(`UPDATE inbox SET state = $2, effect_id = $3, error = $4 WHERE id = $1 AND state = 'ACCEPTED'`, [
      id,
      state,
      outcome.effectId,
      outcome.error,
    ]);
  }

  async retryIn(tx: Tx, id: string, seconds: number, error: string): Promise<void> {
    await tx.run(
      `UPDATE inbox SET next_try_at = clock_timestamp() + make_interval(secs => $2), error = $3 WHERE id = $1 AND state = 'ACCEPTED'`,
      [id, seconds, error],
    );
  }

  async dueIds(tx: Tx, limit: number): Promise<string[]> {
    const rows = await tx.sql<{ id: string }>(
      `SELECT id FROM inbox WHERE state = 'ACCEPTED' AND next_try_at <= clock_timestamp() ORDER BY next_try_at LIMIT $1`,
      [limit],
    );
    return rows.map((row) => row.id);
  }
}
