import { Injectable } from '@nestjs/common';
import type { FabricId, PoolId, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { AllocationState } from '../domain/allocation.js';
import type { NumberRange } from '../domain/number-kind.js';
import type { PoolStrategy } from '../domain/pool.js';
import type { NumberExclusion } from './number-pool.store.js';

@Injectable()
export class PoolAdminStore {
  async lock(tx: Tx, id: PoolId): Promise<void> {
    await tx.sql('SELECT number_lock($1)', [id]);
  }

  /** Makes the free ranges, the state row and the quota counters anew. */
  async rebuild(tx: Tx, id: PoolId): Promise<void> {
    await tx.sql('SELECT number_rebuild($1)', [id]);
  }

  /** At most two. */
  async fabrics(tx: Tx): Promise<FabricId[]> {
    return (await tx.sql<{ id: FabricId }>('SELECT id FROM fabric ORDER BY id LIMIT 2')).map(({ id }) => id);
  }

  async spaceAt(tx: Tx, place: { fabricId: string | null; kind: string; vlanDomainId: string | null }): Promise<string> {
    const row = await tx.one<{ id: string }>(
      'SELECT id FROM number_space WHERE fabric_id IS NOT DISTINCT FROM $1 AND kind = $2 AND vlan_domain_id IS NOT DISTINCT FROM $3',
      [place.fabricId, place.kind, place.vlanDomainId],
    );
    return (row as { id: string }).id;
  }

  async spaceOf(tx: Tx, id: PoolId): Promise<string> {
    return ((await tx.one<{ id: string }>('SELECT space_id AS id FROM number_pool WHERE id = $1', [id])) as { id: string }).id;
  }

  /** @returns false when the version is another. */
  async updateSettings(
    tx: Tx,
    id: PoolId,
    version: number,
    settings: { name?: string; strategy?: PoolStrategy; quarantineSeconds?: number; lowWaterPercent?: number },
  ): Promise<boolean> {
    const changed = await tx.run(
      `UPDATE number_pool SET name = coalesce($3, name), strategy = coalesce($4, strategy), quarantine_seconds = coalesce($5, quarantine_seconds),
              low_water_percent = coalesce($6, low_water_percent), version = version + 1, updated_at = now() WHERE id = $1 AND version = $2`,
      [id, version, settings.name ?? null, settings.strategy ?? null, settings.quarantineSeconds ?? null, settings.lowWaterPercent ?? null],
    );
    if (changed === 0) return false;
    await tx.run('UPDATE number_pool_state s SET strategy = p.strategy FROM number_pool p WHERE p.id = s.pool_id AND p.id = $1', [id]);
    return true;
  }

  async addRange(tx: Tx, id: PoolId, spaceId: string, range: NumberRange): Promise<void> {
    await tx.run('INSERT INTO number_pool_range (pool_id, space_id, first, last) VALUES ($1, $2, $3, $4)', [
      id,
      spaceId,
      range.first,
      range.last,
    ]);
  }

  /** Takes a piece out of a configured range; what is left of it on both sides stays. @returns false when it is not within one. */
  async removeRange(tx: Tx, id: PoolId, { first, last }: NumberRange): Promise<boolean> {
    const row = await tx.one<{ space_id: string; first: string; last: string }>(
      'DELETE FROM number_pool_range WHERE pool_id = $1 AND first <= $2 AND last >= $3 RETURNING space_id, first, last',
      [id, first, last],
    );
    if (!row) return false;
    if (Number(row.first) < first) await this.addRange(tx, id, row.space_id, { first: Number(row.first), last: first - 1 });
    if (Number(row.last) > last) await this.addRange(tx, id, row.space_id, { first: last + 1, last: Number(row.last) });
    await this.cut(tx, id, { first, last });
    return true;
  }

  async addExclusion(tx: Tx, id: PoolId, exclusion: NumberExclusion): Promise<void> {
    await tx.run('INSERT INTO number_pool_exclusion (pool_id, first, last, reason) VALUES ($1, $2, $3, $4)', [
      id,
      exclusion.first,
      exclusion.last,
      exclusion.reason,
    ]);
  }

  async removeExclusion(tx: Tx, id: PoolId, first: number): Promise<NumberRange | undefined> {
    const row = await tx.one<{ last: string }>('DELETE FROM number_pool_exclusion WHERE pool_id = $1 AND first = $2 RETURNING last', [
      id,
      first,
    ]);
    return row && { first, last: Number(row.last) };
  }

  /** Gives back what of the range is free by definition now. */
  async give(tx: Tx, id: PoolId, { first, last }: NumberRange): Promise<void> {
    await tx.sql('SELECT number_give($1, $2, $3)', [id, first, last]);
  }

  /** Takes what is free of the range out of the free space. */
  async cut(tx: Tx, id: PoolId, { first, last }: NumberRange): Promise<void> {
    await tx.sql('SELECT number_withdraw($1, $2, $3)', [id, first, last]);
  }

  async setTenants(tx: Tx, id: PoolId, tenants: readonly TenantId[]): Promise<void> {
    await tx.run('DELETE FROM number_pool_tenant WHERE pool_id = $1', [id]);
    await tx.run('INSERT INTO number_pool_tenant (pool_id, tenant_id) SELECT $1, t FROM unnest($2::uuid[]) t', [id, [...new Set(tenants)]]);
    await tx.run('UPDATE number_pool_state SET is_restricted = $2 WHERE pool_id = $1', [id, tenants.length > 0]);
  }

  async setQuota(tx: Tx, id: PoolId, tenantId: TenantId, max: number | null): Promise<void> {
    await tx.run('DELETE FROM number_quota WHERE pool_id = $1 AND tenant_id = $2', [id, tenantId]);
    if (max !== null) {
      await tx.run(
        `INSERT INTO number_quota (tenant_id, pool_id, max, used)
          SELECT $1, $2, $3, count(*) FROM number_allocation a WHERE a.tenant_id = $1 AND a.pool_id = $2 AND a.state <> 'QUARANTINED'`,
        [tenantId, id, max],
      );
    }
    await tx.run(
      'UPDATE number_pool_state s SET has_quotas = EXISTS (SELECT FROM number_quota q WHERE q.pool_id = s.pool_id) WHERE s.pool_id = $1',
      [id],
    );
  }

  async anyAllocation(tx: Tx, id: PoolId, range?: NumberRange): Promise<{ value: number; state: AllocationState } | undefined> {
    const row = await tx.one<{ value: string; state: AllocationState }>(
      `SELECT a.value, a.state FROM number_pool_range r JOIN number_allocation a ON a.space_id = r.space_id AND a.value BETWEEN greatest(r.first, $2) AND least(r.last, $3)
        WHERE r.pool_id = $1 ORDER BY a.value LIMIT 1`,
      [id, range?.first ?? 0, range?.last ?? Number.MAX_SAFE_INTEGER],
    );
    return row && { value: Number(row.value), state: row.state };
  }

  async remove(tx: Tx, id: PoolId): Promise<void> {
    for (const table of [
      'free_number',
      'number_quota',
      'number_pool_tenant',
      'number_pool_exclusion',
      'number_pool_range',
      'number_pool_state',
    ] as const)
      await tx.run(`DELETE FROM ${table} WHERE pool_id = $1`, [id]);
    await tx.run('DELETE FROM number_pool WHERE id = $1', [id]);
  }
}
