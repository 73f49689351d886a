import { Args, ID, Int, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { OperatorAct } from '#contexts/events';
import { decodeId, type SyncConflictId, type SyncRunId, type SyncTargetId } from '#engines/kernel';
import { keyset, orNull, PageArgs, rowsOf, toConnection, withErrors } from '#platform';
import type { SyncRun } from '../domain/sync-run.js';
import { SyncRunService } from '../sync-run.service.js';
import {
  KeepEnum,
  StartSyncInput,
  SyncChangeConnection,
  SyncConflictPayload,
  SyncRunObject,
  SyncRunPayload,
  toChangeObject,
  toConflictObject,
  toRunObject,
} from './sync-run.object.js';

const KEY = { type: () => String, nullable: true } as const;

/** What is kept elsewhere concerns every customer: it is the operator's. */
@Resolver(() => SyncRunObject)
export class SyncRunResolver {
  constructor(private readonly runs: SyncRunService) {}

  @Query(() => SyncRunObject, { nullable: true })
  @Authorize('sync:read')
  syncRun(@Ctx() ctx: RequestContext, @Args('id', { type: () => ID }) id: string): Promise<SyncRunObject | null> {
    operatorOnly(ctx);
    return orNull(async () => toRunObject(await this.runs.run(decodeId<SyncRunId>('syncRun', id))));
  }

  @ResolveField('changes', () => SyncChangeConnection, { description: 'In the order in which they were found.' })
  @Authorize('sync:read', 'sync:write', 'sync:admin')
  async changes(@Parent() run: SyncRunObject, @Args() args: PageArgs): Promise<SyncChangeConnection> {
    const page = keyset(args, ['integer']);
    const { first, after } = rowsOf(page);
    const found = await this.runs.changesOf(run.uuid, { first, after: after === null ? null : Number(after) });
    return toConnection(found, page, ({ seq }) => [String(seq)], toChangeObject) as SyncChangeConnection;
  }

  @Mutation(() => SyncRunPayload, { description: 'A complete run; a worker begins it within seconds.' })
  @Authorize('sync:write')
  startSync(@Ctx() ctx: RequestContext, @Args('input') input: StartSyncInput): Promise<SyncRunPayload> {
    const { connector, dryRun: isDryRun, idempotencyKey } = input;
    const ratio = input.maxDeleteRatio ?? null;
    const act = () => OperatorAct.of(idempotencyKey, 'startSync', { connector, isDryRun, ratio });
    return said(ctx, act, (key) => {
      const targetId = decodeId<SyncTargetId>('syncTarget', connector);
      return this.runs.start({ targetId, isDryRun, ...(ratio !== null && { maxDeleteRatio: ratio }) }, ctx.actor, key);
    });
  }

  @Mutation(() => SyncRunPayload, {
    description: 'What was stopped goes on, with exactly the lines that were seen; one for which something changed meanwhile is not made.',
  })
  @Authorize('sync:write')
  approveSyncRun(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('digest') digest: string,
    @Args('idempotencyKey', KEY) key: string | null,
  ): Promise<SyncRunPayload> {
    const act = () => OperatorAct.of(key, 'approveSyncRun', { id, digest });
    return said(ctx, act, (given) => this.runs.approve(decodeId<SyncRunId>('syncRun', id), digest, ctx.actor, given));
  }

  @Mutation(() => SyncRunPayload, {
    description: 'Objects of theirs that a run proposes are ours from now on. The run of the answer carries it out.',
  })
  @Authorize('sync:write')
  adoptSyncProposals(
    @Ctx() ctx: RequestContext,
    @Args('run', { type: () => ID }) run: string,
    @Args('seqs', { type: () => [Int], nullable: true, description: 'Null: every one for which there is one candidate.' })
    seqs: number[] | null,
    @Args('idempotencyKey', KEY) key: string | null,
  ): Promise<SyncRunPayload> {
    const act = () => OperatorAct.of(key, 'adoptSyncProposals', { run, seqs: seqs ?? null });
    return said(ctx, act, (given) => this.runs.adopt(decodeId<SyncRunId>('syncRun', run), seqs ?? null, ctx.actor, given));
  }

  @Mutation(() => SyncConflictPayload, { description: 'Whose value stays; the next run carries it out, and begins at once.' })
  @Authorize('sync:write')
  resolveSyncConflict(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('keep', { type: () => KeepEnum }) keep: keyof typeof KeepEnum,
    @Args('idempotencyKey', KEY) key: string | null,
  ): Promise<SyncConflictPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const act = OperatorAct.of(key, 'resolveSyncConflict', { id, keep });
      const conflict = await this.runs.resolveConflict(decodeId<SyncConflictId>('syncConflict', id), keep, ctx.actor, act);
      return { conflict: toConflictObject(conflict), replayed: act?.isReplayed ?? null };
    });
  }
}

const said = (
  ctx: RequestContext,
  actOf: () => OperatorAct | null,
  work: (act: OperatorAct | null) => Promise<SyncRun>,
): Promise<SyncRunPayload> =>
  withErrors(async () => {
    operatorOnly(ctx);
    const act = actOf();
    return { run: toRunObject(await work(act)), replayed: act?.isReplayed ?? null };
  });
