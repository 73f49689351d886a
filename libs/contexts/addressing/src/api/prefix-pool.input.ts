import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { PoolStrategyEnum } from '#contexts/numbering';
import { type AddressSpaceId, type Cidr, decodeId, invalidValue, type Label, type Slug, type TenantId } from '#engines/kernel';
import { atPath, CidrScalar, LabelScalar, SlugScalar } from '#platform';
import { PREFIX_STRATEGIES, type PrefixStrategy } from '../domain/prefix-pool.js';
import type { NewPrefixPool } from '../prefix-pool-admin.service.js';

@InputType({ description: 'The slug is the key: a pool is made once.' })
export class CreatePrefixPoolInput {
  @Field(() => SlugScalar) slug: Slug;
  @Field(() => LabelScalar) name: Label;
  @Field(() => ID, { nullable: true, description: 'Address space; where there is one, that one.' }) space: string | null = null;
  @Field(() => [CidrScalar], { description: 'Of one family; disjoint, also with other pools of the space.' }) prefixes: Cidr[];
  @Field(() => Int) defaultLength: number;
  @Field(() => Int, { description: 'Length of the largest prefix that it gives.' }) minLength: number;
  @Field(() => Int, { description: 'Length of the smallest prefix that it gives; it stays.' }) maxLength: number;
  @Field(() => PoolStrategyEnum) strategy: PoolStrategyEnum = PoolStrategyEnum.BEST_FIT;
  @Field(() => Int, { description: '0 to 31536000.' }) quarantineSeconds: number = 86_400;
  @Field(() => Int, { description: '0 to 99: at this share of free space and below the pool is low.' }) lowWaterPercent: number = 10;
  @Field(() => [ID], { description: 'Tenants that may use it; none: all.' }) tenants: string[] = [];
}

@InputType()
export class PrefixExclusionInput {
  @Field(() => CidrScalar) cidr: Cidr;
  @Field(() => LabelScalar) reason: Label;
}

/** @throws DomainError INVALID_VALUE for a strategy of numbers. */
export const toPrefixStrategy = (strategy: string): PrefixStrategy =>
  atPath(['strategy'], () => {
    const found = PREFIX_STRATEGIES.find((candidate) => candidate === strategy);
    if (!found) throw invalidValue('strategy', strategy, PREFIX_STRATEGIES.join(' or '));
    return found;
  });

export const toNewPrefixPool = (input: CreatePrefixPoolInput, spaceId: AddressSpaceId): NewPrefixPool => ({
  spaceId,
  slug: input.slug,
  name: input.name,
  ranges: input.prefixes,
  defaultLength: input.defaultLength,
  minLength: input.minLength,
  maxLength: input.maxLength,
  strategy: toPrefixStrategy(input.strategy),
  quarantineSeconds: input.quarantineSeconds,
  lowWaterPercent: input.lowWaterPercent,
  ...(input.tenants.length > 0 && { tenantIds: input.tenants.map((id) => decodeId<TenantId>('tenant', id)) }),
});
