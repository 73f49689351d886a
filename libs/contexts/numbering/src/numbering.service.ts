import { Injectable } from '@nestjs/common';
import { OutboxService } from '#contexts/events';
import {
  type AllocationId,
  DomainError,
  type FabricId,
  invalidValue,
  notFound,
  type PoolId,
  type TenantId,
  type VlanDomainId,
} from '#engines/kernel';
import { newId, type Tx } from '#platform';
import type { HolderKind } from './domain/allocation.js';
import { numberTaken } from './domain/errors.js';
import type { NumberKind, NumberRange } from './domain/number-kind.js';
import { type NumberRun, numberRuns } from './domain/number-map.js';
import type { PoolRow } from './domain/pool.js';
import { NumberRefusals } from './number-refusals.js';
import { NumberAllocationStore } from './store/number-allocation.store.js';
import { type NumberExclusion, NumberPoolStore } from './store/number-pool.store.js';

export interface NumberClaim {
  readonly poolId: PoolId;
  readonly tenantId: TenantId;
  /** Same key, same number, as long as the allocation lives. */
  readonly key: string;
  /** What of ours will use it; nobody else can release it then. */
  readonly holder: HolderKind;
  /** This number or none. */
  readonly prefer?: number;
  readonly externalRef?: string;
}

export interface ClaimedNumber {
  readonly allocationId: AllocationId;
  readonly value: number;
  readonly replayed: boolean;
}

/** What the widest picture of a pool may show. */
const WIDEST_WINDOW = 65_536;

/** Numbers for our own networks, VRFs and VLANs, in the transaction of whoever needs them; it does not know what a network is. */
@Injectable()
export class NumberingService {
  constructor(
    private readonly store: NumberPoolStore,
    private readonly allocations: NumberAllocationStore,
    private readonly refusals: NumberRefusals,
    private readonly outbox: OutboxService,
  ) {}

  /**
   * @throws DomainError NOT_FOUND | POOL_EXHAUSTED | QUOTA_EXCEEDED | ALREADY_EXISTS (the preferred number is taken) | OUT_OF_RANGE |
   * IDEMPOTENCY_KEY_REUSED (the key has a number of another pool).
   */
  async claim(tx: Tx, claim: NumberClaim): Promise<ClaimedNumber> {
    const [taken] = await this.allocations.take(tx, {
      ids: [newId<AllocationId>()],
      poolId: claim.poolId,
      tenantId: claim.tenantId,
      key: claim.key,
      // What else is wanted is compared by whoever repeats it: an order with its order, a preferred number below.
      fingerprint: `claim ${claim.poolId}`,
      isContiguous: false,
      isPartial: false,
      prefer: claim.prefer ?? null,
      ttlSeconds: null,
      holderKind: claim.holder,
      holder: null,
      externalRef: claim.externalRef ?? null,
    });
    if (!taken || taken.id === null || taken.value === null)
      throw await this.refusals.explain(tx, taken ?? { outcome: 'EXHAUSTED', id: null, value: null }, claim);
    if (claim.prefer !== undefined && taken.value !== claim.prefer) {
      const { id: poolId, slug, kind } = await this.pool(tx, claim.poolId);
      throw numberTaken({ poolId, slug, kind }, claim.prefer);
    }
    if (taken.outcome === 'OK') await this.outbox.append(tx, 'number-pool.changed', claim.poolId);
    return { allocationId: taken.id, value: taken.value, replayed: taken.outcome === 'REPLAYED' };
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
    return this.allocations.releaseAll(tx, allocationIds, false);
  }

  /**
   * The very numbers, out of quarantine, for what had them before: all or none.
   * @throws DomainError NOT_FOUND (one was given back to its pool) | IN_USE | QUOTA_EXCEEDED.
   */
  async recall(tx: Tx, numbers: ReadonlyMap<AllocationId, HolderKind>): Promise<void> {
    const resting = await this.allocations.inOrderOfPools(tx, [...numbers.keys()]);
    if (resting.length < numbers.size)
      throw new DomainError('NOT_FOUND', 'a number of it rests no more: it went back to its pool', { kind: 'allocation' });
    for (const id of resting) {
      const outcome = await this.allocations.recall(tx, id, numbers.get(id) as HolderKind);
      if (outcome === 'QUOTA')
        throw new DomainError('QUOTA_EXCEEDED', 'the tenant may not have its numbers again: its quota is used up', { allocation: id });
      if (outcome !== 'OK') throw new DomainError('IN_USE', 'a number of it is in use again', { allocation: id });
      const allocation = await this.allocations.byId(tx, id);
      if (allocation) await this.outbox.append(tx, 'number-pool.changed', allocation.poolId);
    }
  }

