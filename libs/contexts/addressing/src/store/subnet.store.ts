import { Injectable } from '@nestjs/common';
import type { FabricId, Fqdn, Ip, NetworkId, SubnetId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { IpAddress, NamedAddress, Subnet } from '../domain/subnet.js';
import type { AddressExtent } from '../domain/subnet-layout.js';
import { IpAddressEntity, SubnetEntity } from './addressing.entity.js';

const SUBNET = `SELECT id, tenant_id AS "tenantId", network_id AS "networkId", prefix_id AS "prefixId", space_id AS "spaceId", cidr::text AS cidr,
    gateway_mode AS "gatewayMode", host(gateway_address) AS "gatewayAddress", dns_zone AS "dnsZone" FROM subnet`;
const ADDRESS = `SELECT id, subnet_id AS "subnetId", host(address) AS address, mac::text AS mac, dns_name AS "dnsName", role FROM ip_address`;

@Injectable()
export class SubnetStore {
  async insert(tx: Tx, subnet: SubnetEntity, free: readonly AddressExtent[]): Promise<void> {
    await tx.manager.insert(SubnetEntity, subnet);
    for (const extent of free)
      await tx.run('INSERT INTO free_address (subnet_id, first, last) VALUES ($1, $2, $3)', [subnet.id, extent.first, extent.last]);
  }

  async subnet(tx: Tx, id: SubnetId): Promise<Subnet | undefined> {
    return tx.one<Subnet>(`${SUBNET} WHERE id = $1`, [id]);
  }

  async ofNetworks(tx: Tx, networkIds: readonly NetworkId[]): Promise<Subnet[]> {
    return tx.sql<Subnet>(`${SUBNET} WHERE network_id = ANY($1) ORDER BY cidr`, [networkIds]);
  }

  async takeAddress(tx: Tx, subnetId: SubnetId, prefer: Ip | null): Promise<Ip | undefined> {
    const row = await tx.one<{ address: Ip | null }>('SELECT host(address_take($1, $2)) AS address', [subnetId, prefer]);
    return row?.address ?? undefined;
  }

  async insertAddress(tx: Tx, address: IpAddressEntity): Promise<void> {
    await tx.manager.insert(IpAddressEntity, address);
  }

  async addresses(tx: Tx, subnetIds: readonly SubnetId[]): Promise<IpAddress[]> {
    return tx.sql<IpAddress>(`${ADDRESS} WHERE subnet_id = ANY($1) ORDER BY ip_address.address`, [subnetIds]);
  }

  /** Named addresses of networks that are part of the intent. */
  async names(tx: Tx, fabricId: FabricId): Promise<NamedAddress[]> {
    return tx.sql<{ address: Ip; name: Fqdn }>(
      `SELECT host(i.address) AS address, i.dns_name AS name FROM ip_address i JOIN subnet s ON s.id = i.subnet_id JOIN network n ON n.id = s.network_id
        WHERE n.fabric_id = $1 AND n.state IN ('PROVISIONING', 'ACTIVE', 'DEGRADED') AND i.dns_name IS NOT NULL ORDER BY i.address`,
      [fabricId],
    );
  }

  async deleteOfNetwork(tx: Tx, networkId: NetworkId): Promise<void> {
    await tx.run('DELETE FROM ip_address WHERE subnet_id IN (SELECT id FROM subnet WHERE network_id = $1)', [networkId]);
    await tx.run('DELETE FROM subnet WHERE network_id = $1', [networkId]);
  }
}
