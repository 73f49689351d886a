import { Injectable } from '@nestjs/common';
import {
  type AllocationId,
  type DeviceId,
  type EviId,
  type NetworkId,
  type PortId,
  RouteDistinguisher,
  type TenantId,
  type VlanDomainId,
  type VrfId,
  type VtepId,
} from '#engines/kernel';
import type { Ip } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import type { Attachment, AttachPoint, KeptPlaces } from '../domain/attachment.js';
import { AttachmentEntity, VlanMappingEntity } from './fabric.entity.js';

/** A network on a device, and its VLAN there. */
export interface PlaceOnDevice {
  readonly network: string;
  readonly vni: number;
  readonly vlan: number | null;
}

@Injectable()
export class AttachmentStore {
  points(tx: Tx, deviceIds: readonly DeviceId[]): Promise<AttachPoint[]> {
    return tx.sql<AttachPoint>(
      `SELECT d.id AS "deviceId", d.fabric_id AS "fabricId", d.slug, d.platform, d.managed, v.id AS "vtepId", host(v.address) AS "vtepAddress", m.vlan_domain_id AS "vlanDomainId"
         FROM device d LEFT JOIN vtep v ON v.device_id = d.id LEFT JOIN vlan_domain_member m ON m.device_id = d.id WHERE d.id = ANY($1)`,
      [deviceIds],
    );
  }

  async edgePort(tx: Tx, deviceId: DeviceId, name: string): Promise<PortId | undefined> {
    return (await tx.one<{ id: PortId }>('SELECT id FROM port WHERE device_id = $1 AND name = $2 AND is_edge', [deviceId, name]))?.id;
  }

  async edgePortNames(tx: Tx, deviceId: DeviceId): Promise<string[]> {
    return (
      await tx.sql<{ name: string }>('SELECT name FROM port WHERE device_id = $1 AND is_edge ORDER BY name LIMIT 50', [deviceId])
    ).map((row) => row.name);
  }

  async insert(tx: Tx, attachment: AttachmentEntity): Promise<void> {
    await tx.manager.insert(AttachmentEntity, attachment);
  }

  async mapVlan(
    tx: Tx,
    mapping: { tenantId: TenantId; networkId: NetworkId; vlanDomainId: VlanDomainId; vlanAllocationId: AllocationId; vlan: number },
  ): Promise<void> {
    await tx.manager.insert(VlanMappingEntity, { id: newId(), ...mapping });
  }

  /**
   * RFC 7432 §7.9: type 1, the address of the PE and the number of the EVI: unique because both are. A network's RD is new, and a clash is
   * an error; a VRF's may be there already from another of its networks.
   */
  async assignRd(
    tx: Tx,
    rd: { tenantId: TenantId; vtepId: VtepId; vtepAddress: Ip; eviId: EviId; networkId: NetworkId | null; vrfId: VrfId | null },
  ): Promise<void> {
    const value = RouteDistinguisher.of(rd.vtepAddress, rd.eviId);
    await tx.run(
      `INSERT INTO route_distinguisher (id, tenant_id, vtep_id, evi_id, network_id, vrf_id, value, text) SELECT $1, $2, $3, $4, $5, $6, $7, $8
        WHERE NOT EXISTS (SELECT 1 FROM route_distinguisher r WHERE r.vtep_id = $3 AND r.vrf_id = $6)`,
      [newId(), rd.tenantId, rd.vtepId, rd.eviId, rd.networkId, rd.vrfId, Buffer.from(RouteDistinguisher.toHex(value), 'hex'), value],
    );
  }

