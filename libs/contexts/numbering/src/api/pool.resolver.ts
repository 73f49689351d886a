import { Args, ID, Int, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { decodeId, encodeId, type FabricId, type PoolId } from '#engines/kernel';
import { atPath, BigCountScalar, Database, exactlyOne, keyset, orNull, PoolNumberScalar, SlugScalar, withErrors } from '#platform';
import { parseNumber } from '../domain/number-kind.js';
import { NumberingService } from '../numbering.service.js';
import { PoolAdminService } from '../pool-admin.service.js';
import { CreateNumberPoolInput, toNewNumberPool } from './pool.input.js';
import {
  NumberExclusionObject,
  NumberMapObject,
  NumberPoolObject,
  NumberRangeObject,
  PoolPayload,
  PoolQuotaObject,
  toNumberPoolObject,
  toRangeObject,
  toRunObject,
} from './pool.object.js';

@Resolver(() => NumberPoolObject)
export class PoolResolver {
  constructor(
    private readonly db: Database,
    private readonly numbering: NumberingService,
    private readonly admin: PoolAdminService,
  ) {}

  @Query(() => [NumberPoolObject], { description: 'A fabric has a handful of them, so not paginated.' })
  @Authorize('pool:read')
  numberPools(@Ctx() ctx: RequestContext): Promise<NumberPoolObject[]> {
    return this.db.inTransaction(ctx.scope, async (tx) => (await this.numbering.pools(tx)).map(toNumberPoolObject));
  }

  @Query(() => NumberPoolObject, { nullable: true })
  @Authorize('pool:read')
  numberPool(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID, nullable: true }) id: string | null,
    @Args('slug', { type: () => SlugScalar, nullable: true }) slug: string | null,
  ): Promise<NumberPoolObject | null> {
    exactlyOne({ id, slug });
    return this.db.inTransaction(ctx.scope, (tx) =>
      orNull(async () =>
        toNumberPoolObject(
          await (typeof id === 'string'
            ? this.numbering.pool(tx, decodeId<PoolId>('pool', id))
            : this.numbering.poolBySlug(tx, slug ?? '')),
        ),
      ),
    );
  }

  @ResolveField('ranges', () => [NumberRangeObject])
  ranges(@Parent() { uuid, kind }: NumberPoolObject, @Ctx() ctx: RequestContext): Promise<NumberRangeObject[]> {
    return this.db.inTransaction(ctx.scope, async (tx) =>
      (await this.numbering.ranges(tx, uuid)).map((range) => toRangeObject(kind, range)),
    );
  }

  @ResolveField('exclusions', () => [NumberExclusionObject])
  exclusions(@Parent() { uuid, kind }: NumberPoolObject, @Ctx() ctx: RequestContext): Promise<NumberExclusionObject[]> {
    return this.db.inTransaction(ctx.scope, async (tx) =>
      (await this.numbering.exclusions(tx, uuid)).map((range) => ({ ...toRangeObject(kind, range), reason: range.reason })),
    );
  }

  @ResolveField('freeRanges', () => [NumberRangeObject], { description: 'In rising order.' })
  freeRanges(
    @Parent() { uuid, kind }: NumberPoolObject,
    @Ctx() ctx: RequestContext,
    @Args('first', { type: () => Int, defaultValue: 20, description: '1…100.' }) first: number,
    @Args('after', { type: () => PoolNumberScalar, nullable: true, description: 'Ranges that begin above it.' }) after: string | null,
  ): Promise<NumberRangeObject[]> {
    const { first: limit } = keyset({ first, after: null }, []);
    const above = typeof after === 'string' ? atPath(['after'], () => parseNumber(kind, after)) : null;
    return this.db.inTransaction(ctx.scope, async (tx) =>
      (await this.numbering.freeRanges(tx, uuid, above, limit)).map((range) => toRangeObject(kind, range)),
    );
  }

  @ResolveField('largestFreeBlock', () => BigCountScalar, { description: 'How many free numbers follow each other at most.' })
  largestFreeBlock(@Parent() { uuid }: NumberPoolObject, @Ctx() ctx: RequestContext): Promise<number> {
    return this.db.inTransaction(ctx.scope, (tx) => this.numbering.largestFreeBlock(tx, uuid));
  }

  @ResolveField('map', () => NumberMapObject, { description: 'The state of each value of a window. Whose a value is, it does not say.' })
  map(
    @Parent() { uuid, kind }: NumberPoolObject,
    @Ctx() ctx: RequestContext,
    @Args('from', { type: () => PoolNumberScalar, nullable: true, description: 'The first value of the pool where it is not given.' })
    from: string | null,
    @Args('count', { type: () => Int, defaultValue: 4096, description: '1…65536.' }) count: number,
  ): Promise<NumberMapObject> {
    const wanted = typeof from === 'string' ? atPath(['from'], () => parseNumber(kind, from)) : null;
    return this.db.inTransaction(ctx.scope, async (tx) => {
      const start = wanted ?? (await this.numbering.ranges(tx, uuid))[0]?.first ?? 0;
      const runs = (await this.numbering.map(tx, uuid, start, count)).map((run) => toRunObject(kind, run));
      return { from: runs[0]?.first ?? String(start), runs };
    });
  }

  @ResolveField('quotas', () => [PoolQuotaObject], { description: 'A tenant sees its own.' })
  quotas(@Parent() { uuid }: NumberPoolObject, @Ctx() ctx: RequestContext): Promise<PoolQuotaObject[]> {
    return this.db.inTransaction(ctx.scope, async (tx) =>
      (await this.admin.quotas(tx, uuid)).map(({ tenantId, max, used }) => ({ tenant: encodeId('tenant', tenantId), max, used })),
    );
  }

  @ResolveField('tenants', () => [ID], { description: 'That may use it; none: all. A tenant sees itself only.' })
  tenants(@Parent() { uuid }: NumberPoolObject, @Ctx() ctx: RequestContext): Promise<string[]> {
    return this.db.inTransaction(ctx.scope, async (tx) => (await this.admin.tenants(tx, uuid)).map((id) => encodeId('tenant', id)));
  }

  @Mutation(() => PoolPayload)
  @Authorize('pool:write')
  createNumberPool(@Ctx() ctx: RequestContext, @Args('input') input: CreateNumberPoolInput): Promise<PoolPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const pool = await this.db.inTransaction(ctx.scope, async (tx) => {
        const fabricId = input.fabric === null ? await this.admin.onlyFabric(tx) : decodeId<FabricId>('fabric', input.fabric);
        return this.numbering.pool(tx, await this.admin.create(tx, toNewNumberPool(input, fabricId)));
      });
      return { pool: toNumberPoolObject(pool) };
    });
  }
}
