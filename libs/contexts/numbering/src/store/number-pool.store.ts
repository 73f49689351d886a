import { Injectable } from '@nestjs/common';
import type { FabricId, PoolId, TenantId, VlanDomainId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { NumberKind, NumberRange } from '../domain/number-kind.js';
import type { NumberWindow } from '../domain/number-map.js';
import type { PoolLevel } from '../domain/pool-level.js';
import type { PoolRow, PoolStrategy } from '../domain/pool.js';

interface PoolRecord {
  id: PoolId;
  fabricId: FabricId | null;
  vlanDomainId: VlanDomainId | null;
  slug: string;
  name: string;
  kind: NumberKind;
  strategy: PoolStrategy;
  quarantineSeconds: number;
  lowWaterPercent: number;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  total: string;
  free: string;
  level: PoolLevel;
}

export interface NumberExclusion extends NumberRange {
  readonly reason: string;
}

export interface QuotaRow {
  readonly tenantId: TenantId;
  readonly max: number;
  readonly used: number;
}

const toPool = (row: PoolRecord): PoolRow => ({ ...row, total: BigInt(row.total), free: BigInt(row.free) });
const toRange = (row: { first: string; last: string }): NumberRange => ({ first: Number(row.first), last: Number(row.last) });

/** Nothing here is counted value by value: ranges and exclusions are few, what is free stands in the state row. */
const POOL = `SELECT p.id, n.fabric_id AS "fabricId", n.vlan_domain_id AS "vlanDomainId", p.slug, p.name, p.kind, p.strategy,
    p.quarantine_seconds AS "quarantineSeconds", p.low_water_percent AS "lowWaterPercent", p.version, p.created_at AS "createdAt", p.updated_at AS "updatedAt",
    (coalesce((SELECT sum(r.last - r.first + 1) FROM number_pool_range r WHERE r.pool_id = p.id), 0)
      - coalesce((SELECT sum(least(x.last, r.last) - greatest(x.first, r.first) + 1) FROM number_pool_exclusion x
          JOIN number_pool_range r ON r.pool_id = x.pool_id AND r.first <= x.last AND r.last >= x.first WHERE x.pool_id = p.id), 0))::text AS total,
    coalesce(s.free, 0)::text AS free, coalesce(s.level, 'OK') AS level
  FROM number_pool p JOIN number_space n ON n.id = p.space_id LEFT JOIN number_pool_state s ON s.pool_id = p.id`;

@Injectable()
export class NumberPoolStore {
  async pool(tx: Tx, id: PoolId): Promise<PoolRow | undefined> {
    const row = await tx.one<PoolRecord>(`${POOL} WHERE p.id = $1`, [id]);
    return row && toPool(row);
  }

  async poolsById(tx: Tx, ids: readonly PoolId[]): Promise<PoolRow[]> {
    return (await tx.sql<PoolRecord>(`${POOL} WHERE p.id = ANY($1)`, [ids])).map(toPool);
  }

  /** Of several, the first by slug. */
  async poolOfVlanDomain(tx: Tx, id: VlanDomainId): Promise<PoolId | undefined> {
    const row = await tx.one<{ id: PoolId }>(
      'SELECT p.id FROM number_pool p JOIN number_space s ON s.id = p.space_id WHERE s.vlan_domain_id = $1 ORDER BY p.slug LIMIT 1',
      [id],
    );
    return row?.id;
  }

  async poolBySlug(tx: Tx, slug: string): Promise<PoolRow | undefined> {
    const row = await tx.one<PoolRecord>(`${POOL} WHERE p.slug = $1`, [slug]);
    return row && toPool(row);
  }

  async pools(tx: Tx): Promise<PoolRow[]> {
    return (await tx.sql<PoolRecord>(`${POOL} ORDER BY p.slug`)).map(toPool);
  }

  /** The one pool of a kind that belongs to a place: EVI ids to the fabric, VLANs to a VLAN domain, L3 VNIs to the fabric. */
  async poolOf(tx: Tx, fabricId: FabricId, kind: NumberKind, vlanDomainId: VlanDomainId | null): Promise<PoolId | undefined> {
    const row = await tx.one<{ id: PoolId }>(
      `SELECT p.id FROM number_pool p JOIN number_space s ON s.id = p.space_id
        WHERE s.fabric_id = $1 AND p.kind = $2 AND s.vlan_domain_id IS NOT DISTINCT FROM $3 ORDER BY p.slug LIMIT 1`,
      [fabricId, kind, vlanDomainId],
    );
    return row?.id;
  }

  /** The pool whose ranges have the value. */
  async poolHolding(
    tx: Tx,
    fabricId: FabricId,
    kind: NumberKind,
    vlanDomainId: VlanDomainId | null,
    value: number,
  ): Promise<PoolId | undefined> {
    const row = await tx.one<{ id: PoolId }>(
      `SELECT p.id FROM number_pool p JOIN number_space s ON s.id = p.space_id JOIN number_pool_range r ON r.pool_id = p.id
        WHERE s.fabric_id = $1 AND p.kind = $2 AND s.vlan_domain_id IS NOT DISTINCT FROM $3 AND $4 BETWEEN r.first AND r.last`,
      [fabricId, kind, vlanDomainId, value],
    );
    return row?.id;
  }

  async ranges(tx: Tx, id: PoolId): Promise<NumberRange[]> {
    const rows = await tx.sql<{ first: string; last: string }>(
      'SELECT first, last FROM number_pool_range WHERE pool_id = $1 ORDER BY first',
      [id],
    );
    return rows.map(toRange);
  }

  async exclusions(tx: Tx, id: PoolId): Promise<NumberExclusion[]> {
    const rows = await tx.sql<{ first: string; last: string; reason: string }>(
      'SELECT first, last, reason FROM number_pool_exclusion WHERE pool_id = $1 ORDER BY first',
      [id],
    );
    return rows.map((row) => ({ ...toRange(row), reason: row.reason }));
  }

  async largestFreeBlock(tx: Tx, id: PoolId): Promise<number> {
    const row = await tx.one<{ size: string }>(
      'SELECT last - first + 1 AS size FROM free_number WHERE pool_id = $1 ORDER BY last - first + 1 DESC, first DESC LIMIT 1',
      [id],
    );
    return Number(row?.size ?? 0);
  }

  /** Free ranges in rising order. */
  async freeRanges(tx: Tx, id: PoolId, after: number | null, limit: number): Promise<NumberRange[]> {
    const rows = await tx.sql<{ first: string; last: string }>(
      'SELECT first, last FROM free_number WHERE pool_id = $1 AND first > $2 ORDER BY pool_id, first LIMIT $3',
      [id, after ?? -1, limit],
    );
    return rows.map(toRange);
  }

  /** What lies in a window of values; the cost follows the window and not the pool. Allocations as far as the scope may see them. */
  async window(tx: Tx, id: PoolId, from: number, to: number): Promise<NumberWindow> {
    const free = await tx.sql<{ first: string; last: string }>(
      `SELECT f.first, f.last FROM free_number f WHERE f.pool_id = $1 AND f.first <= $3 AND f.last >= $2
          AND f.first >= coalesce((SELECT max(g.first) FROM free_number g WHERE g.pool_id = $1 AND g.first <= $2), $2) ORDER BY f.first`,
      [id, from, to],
    );
    const allocated = await tx.sql<{ value: string; isResting: boolean }>(
      `SELECT a.value, a.state = 'QUARANTINED' AS "isResting" FROM number_allocation a
        WHERE a.space_id = (SELECT p.space_id FROM number_pool p WHERE p.id = $1) AND a.pool_id = $1 AND a.value BETWEEN $2 AND $3 ORDER BY a.value`,
      [id, from, to],
    );
    return {
      ranges: await this.ranges(tx, id),
      exclusions: await this.exclusions(tx, id),
      free: free.map(toRange),
      allocated: allocated.map(({ value, isResting }) => ({ value: Number(value), isResting })),
    };
  }

  async quotas(tx: Tx, id: PoolId): Promise<QuotaRow[]> {
    const rows = await tx.sql<{ tenantId: TenantId; max: string; used: string }>(
      'SELECT tenant_id AS "tenantId", max, used FROM number_quota WHERE pool_id = $1 ORDER BY tenant_id',
      [id],
    );
    return rows.map((row) => ({ tenantId: row.tenantId, max: Number(row.max), used: Number(row.used) }));
  }

  /** Tenants that may use the pool; none: all. */
  async tenants(tx: Tx, id: PoolId): Promise<TenantId[]> {
    return (
      await tx.sql<{ id: TenantId }>('SELECT tenant_id AS id FROM number_pool_tenant WHERE pool_id = $1 ORDER BY tenant_id', [id])
    ).map((row) => row.id);
  }
}
