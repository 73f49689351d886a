import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { encodeId } from '#engines/kernel';
import { DateTimeScalar, UserError } from '#platform';
import type { StoredSecret } from '../secret.service.js';
import { DeviceObject } from './device.object.js';

@ObjectType('Secret', { description: 'A secret that configurations name as `@secret:NAME@`. Its value is never read back.' })
export class SecretObject {
  @Field() name: string;
  @Field(() => ID) fabric: string;
  @Field(() => Int, { description: 'Rises by one whenever another value is set.' }) version: number;
  @Field(() => DateTimeScalar) setAt: Date;
  @Field() setBy: string;
}

export const toSecretObject = (secret: StoredSecret): SecretObject => ({ ...secret, fabric: encodeId('fabric', secret.fabricId) });

@ObjectType('SecretPayload')
export class SecretPayload {
  @Field(() => SecretObject, { nullable: true }) secret?: SecretObject | null;
  @Field(() => [UserError]) errors: UserError[];
}

@InputType()
export class SetSecretInput {
  @Field(() => ID, { nullable: true, description: 'Not needed where there is one fabric.' }) fabric: string | null = null;
  @Field({ description: '1 to 64 letters, digits, dots, dashes and underscores.' }) name: string;
  @Field({ description: '1 to 80 printable ASCII characters without blanks.' }) value: string;
}

@InputType()
export class DeviceCredentialInput {
  @Field(() => ID) device: string;
  @Field(() => String, { nullable: true, description: 'The present one where it is not given.' }) username: string | null = null;
  @Field(() => String, { nullable: true, description: 'Of a switch.' }) password: string | null = null;
  @Field(() => String, { nullable: true, description: 'Of a host: as ssh-keygen writes it, without a passphrase.' })
  sshPrivateKey: string | null = null;
}

@ObjectType('DevicePayload')
export class DevicePayload {
  @Field(() => DeviceObject, { nullable: true }) device?: DeviceObject | null;
  @Field(() => [UserError]) errors: UserError[];
}
