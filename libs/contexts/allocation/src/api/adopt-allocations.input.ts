import { Field, ID, InputType } from '@nestjs/graphql';
import { PoolNumberScalar } from '#platform';

@InputType({ isAbstract: true })
abstract class AdoptInput {
  @Field({ description: '1–128 printable ASCII characters, one key for each.' }) idempotencyKey: string;
  @Field(() => String, { nullable: true }) holder: string | null = null;
  @Field(() => String, { nullable: true }) externalRef: string | null = null;
}

@InputType()
export class AdoptNumberInput extends AdoptInput {
  @Field(() => ID) pool: string;
  @Field(() => PoolNumberScalar) value: string;
}

@InputType({ description: 'At most 1000 in all, all or none.' })
export class AdoptAllocationsInput {
  @Field(() => ID) tenant: string;
  @Field(() => [AdoptNumberInput]) numbers: AdoptNumberInput[] = [];
}
