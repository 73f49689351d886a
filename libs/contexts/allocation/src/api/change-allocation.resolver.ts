import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext, tenantIn } from '#contexts/access';
import { payloadErrors } from '#platform';
import { AllocationService } from '../allocation.service.js';
import type { Given } from '../given.js';
import { ALLOCATE_SCOPES, needScopeFor } from './allocation-scopes.js';
import { ChangedAllocationPayload, changedPayload, ReleasePayload, toAllocationObject } from './allocation.object.js';
import { BindAllocationInput, ExtendHoldInput, ReleaseAllocationInput, TransferAllocationInput } from './change-allocation.input.js';

@Resolver()
export class ChangeAllocationResolver {
  constructor(private readonly allocation: AllocationService) {}

  @Mutation(() => ChangedAllocationPayload, { description: 'Makes a hold last.' })
  @Authorize(...ALLOCATE_SCOPES)
  bindAllocation(@Ctx() ctx: RequestContext, @Args('input') input: BindAllocationInput): Promise<ChangedAllocationPayload> {
    return changedPayload(async () => {
      await this.permitted(ctx, input.allocation);
      return this.allocation.bind(ctx.scope, input.allocation, input.ifVersion, input.holder);
    });
  }

  @Mutation(() => ChangedAllocationPayload, { description: 'Holds for longer.' })
  @Authorize(...ALLOCATE_SCOPES)
  extendHold(@Ctx() ctx: RequestContext, @Args('input') input: ExtendHoldInput): Promise<ChangedAllocationPayload> {
    return changedPayload(async () => {
      await this.permitted(ctx, input.allocation);
      return this.allocation.extend(ctx.scope, input.allocation, input.ifVersion, input.ttlSeconds);
    });
  }

  @Mutation(() => ChangedAllocationPayload, { description: 'To another tenant, or to another holder. For the operator.' })
  @Authorize(...ALLOCATE_SCOPES)
  transferAllocation(@Ctx() ctx: RequestContext, @Args('input') input: TransferAllocationInput): Promise<ChangedAllocationPayload> {
    return changedPayload(async () => {
      operatorOnly(ctx);
      const { tenantId } = tenantIn(ctx, input.tenant);
      await this.permitted(ctx, input.allocation);
      return this.allocation.transfer(ctx.scope, input.allocation, input.ifVersion, { tenantId, holder: input.holder });
    });
  }

  @Mutation(() => ReleasePayload, {
    description: 'Into quarantine; a hold, and what has none, is free at once. What rests already: a success with `changed: false`.',
  })
  @Authorize(...ALLOCATE_SCOPES)
  async releaseAllocation(@Ctx() ctx: RequestContext, @Args('input') input: ReleaseAllocationInput): Promise<ReleasePayload> {
    try {
      const before = await this.permitted(ctx, input.allocation);
      const after = await this.allocation.release(ctx.scope, input.allocation, input.ifVersion, input.reason);
      const changed = before.allocation.state !== 'QUARANTINED';
      return { allocation: toAllocationObject(after ?? before, after === undefined), changed, errors: [] };
    } catch (error) {
      return { allocation: null, changed: false, errors: payloadErrors(error) };
    }
  }

  /** @throws DomainError NOT_FOUND | FORBIDDEN. */
  private async permitted(ctx: RequestContext, publicId: string): Promise<Given> {
    const given = await this.allocation.find(ctx.scope, publicId);
    needScopeFor(ctx, given);
    return given;
  }
}
