import { Injectable } from '@nestjs/common';
import type { AddressSpaceId, Cidr, PrefixId, PrefixPoolId, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { AllocationState, LeafRole } from '../domain/allocation.js';

export type PrefixRole = 'CONTAINER' | 'POOL' | LeafRole;

export interface PrefixNode {
  readonly id: PrefixId;
  readonly spaceId: AddressSpaceId;
  readonly cidr: Cidr;
  readonly role: PrefixRole;
  readonly parentId: PrefixId | null;
  /** Null: the operator's. */
  readonly tenantId: TenantId | null;
  readonly state: AllocationState;
}

const NODE = `SELECT id, space_id AS "spaceId", cidr::text AS cidr, role, parent_id AS "parentId", tenant_id AS "tenantId", state FROM prefix`;

/** Containers, pools' ranges and leaves. The parent of each is the smallest container or range that has it. */
@Injectable()
export class PrefixTreeStore {
  async node(tx: Tx, id: PrefixId): Promise<PrefixNode | undefined> {
    return tx.one<PrefixNode>(`${NODE} WHERE id = $1`, [id]);
  }

  /** Changes of the tree's upper part come one after the other: its parents are found by reading. */
  async lock(tx: Tx, spaceId: AddressSpaceId): Promise<void> {
    await tx.run('SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))', [spaceId]);
  }

  /** Puts a container or a range of a pool at its place: below the smallest container around it, above the containers and ranges within. */
  async insert(tx: Tx, node: { id: PrefixId; spaceId: AddressSpaceId; cidr: Cidr; role: 'CONTAINER' | 'POOL' }): Promise<void> {
    await tx.run(
      `INSERT INTO prefix (id, space_id, cidr, role, parent_id) SELECT $1::uuid, $2::uuid, $3::cidr, $4::text, (
          SELECT p.id FROM generate_series(0, masklen($3::cidr)) g JOIN prefix p ON p.space_id = $2 AND p.cidr = network(set_masklen($3::inet, g)) AND p.role = 'CONTAINER'
           ORDER BY g DESC LIMIT 1)`,
      [node.id, node.spaceId, node.cidr, node.role],
    );
    if (node.role === 'CONTAINER')
      await tx.run(
        `UPDATE prefix p SET parent_id = $1 WHERE p.space_id = $2 AND p.role IN ('CONTAINER', 'POOL') AND p.cidr >= $3::cidr AND p.cidr <= prefix_last($3::cidr) AND p.id <> $1
            AND p.parent_id IS NOT DISTINCT FROM (SELECT n.parent_id FROM prefix n WHERE n.id = $1)`,
        [node.id, node.spaceId, node.cidr],
      );
  }

  /** Its children go to its parent. */
  async remove(tx: Tx, id: PrefixId): Promise<void> {
    await tx.run('UPDATE prefix c SET parent_id = (SELECT p.parent_id FROM prefix p WHERE p.id = $1) WHERE c.parent_id = $1', [id]);
    await tx.run('DELETE FROM prefix WHERE id = $1', [id]);
  }

  async hasChildren(tx: Tx, id: PrefixId): Promise<boolean> {
    return (await tx.one<{ has: boolean }>('SELECT EXISTS (SELECT FROM prefix WHERE parent_id = $1) AS has', [id]))?.has === true;
  }

  /** What of another role stands where a container or a range would have to be above or below it. */
  async inTheWay(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr, role: 'CONTAINER' | 'POOL'): Promise<Cidr[]> {
    // A container has no leaf directly below it and lies in no pool; a range has no container and no stray leaf in it.
    const within =
      role === 'POOL'
        ? `p.role <> 'POOL'`
        : `p.role NOT IN ('CONTAINER', 'POOL') AND NOT EXISTS (SELECT FROM prefix_pool_range r WHERE r.prefix_id = p.parent_id)`;
    const rows = await tx.sql<{ cidr: Cidr }>(
      `SELECT p.cidr::text AS cidr FROM prefix p WHERE p.space_id = $1 AND p.cidr >= $2::cidr AND p.cidr <= prefix_last($2::cidr) AND ${within}
          ${role === 'POOL' ? 'AND NOT (p.cidr = $2::cidr AND p.role = $$CONTAINER$$)' : ''}
       UNION ALL
       SELECT p.cidr::text FROM generate_series(0, masklen($2::cidr)) g JOIN prefix p ON p.space_id = $1 AND p.cidr = network(set_masklen($2::inet, g))
        WHERE p.role = 'POOL' AND (g < masklen($2::cidr) OR $3)
       LIMIT 10`,
      [spaceId, cidr, role === 'POOL'],
    );
    return rows.map((row) => row.cidr);
  }

  /** A page of children in rising order, as far as the scope of the transaction sees them. */
  async children(tx: Tx, id: PrefixId, after: Cidr | null, limit: number): Promise<PrefixNode[]> {
    return tx.sql<PrefixNode>(
      `${NODE} WHERE parent_id = $1 AND ($2::cidr IS NULL OR prefix.cidr > $2::cidr) ORDER BY prefix.cidr LIMIT $3`,
      [id, after, limit],
    );
  }

  /** A page of the prefixes at the top of a space. */
  async roots(tx: Tx, spaceId: AddressSpaceId, after: Cidr | null, limit: number): Promise<PrefixNode[]> {
    return tx.sql<PrefixNode>(
      `${NODE} WHERE space_id = $1 AND parent_id IS NULL AND ($2::cidr IS NULL OR prefix.cidr > $2::cidr) ORDER BY prefix.cidr LIMIT $3`,
      [spaceId, after, limit],
    );
  }

  /**
   * How much of each of 2^bits equal parts of a prefix is free or excluded in the pools around and below it: looked up in the blocks of free space,
   * which are fewer than what is used of it. @returns for each part the share that is neither, 0 to 1.
   */
  async heat(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr, bits: number): Promise<number[]> {
    const rows = await tx.sql<{ used: number }>(
      `WITH RECURSIVE cell AS (
          SELECT 0 AS n, network(set_masklen($2::inet, masklen($2::cidr) + $3::int)) AS block
          UNION ALL SELECT n + 1, network(set_masklen(broadcast(block) + 1, masklen(block))) FROM cell WHERE n + 1 < 1 << $3::int),
        extent AS (
          SELECT r.pool_id, CASE WHEN masklen(r.cidr) > masklen($2::cidr) THEN r.cidr ELSE $2::cidr END AS cidr
            FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id WHERE o.space_id = $1 AND r.cidr && $2::cidr),
        lengths AS (SELECT DISTINCT f.pool_id, f.length FROM extent e JOIN free_prefix f ON f.pool_id = e.pool_id)
       SELECT greatest(0, coalesce((
            SELECT sum(power(2::numeric, masklen(c.block) - greatest(masklen(c.block), masklen(e.cidr)))) FROM extent e WHERE e.cidr && c.block), 0)
          - coalesce((SELECT sum(x.share) FROM lengths l CROSS JOIN LATERAL (
              SELECT 1::numeric AS share FROM free_prefix f
               WHERE f.pool_id = l.pool_id AND f.length = l.length AND l.length < masklen(c.block) AND f.block = network(set_masklen(c.block::inet, least(l.length, masklen(c.block))))
              UNION ALL
              SELECT count(*) * power(2::numeric, masklen(c.block) - l.length) FROM free_prefix f
               WHERE f.pool_id = l.pool_id AND f.length = l.length AND l.length >= masklen(c.block) AND f.block BETWEEN c.block AND prefix_last(c.block)) x), 0))::float8 AS used
         FROM cell c ORDER BY c.n`,
      [spaceId, cidr, bits],
    );
    return rows.map((row) => row.used);
  }

  /** Free blocks of the pools around and below a prefix that lie in it, the largest first. @param minLength none that are larger. */
  async freeBlocks(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr, minLength: number, limit: number): Promise<Cidr[]> {
    const rows = await tx.sql<{ block: Cidr }>(
      `SELECT f.block::text AS block FROM prefix_pool o JOIN free_prefix f ON f.pool_id = o.id
        WHERE o.space_id = $1 AND f.length >= greatest($3::int, masklen($2::cidr)) AND f.block BETWEEN $2::cidr AND prefix_last($2::cidr)
        ORDER BY f.length, f.block LIMIT $4`,
      [spaceId, cidr, minLength, limit],
    );
    return rows.map((row) => row.block);
  }

  async nodes(tx: Tx, ids: readonly PrefixId[]): Promise<PrefixNode[]> {
    return tx.sql<PrefixNode>(`${NODE} WHERE id = ANY($1)`, [ids]);
  }

  async poolsAround(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr): Promise<PrefixPoolId[]> {
    return (
      await tx.sql<{ id: PrefixPoolId }>(
        'SELECT DISTINCT o.id FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id WHERE o.space_id = $1 AND r.cidr && $2::cidr ORDER BY 1',
        [spaceId, cidr],
      )
    ).map((row) => row.id);
  }
}
