import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'address_space' })
export class AddressSpaceEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('text') slug: string;
  @Column('text') name: string;
}

@Entity({ name: 'prefix_pool' })
export class PrefixPoolEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'space_id' }) spaceId: string;
  @Column('int') family: number;
  @Column('text') slug: string;
  @Column('text') name: string;
  @Column('text') strategy: string;
  @Column('int', { name: 'default_length' }) defaultLength: number;
  @Column('int', { name: 'min_length' }) minLength: number;
  @Column('int', { name: 'max_length' }) maxLength: number;
  @Column('int', { name: 'quarantine_seconds' }) quarantineSeconds: number;
  @Column('int', { name: 'low_water_percent' }) lowWaterPercent: number;
}

export const addressingEntities = [AddressSpaceEntity, PrefixPoolEntity];
