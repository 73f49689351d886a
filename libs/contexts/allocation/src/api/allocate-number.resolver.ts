import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext } from '#contexts/access';
import { AllocationService } from '../allocation.service.js';
import { AllocateNumberInput, AllocateVlanInput, AllocateVniInput } from './allocate-number.input.js';
import { AllocationPayload, allocationPayload } from './allocation.object.js';
import { NumberRequests } from './number-requests.js';

/** The hot path: between the request and the one statement that allocates there is no other. */
@Resolver()
export class AllocateNumberResolver {
  constructor(
    private readonly allocation: AllocationService,
    private readonly requests: NumberRequests,
  ) {}

  @Mutation(() => AllocationPayload, { description: 'The next VNI of a pool, or the one that is preferred.' })
  @Authorize('vni:allocate')
  allocateVni(@Ctx() ctx: RequestContext, @Args('input') input: AllocateVniInput): Promise<AllocationPayload> {
    return allocationPayload(input.dryRun, async () =>
      this.allocation.allocateNumbers(ctx.scope, await this.requests.ofVni(ctx, input), { isDryRun: input.dryRun }),
    );
  }

  @Mutation(() => AllocationPayload, { description: 'The next VLAN of a VLAN domain, or the one that is preferred.' })
  @Authorize('vlan:allocate')
  allocateVlan(@Ctx() ctx: RequestContext, @Args('input') input: AllocateVlanInput): Promise<AllocationPayload> {
    return allocationPayload(input.dryRun, async () =>
      this.allocation.allocateNumbers(ctx.scope, await this.requests.ofVlan(ctx, input), { isDryRun: input.dryRun }),
    );
  }

  @Mutation(() => AllocationPayload, { description: 'One number or several out of a pool of any kind.' })
  @Authorize('number:allocate')
  allocateNumber(@Ctx() ctx: RequestContext, @Args('input') input: AllocateNumberInput): Promise<AllocationPayload> {
    return allocationPayload(input.dryRun, async () =>
      this.allocation.allocateNumbers(ctx.scope, await this.requests.ofNumber(ctx, input), { isDryRun: input.dryRun }),
    );
  }
}
