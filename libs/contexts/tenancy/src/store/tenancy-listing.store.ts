import { Injectable } from '@nestjs/common';
import type { Description, Label, NetworkId, RouteTarget, TenantId, VrfId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { NetworkState } from '../domain/network.js';

/** A tenant as other systems are told of it. */
export interface ListedTenant {
  readonly id: TenantId;
  readonly slug: string;
  readonly name: Label;
  readonly description: Description | null;
}

interface Routed {
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
}

export interface ListedVrf extends Routed {
  readonly id: VrfId;
  readonly tenantId: TenantId;
  readonly name: Label;
  readonly description: Description | null;
}

export interface ListedNetwork extends Routed {
  readonly id: NetworkId;
  readonly tenantId: TenantId;
  readonly slug: string;
  readonly name: Label;
  readonly vni: number;
  readonly state: Exclude<NetworkState, 'RETIRED'>;
  readonly description: Description | null;
}

/** A target is one thing there, whichever fabrics have it. */
export interface ListedRouteTarget {
  readonly text: RouteTarget;
  /** Null: of several tenants. */
  readonly tenantId: TenantId | null;
}

/** What a page may be of; `after` null: from the beginning. */
export interface Stretch<Id> {
  readonly after: Id | null;
  readonly limit: number;
}

/** Below every id. */
const NIL = '00000000-0000-0000-0000-000000000000';

const TENANT = 'SELECT t.id, t.slug, t.name, t.description FROM tenant t';
const targets = (owner: string): string => `
  ARRAY(SELECT r.text FROM route_target r WHERE r.${owner} AND r.direction IS DISTINCT FROM 'EXPORT') AS "importTargets",
  ARRAY(SELECT r.text FROM route_target r WHERE r.${owner} AND r.direction IS DISTINCT FROM 'IMPORT') AS "exportTargets"`;
const VRF = `SELECT v.id, v.tenant_id AS "tenantId", v.name, v.description, ${targets('vrf_id = v.id')} FROM vrf v`;
const NETWORK = `SELECT n.id, n.tenant_id AS "tenantId", n.slug, n.name, n.vni, n.state, n.description, ${targets('network_id = n.id')} FROM network n`;
const TARGET = `SELECT r.text, CASE WHEN min(r.tenant_id::text) = max(r.tenant_id::text) THEN min(r.tenant_id::text) END AS "tenantId" FROM route_target r`;

export type DescribedKind = 'tenant' | 'vrf' | 'network';
export interface Described {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly description: Description | null;
}
const DESCRIBED: Readonly<Record<DescribedKind, string>> = {
  tenant: 'SELECT id, id AS "tenantId", description FROM tenant WHERE id = ANY($1::uuid[])',
  vrf: 'SELECT id, tenant_id AS "tenantId", description FROM vrf WHERE id = ANY($1::uuid[])',
  network: `SELECT id, tenant_id AS "tenantId", description FROM network WHERE id = ANY($1::uuid[]) AND state <> 'RETIRED'`,
};

/** Pages of what there is, in the order of ids, for systems that are kept in step. What is retired is nobody's any more. */
@Injectable()
export class TenancyListingStore {
  tenants(tx: Tx, { after, limit }: Stretch<TenantId>): Promise<ListedTenant[]> {
    return tx.sql<ListedTenant>(`${TENANT} WHERE t.id > $1 ORDER BY t.id LIMIT $2`, [after ?? NIL, limit]);
  }

  tenantsById(tx: Tx, ids: readonly TenantId[]): Promise<ListedTenant[]> {
    return tx.sql<ListedTenant>(`${TENANT} WHERE t.id = ANY($1::uuid[]) ORDER BY t.id`, [ids]);
  }

  vrfs(tx: Tx, { after, limit }: Stretch<VrfId>): Promise<ListedVrf[]> {
    return tx.sql<ListedVrf>(`${VRF} WHERE v.id > $1 ORDER BY v.id LIMIT $2`, [after ?? NIL, limit]);
  }

  vrfsById(tx: Tx, ids: readonly VrfId[]): Promise<ListedVrf[]> {
    return tx.sql<ListedVrf>(`${VRF} WHERE v.id = ANY($1::uuid[]) ORDER BY v.id`, [ids]);
  }

  networks(tx: Tx, { after, limit }: Stretch<NetworkId>): Promise<ListedNetwork[]> {
    return tx.sql<ListedNetwork>(`${NETWORK} WHERE n.id > $1 AND n.state <> 'RETIRED' ORDER BY n.id LIMIT $2`, [after ?? NIL, limit]);
  }

  networksById(tx: Tx, ids: readonly NetworkId[]): Promise<ListedNetwork[]> {
    return tx.sql<ListedNetwork>(`${NETWORK} WHERE n.id = ANY($1::uuid[]) AND n.state <> 'RETIRED' ORDER BY n.id`, [ids]);
  }

  routeTargets(tx: Tx, { after, limit }: Stretch<RouteTarget>): Promise<ListedRouteTarget[]> {
    return tx.sql<ListedRouteTarget>(
      `${TARGET} WHERE r.text COLLATE "C" > $1 GROUP BY r.text COLLATE "C", r.text ORDER BY r.text COLLATE "C" LIMIT $2`,
      [after ?? '', limit],
    );
  }

  routeTargetsByText(tx: Tx, texts: readonly RouteTarget[]): Promise<ListedRouteTarget[]> {
    return tx.sql<ListedRouteTarget>(
      `${TARGET} WHERE r.text COLLATE "C" = ANY($1::text[]) GROUP BY r.text COLLATE "C", r.text ORDER BY r.text COLLATE "C"`,
      [texts],
    );
  }

  /** What is said of these, and whose each is; what is not there, or retired, is left out. */
  described(tx: Tx, kind: DescribedKind, ids: readonly string[]): Promise<Described[]> {
    return tx.sql<Described>(DESCRIBED[kind], [ids]);
  }

  /** @returns false when there is none. */
  async describe(tx: Tx, kind: DescribedKind, id: string, description: Description | null): Promise<boolean> {
    return (await tx.run(`UPDATE ${kind} SET description = $2, version = version + 1 WHERE id = $1`, [id, description])) === 1;
  }

  async renameTenant(tx: Tx, id: TenantId, name: Label): Promise<boolean> {
    return (await tx.run('UPDATE tenant SET name = $2, version = version + 1, updated_at = now() WHERE id = $1', [id, name])) === 1;
  }
}
