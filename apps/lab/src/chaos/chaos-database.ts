import pg from 'pg';
import { pause } from './timing.js';

const PATIENCE_MS = 20_000;

/** The harness's own look into the database, past every rule of the product: as owner, through connections that are lost now and then. */
export class ChaosDatabase {
  private readonly pool: pg.Pool;

  constructor(url: string) {
    this.pool = new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 5000, options: '-c lock_timeout=3000' });
    this.pool.on('error', () => undefined); // The query that needs the connection opens another.
  }

  /** Repeated while the database is away. @throws what the database says about the statement itself. */
  async rows<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    for (const deadline = Date.now() + PATIENCE_MS; ; await pause(100)) {
      try {
        return await this.ask<Row>(text, values);
      } catch (error) {
        const { code } = error as { code?: string };
        const isAnswer = code !== undefined && /^(22|23|42)/.test(code);
        if (isAnswer || Date.now() > deadline) throw error;
      }
    }
  }

  /** One try. */
  async ask<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = await this.pool.connect();
    let lost: Error | undefined;
    const lose = (error: Error): void => {
      lost = error; // Reported by the query; without a listener it would end the process.
    };
    client.on('error', lose);
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } catch (error) {
      lost ??= error as Error;
      throw error;
    } finally {
      client.removeListener('error', lose);
      client.release(lost);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
