import { Field, Float, HideField, ID, ObjectType } from '@nestjs/graphql';
import { type Cidr, encodeId, type PrefixId, type TenantId } from '#engines/kernel';
import { BigCountScalar, CidrScalar, connectionOf, enumType, UserError } from '#platform';
import type { PrefixAllocation } from '../domain/allocation.js';
import type { PrefixNode } from '../prefix-tree.service.js';

export const PrefixRoleEnum = enumType('PrefixRole', ['CONTAINER', 'POOL', 'SUBNET', 'LOOPBACK', 'LINK', 'RESERVED'], {
  of: {
    CONTAINER: 'Groups others, and is given to nobody.',
    POOL: 'A range of a pool: what is given out lies in it.',
    SUBNET: 'Given out, as LOOPBACK and LINK are: no two of them overlap.',
  },
});
export type PrefixRoleEnum = keyof typeof PrefixRoleEnum;

@ObjectType('Prefix', { description: "A node of the prefix tree. A tenant sees its own prefixes and the operator's." })
export class PrefixObject {
  @Field(() => ID) id: string;
  @Field(() => CidrScalar) cidr: Cidr;
  @Field(() => PrefixRoleEnum) role: string;
  @HideField() uuid: PrefixId;
  @HideField() tenantUuid: TenantId | null;
}

@ObjectType('Utilization')
export class UtilizationObject {
  @Field(() => BigCountScalar, { description: 'Addresses of the prefix.' }) total: bigint;
  @Field(() => Float, { description: 'The share of it that is given out, rests or is excluded: 0 to 1.' }) ratio: number;
  @HideField() prefix: PrefixObject;
}

@ObjectType('PrefixConnection')
export class PrefixConnection extends connectionOf(PrefixObject, 'Prefix') {}

@ObjectType('PrefixPayload')
export class PrefixPayload {
  @Field(() => PrefixObject, { nullable: true }) prefix?: PrefixObject | null;
  @Field(() => [UserError]) errors: UserError[];
}

export const toPrefixObject = (prefix: Pick<PrefixNode | PrefixAllocation, 'id' | 'cidr' | 'role' | 'tenantId'>): PrefixObject => ({
  id: encodeId('prefix', prefix.id),
  uuid: prefix.id,
  cidr: prefix.cidr,
  role: prefix.role,
  tenantUuid: prefix.tenantId,
});
