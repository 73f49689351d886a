import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'order_step' })
export class OrderStepEntity {
  @PrimaryColumn('uuid', { name: 'order_id' }) orderId: string;
  @PrimaryColumn('int') position: number;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('text') name: string;
  @Column('text') state: string;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt: Date | null;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt: Date | null;
  @Column('text', { nullable: true }) message: string | null;
}

export const provisioningEntities = [OrderStepEntity];
