import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'tenant' })
export class TenantEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('text') slug: string;
  @Column('text') name: string;
  @Column('text', { name: 'external_ref', nullable: true }) externalRef: string | null;
}

@Entity({ name: 'vrf' })
export class VrfEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('text') slug: string;
  @Column('text') name: string;
  @Column('text', { name: 'device_name' }) deviceName: string;
  @Column('uuid', { name: 'l3vni_allocation_id' }) l3vniAllocationId: string;
  @Column('int') l3vni: number;
  @Column('uuid', { name: 'evi_allocation_id' }) eviAllocationId: string;
  @Column('int', { name: 'evi_id' }) eviId: number;
}

@Entity({ name: 'network' })
export class NetworkEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('uuid', { name: 'vrf_id', nullable: true }) vrfId: string | null;
  @Column('text') slug: string;
  @Column('text') name: string;
  @Column('text', { name: 'external_ref', nullable: true }) externalRef: string | null;
  @Column('uuid', { name: 'vni_allocation_id', nullable: true }) vniAllocationId: string | null;
  @Column('int') vni: number;
  @Column('uuid', { name: 'evi_allocation_id', nullable: true }) eviAllocationId: string | null;
  @Column('int', { name: 'evi_id' }) eviId: number;
  @Column('int') mtu: number;
  @Column('text') state: string;
}

@Entity({ name: 'route_target' })
export class RouteTargetEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('bytea') value: Buffer;
  @Column('text') text: string;
  @Column('uuid', { name: 'network_id', nullable: true }) networkId: string | null;
  @Column('uuid', { name: 'vrf_id', nullable: true }) vrfId: string | null;
  @Column('text', { nullable: true }) direction: string | null;
}

export const tenancyEntities = [TenantEntity, VrfEntity, NetworkEntity, RouteTargetEntity];
