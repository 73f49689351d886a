import { Injectable } from '@nestjs/common';
import type { AllocationId, PoolId, TenantId } from '#engines/kernel';
import { type Database, systemScope, type Tx } from '#platform';
import type { AllocationState, HolderKind, NumberAllocation, Outcome } from '../domain/allocation.js';
import type { NumberKind } from '../domain/number-kind.js';

/** One plain request for one value, as a row of a batch. */
export interface BatchedNumber {
  readonly id: AllocationId;
  readonly actor: string;
  readonly poolId: PoolId;
  readonly tenantId: TenantId;
  readonly key: string;
  readonly fingerprint: string;
  readonly prefer: number | null;
  readonly ttlSeconds: number | null;
  readonly holder: string | null;
  readonly externalRef: string | null;
}

export interface TakenNumber {
  readonly outcome: Outcome;
  /** When the database gave it. */
  readonly at?: Date;
  readonly id: AllocationId | null;
  /** With a refusal: the value that stands in the way, or how many the quota still allows. */
  readonly value: number | null;
}

export interface NumbersToTake {
  readonly ids: readonly AllocationId[];
  readonly poolId: PoolId;
  readonly tenantId: TenantId;
  readonly key: string;
  readonly fingerprint: string;
  readonly isContiguous: boolean;
  readonly isPartial: boolean;
  readonly prefer: number | null;
  readonly ttlSeconds: number | null;
  readonly holderKind: HolderKind;
  readonly holder: string | null;
  readonly externalRef: string | null;
}

interface TakenRecord {
  outcome: Outcome;
  allocation_id: AllocationId | null;
  value: string | null;
  at?: Date;
}

interface AllocationRecord {
  id: AllocationId;
  poolId: PoolId;
  tenantId: TenantId;
  kind: NumberKind;
  value: string;
  state: AllocationState;
  generation: number;
  key: string;
  holderKind: HolderKind;
  holder: string | null;
  externalRef: string | null;
  createdAt: Date;
  updatedAt: Date;
  expiresAt: Date | null;
  releasedAt: Date | null;
  reusableAt: Date | null;
}

const ALLOCATION = `SELECT a.id, a.pool_id AS "poolId", a.tenant_id AS "tenantId", p.kind, a.value, a.state, a.generation, a.key, a.holder_kind AS "holderKind", a.holder,
    a.external_ref AS "externalRef", a.created_at AS "createdAt", a.updated_at AS "updatedAt", a.expires_at AS "expiresAt", a.released_at AS "releasedAt", a.reusable_at AS "reusableAt"
  FROM number_allocation a JOIN number_pool p ON p.id = a.pool_id`;

const toTaken = (row: TakenRecord): TakenNumber => ({
  outcome: row.outcome,
  id: row.allocation_id,
  value: row.value === null ? null : Number(row.value),
  ...(row.at && { at: row.at }),
});
const toAllocation = (row: AllocationRecord): NumberAllocation => ({ ...row, value: Number(row.value) });

const BATCH_SCOPE = systemScope('allocation');

/** Prepared SQL of the allocations; why a number is never given twice stands at the functions of migration 0013. */
@Injectable()
export class NumberAllocationStore {
  /** Many requests in one statement that is its own transaction. One answer for each, in their order. */
  async allocate(db: Database, requests: readonly BatchedNumber[]): Promise<TakenNumber[]> {
    const column = <Name extends keyof BatchedNumber>(name: Name): BatchedNumber[Name][] => requests.map((request) => request[name]);
    const pools = column('poolId');
    const tenants = column('tenantId');
    const rows = await db.call<TakenRecord & { i: number }>(
      BATCH_SCOPE,
      'number_allocate(scope.role, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
      [
        [...new Set(pools)].sort(),
        [...new Set(tenants)],
        column('actor'),
        pools,
        tenants,
        column('key'),
        column('fingerprint'),
        column('id'),
        column('prefer'),
        column('ttlSeconds'),
        column('holder'),
        column('externalRef'),
      ],
    );
    const answers = new Array<TakenNumber>(requests.length);
    for (const row of rows) answers[row.i - 1] = toTaken(row);
    return answers;
  }

  /** One request of any kind in an open transaction: one row for each value, or one refusal. */
  async take(tx: Tx, wanted: NumbersToTake): Promise<TakenNumber[]> {
    const rows = await tx.sql<TakenRecord>('SELECT * FROM number_take($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)', [
      wanted.poolId,
      wanted.tenantId,
      wanted.key,
      wanted.fingerprint,
      wanted.ids,
      wanted.ids.length,
      wanted.isContiguous,
      wanted.isPartial,
      wanted.prefer,
      wanted.ttlSeconds,
      wanted.holderKind,
      wanted.holder,
      wanted.externalRef,
    ]);
    return rows.map(toTaken);
  }

  async adopt(
    tx: Tx,
    wanted: {
      id: AllocationId;
      poolId: PoolId;
      tenantId: TenantId;
      value: number;
      key: string;
      fingerprint: string;
      holder: string | null;
      externalRef: string | null;
    },
  ): Promise<{ outcome: Outcome; id: AllocationId | null }> {
    const row = await tx.one<{ outcome: Outcome; allocation_id: AllocationId | null }>(
      'SELECT * FROM number_adopt($1, $2, $3, $4, $5, $6, $7, $8)',
      [wanted.poolId, wanted.tenantId, wanted.value, wanted.id, wanted.key, wanted.fingerprint, wanted.holder, wanted.externalRef],
    );
    return { outcome: row?.outcome ?? 'NOT_FOUND', id: row?.allocation_id ?? null };
  }

