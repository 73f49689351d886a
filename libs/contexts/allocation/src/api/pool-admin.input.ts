import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { PrefixExclusionInput } from '#contexts/addressing';
import { NumberExclusionInput, NumberRangeInput, PoolStrategyEnum } from '#contexts/numbering';
import type { Cidr, Label } from '#engines/kernel';
import { BigCountScalar, CidrScalar, LabelScalar, PoolNumberScalar } from '#platform';

@InputType({ description: 'What is not named stays. All of it or nothing.' })
export class UpdatePoolInput {
  @Field(() => LabelScalar, { nullable: true }) name: Label | null = null;
  @Field(() => PoolStrategyEnum, { nullable: true }) strategy: PoolStrategyEnum | null = null;
  @Field(() => Int, { nullable: true, description: '0 to 31536000; for what is released from now on.' }) quarantineSeconds: number | null =
    null;
  @Field(() => Int, { nullable: true, description: '0 to 99.' }) lowWaterPercent: number | null = null;
  @Field(() => [ID], { nullable: true, description: 'Tenants that may use it; an empty list: all.' }) tenants: string[] | null = null;
  @Field(() => [NumberRangeInput]) addRanges: NumberRangeInput[] = [];
  @Field(() => [NumberRangeInput], { description: 'Without allocations; exclude what still has some.' }) removeRanges: NumberRangeInput[] =
    [];
  @Field(() => [NumberExclusionInput], { description: 'Not given out any more; what is allocated stays until it is released.' })
  exclude: NumberExclusionInput[] = [];
  @Field(() => [PoolNumberScalar], { description: 'Exclusions to lift, by their first value.' }) include: string[] = [];
  @Field(() => [CidrScalar], { description: 'Of a pool of prefixes, as all that follows.' }) addPrefixes: Cidr[] = [];
  @Field(() => [CidrScalar], { description: 'Ranges out of which nothing is given out or rests.' }) removePrefixes: Cidr[] = [];
  @Field(() => [PrefixExclusionInput]) excludePrefixes: PrefixExclusionInput[] = [];
  @Field(() => [CidrScalar]) includePrefixes: Cidr[] = [];
  @Field(() => Int, { nullable: true }) minLength: number | null = null;
  @Field(() => Int, { nullable: true }) defaultLength: number | null = null;
}

@InputType()
export class SetQuotaInput {
  @Field(() => ID) pool: string;
  @Field(() => ID) tenant: string;
  @Field(() => BigCountScalar, {
    nullable: true,
    description: 'Values, or prefixes of the smallest size, that the tenant may have at most; null: as many as there are.',
  })
  max: bigint | null = null;
}
