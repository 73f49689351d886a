import { Field, HideField, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { RequestContext } from '#contexts/access';
import { encodeId, type NetworkId, type OrderId } from '#engines/kernel';
import { connectionOf, DateTimeScalar, UserError } from '#platform';
import type { NetworkOrder, OrderFailure, OrderStep } from '../domain/order.js';

export enum OrderStateEnum {
  ACCEPTED = 'ACCEPTED',
  RUNNING = 'RUNNING',
  AWAITING_APPROVAL = 'AWAITING_APPROVAL',
  ACTIVE = 'ACTIVE',
  RETIRED = 'RETIRED',
  COMPENSATING = 'COMPENSATING',
  FAILED_COMPENSATED = 'FAILED_COMPENSATED',
  FAILED_STUCK = 'FAILED_STUCK',
  CANCELLED = 'CANCELLED',
}
registerEnumType(OrderStateEnum, {
  name: 'OrderState',
  valuesMap: {
    ACTIVE: { description: 'The network is live: every device was verified.' },
    RETIRED: { description: 'The network is gone from every device.' },
    FAILED_COMPENSATED: { description: 'It could not be built; nothing of it is left.' },
    FAILED_STUCK: { description: 'A device has to be mended first. It is still tried.' },
  },
});

export enum DeployModeEnum {
  AUTO_IF_LOW_RISK = 'AUTO_IF_LOW_RISK',
  PLAN_ONLY = 'PLAN_ONLY',
}
registerEnumType(DeployModeEnum, {
  name: 'DeployMode',
  valuesMap: {
    AUTO_IF_LOW_RISK: { description: 'Everyday work goes live by itself; above LOW a person approves the plan first, whoever ordered.' },
    PLAN_ONLY: {
      description: 'Nothing is pushed to the devices of the order until a person has approved the plan: other work on them waits with it.',
    },
  },
});

export enum OrderKindEnum {
  PROVISION = 'PROVISION',
  DEPROVISION = 'DEPROVISION',
  RESTORE = 'RESTORE',
}
registerEnumType(OrderKindEnum, {
  name: 'OrderKind',
  valuesMap: { RESTORE: { description: 'A rollback brings a removed network back, with the numbers and addresses that it had.' } },
});

@ObjectType('OrderStep')
export class OrderStepObject {
  @Field() name: string;
  @Field({ description: 'PENDING, RUNNING, DONE, FAILED, SKIPPED or UNDONE.' }) state: string;
  @Field(() => DateTimeScalar, { nullable: true }) startedAt: Date | null;
  @Field(() => DateTimeScalar, { nullable: true }) finishedAt: Date | null;
  @Field(() => String, { nullable: true, description: 'Of a step that failed: for the operator only.' }) message: string | null;
}

@ObjectType('OrderFailure')
export class OrderFailureObject {
  @Field() code: string;
  @Field({ description: "The device's own words, for the operator; a tenant's token reads the customer's sentence." }) message: string;
  @Field() needsOperator: boolean;
}

@ObjectType('NetworkOrder')
export class NetworkOrderObject {
  @Field(() => ID) id: string;
  @Field(() => OrderKindEnum) kind: string;
  @Field(() => OrderStateEnum) state: string;
  @Field(() => DeployModeEnum) deploy: string;
  @Field(() => String, { nullable: true }) externalRef: string | null;
  @Field() requestedBy: string;
  @Field({ description: 'One sentence for the customer: no device, no stack trace, nobody else.' }) customerMessage: string;
  @Field(() => OrderFailureObject, { nullable: true }) failure: OrderFailureObject | null;
  @Field(() => DateTimeScalar) createdAt: Date;
  @Field(() => DateTimeScalar) updatedAt: Date;
  @HideField() uuid: OrderId;
  @HideField() networkUuid: NetworkId | null;
}

/** What a device says may quote the lines of other customers: only the operator reads it. */
export const readsDevices = (ctx: RequestContext): boolean => ctx.scope.kind === 'system';

const toFailure = (failure: OrderFailure, message: string): OrderFailureObject => ({
  code: failure.code,
  message,
  needsOperator: failure.needsOperator,
});

export const toOrderObject = (order: NetworkOrder, ctx: RequestContext): NetworkOrderObject => ({
  id: encodeId('order', order.id),
  uuid: order.id,
  networkUuid: order.networkId,
  kind: order.kind,
  state: order.state,
  deploy: order.deploy,
  externalRef: order.externalRef,
  requestedBy: order.requestedBy,
  customerMessage: order.customerMessage,
  failure: order.failure && toFailure(order.failure, readsDevices(ctx) ? order.failure.message : order.customerMessage),
  createdAt: order.createdAt,
  updatedAt: order.updatedAt,
});

export const toStepObject = (step: OrderStep, ctx: RequestContext): OrderStepObject => ({
  name: step.name,
  state: step.state,
  startedAt: step.startedAt,
  finishedAt: step.finishedAt,
  message: stepMessage(step.state, step.message, ctx),
});

/** A step fails with the words of its device. */
export const stepMessage = (state: string | null, message: string | null, ctx: RequestContext): string | null =>
  state === 'FAILED' && !readsDevices(ctx) ? null : message;

@ObjectType('NetworkOrderConnection')
export class NetworkOrderConnection extends connectionOf(NetworkOrderObject, 'NetworkOrder') {}

@ObjectType('OrderPayload')
export class OrderPayload {
  @Field(() => NetworkOrderObject, { nullable: true }) order?: NetworkOrderObject | null;
  @Field(() => Boolean, { nullable: true, description: 'True when the key was seen before and this is the stored answer.' }) replayed?:
    | boolean
    | null;
  @Field(() => [UserError]) errors: UserError[];
}

@ObjectType('OrderEvent')
export class OrderEventObject {
  @Field({ description: 'Give it back as `after` and nothing is missed.' }) cursor: string;
  @Field(() => DateTimeScalar) at: Date;
  @Field({ description: '`order.accepted`, `order.step`, `order.active` …' }) type: string;
  @Field(() => NetworkOrderObject) order: NetworkOrderObject;
  @Field(() => String, { nullable: true, description: 'Name of the step that moved.' }) step: string | null;
  @Field(() => String, { nullable: true }) stepState: string | null;
  @Field(() => String, { nullable: true }) message: string | null;
}
