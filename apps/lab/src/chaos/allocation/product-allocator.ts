import type { INestApplicationContext } from '@nestjs/common';
import { AddressAllocationService, PrefixAllocationService } from '#contexts/addressing';
import { NumberAllocationService } from '#contexts/numbering';
import { type AllocationId, IdempotencyKey, type IpAddressId, type PrefixId } from '#engines/kernel';
import { type Scope, tenantScope } from '#platform';
import type { Allocator, Given } from './allocator.js';
import type { Pools } from './pools.js';
import type { Kind, Wish } from './wish-of.js';

interface Row {
  readonly id: string;
  readonly generation: number;
  readonly expiresAt: Date | null;
}

/** The services of the product, as its API calls them. */
export class ProductAllocator implements Allocator {
  readonly kinds = ['number', 'prefix', 'address'] as const;
  private readonly numbers: NumberAllocationService;
  private readonly prefixes: PrefixAllocationService;
  private readonly addresses: AddressAllocationService;
  private readonly scope: Scope;

  constructor(
    private readonly app: INestApplicationContext,
    private readonly pools: Pools,
  ) {
    this.numbers = app.get(NumberAllocationService, { strict: false });
    this.prefixes = app.get(PrefixAllocationService, { strict: false });
    this.addresses = app.get(AddressAllocationService, { strict: false });
    this.scope = tenantScope(pools.tenantId, 'chaos');
  }

  async allocate(text: string, { kind, ttlSeconds, length }: Wish): Promise<Given> {
    const { tenantId, numberPoolId, prefixPoolId, subnetId } = this.pools;
    const request = { tenantId, key: IdempotencyKey.parse(text), ...(ttlSeconds !== null && { ttlSeconds }) };
    switch (kind) {
      case 'number': {
        const { allocations, replayed } = await this.numbers.allocate(this.scope, { ...request, poolId: numberPoolId });
        return given(allocations, ({ value }) => String(value), replayed);
      }
      case 'prefix': {
        const { allocations, replayed } = await this.prefixes.allocate(this.scope, { ...request, poolId: prefixPoolId, length });
        return given(allocations, ({ cidr }) => cidr, replayed);
      }
      case 'address': {
        const { allocations, replayed } = await this.addresses.allocate(this.scope, { ...request, subnetId });
        return given(allocations, ({ address }) => address, replayed);
      }
    }
  }

  async bind(kind: Kind, id: string, generation: number): Promise<void> {
    if (kind === 'number') await this.numbers.bind(this.scope, id as AllocationId, generation);
    else if (kind === 'prefix') await this.prefixes.bind(this.scope, id as PrefixId, generation);
    else await this.addresses.bind(this.scope, id as IpAddressId, generation);
  }

  async extend(kind: Kind, id: string, generation: number, ttlSeconds: number): Promise<Date> {
    const { expiresAt } =
      kind === 'number'
        ? await this.numbers.extend(this.scope, id as AllocationId, generation, ttlSeconds)
        : kind === 'prefix'
          ? await this.prefixes.extend(this.scope, id as PrefixId, generation, ttlSeconds)
          : await this.addresses.extend(this.scope, id as IpAddressId, generation, ttlSeconds);
    return expiresAt as Date;
  }

  async release(kind: Kind, id: string, generation: number | null): Promise<void> {
    if (kind === 'number') await this.numbers.release(this.scope, id as AllocationId, generation);
    else if (kind === 'prefix') await this.prefixes.release(this.scope, id as PrefixId, generation);
    else await this.addresses.release(this.scope, id as IpAddressId, generation);
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

function given<One extends Row>(allocations: readonly One[], value: (one: One) => string, replayed: boolean): Given {
  const [one, ...others] = allocations;
  // A repetition may meet a value that is released at this moment.
  if (!one || others.length > 0) throw new Error(`${allocations.length} allocations for one`);
  return { id: one.id, value: value(one), generation: one.generation, expiresAt: one.expiresAt, replayed };
}