  async insertRd(
    tx: Tx,
    of: { tenantId: TenantId; vtepId: VtepId; rd: RouteDistinguisher; eviId: EviId; networkId: NetworkId | null; vrfId: VrfId | null },
  ): Promise<void> {
    await tx.run(
      `INSERT INTO route_distinguisher (id, tenant_id, vtep_id, evi_id, network_id, vrf_id, value, text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [newId(), of.tenantId, of.vtepId, of.eviId, of.networkId, of.vrfId, Buffer.from(RouteDistinguisher.toHex(of.rd), 'hex'), of.rd],
    );
  }

  ofNetworks(tx: Tx, networkIds: readonly NetworkId[]): Promise<Attachment[]> {
    return tx.sql<Attachment>(
      `SELECT a.id, a.tenant_id AS "tenantId", a.network_id AS "networkId", a.device_id AS "deviceId", p.name AS port, a.tagging, x.vlan, r.text AS "routeDistinguisher"
         FROM attachment a LEFT JOIN port p ON p.id = a.port_id LEFT JOIN vlan_domain_member m ON m.device_id = a.device_id
         LEFT JOIN vlan_mapping x ON x.vlan_domain_id = m.vlan_domain_id AND x.network_id = a.network_id
         LEFT JOIN vtep v ON v.device_id = a.device_id LEFT JOIN route_distinguisher r ON r.vtep_id = v.id AND r.network_id = a.network_id
        WHERE a.network_id = ANY($1) ORDER BY a.id`,
      [networkIds],
    );
  }

  /** What `deleteOfNetwork` deletes, as rows. */
  async asRows(tx: Tx, networkId: NetworkId): Promise<KeptPlaces> {
    const rows = async (table: 'attachment' | 'route_distinguisher' | 'vlan_mapping'): Promise<readonly object[]> =>
      (
        await tx.one<{ rows: object[] }>(`SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') AS rows FROM ${table} t WHERE t.network_id = $1`, [
          networkId,
        ])
      )?.rows ?? [];
    const vlans = await tx.sql<{ id: AllocationId }>('SELECT vlan_allocation_id AS id FROM vlan_mapping WHERE network_id = $1', [
      networkId,
    ]);
    return {
      attachments: await rows('attachment'),
      distinguishers: await rows('route_distinguisher'),
      vlanMappings: await rows('vlan_mapping'),
      vlanAllocations: vlans.map(({ id }) => id),
    };
  }

  async insertRows(tx: Tx, { attachments, distinguishers, vlanMappings }: KeptPlaces): Promise<void> {
    const put = (table: 'attachment' | 'route_distinguisher' | 'vlan_mapping', rows: readonly object[]): Promise<number> =>
      tx.run(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`, [JSON.stringify(rows)]);
    await put('vlan_mapping', vlanMappings);
    await put('attachment', attachments);
    await put('route_distinguisher', distinguishers);
  }

  /** @returns what was there, by VNI. */
  async deleteOnDevice(tx: Tx, deviceId: DeviceId): Promise<PlaceOnDevice[]> {
    const places = await tx.sql<PlaceOnDevice>(
      `SELECT DISTINCT n.slug AS network, n.vni, x.vlan FROM attachment a JOIN network n ON n.id = a.network_id LEFT JOIN vlan_domain_member m ON m.device_id = a.device_id
         LEFT JOIN vlan_mapping x ON x.vlan_domain_id = m.vlan_domain_id AND x.network_id = n.id WHERE a.device_id = $1 ORDER BY n.vni`,
      [deviceId],
    );
    await tx.run(
      `DELETE FROM route_distinguisher r USING vtep v WHERE v.id = r.vtep_id AND v.device_id = $1
          AND r.network_id IN (SELECT network_id FROM attachment WHERE device_id = $1)`,
      [deviceId],
    );
    await tx.run('DELETE FROM attachment WHERE device_id = $1', [deviceId]);
    return places;
  }

  async deleteOfNetwork(tx: Tx, networkId: NetworkId): Promise<AllocationId[]> {
    await tx.run('DELETE FROM attachment WHERE network_id = $1', [networkId]);
    await tx.run('DELETE FROM route_distinguisher WHERE network_id = $1', [networkId]);
    const rows = await tx.sql<{ id: AllocationId }>('DELETE FROM vlan_mapping WHERE network_id = $1 RETURNING vlan_allocation_id AS id', [
      networkId,
    ]);
    return rows.map((row) => row.id);
  }
}
