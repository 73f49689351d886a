import { Args, Field, Float, ID, InputType, Int, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { DeletePayload } from '#contexts/numbering';
import { type AddressSpaceId, Cidr, decodeId, type Description, encodeId, invalidValue, type PrefixId } from '#engines/kernel';
import { batched, CidrScalar, Database, DescriptionScalar, keyset, orNull, PageArgs, toConnection, type Tx, withErrors } from '#platform';
import { AddressingDescriptions } from '../addressing-descriptions.js';
import { PrefixPoolAdminService } from '../prefix-pool-admin.service.js';
import { type PrefixNode, PrefixTreeService } from '../prefix-tree.service.js';
import { PrefixConnection, PrefixObject, PrefixPayload, toPrefixObject, UtilizationObject } from './prefix.object.js';

@InputType({ description: 'A container: it groups what lies in it.' })
export class CreatePrefixInput {
  @Field(() => CidrScalar) cidr: Cidr;
  @Field(() => ID, { nullable: true, description: 'Address space; where there is one, that one.' }) space: string | null = null;
  @Field(() => DescriptionScalar, { nullable: true }) description: Description | null = null;
}

const byCidr = (node: PrefixNode): readonly string[] => [node.cidr];

@Resolver(() => PrefixObject)
export class PrefixResolver {
  constructor(
    private readonly db: Database,
    private readonly tree: PrefixTreeService,
    private readonly pools: PrefixPoolAdminService,
    private readonly descriptions: AddressingDescriptions,
  ) {}

  @Query(() => PrefixObject, { nullable: true })
  @Authorize('ipam:read')
  prefix(@Ctx() ctx: RequestContext, @Args('id', { type: () => ID }) id: string): Promise<PrefixObject | null> {
    return this.db.inTransaction(ctx.scope, (tx) =>
      orNull(async () => toPrefixObject(await this.tree.node(tx, decodeId<PrefixId>('prefix', id)))),
    );
  }

  @Query(() => PrefixConnection, { description: 'At the top of an address space, in rising order.' })
  @Authorize('ipam:read')
  prefixes(
    @Ctx() ctx: RequestContext,
    @Args() args: PageArgs,
    @Args('space', { type: () => ID, nullable: true, description: 'Where there is one, that one.' }) space: string | null,
  ): Promise<PrefixConnection> {
    return this.db.inTransaction(ctx.scope, async (tx) => {
      const spaceId = await this.spaceOf(tx, space);
      return this.page(args, (after, limit) => this.tree.roots(tx, spaceId, after, limit));
    });
  }

  @ResolveField('space', () => ID, { nullable: true })
  async space(@Parent() prefix: PrefixObject, @Ctx() ctx: RequestContext): Promise<string | null> {
    const node = await this.nodeOf(prefix, ctx);
    return node && encodeId('addressSpace', node.spaceId);
  }

  @ResolveField('parent', () => PrefixObject, { nullable: true })
  async parent(@Parent() prefix: PrefixObject, @Ctx() ctx: RequestContext): Promise<PrefixObject | null> {
    const parentId = (await this.nodeOf(prefix, ctx))?.parentId;
    const parent = parentId ? await this.node(parentId, ctx) : null;
    return parent && toPrefixObject(parent);
  }

  @ResolveField('children', () => PrefixConnection, { description: 'In rising order.' })
  children(@Parent() { uuid }: PrefixObject, @Ctx() ctx: RequestContext, @Args() args: PageArgs): Promise<PrefixConnection> {
    return this.db.inTransaction(ctx.scope, (tx) => this.page(args, (after, limit) => this.tree.children(tx, uuid, after, limit)));
  }

  @ResolveField('free', () => [CidrScalar], { description: 'Free blocks in it, the largest first, each size in rising order.' })
  async free(
    @Parent() prefix: PrefixObject,
    @Ctx() ctx: RequestContext,
    @Args('minLength', { type: () => Int, defaultValue: 0, description: 'None that are larger.' }) minLength: number,
    @Args('first', { type: () => Int, defaultValue: 20, description: '1…100.' }) first: number,
  ): Promise<Cidr[]> {
    const { first: limit } = keyset({ first, after: null }, []);
    if (!Number.isInteger(minLength) || minLength < 0 || minLength > 128) throw invalidValue('prefix length', minLength, '0 to 128');
    const node = await this.nodeOf(prefix, ctx);
    return node ? this.db.inTransaction(ctx.scope, (tx) => this.tree.freeBlocks(tx, node, minLength, limit)) : [];
  }

  @ResolveField('utilization', () => UtilizationObject, { nullable: true })
  async utilization(@Parent() prefix: PrefixObject, @Ctx() ctx: RequestContext): Promise<UtilizationObject | null> {
    const node = await this.nodeOf(prefix, ctx);
    if (!node) return null;
    const { first, last } = Cidr.bounds(node.cidr);
    const ratio = await this.db.inTransaction(ctx.scope, (tx) => this.tree.utilization(tx, node.spaceId, node.cidr));
    return { total: last - first + 1n, ratio, prefix };
  }

  @Mutation(() => PrefixPayload, { description: 'A container. Prefixes to use are allocated: `allocatePrefix`.' })
  @Authorize('ipam:write')
  createPrefix(@Ctx() ctx: RequestContext, @Args('input') input: CreatePrefixInput): Promise<PrefixPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        const node = await this.tree.createContainer(tx, { spaceId: await this.spaceOf(tx, input.space), cidr: input.cidr });
        await this.descriptions.set(tx, { prefix: node.id }, input.description);
        return { prefix: toPrefixObject(node) };
      });
    });
  }

  @Mutation(() => DeletePayload, { description: 'A container; what it grouped moves up.' })
  @Authorize('ipam:write')
  removePrefix(@Ctx() ctx: RequestContext, @Args('id', { type: () => ID }) id: string): Promise<DeletePayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      await this.db.inTransaction(ctx.scope, (tx) => this.tree.removeContainer(tx, decodeId<PrefixId>('prefix', id)));
      return { deletedId: id };
    });
  }

  private async spaceOf(tx: Tx, space: string | null): Promise<AddressSpaceId> {
    return typeof space === 'string' ? decodeId<AddressSpaceId>('addressSpace', space) : this.pools.onlySpace(tx);
  }

  private async page(args: PageArgs, read: (after: Cidr | null, limit: number) => Promise<PrefixNode[]>): Promise<PrefixConnection> {
    const page = keyset(args, ['text']);
    const after = page.after === null ? null : Cidr.parse(page.after[0]);
    return toConnection(await read(after, page.first + 1), page, byCidr, toPrefixObject) as PrefixConnection;
  }

  private nodeOf({ uuid }: PrefixObject, ctx: RequestContext): Promise<PrefixNode | null> {
    return this.node(uuid, ctx);
  }

  /** Once for all fields of all prefixes of a page. */
  private node(id: PrefixId, ctx: RequestContext): Promise<PrefixNode | null> {
    return batched<PrefixId, PrefixNode | null>(ctx, 'prefix.node', async (ids) => {
      const nodes = await this.db.inTransaction(ctx.scope, (tx) => this.tree.nodes(tx, [...new Set(ids)]));
      const byId = new Map(nodes.map((node) => [node.id, node]));
      return ids.map((wanted) => byId.get(wanted) ?? null);
    })(id);
  }
}

const MOST_CELLS = 4096;

@Resolver(() => UtilizationObject)
export class UtilizationResolver {
  constructor(
    private readonly db: Database,
    private readonly tree: PrefixTreeService,
  ) {}

  @ResolveField('heat', () => [Float], {
    description:
      'The used share of each of so many equal parts, in rising order: for pictures. Fewer parts where the prefix has fewer addresses.',
  })
  heat(
    @Parent() { prefix }: UtilizationObject,
    @Ctx() ctx: RequestContext,
    @Args('cells', { type: () => Int, defaultValue: 256, description: 'A power of two, 1…4096.' }) cells: number,
  ): Promise<number[]> {
    const bits = Math.log2(cells);
    if (!Number.isInteger(bits) || cells > MOST_CELLS) throw invalidValue('cells', cells, `a power of two from 1 to ${MOST_CELLS}`);
    const most = (Cidr.family(prefix.cidr) === 4 ? 32 : 128) - Cidr.length(prefix.cidr);
    return this.db.inTransaction(ctx.scope, async (tx) => {
      const node = await this.tree.node(tx, prefix.uuid);
      return this.tree.heat(tx, node.spaceId, node.cidr, Math.min(bits, most));
    });
  }
}
