import type { Pool, PoolClient } from 'pg';
import { DataSource, type EntitySchema, type MixedList } from 'typeorm';
import { migrations } from '../../../../migrations/index.js';
import type { Logger } from '../log/logger.js';
import { surviveLostConnections } from './lost-connections.js';
import { isDatabaseAway, sqlState } from './sql-state.js';
import type { Scope } from './scope.js';
import { statementName, Tx } from './tx.js';

export interface TransactionOptions {
  readonly isolation?: 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';
  /** Milliseconds a single statement may take. */
  readonly statementTimeoutMs?: number;
}

/** "Try again" in Postgres' own words: serialization_failure and deadlock_detected. Everything else is an answer. */
const RETRYABLE = new Set(['40001', '40P01']);
const MAX_ATTEMPTS = 5;
const LOOK_AGAIN_MS = 250;
const KNOWN: readonly string[] = migrations.map((migration) => new migration().name);

const callTexts = new Map<string, string>();

/** The lateral reference to `scope.role` is what makes Postgres evaluate the settings before the function. */
function callText(call: string, values: number): string {
  const known = callTexts.get(call);
  if (known) return known;
  const settings = `set_config('role', $${values + 1}, true) AS role, set_config('app.tenant_id', $${values + 2}, true), set_config('app.actor', $${values + 3}, true)`;
  const text = `SELECT f.* FROM (SELECT ${settings} OFFSET 0) AS scope, LATERAL ${call} AS f`;
  callTexts.set(call, text);
  return text;
}

/** By name. Any difference: this process is of another release than the database, and one of the two does not know what the other means. */
export interface SchemaGap {
  /** This code knows them, the database lacks them. */
  readonly pending: readonly string[];
  /** A newer release has made them. */
  readonly unknown: readonly string[];
}

export const isOfThisRelease = ({ pending, unknown }: SchemaGap): boolean => pending.length === 0 && unknown.length === 0;

export type EntityList = MixedList<string | EntitySchema | (new () => object)>;

/** The pool, and the only place where a transaction begins. */
export class Database {
  private constructor(
    private readonly source: DataSource,
    private readonly log: Logger,
  ) {}

  /**
   * Every connection starts as `trame_tenant` with no tenant: a statement that escapes `inTransaction` sees no rows.
   * @param patienceMs how long a Postgres that is away or starts up is waited for: a service that starts meanwhile need not end for it.
   * @throws when Postgres does not answer or the schema was never migrated (the role is missing).
   */
  static async connect(url: string, poolSize: number, entities: EntityList, log: Logger, patienceMs = 0): Promise<Database> {
    const source = new DataSource({
      type: 'postgres',
      url,
      entities,
      synchronize: false,
      poolSize,
      extra: { options: '-c role=trame_tenant -c statement_timeout=10000', connectionTimeoutMillis: 10_000, idleTimeoutMillis: 30_000 },
      poolErrorHandler: (error: unknown) => log.warn('database.connection_lost', { error }),
    });
    for (const deadline = performance.now() + patienceMs; ; ) {
      try {
        await source.initialize();
        const database = new Database(source, log);
        surviveLostConnections(database.pool);
        return database;
      } catch (error) {
        if (!isDatabaseAway(error) || performance.now() > deadline) throw error;
        log.warn('database.not_ready', { error });
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      }
    }
  }

  /**
   * Runs `work` in one transaction; on 40001/40P01 the whole of it again in a new one (with jitter, at most five times),
   * so `work` must have no effect outside the transaction.
   */
  async inTransaction<T>(scope: Scope, work: (tx: Tx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.retried(() => this.attempt(scope, work, options));
  }

  private async retried<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!RETRYABLE.has(sqlState(error) ?? '') || attempt === MAX_ATTEMPTS) throw error;
        this.log.debug('database.transaction_retried', { attempt, sqlState: sqlState(error) });
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt));
      }
    }
  }

  /**
   * One call of a set-returning function that is a transaction of its own: role, tenant and actor are set inside the statement, so a round trip
   * is all it costs. `scope.role` must be the first argument: the set of scope is then evaluated first, and the function can refuse another role.
   * Tried again on 40001/40P01 like `inTransaction`.
   */
  async call<Row extends object>(scope: Scope, call: `${string}(scope.role, ${string})`, values: readonly unknown[]): Promise<Row[]> {
    return this.retried(async () => {
      const text = callText(call, values.length);
      const settings = scope.kind === 'tenant' ? ['trame_tenant', scope.tenantId, scope.actor] : ['trame_system', '', scope.actor];
      return (await this.pool.query<Row>({ name: statementName(text), text, values: [...values, ...settings] })).rows;
    });
  }

  private get pool(): Pool {
    return (this.source.driver as unknown as { readonly master: Pool }).master;
  }

  private async attempt<T>(scope: Scope, work: (tx: Tx) => Promise<T>, options: TransactionOptions): Promise<T> {
    const runner = this.source.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction(options.isolation ?? 'READ COMMITTED');
      const tx = new Tx(client, runner, scope);
      await tx.sql(
        `SELECT set_config('role', $1, true), set_config('app.tenant_id', $2, true), set_config('app.actor', $3, true), set_config('statement_timeout', $4, true)`,
        [
          scope.kind === 'tenant' ? 'trame_tenant' : 'trame_system',
          scope.kind === 'tenant' ? scope.tenantId : '',
          scope.actor,
          String(options.statementTimeoutMs ?? 10_000),
        ],
      );
      const result = await work(tx);
      await runner.commitTransaction();
      return result;
    } catch (error) {
      // The connection may be gone; what matters is the first error.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release().catch(() => undefined);
    }
  }

  /** Migrations that this code knows and the database lacks, by name; undefined when the database does not answer. */
  async pendingMigrations(): Promise<readonly string[] | undefined> {
    return (await this.schemaGap())?.pending;
  }

  /** What tells this release from the one that the database was migrated by; undefined when the database does not answer. */
  async schemaGap(): Promise<SchemaGap | undefined> {
    const runner = this.source.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query('SET LOCAL ROLE NONE'); // The list of migrations is the owner's.
      const done = ((await runner.query('SELECT name FROM schema_migration')) as { name: string }[]).map(({ name }) => name);
      await runner.commitTransaction();
      return { pending: KNOWN.filter((name) => !done.includes(name)), unknown: done.filter((name) => !KNOWN.includes(name)) };
    } catch (error) {
      this.log.warn('database.not_ready', { error });
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      return sqlState(error) === '42P01' ? { pending: KNOWN, unknown: [] } : undefined;
    } finally {
      await runner.release().catch(() => undefined);
    }
  }

  async isAlive(): Promise<boolean> {
    try {
      await this.source.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
  }
}
