import { Args, Field, ID, InputType, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { decodeId, type DeviceId, type Label, type PlanId } from '#engines/kernel';
import { LabelScalar, orNull, withErrors } from '#platform';
import { PlannerService } from '../planner.service.js';
import { RolloutService } from '../rollout.service.js';
import { DeploymentPlanObject, PlanPayload, toPlanObject } from './plan.object.js';

@InputType()
export class PlanDeploymentInput {
  @Field(() => [ID], { nullable: true, description: 'Only these devices; all of the fabric where it is not given.' }) devices:
    | string[]
    | null = null;
}

@InputType()
export class ApplyPlanInput {
  @Field(() => ID) plan: string;
  @Field({ description: 'Digest of the plan that was seen; nothing else is run.' }) digest: string;
}

/** Plans concern the whole fabric: they are the operator's. */
@Resolver()
export class PlanResolver {
  constructor(
    private readonly planner: PlannerService,
    private readonly rollouts: RolloutService,
  ) {}

  @Query(() => DeploymentPlanObject, { nullable: true })
  @Authorize('deploy:read')
  plan(@Ctx() ctx: RequestContext, @Args('id', { type: () => ID }) id: string): Promise<DeploymentPlanObject | null> {
    operatorOnly(ctx);
    return orNull(async () => toPlanObject(await this.rollouts.plan(decodeId<PlanId>('plan', id))));
  }

  @Mutation(() => PlanPayload, { description: 'What would be pushed now. Writes to no device.' })
  @Authorize('deploy:plan')
  planDeployment(@Ctx() ctx: RequestContext, @Args('input', { nullable: true }) input?: PlanDeploymentInput): Promise<PlanPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const only = input?.devices ? new Set(input.devices.map((id) => decodeId<DeviceId>('device', id))) : undefined;
      const plan = await this.planner.propose(ctx.actor, only);
      return { plan: plan ? toPlanObject(plan) : null };
    });
  }

  @Mutation(() => PlanPayload)
  @Authorize('deploy:approve')
  approvePlan(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('digest') digest: string,
    @Args('comment', { type: () => LabelScalar, nullable: true }) comment: Label | null,
  ): Promise<PlanPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      return { plan: toPlanObject(await this.planner.approve(decodeId<PlanId>('plan', id), digest, ctx.actor, comment)) };
    });
  }

  @Mutation(() => PlanPayload, { description: 'Starts the rollout; it goes on after the answer.' })
  @Authorize('deploy:apply')
  applyPlan(@Ctx() ctx: RequestContext, @Args('input') input: ApplyPlanInput): Promise<PlanPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      return { plan: toPlanObject(await this.rollouts.requestApply(decodeId<PlanId>('plan', input.plan), input.digest, ctx.actor)) };
    });
  }
}
