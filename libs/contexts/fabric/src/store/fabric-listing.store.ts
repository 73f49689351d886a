import { Injectable } from '@nestjs/common';
import type { Platform } from '#engines/intent';
import type { Asn, Description, DeviceId, FabricId, Ip, NetworkId, TenantId, VlanDomainId, VlanId, VtepId } from '#engines/kernel';
import type { Network, Stretch } from '#contexts/tenancy';
import type { Tx } from '#platform';

export interface ListedVlanDomain {
  readonly id: VlanDomainId;
  /** Within its fabric. */
  readonly slug: string;
  readonly fabric: string;
  /** Another fabric has one of this slug. */
  readonly isShared: boolean;
}

/** A network in a VLAN domain. */
export interface ListedVlan {
  readonly vlanDomainId: VlanDomainId;
  readonly networkId: NetworkId;
  readonly vlan: VlanId;
  readonly tenantId: TenantId;
  readonly slug: string;
  readonly name: Network['name'];
  readonly vni: number;
  readonly state: Exclude<Network['state'], 'RETIRED'>;
}

export interface ListedDevice {
  readonly id: DeviceId;
  readonly hostname: string;
  readonly site: string;
  readonly description: Description | null;
}

export interface ListedVtep {
  readonly id: VtepId;
  readonly deviceId: DeviceId;
  readonly address: Ip;
  readonly asn: Asn;
  readonly platform: Platform;
  /** Of a host: what the device for the address is called; null: `lo`. */
  readonly loopback: string | null;
  /** What was adopted under another name than the one that Trame gives. */
  readonly adoptedLoopback: string | null;
}

/** Two switches that are one VTEP for others (RFC 7348 §6, MLAG): beside its own, each has this address. */
export interface ListedSharedVtep {
  /** Of the two, the one with the lower id. */
  readonly deviceId: DeviceId;
  readonly address: Ip;
}

export type VlanKey = Pick<ListedVlan, 'vlanDomainId' | 'networkId'>;

const NIL = '00000000-0000-0000-0000-000000000000';

const DOMAIN = `SELECT d.id, d.slug, f.slug AS fabric, EXISTS (SELECT FROM vlan_domain o WHERE o.slug = d.slug AND o.id <> d.id) AS "isShared"
  FROM vlan_domain d JOIN fabric f ON f.id = d.fabric_id`;
const VLAN = `SELECT m.vlan_domain_id AS "vlanDomainId", m.network_id AS "networkId", m.vlan, m.tenant_id AS "tenantId", n.slug, n.name, n.vni, n.state
  FROM vlan_mapping m JOIN network n ON n.id = m.network_id`;
const DEVICE = 'SELECT d.id, d.hostname, s.slug AS site, d.description FROM device d JOIN site s ON s.id = d.site_id';
const VTEP = `SELECT v.id, v.device_id AS "deviceId", host(v.address) AS address, v.asn::float8 AS asn, d.platform, d.facts->'host'->>'loopback' AS loopback,
    (SELECT n->>'running' FROM jsonb_path_query(d.facts, '$.adopted.names[*] ? (@.derived == "Loopback1")') n LIMIT 1) AS "adoptedLoopback"
  FROM vtep v JOIN device d ON d.id = v.device_id`;

const SHARED_VTEP = `SELECT v."deviceId", v.address FROM (
    SELECT least(m->'members'->0->>'deviceId', m->'members'->1->>'deviceId')::uuid AS "deviceId", m->>'sharedVtep' AS address
      FROM fabric f, jsonb_array_elements(f.facts->'mlags') m WHERE m->>'sharedVtep' IS NOT NULL) v`;

/** Pages of what there is, in the order of ids, for systems that are kept in step. */
@Injectable()
export class FabricListingStore {
  vlanDomains(tx: Tx, { after, limit }: Stretch<VlanDomainId>): Promise<ListedVlanDomain[]> {
    return tx.sql<ListedVlanDomain>(`${DOMAIN} WHERE d.id > $1 ORDER BY d.id LIMIT $2`, [after ?? NIL, limit]);
  }

