import { Injectable } from '@nestjs/common';
import { Cidr, type DomainError, notFound, type PrefixPoolId, type TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { Outcome } from './domain/allocation.js';
import { keyReused, outOfRange, overlaps, prefixPoolExhausted, quotaExceeded } from './domain/errors.js';
import { PrefixAllocationStore } from './store/prefix-allocation.store.js';
import { PrefixPoolStore } from './store/prefix-pool.store.js';

interface Refused {
  readonly poolId: PrefixPoolId;
  readonly tenantId: TenantId;
  readonly key: string;
  readonly count?: number;
  readonly length?: number;
  readonly prefer?: Cidr;
}

/** Puts a refusal of the database into words, with the facts that its caller may know. Read after the refusal: the facts are the newest. */
@Injectable()
export class PrefixRefusals {
  constructor(
    private readonly pools: PrefixPoolStore,
    private readonly allocations: PrefixAllocationStore,
  ) {}

  async explain(tx: Tx, { outcome, room }: { outcome: Outcome; room?: bigint | null }, request: Refused): Promise<DomainError> {
    if (outcome === 'KEY_REUSED') return keyReused(request.key);
    const pool = await this.pools.pool(tx, request.poolId);
    if (!pool || outcome === 'NOT_FOUND') return notFound('prefixPool', request.poolId);
    const length = request.prefer === undefined ? (request.length ?? pool.defaultLength) : Cidr.length(request.prefer);
    const wanted = request.prefer ?? `prefix length /${length}`;
    switch (outcome) {
      case 'QUOTA':
        return quotaExceeded(pool.slug, room !== null && room !== undefined && room > 0n ? room : 0n, `blocks of /${pool.maxLength}`);
      case 'LENGTH':
        return outOfRange(wanted, `the pool ${pool.slug} gives /${pool.minLength} to /${pool.maxLength}`);
      case 'OUT_OF_RANGE':
        return outOfRange(wanted, `a prefix within ${pool.ranges.join(' or ')}`);
      case 'EXCLUDED': {
        const [first] = (await this.pools.exclusions(tx, pool.id)).filter(
          ({ cidr }) => request.prefer !== undefined && touch(cidr, request.prefer),
        );
        return outOfRange(
          wanted,
          first ? `${first.cidr} is excluded (${first.reason}); any other prefix of the pool` : 'it was excluded a moment ago; try again',
        );
      }
      case 'TAKEN': {
        const held = request.prefer === undefined ? [] : await this.allocations.overlapping(tx, pool.id, request.prefer);
        // In the transaction of a tenant others' rows are not there; the operator names no other's either.
        return overlaps(
          request.prefer as Cidr,
          held.filter((other) => other.tenantId === request.tenantId).map((other) => other.cidr),
        );
      }
      default:
        return prefixPoolExhausted({
          slug: pool.slug,
          length,
          wanted: request.count ?? 1,
          free: await this.pools.freeOfLength(tx, pool.id, length),
          largestFreePrefixLength: await this.pools.largestFreeLength(tx, pool.id),
        });
    }
  }
}

const touch = (a: Cidr, b: Cidr): boolean => Cidr.contains(a, Cidr.network(b)) || Cidr.contains(b, Cidr.network(a));
