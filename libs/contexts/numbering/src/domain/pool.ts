import type { AllocationId, FabricId, PoolId } from '#engines/kernel';

export type NumberKind = 'VNI' | 'L3VNI' | 'VLAN' | 'EVI';

export interface PoolRow {
  readonly id: PoolId;
  readonly fabricId: FabricId;
  readonly slug: string;
  readonly name: string;
  readonly kind: NumberKind;
  readonly quarantineSeconds: number;
  readonly total: bigint;
  readonly free: bigint;
}

export interface AllocationRow {
  readonly id: AllocationId;
  readonly poolId: PoolId;
  readonly kind: NumberKind;
  readonly value: number;
  readonly state: 'HELD' | 'BOUND' | 'QUARANTINED';
  readonly reusableAt: Date | null;
}
