import { Field, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { encodeId } from '#engines/kernel';
import { DateTimeScalar, UserError } from '#platform';
import type { MaintenanceLock } from '../domain/lock.js';

export enum LockScopeEnum {
  FABRIC = 'FABRIC',
  SITE = 'SITE',
  DEVICE = 'DEVICE',
  TENANT = 'TENANT',
}
registerEnumType(LockScopeEnum, { name: 'LockScope', valuesMap: { TENANT: { description: 'No order of the tenant is taken.' } } });

@ObjectType('MaintenanceLock', { description: 'Nothing is pushed to what it covers until it is released or has ended.' })
export class MaintenanceLockObject {
  @Field(() => ID) id: string;
  @Field(() => LockScopeEnum) scope: string;
  @Field({ description: 'Slug of what is locked.' }) subject: string;
  @Field() reason: string;
  @Field() heldBy: string;
  @Field(() => DateTimeScalar) createdAt: Date;
  @Field(() => DateTimeScalar, { description: 'It ends by itself then.' }) until: Date;
}

export const toLockObject = (lock: MaintenanceLock): MaintenanceLockObject => ({ ...lock, id: encodeId('maintenanceLock', lock.id) });

@ObjectType('LockPayload')
export class LockPayload {
  @Field(() => MaintenanceLockObject, { nullable: true }) lock?: MaintenanceLockObject | null;
  @Field(() => Boolean, { nullable: true, description: 'True when the key was seen before: nothing was done again.' }) replayed?:
    | boolean
    | null;
  @Field(() => [UserError]) errors: UserError[];
}
