import { Args, Field, ID, InputType, Int, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { OperatorAct } from '#contexts/events';
import { decodeId, type DeviceId, DomainError, type Label, type PlanId } from '#engines/kernel';
import { LabelScalar, orNull, withErrors } from '#platform';
import { PlannerService } from '../planner.service.js';
import { checkStrategy, type StrategyWish } from '../domain/strategy.js';
import type { DeploymentPlan } from '../domain/plan.js';
import { RolloutService } from '../rollout.service.js';
import { SteeringService } from '../steering.service.js';
import { DeploymentPlanObject, PlanCheckObject, PlanPayload, toPlanObject } from './plan.object.js';

const MAX_PLANS = 100;
export const KEY = {
  type: () => String,
  nullable: true,
  description:
    '1–128 printable ASCII characters. The same key and the same request of the same caller: the plan as it is now, and nothing is done again.',
} as const;
const REASON = { type: () => LabelScalar, nullable: true } as const;

@InputType()
export class StrategyInput {
  @Field(() => Int, { nullable: true, description: 'Devices that go before all others; 1.' }) canaries: number | null = null;
  @Field(() => [Int], { nullable: true, description: 'Per cent of the devices that are done when each wave ends; 10, 50, 100.' })
  wavePercents: number[] | null = null;
  @Field(() => Int, { nullable: true, description: 'As set up; 0 for everyday work.' }) soakSeconds: number | null = null;
  @Field(() => Int, { nullable: true, description: 'Pushes at the same time; 10.' }) parallel: number | null = null;
  @Field(() => Int, { nullable: true, description: 'Devices after the canary that may fail; 0.' }) maxFailures: number | null = null;
}

@InputType()
export class PlanDeploymentInput {
  @Field(KEY.type, KEY) idempotencyKey: string | null = null;
  @Field(() => [ID], { nullable: true, description: 'Only these devices; all of the fabric where it is not given.' }) devices:
    | string[]
    | null = null;
  @Field(() => StrategyInput, { nullable: true, description: 'How it is rolled out; part of what is approved.' })
  strategy: StrategyInput | null = null;
  @Field({
    defaultValue: false,
    description: 'The way by which these devices are managed may change: a plan of risk HIGH. Without it the devices refuse such a change.',
  })
  mayTouchManagement: boolean = false;
}

@InputType()
export class ApplyPlanInput {
  @Field(KEY.type, KEY) idempotencyKey: string | null = null;
  @Field(() => ID) plan: string;
  @Field({ description: 'Digest of the plan that was seen; nothing else is run.' }) digest: string;
}

/** Plans concern the whole fabric: they are the operator's. */
@Resolver(() => DeploymentPlanObject)
export class PlanResolver {
  constructor(
    private readonly planner: PlannerService,
    private readonly rollouts: RolloutService,
    private readonly steering: SteeringService,
  ) {}

  @Query(() => DeploymentPlanObject, { nullable: true })
  @Authorize('deploy:read')
  plan(@Ctx() ctx: RequestContext, @Args('id', { type: () => ID }) id: string): Promise<DeploymentPlanObject | null> {
    operatorOnly(ctx);
    return orNull(async () => toPlanObject(await this.rollouts.plan(decodeId<PlanId>('plan', id))));
  }

  @Query(() => [DeploymentPlanObject], { description: `The newest first, at most ${MAX_PLANS}.` })
  @Authorize('deploy:read')
  async plans(
    @Ctx() ctx: RequestContext,
    @Args('first', { type: () => Int, defaultValue: 20 }) first: number,
  ): Promise<DeploymentPlanObject[]> {
    operatorOnly(ctx);
    if (first < 1 || first > MAX_PLANS)
      throw new DomainError('INVALID_VALUE', `first is from 1 to ${MAX_PLANS}`, { path: ['first'], accepted: `1 to ${MAX_PLANS}` });
    return (await this.rollouts.latest(first)).map(toPlanObject);
  }

  @ResolveField('stale', () => Boolean, { description: 'The fabric asks for something else by now: it is neither approved nor run.' })
  @Authorize('deploy:read', 'deploy:plan', 'deploy:approve', 'deploy:apply')
  async stale(@Parent() plan: DeploymentPlanObject): Promise<boolean> {
    return !(await this.planner.isCurrent(await this.rollouts.plan(plan.uuid)));
  }

  @ResolveField('stalled', () => String, {
    nullable: true,
    description: 'Of a plan that should run: in which fault its last executions ended, one after the other, and when the next one begins.',
  })
  @Authorize('deploy:read', 'deploy:plan', 'deploy:approve', 'deploy:apply')
  async stalled(@Parent() plan: DeploymentPlanObject): Promise<string | null> {
    return this.rollouts.stalled(await this.rollouts.plan(plan.uuid));
  }

  @ResolveField('checks', () => [PlanCheckObject], { description: 'What to know before approving, as of now.' })
  @Authorize('deploy:read', 'deploy:plan', 'deploy:approve', 'deploy:apply')
  async checks(@Parent() plan: DeploymentPlanObject): Promise<readonly PlanCheckObject[]> {
    return this.planner.checks(await this.rollouts.plan(plan.uuid));
  }

  @Mutation(() => PlanPayload, { description: 'What would be pushed now. Writes to no device.' })
  @Authorize('deploy:plan')
  planDeployment(@Ctx() ctx: RequestContext, @Args('input', { nullable: true }) input?: PlanDeploymentInput): Promise<PlanPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const only = input?.devices ? new Set(input.devices.map((id) => decodeId<DeviceId>('device', id))) : undefined;
      const wish = wishOf(input?.strategy ?? null);
      const mayTouchManagement = input?.mayTouchManagement ?? false;
      const asked = { devices: only ? [...only].sort() : null, wish, ...(mayTouchManagement && { mayTouchManagement }) };
      const act = OperatorAct.of(input?.idempotencyKey, 'planDeployment', asked);
      const plan = await this.planner.propose(ctx.actor, only, wish, act, mayTouchManagement);
      return { plan: plan ? toPlanObject(plan) : null, replayed: act?.isReplayed ?? null };
    });
  }

  @Mutation(() => PlanPayload)
  @Authorize('deploy:approve')
  approvePlan(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('digest') digest: string,
    @Args('comment', { type: () => LabelScalar, nullable: true }) comment: Label | null,
    @Args('idempotencyKey', KEY) key: string | null,
  ): Promise<PlanPayload> {
    const act = (): OperatorAct | null => OperatorAct.of(key, 'approvePlan', { id, digest, comment: comment ?? null });
    return this.said(ctx, id, act, (planId, said) => this.planner.approve(planId, digest, ctx.actor, comment ?? null, said));
  }

  @Mutation(() => PlanPayload, { description: 'Starts the rollout; it goes on after the answer.' })
  @Authorize('deploy:apply')
  applyPlan(@Ctx() ctx: RequestContext, @Args('input') input: ApplyPlanInput): Promise<PlanPayload> {
    const { plan: id, digest, idempotencyKey: key } = input;
    const act = (): OperatorAct | null => OperatorAct.of(key, 'applyPlan', { id, digest });
    return this.said(ctx, id, act, (planId, said) => this.rollouts.requestApply(planId, digest, ctx.actor, said));
  }

  @Mutation(() => PlanPayload, { description: 'What is being pushed is finished, and nothing else is begun until `resumePlan`.' })
  @Authorize('deploy:apply')
  pausePlan(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('reason', REASON) reason: Label | null,
    @Args('idempotencyKey', KEY) key: string | null,
  ): Promise<PlanPayload> {
    const act = (): OperatorAct | null => OperatorAct.of(key, 'pausePlan', { id, reason: reason ?? null });
    return this.said(ctx, id, act, (planId, said) => this.steering.pause(planId, ctx.actor, reason ?? null, said));
  }

  @Mutation(() => PlanPayload)
  @Authorize('deploy:apply')
  resumePlan(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('idempotencyKey', KEY) key: string | null,
  ): Promise<PlanPayload> {
    const act = (): OperatorAct | null => OperatorAct.of(key, 'resumePlan', { id });
    return this.said(ctx, id, act, (planId, said) => this.steering.resume(planId, ctx.actor, said));
  }

  @Mutation(() => PlanPayload, {
    description: 'Nobody wants it: what is confirmed stays, what is not goes back, and only a person has the rest pushed.',
  })
  @Authorize('deploy:apply')
  cancelPlan(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('reason', REASON) reason: Label | null,
    @Args('idempotencyKey', KEY) key: string | null,
  ): Promise<PlanPayload> {
    const act = (): OperatorAct | null => OperatorAct.of(key, 'cancelPlan', { id, reason: reason ?? null });
    return this.said(ctx, id, act, (planId, said) => this.steering.cancel(planId, ctx.actor, reason ?? null, said));
  }

  @Mutation(() => PlanPayload, { description: 'Something is wrong: the same as `cancelPlan`, and kept as an incident.' })
  @Authorize('deploy:apply')
  haltPlan(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('reason', REASON) reason: Label | null,
    @Args('idempotencyKey', KEY) key: string | null,
  ): Promise<PlanPayload> {
    const act = (): OperatorAct | null => OperatorAct.of(key, 'haltPlan', { id, reason: reason ?? null });
    return this.said(ctx, id, act, (planId, said) => this.steering.halt(planId, ctx.actor, reason ?? null, said));
  }

  private said(
    ctx: RequestContext,
    id: string,
    actOf: () => OperatorAct | null,
    work: (planId: PlanId, act: OperatorAct | null) => Promise<DeploymentPlan>,
  ): Promise<PlanPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const act = actOf();
      const plan = await work(decodeId<PlanId>('plan', id), act);
      return { plan: toPlanObject(plan), replayed: act?.isReplayed ?? null };
    });
  }
}

function wishOf(input: StrategyInput | null): StrategyWish {
  const named = {
    canary: input?.canaries,
    percents: input?.wavePercents,
    soakSeconds: input?.soakSeconds,
    parallel: input?.parallel,
    maxFailures: input?.maxFailures,
  };
  return checkStrategy(Object.fromEntries(Object.entries(named).filter(([, value]) => value !== null && value !== undefined)));
}
