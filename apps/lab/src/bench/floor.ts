import pg from 'pg';
import { callFor, type Round } from './rounds.js';

export const FLOOR_TABLE = 'CREATE TABLE bench_floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL)';
export const FLOOR_INSERT = { name: 'floor', text: 'INSERT INTO bench_floor (key) VALUES ($1)' } as const;

/** One row, one commit, prepared, a round trip: what the fastest client can do that waits for the disk. */
export class Floor {
  private readonly pool: pg.Pool;
  private serial = 0;

  /** @param connections as many as what it is compared with has. */
  constructor(url: string, connections: number) {
    this.pool = new pg.Pool({ connectionString: url, max: connections });
    this.pool.on('error', () => undefined); // The query that needs the connection says so.
  }

  round(callers: number, milliseconds: number): Promise<Round> {
    return callFor(callers, milliseconds, () => this.pool.query({ ...FLOOR_INSERT, values: [`key-${++this.serial}`] }));
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
