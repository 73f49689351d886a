import { Injectable } from '@nestjs/common';
import type { Cidr, VrfId } from '#engines/kernel';
import type { Tx } from '#platform';

/** Which VRF sees which subnet; see `vrf_route_add` in migration 0014. */
@Injectable()
export class VrfRouteStore {
  /** Against subnets that are opened in them now, which take it shared. In the order of the ids: one order of locks. */
  async lock(tx: Tx, ...ids: readonly VrfId[]): Promise<void> {
    for (const id of [...ids].sort()) await tx.run('SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))', [id]);
  }

  async exists(tx: Tx, id: VrfId): Promise<boolean> {
    return (await tx.one('SELECT id FROM vrf WHERE id = $1', [id])) !== undefined;
  }

  /** What is in the one and meets something that is seen in the other; at most ten pairs. */
  async meeting(tx: Tx, from: VrfId, into: VrfId): Promise<{ from: Cidr; into: Cidr }[]> {
    return tx.sql(
      `SELECT s.cidr::text AS from, r.cidr::text AS into FROM subnet s JOIN vrf_route r ON r.viewer_vrf_id = $2 AND r.cidr && s.cidr AND r.subnet_id <> s.id
        WHERE s.vrf_id = $1 ORDER BY s.cidr LIMIT 10`,
      [from, into],
    );
  }

  /** @returns false when it leaked already. */
  async leak(tx: Tx, from: VrfId, into: VrfId): Promise<boolean> {
    const leaked = await tx.run(
      'INSERT INTO vrf_leak (from_vrf_id, into_vrf_id) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT vrf_leak_pkey DO NOTHING',
      [from, into],
    );
    if (leaked === 0) return false;
    await tx.run(
      `INSERT INTO vrf_route (viewer_vrf_id, subnet_id, cidr) SELECT $2::uuid, s.id, s.cidr FROM subnet s WHERE s.vrf_id = $1
       ON CONFLICT ON CONSTRAINT vrf_route_pkey DO NOTHING`,
      [from, into],
    );
    return true;
  }

  async unleak(tx: Tx, from: VrfId, into: VrfId): Promise<boolean> {
    if ((await tx.run('DELETE FROM vrf_leak WHERE from_vrf_id = $1 AND into_vrf_id = $2', [from, into])) === 0) return false;
    await tx.run('DELETE FROM vrf_route r USING subnet s WHERE r.viewer_vrf_id = $2 AND s.id = r.subnet_id AND s.vrf_id = $1', [
      from,
      into,
    ]);
    return true;
  }

  async leakingInto(tx: Tx, into: VrfId): Promise<VrfId[]> {
    return (await tx.sql<{ id: VrfId }>('SELECT from_vrf_id AS id FROM vrf_leak WHERE into_vrf_id = $1 ORDER BY 1', [into])).map(
      (row) => row.id,
    );
  }
}
