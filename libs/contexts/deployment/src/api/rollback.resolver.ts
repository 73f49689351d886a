import { Args, Field, ID, Int, Mutation, ObjectType, Parent, registerEnumType, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { OperatorAct } from '#contexts/events';
import type { NetworkRecall } from '#contexts/fabric';
import { decodeId, type DeviceId, encodeId, type Label, type PlanId } from '#engines/kernel';
import { LabelScalar, SlugScalar, withErrors } from '#platform';
import { RollbackService } from '../rollback.service.js';
import { DeploymentPlanObject, PlanPayload, toPlanObject } from './plan.object.js';
import { KEY } from './plan.resolver.js';

enum RecallActionEnum {
  WITHDRAW = 'WITHDRAW',
  RESTORE = 'RESTORE',
}
registerEnumType(RecallActionEnum, {
  name: 'RecallAction',
  valuesMap: {
    WITHDRAW: { description: 'The plan had brought it: it is removed, and its numbers rest.' },
    RESTORE: { description: 'The plan had removed it: it comes back with the numbers and addresses that it had.' },
  },
});

enum RecallStateEnum {
  PROPOSED = 'PROPOSED',
  WANTED = 'WANTED',
  ORDERED = 'ORDERED',
  UNWANTED = 'UNWANTED',
  REFUSED = 'REFUSED',
  KEPT = 'KEPT',
}
registerEnumType(RecallStateEnum, {
  name: 'RecallState',
  valuesMap: {
    PROPOSED: { description: 'The rollback has not come to it: a network is withdrawn when its devices are back.' },
    UNWANTED: { description: 'It was ordered, none of its devices came back, and the order is taken back.' },
    REFUSED: { description: 'It could not be done, and why.' },
    KEPT: { description: 'Nothing is done about it, and why.' },
  },
});

@ObjectType('NetworkRecall', { description: 'What becomes of a network when the plan that brought or removed it is taken back.' })
export class NetworkRecallObject {
  @Field(() => SlugScalar) network: string;
  @Field(() => Int) vni: number;
  @Field(() => RecallActionEnum) action: string;
  @Field(() => RecallStateEnum) state: string;
  @Field(() => String, { nullable: true }) reason: string | null;
  @Field(() => ID, { nullable: true, description: 'The order that it became.' }) order: string | null;
}

const toRecallObject = ({ networkSlug, vni, action, state, reason, orderId }: NetworkRecall): NetworkRecallObject => ({
  network: networkSlug,
  vni,
  action,
  state,
  reason,
  order: orderId === null ? null : encodeId('order', orderId),
});

@Resolver(() => DeploymentPlanObject)
export class RollbackResolver {
  constructor(private readonly rollbacks: RollbackService) {}

  @ResolveField('recalls', () => [NetworkRecallObject], {
    description: 'Of a rollback: what becomes of the networks that its plan had brought or removed.',
  })
  @Authorize('deploy:read', 'deploy:plan', 'deploy:approve', 'deploy:apply')
  async recalls(@Parent() plan: DeploymentPlanObject): Promise<NetworkRecallObject[]> {
    return (await this.rollbacks.recallsOf(plan.uuid)).map(toRecallObject);
  }

  @Mutation(() => PlanPayload, {
    description:
      'Takes a plan back by another one: its devices get exactly what they carried before, and are locked until the fabric asks for that, a day at most. Everyday work begins at once.',
  })
  @Authorize('deploy:apply')
  rollbackPlan(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID }) id: string,
    @Args('reason', { type: () => LabelScalar }) reason: Label,
    @Args('digest', { type: () => String, nullable: true, description: 'Of the plan that was seen.' }) digest: string | null,
    @Args('devices', { type: () => [ID], nullable: true, description: 'Only these; all that the plan changed where it is not given.' })
    devices: string[] | null,
    @Args('idempotencyKey', KEY) key: string | null,
  ): Promise<PlanPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const only = devices ? new Set(devices.map((device) => decodeId<DeviceId>('device', device))) : null;
      const act = OperatorAct.of(key, 'rollbackPlan', { id, reason, digest: digest ?? null, devices: only ? [...only].sort() : null });
      const wish = { digest: digest ?? null, devices: only, reason };
      const plan = await this.rollbacks.rollBack(decodeId<PlanId>('plan', id), ctx.actor, wish, act);
      return { plan: toPlanObject(plan), replayed: act?.isReplayed ?? null };
    });
  }
}
