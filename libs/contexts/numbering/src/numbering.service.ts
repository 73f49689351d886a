import { Injectable } from '@nestjs/common';
import { type AllocationId, DomainError, type FabricId, notFound, type PoolId, type TenantId, type VlanDomainId } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import { numberTaken, poolExhausted } from './domain/errors.js';
import type { AllocationRow, NumberKind, PoolRow } from './domain/pool.js';
import { NumberPoolStore } from './store/number-pool.store.js';

export interface NumberClaim {
  readonly poolId: PoolId;
  readonly tenantId: TenantId;
  /** Same key, same number, as long as the allocation lives. */
  readonly key: string;
  /** This number or none. */
  readonly prefer?: number;
  readonly externalRef?: string;
}

export interface ClaimedNumber {
  readonly allocationId: AllocationId;
  readonly value: number;
  readonly replayed: boolean;
}

/** Numbers for whoever needs them; it does not know what a network is. */
@Injectable()
export class NumberingService {
  constructor(private readonly store: NumberPoolStore) {}

  /** @throws DomainError NOT_FOUND | POOL_EXHAUSTED | ALREADY_EXISTS (the preferred number is taken). */
  async claim(tx: Tx, claim: NumberClaim): Promise<ClaimedNumber> {
    const claimed = await this.store.claim(tx, {
      id: newId(),
      poolId: claim.poolId,
      tenantId: claim.tenantId,
      key: claim.key,
      prefer: claim.prefer ?? null,
      externalRef: claim.externalRef ?? null,
    });
    if (claimed) {
      if (claim.prefer !== undefined && claimed.value !== claim.prefer)
        throw numberTaken(await this.poolFacts(tx, claim.poolId), claim.prefer);
      return claimed;
    }
    const facts = await this.poolFacts(tx, claim.poolId);
    throw claim.prefer === undefined ? poolExhausted(facts) : numberTaken(facts, claim.prefer);
  }

  /** Claims in the order of the pools, whatever the order asked for: two orders never wait for each other in a circle. */
  async claimAll<Name extends string>(tx: Tx, claims: ReadonlyMap<Name, NumberClaim>): Promise<Map<Name, ClaimedNumber>> {
    const claimed = new Map<Name, ClaimedNumber>();
    for (const [name, claim] of [...claims].sort(([, a], [, b]) => (a.poolId < b.poolId ? -1 : a.poolId > b.poolId ? 1 : 0))) {
      claimed.set(name, await this.claim(tx, claim));
    }
    return claimed;
  }

  /** Released, but not handed out again before the pool's quarantine is over: devices and caches may still know it. */
  quarantine(tx: Tx, allocationIds: readonly AllocationId[]): Promise<void> {
    return this.store.quarantine(tx, allocationIds);
  }

  /** Free at once: only for numbers that no device carries. */
  free(tx: Tx, allocationIds: readonly AllocationId[]): Promise<void> {
    return this.store.free(tx, allocationIds);
  }

  sweepQuarantine(tx: Tx, limit = 500): Promise<number> {
    return this.store.sweep(tx, limit);
  }

  async pool(tx: Tx, id: PoolId): Promise<PoolRow> {
    const pool = await this.store.pool(tx, id);
    if (!pool) throw notFound('pool', id);
    return pool;
  }

  /** The pool, where it gives what is wanted. @throws DomainError NOT_FOUND | INVALID_VALUE (another kind of numbers, or another fabric's). */
  async poolGiving(tx: Tx, id: PoolId, kind: NumberKind, fabricId?: FabricId): Promise<PoolRow> {
    const pool = await this.pool(tx, id);
    if (pool.kind !== kind || (fabricId !== undefined && pool.fabricId !== fabricId)) {
      const accepted = `a pool of kind ${kind} in the fabric`;
      throw new DomainError('INVALID_VALUE', `the pool ${pool.slug} cannot be drawn from here: ${accepted} is needed`, {
        pool: pool.slug,
        kind: pool.kind,
        accepted,
      });
    }
    return pool;
  }

  async poolBySlug(tx: Tx, slug: string): Promise<PoolRow> {
    const pool = await this.store.poolBySlug(tx, slug);
    if (!pool) throw notFound('pool', slug);
    return pool;
  }

  pools(tx: Tx): Promise<PoolRow[]> {
    return this.store.pools(tx);
  }

  /** @throws DomainError NOT_FOUND when the place has no pool of that kind. */
  async poolOf(tx: Tx, fabricId: FabricId, kind: NumberKind, vlanDomainId: VlanDomainId | null = null): Promise<PoolId> {
    const id = await this.store.poolOf(tx, fabricId, kind, vlanDomainId);
    if (!id) throw notFound('pool', `${kind} of ${vlanDomainId ?? fabricId}`);
    return id;
  }

  allocations(tx: Tx, ids: readonly AllocationId[]): Promise<AllocationRow[]> {
    return this.store.allocations(tx, ids);
  }

  private async poolFacts(tx: Tx, id: PoolId): Promise<{ poolId: PoolId; slug: string; kind: string }> {
    const pool = await this.pool(tx, id);
    return { poolId: pool.id, slug: pool.slug, kind: pool.kind };
  }
}
