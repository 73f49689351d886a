import { Injectable } from '@nestjs/common';
import type { Cidr, PrefixId, PrefixPoolId, TenantId } from '#engines/kernel';
import { type Database, systemScope, type Tx } from '#platform';
import type { LeafRole, Outcome, PrefixAllocation, PrefixHolderKind, Released } from '../domain/allocation.js';

/** One plain request for one prefix, as a row of a batch. */
export interface BatchedPrefix {
  readonly id: PrefixId;
  readonly actor: string;
  readonly poolId: PrefixPoolId;
  readonly tenantId: TenantId;
  readonly key: string;
  readonly fingerprint: string;
  readonly length: number | null;
  readonly prefer: Cidr | null;
  readonly ttlSeconds: number | null;
  readonly role: LeafRole;
  readonly holder: string | null;
  readonly externalRef: string | null;
}

export interface TakenPrefix {
  readonly outcome: Outcome;
  readonly id: PrefixId | null;
  readonly cidr: Cidr | null;
  /** With QUOTA: how many blocks the tenant may still have. */
  readonly room: bigint | null;
  /** When the database gave it. */
  readonly at?: Date;
}

export interface PrefixesToTake {
  readonly ids: readonly PrefixId[];
  readonly poolId: PrefixPoolId;
  readonly tenantId: TenantId;
  readonly key: string;
  /** Empty: an order's own key, which is nobody else's. */
  readonly fingerprint: string;
  readonly length: number | null;
  readonly isContiguous: boolean;
  readonly isPartial: boolean;
  readonly prefer: Cidr | null;
  readonly ttlSeconds: number | null;
  readonly role: LeafRole;
  readonly holderKind: PrefixHolderKind;
  readonly holder: string | null;
  readonly externalRef: string | null;
}

interface TakenRow {
  outcome: Outcome;
  prefix_id: PrefixId | null;
  cidr: Cidr | null;
  room: string | null;
  at?: Date;
}

const ALLOCATION = `SELECT p.id, r.pool_id AS "poolId", p.tenant_id AS "tenantId", p.cidr::text AS cidr, p.role, p.state, p.generation, p.key,
    p.holder_kind AS "holderKind", p.holder, p.external_ref AS "externalRef", p.created_at AS "createdAt", p.updated_at AS "updatedAt", p.expires_at AS "expiresAt",
    p.released_at AS "releasedAt", p.reusable_at AS "reusableAt"
  FROM prefix p JOIN prefix_pool_range r ON r.prefix_id = p.parent_id`;

const toTaken = (row: TakenRow): TakenPrefix => ({
  outcome: row.outcome,
  id: row.prefix_id,
  cidr: row.cidr,
  // An exclusion that is smaller than a block leaves parts of one.
  room: row.room === null ? null : BigInt(row.room.replace(/\..*$/, '')),
  ...(row.at && { at: row.at }),
});

const BATCH_SCOPE = systemScope('allocation');

/** Prepared SQL of prefixes; why one is never given twice stands at the functions of migration 0014. */
@Injectable()
export class PrefixAllocationStore {
  /** Many requests in one statement that is its own transaction. One answer for each, in their order. */
  async allocate(db: Database, requests: readonly BatchedPrefix[]): Promise<TakenPrefix[]> {
    const column = <Name extends keyof BatchedPrefix>(name: Name): BatchedPrefix[Name][] => requests.map((request) => request[name]);
    const pools = column('poolId');
    const tenants = column('tenantId');
    const rows = await db.call<TakenRow & { i: number }>(
      BATCH_SCOPE,
      'prefix_allocate(scope.role, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)',
      [
        [...new Set(pools)].sort(),
        [...new Set(tenants)],
        column('actor'),
        pools,
        tenants,
        column('key'),
        column('fingerprint'),
        column('id'),
        column('length'),
        column('prefer'),
        column('ttlSeconds'),
        column('role'),
        column('holder'),
        column('externalRef'),
      ],
    );
    const answers = new Array<TakenPrefix>(requests.length);
    for (const row of rows) answers[row.i - 1] = toTaken(row);
    return answers;
  }

