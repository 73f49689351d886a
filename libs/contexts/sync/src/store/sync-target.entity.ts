import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'sync_target' })
export class SyncTargetEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'fabric_id' }) fabricId: string;
  @Column('text') slug: string;
  @Column('text') kind: string;
  @Column('text') url: string;
  @Column('bytea', { name: 'sealed_secret' }) sealedSecret: Buffer;
  @Column('text', { array: true }) zones: string[];
  @Column('int', { name: 'ttl_seconds' }) ttlSeconds: number;
  @Column('text') mode: string;
}

export const syncEntities = [SyncTargetEntity];
