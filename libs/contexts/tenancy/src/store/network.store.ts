import { Injectable } from '@nestjs/common';
import type { AllocationId, FabricId, NetworkId, RouteTarget, TenantId, VrfId } from '#engines/kernel';
import { RouteTarget as RouteTargetCodec } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import type { Network, NetworkRefusal, NetworkState, Tenant, Vrf } from '../domain/network.js';
import { NetworkEntity, RouteTargetEntity, TenantEntity, VrfEntity } from './tenant.entity.js';

// Columns are named as the domain names them; ids and names were parsed when they were written.
const NETWORK = `SELECT n.id, n.tenant_id AS "tenantId", n.fabric_id AS "fabricId", n.vrf_id AS "vrfId", n.slug, n.name, n.external_ref AS "externalRef",
    n.vni, n.vni_allocation_id AS "vniAllocationId", n.evi_id AS "eviId", n.evi_allocation_id AS "eviAllocationId", n.mtu, n.state, n.version,
    n.created_at AS "createdAt", n.updated_at AS "updatedAt",
    ARRAY(SELECT t.text FROM route_target t WHERE t.network_id = n.id ORDER BY t.text) AS "routeTargets"
  FROM network n`;
const VRF = `SELECT v.id, v.tenant_id AS "tenantId", v.fabric_id AS "fabricId", v.slug, v.name, v.device_name AS "deviceName", v.l3vni, v.evi_id AS "eviId",
    v.version, v.created_at AS "createdAt", ARRAY(SELECT t.text FROM route_target t WHERE t.vrf_id = v.id ORDER BY t.text) AS "routeTargets"
  FROM vrf v`;
const TENANT = `SELECT id, slug, name, external_ref AS "externalRef", state, version, created_at AS "createdAt", updated_at AS "updatedAt" FROM tenant`;

/** Which page of a list: rows after a row, in the order of ids (UUIDv7: of creation). */
export interface PageRequest {
  readonly first: number;
  readonly after: string | null;
}

@Injectable()
export class TenancyStore {
  async insertTenant(tx: Tx, tenant: { id: TenantId; slug: string; name: string; externalRef: string | null }): Promise<void> {
    await tx.manager.insert(TenantEntity, tenant);
  }

  async tenant(tx: Tx, id: TenantId): Promise<Tenant | undefined> {
    return tx.one<Tenant>(`${TENANT} WHERE id = $1`, [id]);
  }

  async tenantsById(tx: Tx, ids: readonly TenantId[]): Promise<Tenant[]> {
    return tx.sql<Tenant>(`${TENANT} WHERE id = ANY($1)`, [ids]);
  }

  async tenantBySlug(tx: Tx, slug: string): Promise<Tenant | undefined> {
    return tx.one<Tenant>(`${TENANT} WHERE slug = $1`, [slug]);
  }

  async tenants(tx: Tx, page: PageRequest): Promise<Tenant[]> {
    return tx.sql<Tenant>(`${TENANT} WHERE ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2`, [page.after, page.first]);
  }

  async insertVrf(tx: Tx, vrf: VrfEntity): Promise<void> {
    await tx.manager.insert(VrfEntity, vrf);
  }

  async vrf(tx: Tx, id: VrfId): Promise<Vrf | undefined> {
    return tx.one<Vrf>(`${VRF} WHERE v.id = $1`, [id]);
  }

  async vrfByL3Vni(tx: Tx, fabricId: FabricId, l3vni: number): Promise<Vrf | undefined> {
    return tx.one<Vrf>(`${VRF} WHERE v.fabric_id = $1 AND v.l3vni = $2`, [fabricId, l3vni]);
  }

  async vrfs(tx: Tx, page: PageRequest): Promise<Vrf[]> {
    return tx.sql<Vrf>(`${VRF} WHERE ($1::uuid IS NULL OR v.id > $1) ORDER BY v.id LIMIT $2`, [page.after, page.first]);
  }

  async insertNetwork(tx: Tx, network: NetworkEntity): Promise<void> {
    await tx.manager.insert(NetworkEntity, network);
  }

  async setFacts(tx: Tx, id: NetworkId, facts: object): Promise<void> {
    await tx.run('UPDATE network SET facts = $2 WHERE id = $1', [id, JSON.stringify(facts)]);
  }

  async insertRouteTarget(
    tx: Tx,
    target: {
      tenantId: TenantId;
      fabricId: FabricId;
      target: RouteTarget;
      networkId: NetworkId | null;
      vrfId: VrfId | null;
      /** Absent: both. */
      direction?: 'IMPORT' | 'EXPORT' | null;
    },
  ): Promise<void> {
    await tx.manager.insert(RouteTargetEntity, {
      id: newId(),
      tenantId: target.tenantId,
      fabricId: target.fabricId,
      value: Buffer.from(RouteTargetCodec.toHex(target.target), 'hex'),
      text: target.target,
      networkId: target.networkId,
      vrfId: target.vrfId,
      direction: target.direction ?? null,
    });
  }

