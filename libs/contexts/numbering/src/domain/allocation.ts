/** One number that was given out, and the request for it. */
import type { AllocationId, ExternalRef, IdempotencyKey, PoolId, TenantId } from '#engines/kernel';
import type { NumberKind } from './number-kind.js';

/** HELD: until it expires. BOUND: until it is released. QUARANTINED: released, and not given out again yet. */
export type AllocationState = 'HELD' | 'BOUND' | 'QUARANTINED';

/** What of ours uses a number: then only we release it. `external`: the caller does, in its own words. */
export type HolderKind = 'external' | 'network' | 'vrf' | 'vlan_mapping';

export interface NumberAllocation {
  readonly id: AllocationId;
  readonly poolId: PoolId;
  readonly tenantId: TenantId;
  readonly kind: NumberKind;
  readonly value: number;
  readonly state: AllocationState;
  /** 1 at first, raised whenever it changes hands. */
  readonly generation: number;
  readonly key: string;
  readonly holderKind: HolderKind;
  /** The caller's words; null for what holds it of ours. */
  readonly holder: string | null;
  readonly externalRef: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly expiresAt: Date | null;
  readonly releasedAt: Date | null;
  readonly reusableAt: Date | null;
}

export interface NumberRequest {
  readonly poolId: PoolId;
  readonly tenantId: TenantId;
  /** Same key and arguments, same answer, as long as the allocation lives. */
  readonly key: IdempotencyKey;
  /** 1 to 1000. */
  readonly count?: number;
  /** Values that follow each other. */
  readonly isContiguous?: boolean;
  /** As many as there are, at least one, instead of all or none. */
  readonly isPartial?: boolean;
  /** This number (and those after it) or none. */
  readonly prefer?: number;
  /** Held for 1 to 604800 seconds instead of bound. */
  readonly ttlSeconds?: number;
  /** Who will use it, in the caller's words; at most 128 printable characters. */
  readonly holder?: string;
  readonly externalRef?: ExternalRef;
}

export interface GrantedNumbers {
  /** In rising order of `ord`; one for each value. */
  readonly allocations: readonly NumberAllocation[];
  /** The key was seen before; this is what it got. */
  readonly replayed: boolean;
}

/** A value that is in use already, so that nobody else is given it. */
export interface AdoptedNumber {
  readonly value: number;
  readonly key: IdempotencyKey;
  readonly holder?: string;
  readonly externalRef?: ExternalRef;
}

/** Answers of the database functions, which never throw a refusal. */
export type Outcome = 'OK' | 'REPLAYED' | 'KEY_REUSED' | 'NOT_FOUND' | 'QUOTA' | 'EXHAUSTED' | 'OUT_OF_RANGE' | 'EXCLUDED' | 'TAKEN';
