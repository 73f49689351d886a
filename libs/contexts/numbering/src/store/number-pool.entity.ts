import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'number_space' })
export class NumberSpaceEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
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
  @Column('int', { name: 'quarantine_seconds' }) quarantineSeconds: number;
}

@Entity({ name: 'number_pool_range' })
export class NumberPoolRangeEntity {
  @PrimaryColumn('uuid', { name: 'pool_id' }) poolId: string;
  @PrimaryColumn('bigint') first: string;
  @Column('uuid', { name: 'space_id' }) spaceId: string;
  @Column('bigint') last: string;
}

@Entity({ name: 'free_number' })
export class FreeNumberEntity {
  @PrimaryColumn('uuid', { name: 'pool_id' }) poolId: string;
  @PrimaryColumn('bigint') first: string;
  @Column('bigint') last: string;
}

export const numberingEntities = [NumberSpaceEntity, NumberPoolEntity, NumberPoolRangeEntity, FreeNumberEntity];
