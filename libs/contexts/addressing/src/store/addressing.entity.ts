import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'address_space' })
export class AddressSpaceEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('text') slug: string;
  @Column('text') name: string;
}

@Entity({ name: 'prefix' })
export class PrefixEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'space_id' }) spaceId: string;
  @Column('cidr') cidr: string;
  @Column('text') role: string;
  @Column('uuid', { name: 'parent_id', nullable: true }) parentId: string | null;
  @Column('uuid', { name: 'tenant_id', nullable: true }) tenantId: string | null;
  @Column('text', { nullable: true }) key: string | null;
}

@Entity({ name: 'prefix_pool' })
export class PrefixPoolEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'prefix_id' }) prefixId: string;
  @Column('uuid', { name: 'space_id' }) spaceId: string;
  @Column('cidr') cidr: string;
  @Column('text') slug: string;
  @Column('text') name: string;
  @Column('int', { name: 'default_length' }) defaultLength: number;
  @Column('int', { name: 'min_length' }) minLength: number;
  @Column('int', { name: 'max_length' }) maxLength: number;
  @Column('int', { name: 'quarantine_seconds' }) quarantineSeconds: number;
}

@Entity({ name: 'subnet' })
export class SubnetEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'network_id' }) networkId: string;
  @Column('uuid', { name: 'prefix_id' }) prefixId: string;
  @Column('uuid', { name: 'space_id' }) spaceId: string;
  @Column('cidr') cidr: string;
  @Column('text', { name: 'gateway_mode' }) gatewayMode: string;
  @Column('inet', { name: 'gateway_address', nullable: true }) gatewayAddress: string | null;
  @Column('text', { name: 'dns_zone', nullable: true }) dnsZone: string | null;
}

@Entity({ name: 'ip_address' })
export class IpAddressEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'space_id' }) spaceId: string;
  @Column('uuid', { name: 'subnet_id' }) subnetId: string;
  @Column('inet') address: string;
  @Column('macaddr', { nullable: true }) mac: string | null;
  @Column('text', { name: 'dns_name', nullable: true }) dnsName: string | null;
  @Column('text') role: string;
  @Column('text') key: string;
}

export const addressingEntities = [AddressSpaceEntity, PrefixEntity, PrefixPoolEntity, SubnetEntity, IpAddressEntity];
