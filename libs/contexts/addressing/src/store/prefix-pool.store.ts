import { Injectable } from '@nestjs/common';
import type { AddressSpaceId, Cidr, PrefixId, PrefixPoolId, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { PrefixExclusion, PrefixPool, PrefixQuota } from '../domain/prefix-pool.js';

interface PoolRow extends Omit<PrefixPool, 'size' | 'free'> {
  size: string | null;
  free: string | null;
}

const POOL = `SELECT p.id, p.space_id AS "spaceId", p.slug, p.name, p.family, p.strategy, p.min_length AS "minLength", p.default_length AS "defaultLength",
    p.max_length AS "maxLength", p.quarantine_seconds AS "quarantineSeconds", p.low_water_percent AS "lowWaterPercent", p.version,
    p.created_at AS "createdAt", p.updated_at AS "updatedAt", trunc(s.size)::text AS size, trunc(s.free)::text AS free, coalesce(s.level, 'OK') AS level,
    ARRAY(SELECT r.cidr::text FROM prefix_pool_range r WHERE r.pool_id = p.id ORDER BY r.cidr) AS ranges
  FROM prefix_pool p LEFT JOIN prefix_pool_state s ON s.pool_id = p.id`;

const toPool = (row: PoolRow): PrefixPool => ({ ...row, size: BigInt(row.size ?? 0), free: BigInt(row.free ?? 0) });

export interface FreeBlocks {
  /** Of this length there are so many. */
  readonly length: number;
  readonly count: number;
}

@Injectable()
export class PrefixPoolStore {
  async pool(tx: Tx, id: PrefixPoolId): Promise<PrefixPool | undefined> {
    const row = await tx.one<PoolRow>(`${POOL} WHERE p.id = $1`, [id]);
    return row && toPool(row);
  }

  async poolsById(tx: Tx, ids: readonly PrefixPoolId[]): Promise<PrefixPool[]> {
    return (await tx.sql<PoolRow>(`${POOL} WHERE p.id = ANY($1)`, [ids])).map(toPool);
  }

  /** At most two. */
  async spaces(tx: Tx): Promise<AddressSpaceId[]> {
    return (await tx.sql<{ id: AddressSpaceId }>('SELECT id FROM address_space ORDER BY id LIMIT 2')).map(({ id }) => id);
  }

  /** Its ranges are gone already. */
  async remove(tx: Tx, id: PrefixPoolId): Promise<void> {
    for (const table of ['free_prefix', 'prefix_quota', 'prefix_pool_tenant', 'prefix_pool_exclusion', 'prefix_pool_state'] as const)
      await tx.run(`DELETE FROM ${table} WHERE pool_id = $1`, [id]);
    await tx.run('DELETE FROM prefix_pool WHERE id = $1', [id]);
  }

  async poolBySlug(tx: Tx, slug: string): Promise<PrefixPool | undefined> {
    const row = await tx.one<PoolRow>(`${POOL} WHERE p.slug = $1`, [slug]);
    return row && toPool(row);
  }

  async pools(tx: Tx): Promise<PrefixPool[]> {
    return (await tx.sql<PoolRow>(`${POOL} ORDER BY p.slug`)).map(toPool);
  }

  async page(tx: Tx, after: string | null, limit: number): Promise<PrefixPool[]> {
    return (await tx.sql<PoolRow>(`${POOL} WHERE $1::text IS NULL OR p.slug > $1 ORDER BY p.slug LIMIT $2`, [after, limit])).map(toPool);
  }

  /** Waits for whoever claims or administers; ends with the transaction. */
  async lock(tx: Tx, id: PrefixPoolId): Promise<void> {
    await tx.run('SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))', [id]);
  }

  /** @returns false when the version is not the one. */
  async update(
    tx: Tx,
    id: PrefixPoolId,
    version: number,
    to: Pick<PrefixPool, 'name' | 'strategy' | 'minLength' | 'defaultLength' | 'maxLength' | 'quarantineSeconds' | 'lowWaterPercent'>,
  ): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE prefix_pool SET name = $3, strategy = $4, min_length = $5, default_length = $6, max_length = $7, quarantine_seconds = $8, low_water_percent = $9,
            version = version + 1, updated_at = now() WHERE id = $1 AND version = $2`,
        [id, version, to.name, to.strategy, to.minLength, to.defaultLength, to.maxLength, to.quarantineSeconds, to.lowWaterPercent],
      )) === 1
    );
  }

  async rangeOf(tx: Tx, id: PrefixPoolId, cidr: Cidr): Promise<{ cidr: Cidr; prefixId: PrefixId } | undefined> {
    return tx.one('SELECT cidr::text AS cidr, prefix_id AS "prefixId" FROM prefix_pool_range WHERE pool_id = $1 AND cidr >>= $2::cidr', [
      id,
      cidr,
    ]);
  }

  /** The pool of a space whose ranges have the prefix, and that gives such lengths. */
  async poolHolding(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr): Promise<PrefixPoolId | undefined> {
    const row = await tx.one<{ id: PrefixPoolId }>(
      `SELECT p.id FROM prefix_pool p JOIN prefix_pool_range r ON r.pool_id = p.id
        WHERE p.space_id = $1 AND r.cidr >>= $2::cidr AND masklen($2::cidr) BETWEEN p.min_length AND p.max_length`,
      [spaceId, cidr],
    );
    return row?.id;
  }

  async addRange(tx: Tx, id: PrefixPoolId, cidr: Cidr, prefixId: PrefixId): Promise<void> {
    await tx.run('INSERT INTO prefix_pool_range (pool_id, cidr, prefix_id) VALUES ($1, $2, $3)', [id, cidr, prefixId]);
  }

  async removeRange(tx: Tx, id: PrefixPoolId, cidr: Cidr): Promise<PrefixId | undefined> {
    const row = await tx.one<{ prefix_id: PrefixId }>(
      'DELETE FROM prefix_pool_range WHERE pool_id = $1 AND cidr = $2::cidr RETURNING prefix_id',
      [id, cidr],
    );
    return row?.prefix_id;
  }

  async exclude(tx: Tx, id: PrefixPoolId, { cidr, reason }: PrefixExclusion): Promise<void> {
    await tx.run('INSERT INTO prefix_pool_exclusion (pool_id, cidr, reason) VALUES ($1, $2, $3)', [id, cidr, reason]);
  }

  async include(tx: Tx, id: PrefixPoolId, cidr: Cidr): Promise<boolean> {
    return (await tx.run('DELETE FROM prefix_pool_exclusion WHERE pool_id = $1 AND cidr = $2::cidr', [id, cidr])) === 1;
  }

  async exclusions(tx: Tx, id: PrefixPoolId): Promise<PrefixExclusion[]> {
    return tx.sql<PrefixExclusion>(
      'SELECT cidr::text AS cidr, reason FROM prefix_pool_exclusion WHERE pool_id = $1 ORDER BY prefix_pool_exclusion.cidr',
      [id],
    );
  }

  async setTenants(tx: Tx, id: PrefixPoolId, tenantIds: readonly TenantId[]): Promise<void> {
    await tx.run('DELETE FROM prefix_pool_tenant WHERE pool_id = $1', [id]);
    await tx.run('INSERT INTO prefix_pool_tenant (pool_id, tenant_id) SELECT $1, t FROM unnest($2::uuid[]) t', [id, tenantIds]);
  }

  async tenants(tx: Tx, id: PrefixPoolId): Promise<TenantId[]> {
    return (await tx.sql<{ id: TenantId }>('SELECT tenant_id AS id FROM prefix_pool_tenant WHERE pool_id = $1 ORDER BY 1', [id])).map(
      (row) => row.id,
    );
  }

  async setQuota(tx: Tx, id: PrefixPoolId, tenantId: TenantId, max: bigint | null): Promise<void> {
    if (max === null) await tx.run('DELETE FROM prefix_quota WHERE pool_id = $1 AND tenant_id = $2', [id, tenantId]);
    else
      await tx.run(
        'INSERT INTO prefix_quota (pool_id, tenant_id, max) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, pool_id) DO UPDATE SET max = excluded.max',
        [id, tenantId, String(max)],
      );
  }

  async quotas(tx: Tx, id: PrefixPoolId): Promise<PrefixQuota[]> {
    const rows = await tx.sql<{ tenantId: TenantId; max: string; used: string }>(
      'SELECT tenant_id AS "tenantId", trunc(max)::text AS max, trunc(used)::text AS used FROM prefix_quota WHERE pool_id = $1 ORDER BY tenant_id',
      [id],
    );
    return rows.map((row) => ({ tenantId: row.tenantId, max: BigInt(row.max), used: BigInt(row.used) }));
  }

  /** Everything derived of the pool, made anew from its settings, ranges, exclusions and leaves. */
  async rebuild(tx: Tx, id: PrefixPoolId): Promise<void> {
    await tx.run('SELECT prefix_rebuild($1)', [id]);
  }

  async largestFreeLength(tx: Tx, id: PrefixPoolId): Promise<number | null> {
    const row = await tx.one<{ length: number | null }>('SELECT min(length) AS length FROM free_prefix WHERE pool_id = $1', [id]);
    return row?.length ?? null;
  }

  /** How many prefixes of a length there are in the free blocks. */
  async freeOfLength(tx: Tx, id: PrefixPoolId, length: number): Promise<bigint> {
    const row = await tx.one<{ free: string }>(
      'SELECT trunc(coalesce(sum(prefix_units(f.length, $2)), 0))::text AS free FROM free_prefix f WHERE f.pool_id = $1 AND f.length <= $2',
      [id, length],
    );
    return BigInt(row?.free ?? 0);
  }

  async freeByLength(tx: Tx, id: PrefixPoolId): Promise<FreeBlocks[]> {
    return tx.sql<FreeBlocks>('SELECT length, count(*)::int AS count FROM free_prefix WHERE pool_id = $1 GROUP BY 1 ORDER BY 1', [id]);
  }

  /** A page of free blocks, the largest first, each size in rising order. */
  async free(tx: Tx, id: PrefixPoolId, after: Cidr | null, limit: number): Promise<Cidr[]> {
    const rows = await tx.sql<{ block: Cidr }>(
      `SELECT block::text AS block FROM free_prefix WHERE pool_id = $1 AND ($2::cidr IS NULL OR (length, block) > (masklen($2::cidr), $2::cidr))
        ORDER BY length, free_prefix.block LIMIT $3`,
      [id, after, limit],
    );
    return rows.map((row) => row.block);
  }
}