  /** @returns 'FREE' or 'QUARANTINED', or why not: 'NOT_FOUND' | 'VERSION_CONFLICT'. */
  async release(
    tx: Tx,
    id: AllocationId,
    generation: number | null,
    isUnused: boolean,
  ): Promise<'FREE' | 'QUARANTINED' | 'NOT_FOUND' | 'VERSION_CONFLICT'> {
    const row = await tx.one<{ state: 'FREE' | 'QUARANTINED' | 'NOT_FOUND' | 'VERSION_CONFLICT' }>(
      'SELECT number_release($1, $2, $3) AS state',
      [id, generation, isUnused],
    );
    return row?.state ?? 'NOT_FOUND';
  }

  /** In the order of the pools: every transaction takes their locks in one order. */
  async releaseAll(tx: Tx, ids: readonly AllocationId[], isUnused: boolean): Promise<void> {
    await tx.sql(
      'SELECT number_release(x.id, NULL, $2) FROM (SELECT id FROM number_allocation WHERE id = ANY($1) ORDER BY pool_id, value) x',
      [ids, isUnused],
    );
  }

  /** Out of its rest, as it was. @returns OK, or why not. In the order of the pools. */
  async recall(tx: Tx, id: AllocationId, holder: HolderKind): Promise<'OK' | 'GONE' | 'TAKEN' | 'QUOTA' | 'KEY_REUSED'> {
    const row = await tx.one<{ outcome: 'OK' | 'GONE' | 'TAKEN' | 'QUOTA' | 'KEY_REUSED' }>('SELECT number_recall($1, $2) AS outcome', [
      id,
      holder,
    ]);
    return row?.outcome ?? 'GONE';
  }

  async inOrderOfPools(tx: Tx, ids: readonly AllocationId[]): Promise<AllocationId[]> {
    const rows = await tx.sql<{ id: AllocationId }>('SELECT id FROM number_allocation WHERE id = ANY($1) ORDER BY pool_id, value', [ids]);
    return rows.map(({ id }) => id);
  }

  /** Holds and quarantines whose time is over. @returns the pool of each value that went back, at most `limit`. */
  async sweep(tx: Tx, limit: number): Promise<PoolId[]> {
    return (await tx.sql<{ pool_id: PoolId }>('SELECT s AS pool_id FROM number_sweep($1) s', [limit])).map((row) => row.pool_id);
  }

  /** HELD becomes BOUND. @returns false when it is not held, or has changed hands. */
  async bind(tx: Tx, id: AllocationId, generation: number, holder: string | null): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE number_allocation SET state = 'BOUND', expires_at = NULL, holder = coalesce($3, holder), generation = generation + 1, updated_at = now()
          WHERE id = $1 AND generation = $2 AND state = 'HELD'`,
        [id, generation, holder],
      )) === 1
    );
  }

  async extend(tx: Tx, id: AllocationId, generation: number, ttlSeconds: number): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE number_allocation SET expires_at = now() + make_interval(secs => $3), updated_at = now() WHERE id = $1 AND generation = $2 AND state = 'HELD'`,
        [id, generation, ttlSeconds],
      )) === 1
    );
  }

  /** To another tenant or another holder of the same; the quotas go with it. The caller holds the lock of the pool. */
  async transfer(tx: Tx, id: AllocationId, generation: number, to: { tenantId: TenantId; holder: string | null }): Promise<boolean> {
    const row = await tx.one<{ moved: boolean }>('SELECT number_transfer($1, $2, $3, $4) AS moved', [
      id,
      generation,
      to.tenantId,
      to.holder,
    ]);
    return row?.moved === true;
  }

  async byId(tx: Tx, id: AllocationId): Promise<NumberAllocation | undefined> {
    const row = await tx.one<AllocationRecord>(`${ALLOCATION} WHERE a.id = $1`, [id]);
    return row && toAllocation(row);
  }

  async byIds(tx: Tx, ids: readonly AllocationId[]): Promise<NumberAllocation[]> {
    return (await tx.sql<AllocationRecord>(`${ALLOCATION} WHERE a.id = ANY($1) ORDER BY p.kind, a.value`, [ids])).map(toAllocation);
  }

  /** All values of a key, in their order. */
  async byKey(tx: Tx, tenantId: TenantId, key: string): Promise<NumberAllocation[]> {
    const rows = await tx.sql<AllocationRecord>(
      `${ALLOCATION} WHERE a.tenant_id = $1 AND a.key = $2 AND a.state <> 'QUARANTINED' ORDER BY a.ord`,
      [tenantId, key],
    );
    return rows.map(toAllocation);
  }

  /** A page of a pool's allocations in rising order of value. */
  async ofPool(tx: Tx, poolId: PoolId, after: number | null, limit: number): Promise<NumberAllocation[]> {
    const rows = await tx.sql<AllocationRecord>(
      `${ALLOCATION} WHERE a.space_id = p.space_id AND a.space_id = (SELECT x.space_id FROM number_pool x WHERE x.id = $1) AND a.pool_id = $1 AND a.value > $2
        ORDER BY a.space_id, a.value LIMIT $3`,
      [poolId, after ?? -1, limit],
    );
    return rows.map(toAllocation);
  }

  /** Who holds a value, where the scope of the transaction may know. */
  async holding(tx: Tx, poolId: PoolId, value: number): Promise<NumberAllocation | undefined> {
    const row = await tx.one<AllocationRecord>(
      `${ALLOCATION} WHERE a.space_id = (SELECT x.space_id FROM number_pool x WHERE x.id = $1) AND a.value = $2`,
      [poolId, value],
    );
    return row && toAllocation(row);
  }
}
