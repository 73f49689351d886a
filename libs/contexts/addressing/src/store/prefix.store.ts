import { Injectable } from '@nestjs/common';
import type { AddressSpaceId, Cidr, NetworkId, PrefixId, PrefixPoolId, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { PrefixPool } from '../domain/prefix-pool.js';
import { PrefixEntity } from './addressing.entity.js';

const POOL = `SELECT id, prefix_id AS "prefixId", space_id AS "spaceId", cidr::text AS cidr, slug, name, default_length AS "defaultLength",
    min_length AS "minLength", max_length AS "maxLength" FROM prefix_pool`;

@Injectable()
export class PrefixStore {
  async insert(tx: Tx, prefix: PrefixEntity): Promise<void> {
    await tx.manager.insert(PrefixEntity, prefix);
  }

  async pool(tx: Tx, id: PrefixPoolId): Promise<PrefixPool | undefined> {
    return tx.one<PrefixPool>(`${POOL} WHERE id = $1`, [id]);
  }

  async poolBySlug(tx: Tx, slug: string): Promise<PrefixPool | undefined> {
    return tx.one<PrefixPool>(`${POOL} WHERE slug = $1`, [slug]);
  }

  async pools(tx: Tx): Promise<PrefixPool[]> {
    return tx.sql<PrefixPool>(`${POOL} ORDER BY slug`);
  }

  /** The pool whose prefix covers a wanted one, in the same space. At most one: pools of a space are disjoint. */
  async poolCovering(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr): Promise<PrefixPool | undefined> {
    return tx.one<PrefixPool>(`${POOL} WHERE space_id = $1 AND cidr >>= $2::cidr`, [spaceId, cidr]);
  }

  async seedFree(tx: Tx, poolId: PrefixPoolId, cidr: Cidr): Promise<void> {
    await tx.run('INSERT INTO free_prefix (pool_id, length, block) VALUES ($1, masklen($2::cidr), $2::cidr)', [poolId, cidr]);
  }

  async take(tx: Tx, poolId: PrefixPoolId, length: number, prefer: Cidr | null): Promise<Cidr | undefined> {
    const row = await tx.one<{ block: Cidr | null }>('SELECT prefix_take($1, $2, $3)::text AS block', [poolId, length, prefer]);
    return row?.block ?? undefined;
  }

  async largestFreeLength(tx: Tx, poolId: PrefixPoolId): Promise<number | null> {
    const row = await tx.one<{ length: number | null }>('SELECT min(length) AS length FROM free_prefix WHERE pool_id = $1', [poolId]);
    return row?.length ?? null;
  }

  /** Leaves of the tenant that overlap; others are not named. */
  async overlapping(tx: Tx, tenantId: TenantId, spaceId: AddressSpaceId, cidr: Cidr): Promise<Cidr[]> {
    const rows = await tx.sql<{ cidr: Cidr }>(
      `SELECT cidr::text AS cidr FROM prefix WHERE space_id = $1 AND cidr && $2::cidr AND tenant_id = $3 AND role = 'SUBNET' ORDER BY cidr LIMIT 10`,
      [spaceId, cidr, tenantId],
    );
    return rows.map((row) => row.cidr);
  }

  async quarantineOfNetwork(tx: Tx, networkId: NetworkId): Promise<void> {
    await tx.run(
      `UPDATE prefix p SET state = 'QUARANTINED', reusable_at = now() + make_interval(secs => coalesce(
           (SELECT pp.quarantine_seconds FROM prefix_pool pp WHERE pp.prefix_id = p.parent_id), 0))
        WHERE p.id IN (SELECT s.prefix_id FROM subnet s WHERE s.network_id = $1)`,
      [networkId],
    );
  }

  async prefixIdsOfNetwork(tx: Tx, networkId: NetworkId): Promise<PrefixId[]> {
    return (await tx.sql<{ prefix_id: PrefixId }>('SELECT prefix_id FROM subnet WHERE network_id = $1', [networkId])).map(
      (row) => row.prefix_id,
    );
  }

  /** Deletes leaves and puts their space back into their pools (in the order of pools: one order of locks). */
  async free(tx: Tx, prefixIds: readonly PrefixId[]): Promise<number> {
    const rows = await tx.sql<{ pool_id: PrefixPoolId | null; cidr: Cidr }>(
      `WITH gone AS (DELETE FROM prefix WHERE id = ANY($1) RETURNING parent_id, cidr)
       SELECT pp.id AS pool_id, gone.cidr::text AS cidr FROM gone LEFT JOIN prefix_pool pp ON pp.prefix_id = gone.parent_id ORDER BY pp.id, gone.cidr`,
      [prefixIds],
    );
    for (const row of rows) {
      if (row.pool_id === null) continue;
      await tx.run('SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))', [row.pool_id]);
      await tx.run('SELECT prefix_put_back($1, $2)', [row.pool_id, row.cidr]);
    }
    return rows.length;
  }

  async reusable(tx: Tx, limit: number): Promise<PrefixId[]> {
    return (
      await tx.sql<{ id: PrefixId }>(
        `SELECT id FROM prefix WHERE state = 'QUARANTINED' AND reusable_at <= now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`,
        [limit],
      )
    ).map((row) => row.id);
  }
}
