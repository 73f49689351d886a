import { isDomainError } from '#engines/kernel';
import { crashPoint } from '../crash/crash-point.js';
import type { Database } from '../db/database.js';
import { type Scope, systemScope } from '../db/scope.js';
import type { Tx } from '../db/tx.js';
import type { Envelope } from './envelope.js';
import { replaceSealed, rowsUnderOtherKeys, type SealedColumn, type SealedColumns, type SealedRow } from './sealed-columns.js';

const BATCH = 100;

export interface RotationReport {
  /** Rows that are under the present key now and were not before. */
  readonly resealed: number;
  /** `<table> <id>` of rows that no key of ours opens: they stay as they are. */
  readonly unreadable: readonly string[];
}

/**
 * Brings every stored secret under the present key, batch by batch, while others read and write. What is done is known by the header of each
 * row: a run that died is simply run again, and a run that finds nothing proves that the keys before are needed by nothing.
 */
export class KeyRotation {
  constructor(
    private readonly db: Database,
    private readonly envelope: Envelope,
    private readonly columns: SealedColumns,
  ) {}

  /** @param record called in the transaction of each batch: who did what. */
  async run(actor: string, record: (tx: Tx, table: string, ids: readonly string[]) => Promise<void>): Promise<RotationReport> {
    const scope = systemScope(actor);
    let resealed = 0;
    const unreadable: string[] = [];
    for (const column of this.columns.all()) {
      let after: string | null = null;
      do {
        const batch = await this.reseal(scope, column, after, record);
        resealed += batch.done;
        unreadable.push(...batch.unreadable);
        after = batch.last;
        if (batch.done > 0) crashPoint('secrets.committed');
      } while (after !== null);
    }
    return { resealed, unreadable };
  }

  private reseal(
    scope: Scope,
    column: SealedColumn,
    after: string | null,
    record: (tx: Tx, table: string, ids: readonly string[]) => Promise<void>,
  ): Promise<{ done: number; unreadable: string[]; last: string | null }> {
    return this.db.inTransaction(scope, async (tx) => {
      const rows = await rowsUnderOtherKeys(tx, column, this.envelope.header, after, BATCH);
      const unreadable: string[] = [];
      const done: string[] = [];
      for (const row of rows) {
        const fresh = this.underPresentKey(column, row);
        if (fresh === undefined) {
          unreadable.push(`${column.table} ${row.id}`);
          continue;
        }
        await replaceSealed(tx, column, fresh);
        done.push(row.id);
      }
      if (done.length > 0) await record(tx, column.table, done);
      if (done.length > 0) crashPoint('secrets.sealed');
      return { done: done.length, unreadable, last: rows.length < BATCH ? null : (rows.at(-1)?.id ?? null) };
    });
  }

  private underPresentKey({ context }: SealedColumn, { id, sealed }: SealedRow): SealedRow | undefined {
    try {
      return { id, sealed: sealed.map((one) => this.envelope.seal(context(id), this.envelope.open(context(id), one))) };
    } catch (error) {
      if (isDomainError(error) && error.code === 'SECRET_UNREADABLE') return undefined;
      throw error;
    }
  }
}
