import { Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { encodeId } from '#engines/kernel';
import { connectionOf, DateTimeScalar, LabelScalar, SlugScalar, UserError } from '#platform';
import type { Tenant } from '../domain/network.js';

@ObjectType('Tenant')
export class TenantObject {
  @Field(() => ID) id: string;
  @Field(() => SlugScalar) slug: string;
  @Field(() => LabelScalar) name: string;
  @Field(() => String, { nullable: true }) externalRef: string | null;
  @Field(() => String, { description: 'ACTIVE, SUSPENDED or DELETING.' }) state: string;
  @Field(() => Int, { description: 'Rises by one at every change.' }) version: number;
  @Field(() => DateTimeScalar) createdAt: Date;
  @Field(() => DateTimeScalar) updatedAt: Date;
}

export const toTenantObject = (tenant: Tenant): TenantObject => ({ ...tenant, id: encodeId('tenant', tenant.id) });

@ObjectType('TenantConnection')
export class TenantConnection extends connectionOf(TenantObject, 'Tenant') {}

@ObjectType('TenantPayload')
export class TenantPayload {
  @Field(() => TenantObject, { nullable: true }) tenant?: TenantObject | null;
  @Field(() => [UserError]) errors: UserError[];
}
