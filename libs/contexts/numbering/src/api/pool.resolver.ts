import { Args, ID, Query, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext } from '#contexts/access';
import { decodeId, type PoolId } from '#engines/kernel';
import { Database, exactlyOne, orNull, SlugScalar } from '#platform';
import { NumberingService } from '../numbering.service.js';
import { NumberPoolObject, toNumberPoolObject } from './pool.object.js';

@Resolver()
export class PoolResolver {
  constructor(
    private readonly db: Database,
    private readonly numbering: NumberingService,
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
}
