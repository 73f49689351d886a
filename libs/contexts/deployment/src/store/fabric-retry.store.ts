import { Injectable } from '@nestjs/common';
import type { FabricId } from '#engines/kernel';
import type { Tx } from '#platform';

export interface FabricRetry {
  readonly failures: number;
  readonly since: Date;
  readonly retryAt: Date;
  readonly isDue: boolean;
  readonly byDatabase: boolean;
  /** Something changed while an execution was under way: it may have read the world before that. */
  readonly isAsked: boolean;
  readonly reason: string;
}

/** Fabrics whose last executions ended in a fault; success takes the row away. */
@Injectable()
export class FabricRetryStore {
  of(tx: Tx, fabricId: FabricId): Promise<FabricRetry | undefined> {
    return tx.one<FabricRetry & object>(
      `SELECT failures, since, retry_at AS "retryAt", retry_at <= clock_timestamp() AS "isDue", by_database AS "byDatabase", is_asked AS "isAsked", reason
         FROM fabric_retry WHERE fabric_id = $1`,
      [fabricId],
    );
  }

  /** @returns how many there were in a row, this one with them. */
  async failed(tx: Tx, fabricId: FabricId, { byDatabase, reason }: Pick<FabricRetry, 'byDatabase' | 'reason'>): Promise<number> {
    const row = await tx.one<{ failures: number }>(
      `INSERT INTO fabric_retry AS r (fabric_id, failures, by_database, reason) VALUES ($1, 1, $2, $3)
         ON CONFLICT (fabric_id) DO UPDATE SET failures = least(r.failures + 1, 1000000), by_database = $2, reason = $3 RETURNING failures`,
      [fabricId, byDatabase, reason],
    );
    return row?.failures ?? 1;
  }

  /** Of a fabric that has no fault yet nothing is kept: the first one is followed by no rest. */
  async ask(tx: Tx, fabricId: FabricId): Promise<void> {
    await tx.run('UPDATE fabric_retry SET is_asked = true WHERE fabric_id = $1 AND NOT is_asked', [fabricId]);
  }

  /** The execution that begins is for it; should that end without a word, the next one is due at once. */
  async take(tx: Tx, fabricId: FabricId): Promise<void> {
    await tx.run('UPDATE fabric_retry SET is_asked = false, retry_at = least(retry_at, clock_timestamp()) WHERE fabric_id = $1', [
      fabricId,
    ]);
  }

  async rest(tx: Tx, fabricId: FabricId, seconds: number): Promise<void> {
    await tx.run('UPDATE fabric_retry SET retry_at = clock_timestamp() + make_interval(secs => $2) WHERE fabric_id = $1', [
      fabricId,
      seconds,
    ]);
  }

  async over(tx: Tx, fabricId: FabricId): Promise<void> {
    await tx.run('DELETE FROM fabric_retry WHERE fabric_id = $1', [fabricId]);
  }
}
