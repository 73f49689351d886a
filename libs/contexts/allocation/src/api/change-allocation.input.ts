import { Field, ID, InputType, Int } from '@nestjs/graphql';
import type { Label } from '#engines/kernel';
import { LabelScalar } from '#platform';

@InputType({ isAbstract: true })
abstract class ChangeAllocationInput {
  @Field(() => ID, { description: '`alc_…`, `pfx_…` or `ip_…`.' }) allocation: string;
  @Field(() => Int, { description: 'The `version` that was read: what has changed hands since is not touched.' }) ifVersion: number;
}

@InputType()
export class BindAllocationInput extends ChangeAllocationInput {
  @Field(() => String, { nullable: true, description: 'Who uses it from now on; as before where it is not given.' }) holder: string | null =
    null;
}

@InputType()
export class ExtendHoldInput extends ChangeAllocationInput {
  @Field(() => Int, { description: '1–604800, from now on.' }) ttlSeconds: number;
}

@InputType()
export class TransferAllocationInput extends ChangeAllocationInput {
  @Field(() => ID, { description: 'Whose it will be.' }) tenant: string;
  @Field(() => String, { nullable: true }) holder: string | null = null;
}

@InputType()
export class ReleaseAllocationInput {
  @Field(() => ID, { description: '`alc_…`, `pfx_…` or `ip_…`.' }) allocation: string;
  @Field(() => Int, { nullable: true, description: 'The `version` that was read; without it, whatever it is now.' }) ifVersion:
    | number
    | null = null;
  @Field(() => LabelScalar, { nullable: true, description: 'For the audit.' }) reason: Label | null = null;
}
