import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Ctx, type RequestContext } from '#contexts/access';
import { PrefixPoolObject } from '#contexts/addressing';
import { NumberPoolObject } from '#contexts/numbering';
import { Cidr } from '#engines/kernel';
import { keyset, PageArgs, toConnection } from '#platform';
import { AllocationService } from '../allocation.service.js';
import { AllocationConnection, toAllocationObject } from './allocation.object.js';

@Resolver(() => NumberPoolObject)
export class NumberPoolAllocationsResolver {
  constructor(private readonly allocation: AllocationService) {}

  @ResolveField('allocations', () => AllocationConnection, { description: 'In rising order of value. A tenant sees its own.' })
  async allocations(
    @Parent() { uuid }: NumberPoolObject,
    @Ctx() ctx: RequestContext,
    @Args() args: PageArgs,
  ): Promise<AllocationConnection> {
    const page = keyset(args, ['integer']);
    const after = page.after === null ? null : Number(page.after[0]);
    const given = await this.allocation.ofNumberPool(ctx.scope, uuid, after, page.first + 1);
    return toConnection(
      given,
      page,
      ({ of, allocation }) => [of === 'number' ? String(allocation.value) : ''],
      (one) => toAllocationObject(one),
    ) as AllocationConnection;
  }
}

@Resolver(() => PrefixPoolObject)
export class PrefixPoolAllocationsResolver {
  constructor(private readonly allocation: AllocationService) {}

  @ResolveField('allocations', () => AllocationConnection, { description: 'In rising order. A tenant sees its own.' })
  async allocations(
    @Parent() { uuid }: PrefixPoolObject,
    @Ctx() ctx: RequestContext,
    @Args() args: PageArgs,
  ): Promise<AllocationConnection> {
    const page = keyset(args, ['text']);
    const after = page.after === null ? null : Cidr.parse(page.after[0]);
    const given = await this.allocation.ofPrefixPool(ctx.scope, uuid, after, page.first + 1);
    return toConnection(
      given.map((one) => toAllocationObject(one)),
      page,
      ({ text }) => [text],
      (allocation) => allocation,
    ) as AllocationConnection;
  }
}
