import { Args, ID, Mutation, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { Authorize, Ctx, needScope, operatorOnly, type RequestContext, tenantIn } from '#contexts/access';
import { EventStreams } from '#contexts/events';
import { NetworkObject, TenancyService, toNetworkObject } from '#contexts/tenancy';
import { decodeId, ExternalRef, type NetworkId, type OrderId } from '#engines/kernel';
import { batched, Database, exactlyOne, keyset, orNull, PageArgs, rowsOf, toConnection, withErrors } from '#platform';
import type { NetworkOrder } from '../domain/order.js';
import { OrderService } from '../order.service.js';
import { DeprovisionNetworkInput, ProvisionNetworkInput, toDeprovisionRequest, toProvisionRequest } from './order.input.js';
import {
  DeployModeEnum,
  NetworkOrderConnection,
  NetworkOrderObject,
  OrderEventObject,
  OrderPayload,
  OrderStepObject,
  stepMessage,
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
    exactlyOne({ id, externalRef });
    return this.db.inTransaction(ctx.scope, async (tx) => {
      if (typeof id === 'string')
        return orNull(async () => toOrderObject(await this.orders.order(tx, decodeId<OrderId>('order', id)), ctx));
      const found = await this.orders.orderByExternalRef(tx, ExternalRef.parse(externalRef));
      return found ? toOrderObject(found, ctx) : null;
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
          (order) => toOrderObject(order, ctx),
        ) as NetworkOrderConnection,
    );
  }

  @ResolveField('steps', () => [OrderStepObject])
  @Authorize('order:read', 'order:write')
  steps(@Parent() order: NetworkOrderObject, @Ctx() ctx: RequestContext): Promise<OrderStepObject[]> {
    return batched<OrderId, OrderStepObject[]>(ctx, 'order.steps', async (ids) => {
      const steps = await this.db.inTransaction(ctx.scope, (tx) => this.orders.stepsOf(tx, ids));
      return ids.map((id) => steps.filter((step) => step.orderId === id).map((step) => toStepObject(step, ctx)));
    })(order.uuid);
  }

  @ResolveField('network', () => NetworkObject, { nullable: true })
  @Authorize('order:read', 'order:write')
  network(@Parent() order: NetworkOrderObject, @Ctx() ctx: RequestContext): Promise<NetworkObject | null> {
    if (order.networkUuid === null) return Promise.resolve(null);
    return batched<NetworkId, NetworkObject | null>(ctx, 'order.network', async (ids) => {
      const networks = await this.db.inTransaction(ctx.scope, (tx) => this.tenancy.networksById(tx, ids));
      return ids.map((id) => {
        const network = networks.find((candidate) => candidate.id === id);
        return network ? toNetworkObject(network) : null;
      });
    })(order.networkUuid);
  }

  @Mutation(() => OrderPayload)
  @Authorize('order:write')
  provisionNetwork(@Ctx() ctx: RequestContext, @Args('input') input: ProvisionNetworkInput): Promise<OrderPayload> {
    return withErrors(async () => {
      const { tenantId, actor } = tenantIn(ctx, input.tenant);
      if (input.deploy === DeployModeEnum.PLAN_ONLY) {
        operatorOnly(ctx); // It holds up everybody's work on these devices.
        needScope(ctx, 'deploy:plan');
      }
      const { order, replayed } = await this.orders.provision(tenantId, actor, toProvisionRequest(input));
      return { order: toOrderObject(order, ctx), replayed };
    });
  }

  @Mutation(() => OrderPayload)
  @Authorize('order:write')
  deprovisionNetwork(@Ctx() ctx: RequestContext, @Args('input') input: DeprovisionNetworkInput): Promise<OrderPayload> {
    return withErrors(async () => {
      const { tenantId, actor } = tenantIn(ctx, input.tenant);
      const { order, replayed } = await this.orders.deprovision(tenantId, actor, toDeprovisionRequest(input));
      return { order: toOrderObject(order, ctx), replayed };
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
        order: toOrderObject(await read(), ctx),
        step: text('step'),
        stepState: text('stepState'),
        message: stepMessage(text('stepState'), text('message'), ctx),
      };
    });
  }
}
