import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext } from '#contexts/access';
import { type NumberRequest, parseNumber } from '#contexts/numbering';
import { decodeId, type PoolId, type VlanDomainId } from '#engines/kernel';
import { atPath } from '#platform';
import { AllocationService } from '../allocation.service.js';
import { AllocateNumberInput, AllocateVlanInput, AllocateVniInput, toNumberRequest } from './allocate-number.input.js';
import { AllocationObject, AllocationPayload, allocationPayload, fromNumber } from './allocation.object.js';

/** The hot path: between the request and the one statement that allocates there is no other. */
@Resolver()
export class AllocateNumberResolver {
  constructor(private readonly allocation: AllocationService) {}

  @Mutation(() => AllocationPayload, { description: 'The next VNI of a pool, or the one that is preferred.' })
  @Authorize('vni:allocate')
  allocateVni(@Ctx() ctx: RequestContext, @Args('input') input: AllocateVniInput): Promise<AllocationPayload> {
    return allocationPayload(input.dryRun, async () => {
      const poolId = decodeId<PoolId>('pool', input.pool);
      const request = toNumberRequest(ctx, input, poolId, input.prefer);
      await this.allocation.poolGives(poolId, ['VNI', 'L3VNI']);
      return this.grant(ctx, request, input.dryRun);
    });
  }

  @Mutation(() => AllocationPayload, { description: 'The next VLAN of a VLAN domain, or the one that is preferred.' })
  @Authorize('vlan:allocate')
  allocateVlan(@Ctx() ctx: RequestContext, @Args('input') input: AllocateVlanInput): Promise<AllocationPayload> {
    return allocationPayload(input.dryRun, async () => {
      const poolId = await this.allocation.poolOfVlanDomain(ctx.scope, decodeId<VlanDomainId>('vlanDomain', input.domain));
      return this.grant(ctx, toNumberRequest(ctx, input, poolId, input.prefer), input.dryRun);
    });
  }

  @Mutation(() => AllocationPayload, { description: 'One number or several out of a pool of any kind.' })
  @Authorize('number:allocate')
  allocateNumber(@Ctx() ctx: RequestContext, @Args('input') input: AllocateNumberInput): Promise<AllocationPayload> {
    return allocationPayload(input.dryRun, async () => {
      const poolId = decodeId<PoolId>('pool', input.pool);
      const { prefer, count, contiguous: isContiguous, partial: isPartial } = input;
      const kind = prefer === null ? null : await this.allocation.kindOf(poolId);
      const value = prefer === null || kind === null ? null : atPath(['prefer'], () => parseNumber(kind, prefer));
      return this.grant(ctx, { ...toNumberRequest(ctx, input, poolId, value), count, isContiguous, isPartial }, input.dryRun);
    });
  }

  private async grant(
    ctx: RequestContext,
    request: NumberRequest,
    isDryRun: boolean,
  ): Promise<{ allocations: AllocationObject[]; replayed: boolean }> {
    const { allocations, replayed } = await this.allocation.allocateNumbers(ctx.scope, request, { isDryRun });
    return { allocations: allocations.map(fromNumber), replayed };
  }
}
