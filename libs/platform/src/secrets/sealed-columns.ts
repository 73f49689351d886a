import type { Tx } from '../db/tx.js';

/** A column that holds sealed secrets. Names are constants of the sources: they become part of SQL. */
export interface SealedColumn {
  readonly table: string;
  /** A uuid that names the row. */
  readonly key: string;
  readonly column: string;
  /** A `bytea[]` rather than a `bytea`. */
  readonly isList?: boolean;
  /** What the secret of a row is bound to. */
  context(id: string): string;
}

/** Every place where secrets lie: who keeps some says so when a process begins. */
export class SealedColumns {
  private readonly columns: SealedColumn[] = [];

  add(column: SealedColumn): void {
    this.columns.push(column);
  }

  all(): readonly SealedColumn[] {
    return this.columns;
  }
}

export interface SealedRow {
  readonly id: string;
  readonly sealed: readonly Buffer[];
}

/** Rows behind `after` with something that does not begin with `header`, locked. */
export async function rowsUnderOtherKeys(
  tx: Tx,
  { table, key, column, isList }: SealedColumn,
  header: Buffer,
  after: string | null,
  limit: number,
): Promise<SealedRow[]> {
  const list = isList ? column : `ARRAY[${column}]`;
  return tx.sql<SealedRow>(
    `SELECT ${key} AS id, ${list} AS sealed FROM ${table} WHERE ($1::uuid IS NULL OR ${key} > $1)
        AND EXISTS (SELECT FROM unnest(${list}) AS s WHERE substring(s FROM 1 FOR $2::int) <> $3)
      ORDER BY ${key} LIMIT $4 FOR UPDATE`,
    [after, header.length, header, limit],
  );
}

export async function replaceSealed(tx: Tx, { table, key, column, isList }: SealedColumn, { id, sealed }: SealedRow): Promise<void> {
  await tx.run(`UPDATE ${table} SET ${column} = $2 WHERE ${key} = $1`, [id, isList ? sealed : sealed[0]]);
}