  /** Free at once: only for numbers that no device carries. */
  free(tx: Tx, allocationIds: readonly AllocationId[]): Promise<void> {
    return this.allocations.releaseAll(tx, allocationIds, true);
  }

  /** Puts back what has rested long enough, and holds that nobody bound. @returns how many values, at most `limit`. */
  async sweep(tx: Tx, limit = 500): Promise<number> {
    const pools = await this.allocations.sweep(tx, limit);
    for (const poolId of new Set(pools)) await this.outbox.append(tx, 'number-pool.changed', poolId);
    return pools.length;
  }

  async pool(tx: Tx, id: PoolId): Promise<PoolRow> {
    const pool = await this.store.pool(tx, id);
    if (!pool) throw notFound('pool', id);
    return pool;
  }

  /** The pool, where it gives what is wanted. @throws DomainError NOT_FOUND | INVALID_VALUE (another kind of numbers, or another fabric's). */
  async poolGiving(tx: Tx, id: PoolId, kind: NumberKind, fabricId?: FabricId): Promise<PoolRow & { readonly fabricId: FabricId }> {
    const pool = await this.pool(tx, id);
    const { fabricId: home } = pool;
    if (pool.kind !== kind || home === null || (fabricId !== undefined && home !== fabricId)) {
      const accepted = `a pool of kind ${kind} in the fabric`;
      throw new DomainError('INVALID_VALUE', `the pool ${pool.slug} cannot be drawn from here: ${accepted} is needed`, {
        pool: pool.slug,
        kind: pool.kind,
        accepted,
      });
    }
    return { ...pool, fabricId: home };
  }

  async poolBySlug(tx: Tx, slug: string): Promise<PoolRow> {
    const pool = await this.store.poolBySlug(tx, slug);
    if (!pool) throw notFound('pool', slug);
    return pool;
  }

  /** In any order; those that are not there are left out. */
  poolsById(tx: Tx, ids: readonly PoolId[]): Promise<PoolRow[]> {
    return this.store.poolsById(tx, ids);
  }

  /** @throws DomainError NOT_FOUND: no such domain, or it has no pool. */
  async poolOfVlanDomain(tx: Tx, id: VlanDomainId): Promise<PoolId> {
    const pool = await this.store.poolOfVlanDomain(tx, id);
    if (!pool) throw notFound('vlanDomain', id);
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

  /** For a number that is in use already. @throws DomainError OUT_OF_RANGE: no pool of the place has it; the sentence says which one would have to. */
  async poolHolding(
    tx: Tx,
    fabricId: FabricId,
    kind: NumberKind,
    value: number,
    vlanDomainId: VlanDomainId | null = null,
  ): Promise<PoolId> {
    const id = await this.store.poolHolding(tx, fabricId, kind, vlanDomainId, value);
    if (id !== undefined) return id;
    const accepted = `a pool of kind ${kind} ${vlanDomainId === null ? 'of the fabric' : 'of its VLAN domain'} with a range that has ${value}`;
    throw new DomainError('OUT_OF_RANGE', `${kind} ${value} is in no pool: ${accepted} would have to hold it`, { kind, value, accepted });
  }

  ranges(tx: Tx, id: PoolId): Promise<NumberRange[]> {
    return this.store.ranges(tx, id);
  }

  exclusions(tx: Tx, id: PoolId): Promise<NumberExclusion[]> {
    return this.store.exclusions(tx, id);
  }

  /** Free ranges in rising order, those that begin above `after`. */
  freeRanges(tx: Tx, id: PoolId, after: number | null, limit: number): Promise<NumberRange[]> {
    return this.store.freeRanges(tx, id, after, limit);
  }

  largestFreeBlock(tx: Tx, id: PoolId): Promise<number> {
    return this.store.largestFreeBlock(tx, id);
  }

  /** The state of each of `count` values, as runs. @throws DomainError INVALID_VALUE for a window wider than 65536. */
  async map(tx: Tx, id: PoolId, from: number, count: number): Promise<NumberRun[]> {
    if (!Number.isSafeInteger(from) || from < 0) throw invalidValue('first value', from, 'an integer from 0 up');
    if (!Number.isInteger(count) || count < 1 || count > WIDEST_WINDOW) throw invalidValue('count', count, `1 to ${WIDEST_WINDOW}`);
    await this.pool(tx, id);
    const to = from + count - 1;
    return numberRuns(await this.store.window(tx, id, from, to), from, to);
  }
}
