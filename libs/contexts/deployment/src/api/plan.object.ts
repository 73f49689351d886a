import { Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { encodeId } from '#engines/kernel';
import { BigCountScalar, DateTimeScalar, SlugScalar, UserError } from '#platform';
import type { DeploymentPlan, PlanItem } from '../domain/plan.js';

export enum RiskEnum {
  NONE = 'NONE',
  LOW = 'LOW',
  MEDIUM = 'MEDIUM',
  HIGH = 'HIGH',
}
registerEnumType(RiskEnum, { name: 'Risk' });

export enum PlanStateEnum {
  PROPOSED = 'PROPOSED',
  APPROVED = 'APPROVED',
  APPLYING = 'APPLYING',
  APPLIED = 'APPLIED',
  FAILED = 'FAILED',
  SUPERSEDED = 'SUPERSEDED',
  EXPIRED = 'EXPIRED',
}
registerEnumType(PlanStateEnum, { name: 'PlanState' });

@ObjectType('PlanDevice')
export class PlanDeviceObject {
  @Field(() => SlugScalar) device: string;
  @Field(() => Int, { description: '0 is the canary; the next wave begins when it is done.' }) wave: number;
  @Field(() => RiskEnum) risk: string;
  @Field({ description: 'Unified diff against what was last confirmed on the device.' }) diff: string;
  @Field({ description: 'PENDING, PUSHING, CONFIRMED, VERIFIED, FAILED or SKIPPED.' }) state: string;
  @Field(() => String, { nullable: true }) error: string | null;
}

@ObjectType('DeploymentPlan', { description: 'Immutable: what was seen and approved is what is applied.' })
export class DeploymentPlanObject {
  @Field(() => ID) id: string;
  @Field(() => BigCountScalar, { description: 'Orders plans of a fabric.' }) generation: number;
  @Field(() => BigCountScalar, { description: 'Orders intents.' }) targetRevision: number;
  @Field({ description: 'What is approved is what is applied: give it back to `approvePlan` and `applyPlan`.' }) digest: string;
  @Field(() => RiskEnum) risk: string;
  @Field(() => PlanStateEnum) state: string;
  @Field() createdBy: string;
  @Field(() => DateTimeScalar) createdAt: Date;
  @Field(() => DateTimeScalar) expiresAt: Date;
  @Field(() => String, { nullable: true }) haltReason: string | null;
  @Field(() => [PlanDeviceObject]) devices: PlanDeviceObject[];
}

const toPlanDevice = (item: PlanItem): PlanDeviceObject => ({
  device: item.slug,
  wave: item.wave,
  risk: item.risk,
  diff: item.diff,
  state: item.state,
  error: item.error?.message ?? null,
});

export const toPlanObject = (plan: DeploymentPlan): DeploymentPlanObject => ({
  ...plan,
  id: encodeId('plan', plan.id),
  devices: plan.items.map(toPlanDevice),
});

@ObjectType('PlanPayload')
export class PlanPayload {
  @Field(() => DeploymentPlanObject, { nullable: true, description: 'Null without errors: every device does what is asked.' })
  plan?: DeploymentPlanObject | null;
  @Field(() => [UserError]) errors: UserError[];
}
