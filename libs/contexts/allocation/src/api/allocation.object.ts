import { Field, HideField, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { PoolId, PrefixPoolId, TenantId } from '#engines/kernel';
import { connectionOf, DateTimeScalar, payloadErrors, UserError, withErrors } from '#platform';
import type { Given, Grant } from '../given.js';
import { AllocatedValue, valueOf } from './allocated-value.object.js';

export enum AllocationKindEnum {
  VNI = 'VNI',
  L3VNI = 'L3VNI',
  VLAN = 'VLAN',
  EVI = 'EVI',
  ASN = 'ASN',
  ROUTE_TARGET = 'ROUTE_TARGET',
  MULTICAST_GROUP = 'MULTICAST_GROUP',
  ESI = 'ESI',
  ROUTER_MAC = 'ROUTER_MAC',
  PREFIX = 'PREFIX',
  IP_ADDRESS = 'IP_ADDRESS',
}
registerEnumType(AllocationKindEnum, { name: 'AllocationKind' });

export enum AllocationStateEnum {
  HELD = 'HELD',
  BOUND = 'BOUND',
  QUARANTINED = 'QUARANTINED',
  RELEASED = 'RELEASED',
}
registerEnumType(AllocationStateEnum, {
  name: 'AllocationState',
  valuesMap: {
    HELD: { description: 'Until `expiresAt`, then free at once; bind it to keep it.' },
    BOUND: { description: 'Until it is released.' },
    QUARANTINED: { description: 'Released, and not given out again before `reusableAt`.' },
    RELEASED: { description: 'Released and free at once: only in the answer to its release.' },
  },
});

@ObjectType('Allocation', { description: 'One value that was given to a tenant.' })
export class AllocationObject {
  @Field(() => ID) id: string;
  @Field(() => Int, { description: 'Generation: 1 at first, raised by bind, transfer and release. Send it back as `ifVersion`.' })
  version: number;
  @Field(() => AllocationKindEnum) kind: string;
  @Field(() => AllocatedValue) value: typeof AllocatedValue;
  @Field({ description: 'The value as its kind is written: `10010`, `65000:10010`, `10.20.0.0/24`.' }) text: string;
  @Field(() => AllocationStateEnum) state: string;
  @Field(() => String, { nullable: true, description: 'Null: it was imported.' }) idempotencyKey: string | null;
  @Field(() => String, { nullable: true, description: 'Who uses it, in the words of whoever allocated it.' }) holder: string | null;
  @Field({ description: '`external`, or what of ours uses it, e.g. `network`: then only that releases it.' }) holderKind: string;
  @Field(() => String, { nullable: true }) externalRef: string | null;
  @Field(() => DateTimeScalar) createdAt: Date;
  @Field(() => DateTimeScalar) updatedAt: Date;
  @Field(() => DateTimeScalar, { nullable: true, description: 'End of a hold.' }) expiresAt: Date | null;
  @Field(() => DateTimeScalar, { nullable: true }) releasedAt: Date | null;
  @Field(() => DateTimeScalar, { nullable: true, description: 'End of the quarantine.' }) reusableAt: Date | null;
  @HideField() tenantUuid: TenantId;
  @HideField() numberPoolUuid: PoolId | null;
  @HideField() prefixPoolUuid: PrefixPoolId | null;
}

/** @param isGone it was released and is free: nothing names it any more. */
export function toAllocationObject(given: Given, isGone = false): AllocationObject {
  const { of, allocation } = given;
  return {
    ...valueOf(given),
    version: allocation.generation,
    state: isGone ? 'RELEASED' : allocation.state,
    idempotencyKey: allocation.key,
    holder: allocation.holder,
    holderKind: allocation.holderKind,
    externalRef: allocation.externalRef,
    createdAt: allocation.createdAt,
    updatedAt: allocation.updatedAt,
    expiresAt: allocation.expiresAt,
    releasedAt: allocation.releasedAt,
    reusableAt: allocation.reusableAt,
    tenantUuid: allocation.tenantId,
    numberPoolUuid: of === 'number' ? allocation.poolId : null,
    prefixPoolUuid: of === 'prefix' ? allocation.poolId : null,
  };
}

@ObjectType('AllocationConnection')
export class AllocationConnection extends connectionOf(AllocationObject, 'Allocation') {}

@ObjectType('AllocationPayload')
export class AllocationPayload {
  @Field(() => AllocationObject, { nullable: true, description: 'The first of `allocations`.' }) allocation: AllocationObject | null;
  @Field(() => [AllocationObject], { description: 'One for each value, in the order in which they were taken.' })
  allocations: AllocationObject[];
  @Field({ description: 'The key was seen before, and this is what it got.' }) replayed: boolean;
  @Field({ description: 'Nothing of it was kept: the ids name nothing.' }) dryRun: boolean;
  @Field(() => [UserError]) errors: UserError[];
}

/** What was given, or why nothing was. */
export async function allocationPayload(dryRun: boolean, work: () => Promise<Grant>): Promise<AllocationPayload> {
  try {
    const { given, replayed } = await work();
    const allocations = given.map((one) => toAllocationObject(one));
    return { allocations, allocation: allocations[0] ?? null, replayed, dryRun, errors: [] };
  } catch (error) {
    return { allocations: [], allocation: null, replayed: false, dryRun, errors: payloadErrors(error) };
  }
}

@ObjectType('ChangedAllocationPayload')
export class ChangedAllocationPayload {
  @Field(() => AllocationObject, { nullable: true }) allocation?: AllocationObject | null;
  @Field(() => [UserError]) errors: UserError[];
}

export const changedPayload = (work: () => Promise<Given>): Promise<ChangedAllocationPayload> =>
  withErrors(async () => ({ allocation: toAllocationObject(await work()) }));

@ObjectType('ReleasePayload')
export class ReleasePayload {
  @Field(() => AllocationObject, { nullable: true, description: 'As it rests, or as it was before it was free at once.' })
  allocation: AllocationObject | null;
  @Field({ description: 'False: it rests already.' }) changed: boolean;
  @Field(() => [UserError]) errors: UserError[];
}

@ObjectType('AdoptPayload')
export class AdoptPayload {
  @Field(() => [AllocationObject]) allocations: AllocationObject[];
  @Field(() => [UserError]) errors: UserError[];
}
