import { Injectable } from '@nestjs/common';
import { SETTLED_BELOW } from '#contexts/events';
import type { Slug, SyncTargetId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { Adoption, ConnectorMode, FieldPolicy, InventoryConnectorKind, OnRemoteGone } from '../domain/connector.js';
import { type JournalCursor, NO_CURSOR } from '../inventory/sync-journal.js';

/** Their feed is asked at this pace; webhooks are sooner. */
const FEED_EVERY_SECONDS = 15;
/** `unheard_until` of a connector that was switched on and not looked at since: above every transaction. */
const NOT_KNOWN = `'18446744073709551615'::xid8`;

/** How much of the journal is kept for a connector that does not read it: then a complete scan is cheaper, and nobody else waits. */
export interface JournalBounds {
  /** Rows behind its cursor, about: numbers of transactions that were taken back count, too. */
  readonly rows: number;
  /** Since it last worked. */
  readonly seconds: number;
}

/** A connector as a run needs it. */
export interface Target {
  readonly id: SyncTargetId;
  /** Counts what people change of it. */
  readonly version: number;
  readonly slug: Slug;
  readonly kind: InventoryConnectorKind;
  readonly url: string;
  readonly sealedSecret: Buffer;
  readonly tlsPins: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly mode: ConnectorMode;
  readonly adoption: Adoption;
  readonly onRemoteGone: OnRemoteGone;
  readonly fieldPolicy: FieldPolicy;
  /** Rows by kind that the last complete scan found. A kind that is absent was never read. */
  readonly seen: Readonly<Record<string, number>>;
  /** A complete scan is to be made now. */
  readonly isScanDue: boolean;
  /** How often in a row it failed. */
  readonly failures: number;
  readonly isFeedDue: boolean;
  /** Something that was refused is to be tried again, or a grace period is over. */
  readonly isRecheckDue: boolean;
  /** It was switched on, and which transactions were open then is not known yet. */
  readonly isNew: boolean;
  readonly journal: JournalCursor;
  readonly feedCursor: string | null;
}

const IS_SCAN_DUE = `(t.next_scan_at <= clock_timestamp()
  AND (t.last_full_scan_at IS NULL OR t.last_full_scan_at + make_interval(secs => t.scan_every_seconds) <= clock_timestamp()
    OR coalesce(t.unheard_until <= ${SETTLED_BELOW}, false)))`;
const IS_RECHECK_DUE = `(t.mode = 'WRITE' AND EXISTS (SELECT FROM sync_recheck c WHERE c.target_id = t.id AND c.due_at <= clock_timestamp()))`;
const IS_FEED_DUE = `(t.feed_cursor IS NOT NULL AND t.feed_read_at + interval '${FEED_EVERY_SECONDS} s' <= clock_timestamp())`;
const IS_KEPT = `t.enabled AND t.kind = ANY($1)`;

/** What there is to do for whom, how far each is, and when to try again. */
@Injectable()
export class SyncDueStore {
  /** Connectors with something to do, out of their back-off. @param kinds that this process can speak to. */
  async due(tx: Tx, kinds: readonly InventoryConnectorKind[]): Promise<SyncTargetId[]> {
    const rows = await tx.sql<{ id: SyncTargetId }>(
      `SELECT t.id FROM sync_target t WHERE ${IS_KEPT} AND t.next_try_at <= clock_timestamp()
          AND (${IS_SCAN_DUE} OR ${IS_FEED_DUE} OR ${IS_RECHECK_DUE} OR EXISTS (SELECT FROM sync_run r WHERE r.target_id = t.id AND r.phase <> 'ENDED')
            OR EXISTS (SELECT FROM sync_hint h WHERE h.target_id = t.id)
            OR t.journal_xid > pg_snapshot_xmax(pg_current_snapshot())
            OR EXISTS (SELECT FROM sync_journal j WHERE (j.xid, j.seq) > (t.journal_xid, t.journal_seq))) ORDER BY t.id`,
      [kinds],
    );
    return rows.map(({ id }) => id);
  }

  /** @returns undefined for one that is switched off. */
  async target(tx: Tx, id: SyncTargetId): Promise<Target | undefined> {
    const row = await tx.one<Omit<Target, 'journal'> & { xid: string; seq: string }>(
      `SELECT id, version, failures, slug, kind, url, sealed_secret AS "sealedSecret", tls_pins AS "tlsPins", settings, mode, adoption, on_remote_gone AS "onRemoteGone",
              field_policy AS "fieldPolicy", seen, ${IS_SCAN_DUE} AS "isScanDue", ${IS_FEED_DUE} AS "isFeedDue", ${IS_RECHECK_DUE} AS "isRecheckDue", coalesce(unheard_until = ${NOT_KNOWN}, false) AS "isNew",
              journal_xid::text AS xid, journal_seq::text AS seq, feed_cursor AS "feedCursor" FROM sync_target t WHERE id = $1 AND enabled`,
      [id],
    );
    if (!row) return undefined;
    const { xid, seq, ...target } = row;
    return { ...target, journal: { xid, seq } };
  }

  /** Of one database: a cursor of another one, whose transactions had other numbers, would hide what is written here. */
  async isCursorOfElsewhere(tx: Tx, cursor: JournalCursor): Promise<boolean> {
    const row = await tx.one<{ is: boolean }>('SELECT $1::text::xid8 > pg_snapshot_xmax(pg_current_snapshot()) AS is', [cursor.xid]);
    return row?.is === true;
  }

  /** What another database wrote: no cursor of this one ever comes to it. */
  async forgetElsewhere(tx: Tx): Promise<void> {
    await tx.run('DELETE FROM sync_journal WHERE xid > pg_snapshot_xmax(pg_current_snapshot())');
  }

  /** What is read anew needs no journal of before. */
  async wantScan(tx: Tx, id: SyncTargetId): Promise<void> {
    await tx.run(`UPDATE sync_target SET last_full_scan_at = NULL, ${NO_CURSOR} WHERE id = $1`, [id]);
  }

  /**
   * It is switched on, and every transaction from now on sees that. What was written by those that have begun is in no journal as far as they wrote it
   * before; their numbers are lower than that of this one. To be called in a transaction that ends before a scan begins.
   */
  async hear(tx: Tx, id: SyncTargetId): Promise<void> {
    await tx.run(`UPDATE sync_target SET unheard_until = pg_current_xact_id() WHERE id = $1 AND unheard_until = ${NOT_KNOWN}`, [id]);
  }

  /** A complete scan begins: from here on the journal is kept for whoever had no place in it. What a person changed of the connector meanwhile is for the next scan. */
  async scanning(tx: Tx, { id, version }: Pick<Target, 'id' | 'version'>, journal: JournalCursor): Promise<void> {
    await tx.run(
      `UPDATE sync_target SET journal_xid = $3::text::xid8, journal_seq = $4 WHERE id = $1 AND version = $2 AND journal_xid = '0'`,
      [id, version, journal.xid, journal.seq],
    );
  }

  /** A complete scan that began then is over: what was said before it is in what it read. Not for one that lost its place in the journal since: it is to be scanned again. */
  async scanned(tx: Tx, id: SyncTargetId, begun: { at: Date; journal: JournalCursor; feedCursor: string | null }): Promise<void> {
    await tx.run(
      `UPDATE sync_target SET last_full_scan_at = $2, journal_xid = $3::text::xid8, journal_seq = $4, feed_cursor = $5, feed_read_at = clock_timestamp(),
         unheard_until = CASE WHEN unheard_until > $3::text::xid8 THEN unheard_until END WHERE id = $1 AND journal_xid <> '0'`,
      [id, begun.at, begun.journal.xid, begun.journal.seq, begun.feedCursor],
    );
  }

  /** Connectors that are too far behind are no longer waited for: they are to be read completely. @returns their slugs. */
  async giveUpOn(tx: Tx, { rows, seconds }: JournalBounds): Promise<string[]> {
    const left = await tx.sql<{ slug: string }>(
      `UPDATE sync_target t SET last_full_scan_at = NULL, ${NO_CURSOR} WHERE t.enabled AND t.kind <> 'POWERDNS' AND t.journal_xid <> '0'
          AND EXISTS (SELECT FROM sync_journal j WHERE (j.xid, j.seq) > (t.journal_xid, t.journal_seq))
          AND (t.failures > 0 AND coalesce(t.last_ok_at, t.created_at) < clock_timestamp() - make_interval(secs => $2)
            OR (SELECT j.seq FROM sync_journal j ORDER BY j.xid DESC, j.seq DESC LIMIT 1)
             - (SELECT j.seq FROM sync_journal j WHERE (j.xid, j.seq) > (t.journal_xid, t.journal_seq) ORDER BY j.xid, j.seq LIMIT 1) >= $1)
        RETURNING t.slug`,
      [rows, seconds],
    );
    return left.map(({ slug }) => slug);
  }

  /** What a later scan is measured by. */
  async saw(tx: Tx, id: SyncTargetId, seen: Readonly<Record<string, number>>): Promise<void> {
    await tx.run('UPDATE sync_target SET seen = $2 WHERE id = $1 AND seen IS DISTINCT FROM $2', [id, JSON.stringify(seen)]);
  }

  /** We made or deleted some. */
  async sawMore(tx: Tx, id: SyncTargetId, kind: string, more: number): Promise<void> {
    if (more === 0) return;
    await tx.run(
      'UPDATE sync_target SET seen = seen || jsonb_build_object($2::text, greatest((seen->>$2)::int + $3::int, 0)) WHERE id = $1 AND seen ? $2',
      [id, kind, more],
    );
  }

  async readJournal(tx: Tx, id: SyncTargetId, cursor: JournalCursor): Promise<void> {
    await tx.run('UPDATE sync_target SET journal_xid = $2::text::xid8, journal_seq = $3 WHERE id = $1', [id, cursor.xid, cursor.seq]);
  }

  async readFeed(tx: Tx, id: SyncTargetId, cursor: string | null): Promise<void> {
    await tx.run('UPDATE sync_target SET feed_cursor = $2, feed_read_at = clock_timestamp() WHERE id = $1', [id, cursor]);
  }

  /** How far the slowest of those is that have a place in the journal; null: nobody has. */
  async slowest(tx: Tx): Promise<JournalCursor | null> {
    const row = await tx.one<JournalCursor>(
      `SELECT journal_xid::text AS xid, journal_seq::text AS seq FROM sync_target WHERE enabled AND kind <> 'POWERDNS' AND journal_xid <> '0' ORDER BY journal_xid, journal_seq LIMIT 1`,
    );
    return row ?? null;
  }

  async now(tx: Tx): Promise<Date> {
    return (await tx.one<{ at: Date }>('SELECT clock_timestamp() AS at'))?.at ?? new Date(0);
  }

  async works(tx: Tx, id: SyncTargetId, apiVersion: string): Promise<void> {
    await tx.run(
      `UPDATE sync_target SET failures = 0, next_try_at = '-infinity', last_error = NULL, last_ok_at = clock_timestamp(), api_version = $2 WHERE id = $1`,
      [id, apiVersion],
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