  vlanDomainsById(tx: Tx, ids: readonly VlanDomainId[]): Promise<ListedVlanDomain[]> {
    return tx.sql<ListedVlanDomain>(`${DOMAIN} WHERE d.id = ANY($1::uuid[]) ORDER BY d.id`, [ids]);
  }

  vlanDomainsOf(tx: Tx, fabricId: FabricId): Promise<ListedVlanDomain[]> {
    return tx.sql<ListedVlanDomain>(`${DOMAIN} WHERE d.fabric_id = $1 ORDER BY d.slug`, [fabricId]);
  }

  vlans(tx: Tx, { after, limit }: Stretch<VlanKey>): Promise<ListedVlan[]> {
    return tx.sql<ListedVlan>(
      `${VLAN} WHERE (m.vlan_domain_id, m.network_id) > ($1, $2) AND n.state <> 'RETIRED' ORDER BY m.vlan_domain_id, m.network_id LIMIT $3`,
      [after?.vlanDomainId ?? NIL, after?.networkId ?? NIL, limit],
    );
  }

  vlansAt(tx: Tx, keys: readonly VlanKey[]): Promise<ListedVlan[]> {
    return tx.sql<ListedVlan>(
      `${VLAN} JOIN unnest($1::uuid[], $2::uuid[]) k(domain, network) ON m.vlan_domain_id = k.domain AND m.network_id = k.network
        WHERE n.state <> 'RETIRED' ORDER BY m.vlan_domain_id, m.network_id`,
      [keys.map((key) => key.vlanDomainId), keys.map((key) => key.networkId)],
    );
  }

  devices(tx: Tx, { after, limit }: Stretch<DeviceId>): Promise<ListedDevice[]> {
    return tx.sql<ListedDevice>(`${DEVICE} WHERE d.id > $1 ORDER BY d.id LIMIT $2`, [after ?? NIL, limit]);
  }

  devicesById(tx: Tx, ids: readonly DeviceId[]): Promise<ListedDevice[]> {
    return tx.sql<ListedDevice>(`${DEVICE} WHERE d.id = ANY($1::uuid[]) ORDER BY d.id`, [ids]);
  }

  vteps(tx: Tx, { after, limit }: Stretch<VtepId>): Promise<ListedVtep[]> {
    return tx.sql<ListedVtep>(`${VTEP} WHERE v.id > $1 ORDER BY v.id LIMIT $2`, [after ?? NIL, limit]);
  }

  vtepsById(tx: Tx, ids: readonly VtepId[]): Promise<ListedVtep[]> {
    return tx.sql<ListedVtep>(`${VTEP} WHERE v.id = ANY($1::uuid[]) ORDER BY v.id`, [ids]);
  }

  sharedVteps(tx: Tx, { after, limit }: Stretch<DeviceId>): Promise<ListedSharedVtep[]> {
    return tx.sql<ListedSharedVtep>(`${SHARED_VTEP} WHERE v."deviceId" > $1 ORDER BY 1 LIMIT $2`, [after ?? NIL, limit]);
  }

  sharedVtepsOf(tx: Tx, ids: readonly DeviceId[]): Promise<ListedSharedVtep[]> {
    return tx.sql<ListedSharedVtep>(`${SHARED_VTEP} WHERE v."deviceId" = ANY($1::uuid[]) ORDER BY 1`, [ids]);
  }

  asns(tx: Tx, { after, limit }: Stretch<Asn>): Promise<{ asn: Asn }[]> {
    return tx.sql('SELECT DISTINCT v.asn::float8 AS asn FROM vtep v WHERE v.asn > $1 ORDER BY 1 LIMIT $2', [after ?? 0, limit]);
  }

  asnsAmong(tx: Tx, asns: readonly Asn[]): Promise<{ asn: Asn }[]> {
    return tx.sql('SELECT DISTINCT v.asn::float8 AS asn FROM vtep v WHERE v.asn = ANY($1::bigint[]) ORDER BY 1', [asns]);
  }

  /** @returns false when there is none. */
  async describe(tx: Tx, id: DeviceId, description: Description | null): Promise<boolean> {
    return (
      (await tx.run('UPDATE device SET description = $2, version = version + 1, updated_at = clock_timestamp() WHERE id = $1', [
        id,
        description,
      ])) === 1
    );
  }
}
