import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext } from '#contexts/access';
import { AllocationService } from '../allocation.service.js';
import { AddressRequests } from './address-requests.js';
import { AllocateIpInput, AllocatePrefixInput } from './allocate-address.input.js';
import { AllocationPayload, allocationPayload } from './allocation.object.js';

@Resolver()
export class AllocateAddressResolver {
  constructor(
    private readonly allocation: AllocationService,
    private readonly requests: AddressRequests,
  ) {}

  @Mutation(() => AllocationPayload, { description: 'The next prefix of a length out of a pool, or the one that is preferred.' })
  @Authorize('prefix:allocate')
  allocatePrefix(@Ctx() ctx: RequestContext, @Args('input') input: AllocatePrefixInput): Promise<AllocationPayload> {
    return allocationPayload(input.dryRun, async () =>
      this.allocation.allocatePrefixes(ctx.scope, this.requests.ofPrefix(ctx, input), { isDryRun: input.dryRun }),
    );
  }

  @Mutation(() => AllocationPayload, { description: 'The next free address of a subnet, or the one that is preferred.' })
  @Authorize('ip:allocate')
  allocateIp(@Ctx() ctx: RequestContext, @Args('input') input: AllocateIpInput): Promise<AllocationPayload> {
    return allocationPayload(input.dryRun, async () =>
      this.allocation.allocateAddresses(ctx.scope, await this.requests.ofIp(ctx, input), { isDryRun: input.dryRun }),
    );
  }
}
