import { Injectable } from '@nestjs/common';
import { type DomainError, notFound, type PoolId, type TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import { keyReused, notInPool, numberTaken, type PoolFacts, poolExhausted, quotaExceeded } from './domain/errors.js';
import { formatNumber } from './domain/number-kind.js';
import { NumberAllocationStore, type TakenNumber } from './store/number-allocation.store.js';
import { NumberPoolStore } from './store/number-pool.store.js';

interface Refused {
  readonly poolId: PoolId;
  readonly tenantId: TenantId;
  readonly key: string;
  readonly count?: number;
  readonly prefer?: number;
}

/** Puts a refusal of the database into words, with the facts that its caller may know. Read after the refusal: the facts are the newest. */
@Injectable()
export class NumberRefusals {
  constructor(
    private readonly pools: NumberPoolStore,
    private readonly allocations: NumberAllocationStore,
  ) {}

  async explain(tx: Tx, { outcome, value }: TakenNumber, request: Refused): Promise<DomainError> {
    if (outcome === 'KEY_REUSED') return keyReused(request.key);
    const pool = await this.pools.pool(tx, request.poolId);
    if (!pool || outcome === 'NOT_FOUND') return notFound('pool', request.poolId);
    const facts: PoolFacts = { poolId: pool.id, slug: pool.slug, kind: pool.kind, free: Number(pool.free) };
    const wanted = value ?? request.prefer ?? 0;
    switch (outcome) {
      case 'QUOTA':
        return quotaExceeded(facts, Math.max(value ?? 0, 0));
      case 'OUT_OF_RANGE': {
        const ranges = await this.pools.ranges(tx, pool.id);
        const text = ranges.map(({ first, last }) => `${formatNumber(pool.kind, first)} to ${formatNumber(pool.kind, last)}`).join(', ');
        return notInPool(facts, wanted, `it has ${text}`);
      }
      case 'EXCLUDED': {
        const exclusion = (await this.pools.exclusions(tx, pool.id)).find(({ first, last }) => first <= wanted && wanted <= last);
        return notInPool(facts, wanted, `it is excluded (${exclusion?.reason ?? 'no longer'}); any other is accepted`);
      }
      case 'TAKEN': {
        // In the transaction of a tenant another's row is not there.
        const held = await this.allocations.holding(tx, pool.id, wanted);
        const own = held?.tenantId === request.tenantId ? { state: held.state, heldBy: held.externalRef ?? held.holder ?? held.key } : {};
        return numberTaken({ ...facts, ...own }, wanted);
      }
      default:
        return poolExhausted({ ...facts, largestFreeBlock: await this.pools.largestFreeBlock(tx, pool.id) }, request.count ?? 1);
    }
  }
}
