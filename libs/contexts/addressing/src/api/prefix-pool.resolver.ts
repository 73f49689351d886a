import { Args, ID, Int, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { PoolPayload, PoolQuotaObject } from '#contexts/numbering';
import { type AddressSpaceId, type Cidr, decodeId, encodeId, type PrefixPoolId } from '#engines/kernel';
import { CidrScalar, Database, exactlyOne, keyset, orNull, SlugScalar, withErrors } from '#platform';
import { PrefixPoolAdminService } from '../prefix-pool-admin.service.js';
import { CreatePrefixPoolInput, toNewPrefixPool } from './prefix-pool.input.js';
import { FreeBlocksObject, PrefixExclusionObject, PrefixPoolObject, toPrefixPoolObject } from './prefix-pool.object.js';

@Resolver(() => PrefixPoolObject)
export class PrefixPoolResolver {
  constructor(
    private readonly db: Database,
    private readonly pools: PrefixPoolAdminService,
  ) {}

  @Query(() => [PrefixPoolObject])
  @Authorize('pool:read')
  prefixPools(@Ctx() ctx: RequestContext): Promise<PrefixPoolObject[]> {
    return this.db.inTransaction(ctx.scope, async (tx) => (await this.pools.pools(tx)).map(toPrefixPoolObject));
  }

  @Query(() => PrefixPoolObject, { nullable: true })
  @Authorize('pool:read')
  prefixPool(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID, nullable: true }) id: string | null,
    @Args('slug', { type: () => SlugScalar, nullable: true }) slug: string | null,
  ): Promise<PrefixPoolObject | null> {
    exactlyOne({ id, slug });
    return this.db.inTransaction(ctx.scope, (tx) =>
      orNull(async () =>
        toPrefixPoolObject(
          await (typeof id === 'string'
            ? this.pools.pool(tx, decodeId<PrefixPoolId>('prefixPool', id))
            : this.pools.poolBySlug(tx, slug ?? '')),
        ),
      ),
    );
  }

  @ResolveField('freeBlocks', () => [FreeBlocksObject], {
    description: 'How many free blocks there are of each length, the largest first.',
  })
  freeBlocks(@Parent() { uuid }: PrefixPoolObject, @Ctx() ctx: RequestContext): Promise<readonly FreeBlocksObject[]> {
    return this.db.inTransaction(ctx.scope, (tx) => this.pools.freeByLength(tx, uuid));
  }

  @ResolveField('freePrefixes', () => [CidrScalar], { description: 'Free blocks, the largest first, each size in rising order.' })
  freePrefixes(
    @Parent() { uuid }: PrefixPoolObject,
    @Ctx() ctx: RequestContext,
    @Args('first', { type: () => Int, defaultValue: 20, description: '1…100.' }) first: number,
    @Args('after', { type: () => CidrScalar, nullable: true, description: 'Those after it in this order.' }) after: Cidr | null,
  ): Promise<Cidr[]> {
    const { first: limit } = keyset({ first, after: null }, []);
    return this.db.inTransaction(ctx.scope, (tx) => this.pools.free(tx, uuid, after ?? null, limit));
  }

  @ResolveField('exclusions', () => [PrefixExclusionObject])
  exclusions(@Parent() { uuid }: PrefixPoolObject, @Ctx() ctx: RequestContext): Promise<PrefixExclusionObject[]> {
    return this.db.inTransaction(ctx.scope, (tx) => this.pools.exclusions(tx, uuid));
  }

  @ResolveField('quotas', () => [PoolQuotaObject], { description: 'In prefixes of `maxLength`. A tenant sees its own.' })
  quotas(@Parent() { uuid }: PrefixPoolObject, @Ctx() ctx: RequestContext): Promise<PoolQuotaObject[]> {
    return this.db.inTransaction(ctx.scope, async (tx) =>
      (await this.pools.quotas(tx, uuid)).map(({ tenantId, max, used }) => ({ tenant: encodeId('tenant', tenantId), max, used })),
    );
  }

  @ResolveField('tenants', () => [ID], { description: 'That may use it; none: all. A tenant sees itself only.' })
  tenants(@Parent() { uuid }: PrefixPoolObject, @Ctx() ctx: RequestContext): Promise<string[]> {
    return this.db.inTransaction(ctx.scope, async (tx) => (await this.pools.tenants(tx, uuid)).map((id) => encodeId('tenant', id)));
  }

  @Mutation(() => PoolPayload)
  @Authorize('pool:write')
  createPrefixPool(@Ctx() ctx: RequestContext, @Args('input') input: CreatePrefixPoolInput): Promise<PoolPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const pool = await this.db.inTransaction(ctx.scope, async (tx) => {
        const spaceId = input.space === null ? await this.pools.onlySpace(tx) : decodeId<AddressSpaceId>('addressSpace', input.space);
        return this.pools.pool(tx, await this.pools.create(tx, toNewPrefixPool(input, spaceId)));
      });
      return { pool: toPrefixPoolObject(pool) };
    });
  }
}
