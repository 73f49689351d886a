import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'fabric' })
export class FabricEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('text') slug: string;
  @Column('text') name: string;
  @Column('text', { name: 'asn_scheme' }) asnScheme: string;
  @Column('int', { name: 'rt_administrator' }) rtAdministrator: number;
  @Column('cidr', { name: 'vtep_pool' }) vtepPool: string;
  @Column('int', { name: 'vtep_udp_port' }) vtepUdpPort: number;
  @Column('text') replication: string;
  @Column('int', { name: 'underlay_family' }) underlayFamily: number;
  @Column('int', { name: 'underlay_mtu' }) underlayMtu: number;
  @Column('macaddr', { name: 'anycast_gateway_mac' }) anycastGatewayMac: string;
}

@Entity({ name: 'site' })
export class SiteEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('text') slug: string;
  @Column('text') name: string;
}

@Entity({ name: 'device' })
export class DeviceEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('uuid', { name: 'site_id' }) siteId: string;
  @Column('text') slug: string;
  @Column('text') hostname: string;
  @Column('text') platform: string;
  @Column('text') transport: string;
  @Column('text', { name: 'management_address' }) managementAddress: string;
  @Column('int', { name: 'management_port' }) managementPort: number;
  @Column('text') username: string;
  @Column('text', { name: 'ssh_host_keys', array: true }) sshHostKeys: string[];
  @Column('text', { name: 'tls_spki_sha256', array: true }) tlsSpkiSha256: string[];
  @Column('text', { name: 'serial_number', nullable: true }) serialNumber: string | null;
  @Column('macaddr', { name: 'system_mac', nullable: true }) systemMac: string | null;
  @Column('text') managed: string;
  @Column('jsonb') facts: object;
}

@Entity({ name: 'device_credential' })
export class DeviceCredentialEntity {
  @PrimaryColumn('uuid', { name: 'device_id' }) deviceId: string;
  @Column('bytea') sealed: Buffer;
}

@Entity({ name: 'vtep' })
export class VtepEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('uuid', { name: 'device_id' }) deviceId: string;
  @Column('inet') address: string;
  @Column('inet', { name: 'router_id' }) routerId: string;
  @Column('bigint') asn: string;
}

@Entity({ name: 'port' })
export class PortEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'device_id' }) deviceId: string;
  @Column('text') name: string;
  @Column('text', { nullable: true }) description: string | null;
  @Column('int', { nullable: true }) mtu: number | null;
  @Column('boolean', { name: 'is_edge' }) isEdge: boolean;
  @Column('jsonb') facts: object;
}

@Entity({ name: 'link' })
export class LinkEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('cidr') prefix: string;
}

@Entity({ name: 'link_end' })
export class LinkEndEntity {
  @PrimaryColumn('uuid', { name: 'link_id' }) linkId: string;
  @PrimaryColumn('text') side: string;
  @Column('uuid', { name: 'port_id' }) portId: string;
  @Column('inet') address: string;
}

@Entity({ name: 'bgp_session' })
export class BgpSessionEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('uuid', { name: 'a_device_id' }) aDeviceId: string;
  @Column('uuid', { name: 'b_device_id' }) bDeviceId: string;
  @Column('inet', { name: 'a_address' }) aAddress: string;
  @Column('inet', { name: 'b_address' }) bAddress: string;
  @Column('text', { name: 'a_role' }) aRole: string;
  @Column('text', { name: 'b_role' }) bRole: string;
  @Column('text', { array: true }) families: string[];
  @Column('int', { name: 'keepalive_seconds' }) keepaliveSeconds: number;
  @Column('int', { name: 'hold_seconds' }) holdSeconds: number;
  @Column('jsonb') facts: object;
}

@Entity({ name: 'vlan_domain' })
export class VlanDomainEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('text') slug: string;
  @Column('text') kind: string;
}

@Entity({ name: 'vlan_domain_member' })
export class VlanDomainMemberEntity {
  @PrimaryColumn('uuid', { name: 'device_id' }) deviceId: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('uuid', { name: 'vlan_domain_id' }) vlanDomainId: string;
}

@Entity({ name: 'attachment' })
export class AttachmentEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'network_id' }) networkId: string;
  @Column('uuid', { name: 'device_id' }) deviceId: string;
  @Column('uuid', { name: 'port_id', nullable: true }) portId: string | null;
  @Column('text') tagging: string;
}

@Entity({ name: 'vlan_mapping' })
export class VlanMappingEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'network_id' }) networkId: string;
  @Column('uuid', { name: 'vlan_domain_id' }) vlanDomainId: string;
  @Column('uuid', { name: 'vlan_allocation_id' }) vlanAllocationId: string;
  @Column('int') vlan: number;
}

@Entity({ name: 'route_distinguisher' })
export class RouteDistinguisherEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'vtep_id' }) vtepId: string;
  @Column('int', { name: 'evi_id' }) eviId: number;
  @Column('uuid', { name: 'network_id', nullable: true }) networkId: string | null;
  @Column('uuid', { name: 'vrf_id', nullable: true }) vrfId: string | null;
  @Column('bytea') value: Buffer;
  @Column('text') text: string;
}

export const fabricEntities = [
  FabricEntity,
  SiteEntity,
  DeviceEntity,
  DeviceCredentialEntity,
  VtepEntity,
  PortEntity,
  LinkEntity,
  LinkEndEntity,
  BgpSessionEntity,
  VlanDomainEntity,
  VlanDomainMemberEntity,
  AttachmentEntity,
  VlanMappingEntity,
  RouteDistinguisherEntity,
];
