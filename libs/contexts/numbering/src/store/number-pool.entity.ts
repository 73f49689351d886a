import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'number_space' })
export class NumberSpaceEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id', nullable: true }) fabricId: string | null;
  @Column('text') kind: string;
  @Column('uuid', { name: 'vlan_domain_id', nullable: true }) vlanDomainId: string | null;
}

@Entity({ name: 'number_pool' })
export class NumberPoolEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'space_id' }) spaceId: string;
  @Column('text') slug: string;
  @Column('text') name: string;
  @Column('text') kind: string;
  @Column('text') strategy: string;
  @Column('int', { name: 'quarantine_seconds' }) quarantineSeconds: number;
  @Column('int', { name: 'low_water_percent' }) lowWaterPercent: number;
}

export const numberingEntities = [NumberSpaceEntity, NumberPoolEntity];
