import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { decodeId, type DeviceId, DomainError, type PlanId } from '#engines/kernel';
import { withErrors } from '#platform';
import { ExternalService, type SeenPlan } from '../external.service.js';
import { ConfirmExternalInput, HandInConfigurationInput, HandInPayload, toHandIn } from './external.object.js';
import { DeploymentPlanObject, PlanPayload, toPlanObject } from './plan.object.js';

const MOST_TEXTS = 2000;

/** Devices that people configure concern the whole fabric: they are the operator's. */
@Resolver()
export class ExternalResolver {
  constructor(private readonly externals: ExternalService) {}

  @Query(() => [DeploymentPlanObject], { description: 'Plans whose devices wait for a person, the oldest first.' })
  @Authorize('deploy:read')
  async plansAwaitingPerson(@Ctx() ctx: RequestContext): Promise<DeploymentPlanObject[]> {
    operatorOnly(ctx);
    return (await this.externals.waiting(ctx.actor)).map(toPlanObject);
  }

  @Mutation(() => PlanPayload, { description: 'Your word that the snippet is in force on a device that Trame does not push to.' })
  @Authorize('deploy:apply')
  confirmExternal(@Ctx() ctx: RequestContext, @Args('input') input: ConfirmExternalInput): Promise<PlanPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const seen = { id: decodeId<PlanId>('plan', input.plan), digest: input.digest };
      return {
        plan: toPlanObject(
          await this.externals.confirm(ctx.actor, seen, decodeId<DeviceId>('device', input.device), input.comment ?? null),
        ),
      };
    });
  }

  @Mutation(() => HandInPayload, {
    description:
      'What runs on a device that Trame does not read: confirms what was asked of it if it is just that, and tells drift otherwise.',
  })
  @Authorize('deploy:apply')
  async handInConfiguration(@Ctx() ctx: RequestContext, @Args('input') input: HandInConfigurationInput): Promise<HandInPayload> {
    const answer = await withErrors(async () => {
      operatorOnly(ctx);
      if (input.texts.length > MOST_TEXTS)
        throw new DomainError('INVALID_VALUE', `at most ${MOST_TEXTS} texts`, { path: ['texts'], accepted: `at most ${MOST_TEXTS}` });
      const texts = input.texts.map(({ path, text }) => ({ path: path ?? null, text }));
      return toHandIn(await this.externals.handIn(ctx.actor, decodeId<DeviceId>('device', input.device), texts, seenOf(input)));
    });
    return { differences: [], commands: [], ...answer };
  }
}

function seenOf(input: HandInConfigurationInput): SeenPlan | null {
  const [plan, digest] = [input.plan ?? null, input.digest ?? null]; // What was left out is undefined here.
  if (plan !== null && digest !== null) return { id: decodeId<PlanId>('plan', plan), digest };
  if (plan === null && digest === null) return null;
  throw new DomainError('INVALID_VALUE', 'a plan is named with its digest, or not at all', {
    path: [plan === null ? 'plan' : 'digest'],
    accepted: 'plan and digest, or neither',
  });
}
