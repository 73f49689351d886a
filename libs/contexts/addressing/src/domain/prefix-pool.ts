import type { AddressSpaceId, Cidr, PrefixPoolId, TenantId } from '#engines/kernel';

/** BEST_FIT: the smallest free block that fits, lowest first. LOWEST_FIT: the lowest block that fits, whatever its size. */
export const PREFIX_STRATEGIES = ['BEST_FIT', 'LOWEST_FIT'] as const;
export type PrefixStrategy = (typeof PREFIX_STRATEGIES)[number];

export interface PrefixPool {
  readonly id: PrefixPoolId;
  readonly spaceId: AddressSpaceId;
  readonly slug: string;
  readonly name: string;
  readonly family: 4 | 6;
  /** In rising order; disjoint, also with other pools of the space. */
  readonly ranges: readonly Cidr[];
  readonly strategy: PrefixStrategy;
  readonly minLength: number;
  readonly defaultLength: number;
  /** The smallest prefix; counts of the pool are in blocks of this length. */
  readonly maxLength: number;
  readonly quarantineSeconds: number;
  readonly lowWaterPercent: number;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly size: bigint;
  readonly free: bigint;
  /** As it was last looked at. */
  readonly level: 'OK' | 'LOW' | 'EXHAUSTED';
}

export interface PrefixExclusion {
  readonly cidr: Cidr;
  readonly reason: string;
}

export interface PrefixQuota {
  readonly tenantId: TenantId;
  /** In blocks of the pool's `maxLength`. */
  readonly max: bigint;
  readonly used: bigint;
}