  async network(tx: Tx, id: NetworkId): Promise<Network | undefined> {
    return tx.one<Network>(`${NETWORK} WHERE n.id = $1`, [id]);
  }

  async lockNetwork(tx: Tx, id: NetworkId): Promise<Network | undefined> {
    await tx.run('SELECT 1 FROM network WHERE id = $1 FOR UPDATE', [id]);
    return this.network(tx, id);
  }

  /** At most two of a VNI: fabrics have VNIs of their own. Of an external reference the newest. */
  networksBy(tx: Tx, by: { vni: number } | { externalRef: string }): Promise<Network[]> {
    return 'vni' in by
      ? tx.sql<Network>(`${NETWORK} WHERE n.vni = $1 AND n.state <> 'RETIRED' ORDER BY n.id LIMIT 2`, [by.vni])
      : tx.sql<Network>(`${NETWORK} WHERE n.external_ref = $1 ORDER BY n.id DESC LIMIT 1`, [by.externalRef]);
  }

  async networksById(tx: Tx, ids: readonly NetworkId[]): Promise<Network[]> {
    return tx.sql<Network>(`${NETWORK} WHERE n.id = ANY($1)`, [ids]);
  }

  async networks(tx: Tx, page: PageRequest & { vrfId?: VrfId }): Promise<Network[]> {
    return tx.sql<Network>(
      `${NETWORK} WHERE ($1::uuid IS NULL OR n.id > $1) AND ($3::uuid IS NULL OR n.vrf_id = $3) AND n.state <> 'RETIRED' ORDER BY n.id LIMIT $2`,
      [page.after, page.first, page.vrfId ?? null],
    );
  }

  async setNetworkState(tx: Tx, id: NetworkId, from: readonly NetworkState[], to: NetworkState): Promise<boolean> {
    return (
      (await tx.run(
        'UPDATE network SET state = $3, refusal = NULL, version = version + 1, generation = generation + 1, updated_at = now() WHERE id = $1 AND state = ANY($2)',
        [id, from, to],
      )) === 1
    );
  }

  async underWay(tx: Tx, fabricId: FabricId): Promise<NetworkId[]> {
    const rows = await tx.sql<{ id: NetworkId }>(
      `SELECT id FROM network WHERE fabric_id = $1 AND state = 'PROVISIONING' AND refusal IS NULL ORDER BY id`,
      [fabricId],
    );
    return rows.map(({ id }) => id);
  }

  async refuse(tx: Tx, id: NetworkId, refusal: NetworkRefusal): Promise<boolean> {
    return (
      (await tx.run(`UPDATE network SET refusal = $2, updated_at = now() WHERE id = $1 AND state = 'PROVISIONING' AND refusal IS NULL`, [
        id,
        JSON.stringify(refusal),
      ])) === 1
    );
  }

  async refusal(tx: Tx, id: NetworkId): Promise<NetworkRefusal | null> {
    return (await tx.one<{ refusal: NetworkRefusal | null }>('SELECT refusal FROM network WHERE id = $1', [id]))?.refusal ?? null;
  }

  async retireNetwork(tx: Tx, id: NetworkId): Promise<void> {
    await tx.run(
      `UPDATE network SET state = 'RETIRED', vni_allocation_id = NULL, evi_allocation_id = NULL, version = version + 1, updated_at = now() WHERE id = $1`,
      [id],
    );
    await tx.run('DELETE FROM route_target WHERE network_id = $1', [id]);
  }

  /** What is forgotten when it is retired, as rows. */
  async targetsAsRows(tx: Tx, id: NetworkId): Promise<readonly object[]> {
    return (
      (
        await tx.one<{ rows: object[] }>(
          `SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') AS rows FROM route_target t WHERE t.network_id = $1`,
          [id],
        )
      )?.rows ?? []
    );
  }

  async reviveNetwork(
    tx: Tx,
    id: NetworkId,
    vniAllocationId: AllocationId,
    eviAllocationId: AllocationId,
    targets: readonly object[],
  ): Promise<void> {
    await tx.run(
      `UPDATE network SET state = 'PROVISIONING', vni_allocation_id = $2, evi_allocation_id = $3, version = version + 1, generation = generation + 1, updated_at = now()
        WHERE id = $1 AND state = 'RETIRED'`,
      [id, vniAllocationId, eviAllocationId],
    );
    await tx.run('INSERT INTO route_target SELECT * FROM jsonb_populate_recordset(NULL::route_target, $1::jsonb)', [
      JSON.stringify(targets),
    ]);
  }

  async deleteNetwork(tx: Tx, id: NetworkId): Promise<void> {
    await tx.run('DELETE FROM network WHERE id = $1', [id]);
  }
}
