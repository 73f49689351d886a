import type { FabricId, PoolId, VlanDomainId } from '#engines/kernel';
import type { NumberKind } from './number-kind.js';
import type { PoolLevel } from './pool-level.js';

export const POOL_STRATEGIES = ['LOWEST_FREE', 'ROTATING', 'RANDOM', 'HASH'] as const;
/** Which free value is next: the lowest, the next after the last one given, any, or the one that the key's hash points to. */
export type PoolStrategy = (typeof POOL_STRATEGIES)[number];

export interface PoolRow {
  readonly id: PoolId;
  /** Null: the whole installation's. */
  readonly fabricId: FabricId | null;
  readonly vlanDomainId: VlanDomainId | null;
  readonly slug: string;
  readonly name: string;
  readonly kind: NumberKind;
  readonly strategy: PoolStrategy;
  readonly quarantineSeconds: number;
  readonly lowWaterPercent: number;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Configured and not excluded. */
  readonly total: bigint;
  readonly free: bigint;
  /** As it was last looked at. */
  readonly level: PoolLevel;
}
