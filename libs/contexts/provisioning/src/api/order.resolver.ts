import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext, tenantIn } from '#contexts/access';
import { EventStreams } from '#contexts/events';
import { NetworkObject, TenancyService, toNetworkObject } from '#contexts/tenancy';
import { decodeId, type OrderId } from '#engines/kernel';
import { Database, keyset, orNull, PageArgs, rowsOf, toConnection, withErrors } from '#platform';
import type { NetworkOrder } from '../domain/order.js';
import { OrderService } from '../order.service.js';
import { DeprovisionNetworkInput, ProvisionNetworkInput, toDeprovisionRequest, toProvisionRequest } from './order.input.js';
import {
  NetworkOrderConnection,
  NetworkOrderObject,
  OrderEventObject,
  OrderPayload,
  OrderStepObject,
  toOrderObject,
  toStepObject,
} from './order.object.js';

@Resolver(() => NetworkOrderObject)
export class OrderResolver {
  constructor(
    private readonly db: Database,
    private readonly orders: OrderService,
    private readonly tenancy: TenancyService,
    private readonly streams: EventStreams,
  ) {}

  @Query(() => NetworkOrderObject, { nullable: true })
  @Authorize('order:read')
  order(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID, nullable: true }) id: string | null,
    @Args('externalRef', { type: () => String, nullable: true }) externalRef: string | null,
  ): Promise<NetworkOrderObject | null> {
    return this.db.inTransaction(ctx.scope, async (tx) => {
      if (id) return orNull(async () => toOrderObject(await this.orders.order(tx, decodeId<OrderId>('order', id))));
      const found = await this.orders.orderByExternalRef(tx, externalRef ?? '');
      return found ? toOrderObject(found) : null;
    });
  }

  @Query(() => NetworkOrderConnection, { name: 'orders' })
  @Authorize('order:read')
  orderPage(@Ctx() ctx: RequestContext, @Args() args: PageArgs): Promise<NetworkOrderConnection> {
    const page = keyset(args, ['uuid']);
    return this.db.inTransaction(
      ctx.scope,
      async (tx) =>
        toConnection(
          await this.orders.ordersPage(tx, rowsOf(page)),
          page,
          (o: NetworkOrder) => [o.id],
          toOrderObject,
        ) as NetworkOrderConnection,
    );
  }

  @ResolveField('steps', () => [OrderStepObject])
  @Authorize('order:read', 'order:write')
  steps(@Parent() order: NetworkOrderObject, @Ctx() ctx: RequestContext): Promise<OrderStepObject[]> {
    return this.db.inTransaction(ctx.scope, async (tx) => (await this.orders.steps(tx, order.uuid)).map(toStepObject));
  }

  @ResolveField('network', () => NetworkObject, { nullable: true })
  @Authorize('order:read', 'order:write')
  network(@Parent() order: NetworkOrderObject, @Ctx() ctx: RequestContext): Promise<NetworkObject | null> {
    const id = order.networkUuid;
    if (id === null) return Promise.resolve(null);
    return this.db.inTransaction(ctx.scope, (tx) => orNull(async () => toNetworkObject(await this.tenancy.network(tx, id))));
  }

  @Mutation(() => OrderPayload)
  @Authorize('order:write')
  provisionNetwork(@Ctx() ctx: RequestContext, @Args('input') input: ProvisionNetworkInput): Promise<OrderPayload> {
    return withErrors(async () => {
      const { tenantId, actor } = tenantIn(ctx, input.tenant);
      const { order, replayed } = await this.orders.provision(tenantId, actor, toProvisionRequest(input));
      return { order: toOrderObject(order), replayed };
    });
  }

  @Mutation(() => OrderPayload)
  @Authorize('order:write')
  deprovisionNetwork(@Ctx() ctx: RequestContext, @Args('input') input: DeprovisionNetworkInput): Promise<OrderPayload> {
    return withErrors(async () => {
      const { tenantId, actor } = tenantIn(ctx, input.tenant);
      const { order, replayed } = await this.orders.deprovision(tenantId, actor, toDeprovisionRequest(input));
      return { order: toOrderObject(order), replayed };
    });
  }

  @Subscription(() => OrderEventObject, {
    resolve: (event: OrderEventObject) => event,
    description: 'What happened to an order, and what goes on happening.',
  })
  @Authorize('order:read')
  async orderEvents(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('after', { type: () => String, nullable: true }) after: string | null,
  ): Promise<AsyncIterableIterator<OrderEventObject>> {
    const orderId = decodeId<OrderId>('order', id);
    const read = (): Promise<NetworkOrder> => this.db.inTransaction(ctx.scope, (tx) => this.orders.order(tx, orderId));
    await read(); // Another tenant's order does not exist.
    return this.streams.stream(ctx.scope, orderId, after ?? undefined, async ({ cursor, at, type, body }) => {
      const text = (name: string): string | null => (typeof body[name] === 'string' ? body[name] : null);
      return {
        cursor,
        at,
        type,
        order: toOrderObject(await read()),
        step: text('step'),
        stepState: text('stepState'),
        message: text('message'),
      };
    });
  }
}
