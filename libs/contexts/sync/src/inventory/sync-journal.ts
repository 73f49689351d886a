import { Injectable } from '@nestjs/common';
import { SETTLED_BELOW } from '#contexts/events';
import type { Tx } from '#platform';
import type { InventoryKind } from './kinds.js';
import { idOfKey } from './local-ids.js';

/** A place in the journal: everything up to it has been read. */
export interface JournalCursor {
  readonly xid: string;
  readonly seq: string;
}

/** Of a row of `sync_target`: nothing is kept for it. */
export const NO_CURSOR = `journal_xid = '0', journal_seq = 0`;

/** An object of ours that was made, changed or taken away; which of these, its row says. */
export interface JournalEntry {
  readonly cursor: JournalCursor;
  readonly kind: InventoryKind;
  readonly id: string;
}

/**
 * What changed of the inventory, written down by triggers in the transaction of the change while an enabled connector is there (migration 0027). What was
 * changed before a connector was enabled, or by a transaction that was open then, is found by a full scan, which is made again when such a one has ended.
 */
@Injectable()
export class SyncJournal {
  /**
   * In the order of transactions, and never past the oldest one that is still open: what commits late is not skipped. Repetitions are left in.
   * @param after where the last answer ended.
   */
  async journalAfter(tx: Tx, after: JournalCursor, limit: number): Promise<JournalEntry[]> {
    const rows = await tx.sql<{ xid: string; seq: string; kind: InventoryKind; key: string }>(
      `SELECT xid::text AS xid, seq::text AS seq, kind, local_key AS key FROM sync_journal j
        WHERE (j.xid, j.seq) > ($1::text::xid8, $2::bigint) AND j.xid < ${SETTLED_BELOW} ORDER BY j.xid, j.seq LIMIT $3`,
      [after.xid, after.seq, limit],
    );
    return rows.map(({ xid, seq, kind, key }) => ({ cursor: { xid, seq }, kind, id: idOfKey(kind, key) }));
  }

  /** Where the journal is now: whatever changed up to here is seen by a scan that begins in a later transaction. */
  async end(tx: Tx): Promise<JournalCursor> {
    const row = await tx.one<{ xid: string }>(`SELECT ${SETTLED_BELOW}::text AS xid`);
    return { xid: row?.xid ?? '0', seq: '0' };
  }

  /** Forgets what every connector has read. @returns how many rows, at most `limit`. */
  forget(tx: Tx, upTo: JournalCursor, limit: number): Promise<number> {
    return tx.run(
      'DELETE FROM sync_journal WHERE (xid, seq) IN (SELECT j.xid, j.seq FROM sync_journal j WHERE (j.xid, j.seq) <= ($1::text::xid8, $2::bigint) ORDER BY j.xid, j.seq LIMIT $3)',
      [upTo.xid, upTo.seq, limit],
    );
  }
}
