import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { EntityManager, QueryRunner } from 'typeorm';
import { type Scope, systemScope } from './scope.js';

const names = new Map<string, string>();
const SET_ROLE = `SELECT set_config('role', $1, true)`;

/** Prepared statements are named by their text. */
export function statementName(text: string): string {
  let name = names.get(text);
  if (!name) {
    name = createHash('sha1').update(text).digest('base64url');
    names.set(text, name);
  }
  return name;
}

/**
 * One open transaction. It is the first argument of every store method: without it there is no way to the database,
 * so nothing can be written outside by mistake.
 */
export class Tx {
  constructor(
    private readonly client: PoolClient,
    private readonly runner: QueryRunner,
    readonly scope: Scope,
  ) {}

  /** Ordinary writes and administration go through entities. */
  get manager(): EntityManager {
    return this.runner.manager;
  }

  /** Prepared SQL on the same connection: hot reads and allocation. The text must be constant, values are parameters. */
  async sql<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.client.query<Row>({ name: statementName(text), text, values: [...values] });
    return result.rows;
  }

  /** The first row, or undefined. */
  async one<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row | undefined> {
    return (await this.sql<Row>(text, values))[0];
  }

  /**
   * What a tenant's transaction may not see or do itself, in this very transaction, so that what it has written is there. Nothing else runs in it
   * meanwhile. Whoever asks decides what of the answer may be told (ADR 0003).
   */
  async asSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.scope.kind === 'system') return work(this);
    await this.sql(SET_ROLE, ['trame_system']);
    try {
      const result = await work(new Tx(this.client, this.runner, systemScope(this.scope.actor)));
      await this.sql(SET_ROLE, ['trame_tenant']);
      return result;
    } catch (error) {
      // Of a transaction that is broken nothing is left, its role neither.
      await this.sql(SET_ROLE, ['trame_tenant']).catch(() => undefined);
      throw error;
    }
  }

  /** Number of rows that a write touched. */
  async run(text: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.client.query({ name: statementName(text), text, values: [...values] })).rowCount ?? 0;
  }
}
