import { Args, ID, Query, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext, tenantIn } from '#contexts/access';
import { IdempotencyKey } from '#engines/kernel';
import { atPath, exactlyOne, orNull } from '#platform';
import { AllocationService } from '../allocation.service.js';
import { AllocationObject, toAllocationObject } from './allocation.object.js';

@Resolver()
export class AllocationResolver {
  constructor(private readonly service: AllocationService) {}

  @Query(() => AllocationObject, {
    nullable: true,
    description: 'By its id, or the first of an idempotency key with the tenant it belongs to.',
  })
  @Authorize('ipam:read')
  async allocation(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID, nullable: true }) id: string | null,
    @Args('idempotencyKey', { type: () => String, nullable: true }) idempotencyKey: string | null,
    @Args('tenant', { type: () => ID, nullable: true, description: 'With an idempotency key.' }) tenant: string | null,
  ): Promise<AllocationObject | null> {
    exactlyOne({ id, 'idempotencyKey with tenant': idempotencyKey ?? tenant });
    return orNull(async () => {
      if (typeof id === 'string') return toAllocationObject(await this.service.find(ctx.scope, id));
      return (await this.ofKey(ctx, tenant ?? '', idempotencyKey))[0] ?? null;
    });
  }

  @Query(() => [AllocationObject], {
    description: 'All that an idempotency key got: numbers, prefixes and addresses, at most 1000 of each; nothing where it got none.',
  })
  @Authorize('ipam:read')
  async allocationsOfKey(
    @Ctx() ctx: RequestContext,
    @Args('tenant', { type: () => ID }) tenant: string,
    @Args('idempotencyKey', { type: () => String }) idempotencyKey: string,
  ): Promise<AllocationObject[]> {
    return (await orNull(() => this.ofKey(ctx, tenant, idempotencyKey))) ?? [];
  }

  private async ofKey(ctx: RequestContext, tenant: string, text: string | null): Promise<AllocationObject[]> {
    const key = atPath(['idempotencyKey'], () => IdempotencyKey.parse(text));
    const { tenantId } = tenantIn(ctx, tenant);
    return (await this.service.findByKey(ctx.scope, tenantId, key)).map((given) => toAllocationObject(given));
  }
}