  /** One request of any kind in an open transaction: one row for each prefix, or one refusal. */
  async take(tx: Tx, wanted: PrefixesToTake): Promise<TakenPrefix[]> {
    const rows = await tx.sql<TakenRow>(
      'SELECT outcome, prefix_id, cidr::text AS cidr, room FROM prefix_take($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)',
      [
        wanted.poolId,
        wanted.tenantId,
        wanted.key,
        wanted.fingerprint,
        wanted.ids,
        wanted.length,
        wanted.ids.length,
        wanted.isContiguous,
        wanted.isPartial,
        wanted.prefer,
        wanted.ttlSeconds,
        wanted.role,
        wanted.holderKind,
        wanted.holder,
        wanted.externalRef,
      ],
    );
    return rows.map(toTaken);
  }

  async adopt(
    tx: Tx,
    wanted: Pick<BatchedPrefix, 'id' | 'poolId' | 'tenantId' | 'key' | 'fingerprint' | 'role' | 'holder' | 'externalRef'> & { cidr: Cidr },
  ): Promise<{ outcome: Outcome; id: PrefixId | null }> {
    const row = await tx.one<{ outcome: Outcome; prefix_id: PrefixId | null }>(
      'SELECT * FROM prefix_adopt($1, $2, $3, $4, $5, $6, $7, $8, $9)',
      [
        wanted.poolId,
        wanted.tenantId,
        wanted.cidr,
        wanted.id,
        wanted.key,
        wanted.fingerprint,
        wanted.role,
        wanted.holder,
        wanted.externalRef,
      ],
    );
    return { outcome: row?.outcome ?? 'NOT_FOUND', id: row?.prefix_id ?? null };
  }

  /** @param holderKind only if that holds it; null: whoever. */
  async release(
    tx: Tx,
    id: PrefixId,
    { generation, isUnused, holderKind }: { generation: number | null; isUnused: boolean; holderKind: PrefixHolderKind | null },
  ): Promise<Released> {
    const row = await tx.one<{ state: Released }>('SELECT prefix_release($1, $2, $3, $4) AS state', [id, generation, isUnused, holderKind]);
    return row?.state ?? 'NOT_FOUND';
  }

  /** Whoever holds them. In the order of the pools: every transaction takes their locks in one order. */
  async releaseAll(tx: Tx, ids: readonly PrefixId[], isUnused: boolean): Promise<void> {
    await tx.sql(
      `SELECT prefix_release(x.id, NULL, $2, NULL) FROM (
          SELECT p.id FROM prefix p LEFT JOIN prefix_pool_range r ON r.prefix_id = p.parent_id WHERE p.id = ANY($1) ORDER BY r.pool_id, p.cidr) x`,
      [ids, isUnused],
    );
  }

  /** Out of its rest, for the subnet that was on it. @returns OK, or why not. */
  async recall(tx: Tx, id: PrefixId): Promise<'OK' | 'GONE' | 'TAKEN' | 'QUOTA' | 'KEY_REUSED'> {
    const row = await tx.one<{ outcome: 'OK' | 'GONE' | 'TAKEN' | 'QUOTA' | 'KEY_REUSED' }>('SELECT prefix_recall($1) AS outcome', [id]);
    return row?.outcome ?? 'GONE';
  }

  async inOrderOfPools(tx: Tx, ids: readonly PrefixId[]): Promise<PrefixId[]> {
    const rows = await tx.sql<{ id: PrefixId }>(
      'SELECT p.id FROM prefix p LEFT JOIN prefix_pool_range r ON r.prefix_id = p.parent_id WHERE p.id = ANY($1) ORDER BY r.pool_id, p.cidr',
      [ids],
    );
    return rows.map((row) => row.id);
  }

