import { randomUUID } from 'node:crypto';
import { DomainError } from '#engines/kernel';
import { ChaosDatabase } from '../chaos-database.js';
import type { Allocator, Given } from './allocator.js';

/** What it keeps: no constraint, as in a table that somebody once made in a hurry. */
export const NAIVE_TABLE = `CREATE TABLE naive_allocation (id uuid, value bigint, key text);
  CREATE INDEX naive_allocation_value ON naive_allocation (value); CREATE INDEX naive_allocation_key ON naive_allocation (key)`;

/** Looks for the lowest free number, then takes it: right for one caller at a time. It shows that the check finds what it is there for. */
export class NaiveAllocator implements Allocator {
  readonly kinds = ['number'] as const;
  private readonly database: ChaosDatabase;

  constructor(url: string) {
    this.database = new ChaosDatabase(url);
  }

  async allocate(key: string): Promise<Given> {
    const [known] = await this.database.ask<{ id: string; value: string }>('SELECT id, value FROM naive_allocation WHERE key = $1', [key]);
    if (known) return { ...known, generation: 1, expiresAt: null, replayed: true };
    const [next] = await this.database.ask<{ value: string }>(
      `SELECT v.value + 1 AS value FROM (SELECT 0 AS value UNION ALL SELECT value FROM naive_allocation) v
        WHERE NOT EXISTS (SELECT FROM naive_allocation a WHERE a.value = v.value + 1) ORDER BY 1 LIMIT 1`,
    );
    const [id, value] = [randomUUID(), next?.value ?? '1'];
    await this.database.ask('INSERT INTO naive_allocation (id, value, key) VALUES ($1, $2, $3)', [id, value, key]);
    return { id, value, generation: 1, expiresAt: null, replayed: false };
  }

  bind(): Promise<never> {
    return Promise.reject(new DomainError('INVALID_STATE', 'nothing is held here'));
  }

  extend(): Promise<never> {
    return this.bind();
  }

  async release(_kind: unknown, id: string): Promise<void> {
    await this.database.ask('DELETE FROM naive_allocation WHERE id = $1', [id]);
  }

  close(): Promise<void> {
    return this.database.close();
  }
}
