import { Injectable } from '@nestjs/common';
import type { DeviceId, FabricId, NetworkId, VrfId } from '#engines/kernel';
import type { Tx } from '#platform';

const INTENDED = `n.state IN ('PROVISIONING', 'ACTIVE', 'DEGRADED') AND n.refusal IS NULL`;

/**
 * VRFs that one network's is in one table with: what it imports, what imports it, on and on, and what leaves the fabric by the same devices.
 * With $1 the fabric and $2 the network.
 */
const JOINED = `
  own AS (SELECT vrf_id, facts @> '{"isProtected": true}' AS is_protected FROM network WHERE id = $2),
  exits AS (SELECT v.id, e->>'deviceId' AS device FROM vrf v, jsonb_array_elements(v.facts->'exitNodes') e WHERE v.fabric_id = $1 AND v.facts ? 'exitNodes'),
  edges AS (
    SELECT v.id AS a, i::uuid AS b FROM vrf v, jsonb_array_elements_text(v.facts->'importsFrom') i WHERE v.fabric_id = $1 AND v.facts ? 'importsFrom'
    UNION SELECT x.id, y.id FROM exits x JOIN exits y ON y.device = x.device AND y.id <> x.id),
  joined (id) AS (
    SELECT vrf_id FROM own WHERE vrf_id IS NOT NULL
    UNION SELECT CASE WHEN e.a = j.id THEN e.b ELSE e.a END FROM joined j JOIN edges e ON j.id IN (e.a, e.b))`;

/** What one network could get into the way of: the part of a fabric that has to be looked at before it is built, however large the rest is. */
@Injectable()
export class SurroundingsStore {
  /** Where it comes out, where its VRF leaves the fabric, and where a loopback of its VRF lies in one of its subnets. */
  async devices(tx: Tx, networkId: NetworkId): Promise<DeviceId[]> {
    const rows = await tx.sql<{ id: DeviceId }>(
      `SELECT device_id AS id FROM attachment WHERE network_id = $1
       UNION SELECT (e->>'deviceId')::uuid FROM network n JOIN vrf v ON v.id = n.vrf_id, jsonb_array_elements(v.facts->'exitNodes') e WHERE n.id = $1
       UNION SELECT (l->>'deviceId')::uuid FROM network n JOIN vrf v ON v.id = n.vrf_id, jsonb_array_elements(v.facts->'loopbacks') l
              WHERE n.id = $1 AND EXISTS (SELECT FROM subnet s WHERE s.network_id = n.id AND s.cidr >>= (l->>'address')::inet)`,
      [networkId],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Networks that share something with it on these devices: a port (one of each tagging will do), a VLAN, room for VRFs (one network of each VRF
   * will do); and those whose subnets overlap with its own where that matters. Itself is one of them.
   */
  async networks(tx: Tx, fabricId: FabricId, networkId: NetworkId, deviceIds: readonly DeviceId[]): Promise<NetworkId[]> {
    const rows = await tx.sql<{ id: NetworkId }>(
      `WITH RECURSIVE ${JOINED}
       SELECT $2::uuid AS id
       UNION (SELECT DISTINCT ON (b.port_id, b.tagging) n.id FROM attachment a JOIN attachment b ON b.port_id = a.port_id AND b.network_id <> a.network_id
                JOIN network n ON n.id = b.network_id WHERE a.network_id = $2 AND ${INTENDED} ORDER BY b.port_id, b.tagging, n.id)
       UNION SELECT n.id FROM vlan_mapping x JOIN vlan_mapping y ON y.vlan = x.vlan AND y.network_id <> x.network_id JOIN network n ON n.id = y.network_id
              WHERE x.network_id = $2 AND y.vlan_domain_id IN (SELECT vlan_domain_id FROM vlan_domain_member WHERE device_id = ANY($3)) AND ${INTENDED}
       UNION (SELECT DISTINCT ON (a.device_id, n.vrf_id) n.id FROM attachment a JOIN network n ON n.id = a.network_id
               WHERE a.device_id = ANY($3) AND n.vrf_id IS NOT NULL AND EXISTS (SELECT FROM own WHERE vrf_id IS NOT NULL) AND ${INTENDED}
                 AND EXISTS (SELECT FROM subnet s WHERE s.network_id = n.id AND s.gateway_mode = 'ANYCAST_VTEP') ORDER BY a.device_id, n.vrf_id, n.id)
       UNION SELECT n.id FROM subnet mine JOIN subnet s ON s.cidr && mine.cidr AND s.network_id <> mine.network_id JOIN network n ON n.id = s.network_id
              WHERE mine.network_id = $2 AND n.fabric_id = $1 AND ${INTENDED}
                AND (n.vrf_id IN (SELECT id FROM joined) OR n.facts @> '{"isProtected": true}' OR (SELECT is_protected FROM own))`,
      [fabricId, networkId, deviceIds],
    );
    return rows.map(({ id }) => id);
  }

  /** Its own, those joined with it, and those that name one of these devices; the VRFs of `networks` are not repeated. */
  async vrfs(tx: Tx, fabricId: FabricId, networkId: NetworkId, deviceIds: readonly DeviceId[]): Promise<VrfId[]> {
    const rows = await tx.sql<{ id: VrfId }>(
      `WITH RECURSIVE ${JOINED}
       SELECT id FROM joined
       UNION SELECT v.id FROM vrf v WHERE v.fabric_id = $1 AND v.facts <> '{}' AND EXISTS (SELECT FROM own WHERE vrf_id IS NOT NULL)
                AND (EXISTS (SELECT FROM jsonb_path_query(v.facts, '$.*[*].deviceId') d WHERE d #>> '{}' = ANY($3))
                  OR EXISTS (SELECT FROM jsonb_path_query(v.facts, '$.staticRoutes[*].deviceIds[*]') d WHERE d #>> '{}' = ANY($3)))`,
      [fabricId, networkId, deviceIds.map(String)],
    );
    return rows.map(({ id }) => id);
  }
}
