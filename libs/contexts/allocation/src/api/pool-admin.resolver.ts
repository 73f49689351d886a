import { Args, ID, Int, Mutation, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext, tenantIn } from '#contexts/access';
import { DeletePayload, PoolPayload } from '#contexts/numbering';
import { withErrors } from '#platform';
import { SetQuotaInput, UpdatePoolInput } from './pool-admin.input.js';
import { PoolAdministration } from './pool-administration.js';

/** Pools are named by their public ids: `pool_…` of numbers, `ppl_…` of prefixes. All of it is the operator's. */
@Resolver()
export class PoolAdminResolver {
  constructor(private readonly pools: PoolAdministration) {}

  @Mutation(() => PoolPayload)
  @Authorize('pool:write')
  updatePool(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('ifVersion', { type: () => Int, description: 'The `version` that was read.' }) ifVersion: number,
    @Args('input') input: UpdatePoolInput,
  ): Promise<PoolPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      return { pool: await this.pools.update(ctx.scope, id, ifVersion, input) };
    });
  }

  @Mutation(() => DeletePayload, { description: 'A pool that has given nothing, or got everything back.' })
  @Authorize('pool:write')
  removePool(@Ctx() ctx: RequestContext, @Args('id', { type: () => ID }) id: string): Promise<DeletePayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      await this.pools.remove(ctx.scope, id);
      return { deletedId: id };
    });
  }

  @Mutation(() => PoolPayload, { description: 'What a tenant has already above its quota stays.' })
  @Authorize('pool:write')
  setQuota(@Ctx() ctx: RequestContext, @Args('input') input: SetQuotaInput): Promise<PoolPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      return { pool: await this.pools.setQuota(ctx.scope, input.pool, tenantIn(ctx, input.tenant).tenantId, input.max) };
    });
  }
}
