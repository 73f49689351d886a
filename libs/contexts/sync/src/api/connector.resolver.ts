import { Args, ID, Int, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { OperatorAct } from '#contexts/events';
import { decodeId, type Slug, type SyncConflictId, type SyncRunId, type SyncTargetId } from '#engines/kernel';
import { batched, exactlyOne, keyset, orNull, PageArgs, rowsOf, SlugScalar, toConnection, withErrors } from '#platform';
import { ConnectorService } from '../connector.service.js';
import type { PageOf } from '../domain/sync-run.js';
import { SyncRunService } from '../sync-run.service.js';
import {
  ConnectorConnection,
  ConnectorObject,
  ConnectorPayload,
  CreateConnectorInput,
  toConnectorObject,
  toNewConnector,
  toSettings,
  UpdateConnectorInput,
} from './connector.object.js';
import {
  SyncConflictConnection,
  SyncConflictStateEnum,
  SyncRunConnection,
  SyncRunObject,
  toConflictObject,
  toRunObject,
} from './sync-run.object.js';

/** What is kept elsewhere concerns every customer: it is the operator's. */
@Resolver(() => ConnectorObject)
export class ConnectorResolver {
  constructor(
    private readonly connectorService: ConnectorService,
    private readonly syncRuns: SyncRunService,
  ) {}

  @Query(() => ConnectorConnection)
  @Authorize('sync:read')
  async connectors(@Ctx() ctx: RequestContext, @Args() args: PageArgs): Promise<ConnectorConnection> {
    operatorOnly(ctx);
    const page = keyset(args, ['uuid']);
    const found = await this.connectorService.list(rowsOf(page) as PageOf<SyncTargetId>);
    return toConnection(found, page, ({ id }) => [id], toConnectorObject) as ConnectorConnection;
  }

  @Query(() => ConnectorObject, { nullable: true })
  @Authorize('sync:read')
  connector(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID, nullable: true }) id: string | null,
    @Args('slug', { type: () => SlugScalar, nullable: true }) slug: Slug | null,
  ): Promise<ConnectorObject | null> {
    operatorOnly(ctx);
    exactlyOne({ id, slug });
    return orNull(async () =>
      toConnectorObject(
        id ? await this.connectorService.byId(decodeId('syncTarget', id)) : await this.connectorService.bySlug(slug as Slug),
      ),
    );
  }

  @Mutation(() => ConnectorPayload, { description: 'It begins in OBSERVE unless another mode is said.' })
  @Authorize('sync:admin')
  createConnector(@Ctx() ctx: RequestContext, @Args('input') input: CreateConnectorInput): Promise<ConnectorPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const { idempotencyKey, secret: _secret, hookSecret: _hookSecret, ...request } = input;
      const act = OperatorAct.of(idempotencyKey, 'createConnector', request);
      const connector = toConnectorObject(await this.connectorService.create(toNewConnector(input), ctx.actor, act));
      return { connector, replayed: act?.isReplayed ?? null };
    });
  }

  @Mutation(() => ConnectorPayload, { description: 'What is not said stays. `enabled: false` stops everything that goes there.' })
  @Authorize('sync:admin')
  updateConnector(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('ifVersion', { type: () => Int }) ifVersion: number,
    @Args('input') input: UpdateConnectorInput,
  ): Promise<ConnectorPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const targetId = decodeId<SyncTargetId>('syncTarget', id);
      return { connector: toConnectorObject(await this.connectorService.update(targetId, ifVersion, toSettings(input), ctx.actor)) };
    });
  }

  @ResolveField('lastRun', () => SyncRunObject, { nullable: true })
  @Authorize('sync:read', 'sync:write', 'sync:admin')
  lastRun(@Ctx() ctx: RequestContext, @Parent() connector: ConnectorObject): Promise<SyncRunObject | null> {
    return batched<SyncTargetId, SyncRunObject | null>(ctx, 'connector.lastRun', async (ids) => {
      const last = await this.syncRuns.lastOf(ids);
      return last.map((run) => run && toRunObject(run));
    })(connector.uuid);
  }

  @ResolveField('runs', () => SyncRunConnection, { description: 'The newest first.' })
  @Authorize('sync:read', 'sync:write', 'sync:admin')
  async runs(@Parent() connector: ConnectorObject, @Args() args: PageArgs): Promise<SyncRunConnection> {
    const page = keyset(args, ['uuid']);
    const found = await this.syncRuns.runsOf(connector.uuid, rowsOf(page) as PageOf<SyncRunId>);
    return toConnection(found, page, ({ id }) => [id], toRunObject) as SyncRunConnection;
  }

  @ResolveField('conflicts', () => SyncConflictConnection, { description: 'The oldest first.' })
  @Authorize('sync:read', 'sync:write', 'sync:admin')
  async conflicts(
    @Parent() connector: ConnectorObject,
    @Args() args: PageArgs,
    @Args('state', { type: () => SyncConflictStateEnum, defaultValue: SyncConflictStateEnum.OPEN })
    state: keyof typeof SyncConflictStateEnum,
  ): Promise<SyncConflictConnection> {
    const page = keyset(args, ['uuid']);
    const isResolved = state === SyncConflictStateEnum.RESOLVED;
    const found = await this.syncRuns.conflictsOf(connector.uuid, rowsOf(page) as PageOf<SyncConflictId>, isResolved);
    return toConnection(found, page, ({ id }) => [id], toConflictObject) as SyncConflictConnection;
  }
}
