import { Field, HideField, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { NumberAllocation } from '#contexts/numbering';
import { encodeId, type PoolId, type TenantId } from '#engines/kernel';
import { connectionOf, DateTimeScalar, UserError, withErrors } from '#platform';
import { AllocatedValue, numberValue } from './allocated-value.object.js';

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
  @Field() idempotencyKey: string;
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
}

export const fromNumber = (allocation: NumberAllocation): AllocationObject => ({
  id: encodeId('allocation', allocation.id),
  version: allocation.generation,
  kind: allocation.kind,
  ...numberValue(allocation),
  state: allocation.state,
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
  numberPoolUuid: allocation.poolId,
});

@ObjectType('AllocationConnection')
export class AllocationConnection extends connectionOf(AllocationObject, 'Allocation') {}

@ObjectType('AllocationPayload')
export class AllocationPayload {
  @Field(() => AllocationObject, { nullable: true, description: 'The first of `allocations`.' }) allocation: AllocationObject | null;
  @Field(() => [AllocationObject], { description: 'One for each value, in the order of the values.' }) allocations: AllocationObject[];
  @Field({ description: 'The key was seen before, and this is what it got.' }) replayed: boolean;
  @Field({ description: 'Nothing of it was kept: the ids name nothing.' }) dryRun: boolean;
  @Field(() => [UserError]) errors: UserError[];
}

interface Granted {
  readonly allocations: AllocationObject[];
  readonly replayed: boolean;
}

/** What was given, or why nothing was. */
export async function allocationPayload(dryRun: boolean, work: () => Promise<Granted>): Promise<AllocationPayload> {
  const granted = await withErrors(work);
  const allocations = 'allocations' in granted ? granted.allocations : [];
  return {
    allocations,
    allocation: allocations[0] ?? null,
    replayed: 'replayed' in granted && granted.replayed,
    dryRun,
    errors: granted.errors,
  };
}
