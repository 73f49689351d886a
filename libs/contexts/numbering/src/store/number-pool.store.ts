import { Injectable } from '@nestjs/common';
import type { AllocationId, FabricId, PoolId, TenantId, VlanDomainId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { AllocationRow, NumberKind, PoolRow } from '../domain/pool.js';

interface PoolRecord {
  id: PoolId;
  fabric_id: FabricId;
  slug: string;
  name: string;
  kind: NumberKind;
  quarantine_seconds: number;
  total: string;
  free: string;
}

const toPool = (row: PoolRecord): PoolRow => ({
  id: row.id,
  fabricId: row.fabric_id,
  slug: row.slug,
  name: row.name,
  kind: row.kind,
  quarantineSeconds: row.quarantine_seconds,
  total: BigInt(row.total),
  free: BigInt(row.free),
});

const POOL = `SELECT p.id, s.fabric_id, p.slug, p.name, p.kind, p.quarantine_seconds,
    coalesce((SELECT sum(r.last - r.first + 1) FROM number_pool_range r WHERE r.pool_id = p.id), 0)::text AS total,
    coalesce((SELECT sum(f.last - f.first + 1) FROM free_number f WHERE f.pool_id = p.id), 0)::text AS free
  FROM number_pool p JOIN number_space s ON s.id = p.space_id`;

/** Prepared SQL of the claims; why a number is never given twice stands at `number_claim` in migration 0004. */
@Injectable()
export class NumberPoolStore {
  async claim(
    tx: Tx,
    claim: { id: string; poolId: PoolId; tenantId: TenantId; key: string; prefer: number | null; externalRef: string | null },
  ): Promise<{ allocationId: AllocationId; value: number; replayed: boolean } | undefined> {
    const row = await tx.one<{ allocation_id: AllocationId | null; value: string | null; replayed: boolean }>(
      'SELECT allocation_id, value, replayed FROM number_claim($1, $2, $3, $4, $5, $6)',
      [claim.id, claim.poolId, claim.tenantId, claim.key, claim.prefer, claim.externalRef],
    );
    return row?.allocation_id && row.value
      ? { allocationId: row.allocation_id, value: Number(row.value), replayed: row.replayed }
      : undefined;
  }

  /** The key becomes free with the quarantine, so that the same caller may order again. */
  async quarantine(tx: Tx, allocationIds: readonly AllocationId[]): Promise<void> {
    await tx.run(
      `UPDATE number_allocation a SET state = 'QUARANTINED', released_at = now(), reusable_at = now() + make_interval(secs => p.quarantine_seconds)
         FROM number_pool p WHERE p.id = a.pool_id AND a.id = ANY($1) AND a.state <> 'QUARANTINED'`,
      [allocationIds],
    );
  }

  async free(tx: Tx, allocationIds: readonly AllocationId[]): Promise<void> {
    // In the order of the pools: every transaction takes their locks in one order.
    await tx.sql('SELECT number_free(x.id) FROM (SELECT id FROM number_allocation WHERE id = ANY($1) ORDER BY pool_id, value) x', [
      allocationIds,
    ]);
  }

  /** @returns how many quarantined numbers went back, at most `limit`. */
  async sweep(tx: Tx, limit: number): Promise<number> {
    const rows = await tx.sql(
      `SELECT number_free(x.id) FROM (SELECT id FROM number_allocation WHERE state = 'QUARANTINED' AND reusable_at <= now() ORDER BY pool_id, value LIMIT $1) x`,
      [limit],
    );
    return rows.length;
  }

  async pool(tx: Tx, id: PoolId): Promise<PoolRow | undefined> {
    const row = await tx.one<PoolRecord>(`${POOL} WHERE p.id = $1`, [id]);
    return row && toPool(row);
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

  async allocations(tx: Tx, ids: readonly AllocationId[]): Promise<AllocationRow[]> {
    const rows = await tx.sql<{
      id: AllocationId;
      pool_id: PoolId;
      kind: NumberKind;
      value: string;
      state: AllocationRow['state'];
      reusable_at: Date | null;
    }>(
      `SELECT a.id, a.pool_id, p.kind, a.value, a.state, a.reusable_at FROM number_allocation a JOIN number_pool p ON p.id = a.pool_id WHERE a.id = ANY($1) ORDER BY p.kind, a.value`,
      [ids],
    );
    return rows.map((row) => ({
      id: row.id,
      poolId: row.pool_id,
      kind: row.kind,
      value: Number(row.value),
      state: row.state,
      reusableAt: row.reusable_at,
    }));
  }
}