  /** Holds and quarantines whose time is over. @returns the pool of each that went back, at most `limit`. */
  async sweep(tx: Tx, limit: number): Promise<PrefixPoolId[]> {
    return (await tx.sql<{ pool_id: PrefixPoolId }>('SELECT s AS pool_id FROM prefix_sweep($1) s', [limit])).map((row) => row.pool_id);
  }

  /** HELD becomes BOUND. @returns false when it is not held, or has changed hands. */
  async bind(tx: Tx, id: PrefixId, generation: number, holder: string | null): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE prefix SET state = 'BOUND', expires_at = NULL, holder = coalesce($3, holder), generation = generation + 1, updated_at = now()
          WHERE id = $1 AND generation = $2 AND state = 'HELD'`,
        [id, generation, holder],
      )) === 1
    );
  }

  async extend(tx: Tx, id: PrefixId, generation: number, ttlSeconds: number): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE prefix SET expires_at = now() + make_interval(secs => $3), updated_at = now() WHERE id = $1 AND generation = $2 AND state = 'HELD'`,
        [id, generation, ttlSeconds],
      )) === 1
    );
  }

  async transfer(tx: Tx, id: PrefixId, generation: number, to: { tenantId: TenantId; holder: string | null }): Promise<boolean> {
    const row = await tx.one<{ moved: boolean }>('SELECT prefix_transfer($1, $2, $3, $4) AS moved', [
      id,
      generation,
      to.tenantId,
      to.holder,
    ]);
    return row?.moved === true;
  }

  async byId(tx: Tx, id: PrefixId): Promise<PrefixAllocation | undefined> {
    return tx.one<PrefixAllocation>(`${ALLOCATION} WHERE p.id = $1`, [id]);
  }

  async byIds(tx: Tx, ids: readonly PrefixId[]): Promise<PrefixAllocation[]> {
    return tx.sql<PrefixAllocation>(`${ALLOCATION} WHERE p.id = ANY($1) ORDER BY p.cidr`, [ids]);
  }

  /** All prefixes of a key, in their order. */
  async byKey(tx: Tx, tenantId: TenantId, key: string): Promise<PrefixAllocation[]> {
    return tx.sql<PrefixAllocation>(
      `${ALLOCATION} WHERE p.tenant_id = $1 AND p.key = $2 AND p.fingerprint <> '' AND p.state <> 'QUARANTINED' ORDER BY p.ord`,
      [tenantId, key],
    );
  }

  /** A page of a pool's allocations in rising order. */
  async ofPool(tx: Tx, poolId: PrefixPoolId, after: Cidr | null, limit: number): Promise<PrefixAllocation[]> {
    return tx.sql<PrefixAllocation>(
      `SELECT a.* FROM prefix_pool_range x CROSS JOIN LATERAL (
          ${ALLOCATION} WHERE p.parent_id = x.prefix_id AND ($2::cidr IS NULL OR p.cidr > $2::cidr) ORDER BY p.cidr LIMIT $3) a
        WHERE x.pool_id = $1 ORDER BY a.cidr::cidr LIMIT $3`,
      [poolId, after, limit],
    );
  }

  /** Leaves that overlap a prefix, where the scope of the transaction may know; at most ten. */
  async overlapping(tx: Tx, poolId: PrefixPoolId, cidr: Cidr): Promise<PrefixAllocation[]> {
    return tx.sql<PrefixAllocation>(
      `${ALLOCATION} WHERE r.pool_id = $1 AND p.space_id = (SELECT o.space_id FROM prefix_pool o WHERE o.id = $1) AND (
          p.cidr BETWEEN $2::cidr AND prefix_last($2::cidr)
          OR p.cidr = ANY(ARRAY(SELECT network(set_masklen($2::inet, g)) FROM generate_series(0, masklen($2::cidr) - 1) g))) ORDER BY p.cidr LIMIT 10`,
      [poolId, cidr],
    );
  }
}
