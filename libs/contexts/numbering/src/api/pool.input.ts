import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { decodeId, type FabricId, type Label, type Slug, type TenantId, type VlanDomainId } from '#engines/kernel';
import { atPath, LabelScalar, PoolNumberScalar, SlugScalar } from '#platform';
import { type NumberKind, type NumberRange, parseNumber } from '../domain/number-kind.js';
import type { PoolStrategy } from '../domain/pool.js';
import type { NewNumberPool, NumberExclusion } from '../pool-admin.service.js';
import { NumberPoolKindEnum, PoolStrategyEnum } from './pool.object.js';

@InputType({ description: 'Both ends belong to it, written as the kind of the pool is.' })
export class NumberRangeInput {
  @Field(() => PoolNumberScalar) first: string;
  @Field(() => PoolNumberScalar) last: string;
}

@InputType()
export class NumberExclusionInput extends NumberRangeInput {
  @Field(() => LabelScalar) reason: Label;
}

@InputType({ description: 'The slug is the key: a pool is made once.' })
export class CreateNumberPoolInput {
  @Field(() => SlugScalar) slug: Slug;
  @Field(() => LabelScalar) name: Label;
  @Field(() => NumberPoolKindEnum) kind: NumberKind;
  @Field(() => ID, {
    nullable: true,
    description: 'Where there is one fabric, that one. ASN, ROUTE_TARGET, ESI and ROUTER_MAC are of all fabrics.',
  })
  fabric: string | null = null;
  @Field(() => ID, { nullable: true, description: 'Of a pool of VLANs, and of no other: the domain in which they are unique.' })
  vlanDomain: string | null = null;
  @Field(() => [NumberRangeInput], { description: 'Disjoint, also with other pools of the same space.' }) ranges: NumberRangeInput[];
  @Field(() => [NumberExclusionInput]) exclusions: NumberExclusionInput[] = [];
  @Field(() => PoolStrategyEnum) strategy: PoolStrategy = 'LOWEST_FREE';
  @Field(() => Int, { description: '0 to 31536000.' }) quarantineSeconds: number = 86_400;
  @Field(() => Int, { description: '0 to 99: at this share of free values and below the pool is low.' }) lowWaterPercent: number = 10;
  @Field(() => [ID], { description: 'Tenants that may use it; none: all.' }) tenants: string[] = [];
}

type Path = readonly (string | number)[];

export const toRange = (kind: NumberKind, { first, last }: NumberRangeInput, path: Path): NumberRange => ({
  first: atPath([...path, 'first'], () => parseNumber(kind, first)),
  last: atPath([...path, 'last'], () => parseNumber(kind, last)),
});

export const toRanges = (kind: NumberKind, ranges: readonly NumberRangeInput[], path: Path): NumberRange[] =>
  ranges.map((range, index) => toRange(kind, range, [...path, index]));

export const toExclusions = (kind: NumberKind, exclusions: readonly NumberExclusionInput[], path: Path): NumberExclusion[] =>
  exclusions.map(({ reason, ...range }, index) => ({ ...toRange(kind, range, [...path, index]), reason }));

/** @throws DomainError NOT_FOUND | INVALID_VALUE. */
export function toNewNumberPool(input: CreateNumberPoolInput, fabricId: FabricId): NewNumberPool {
  const { kind, slug, name, vlanDomain, strategy, quarantineSeconds, lowWaterPercent, tenants } = input;
  return {
    fabricId,
    kind,
    slug,
    name,
    strategy,
    quarantineSeconds,
    lowWaterPercent,
    ranges: toRanges(kind, input.ranges, ['ranges']),
    exclusions: toExclusions(kind, input.exclusions, ['exclusions']),
    ...(vlanDomain !== null && { vlanDomainId: decodeId<VlanDomainId>('vlanDomain', vlanDomain) }),
    ...(tenants.length > 0 && { tenants: tenants.map((id) => decodeId<TenantId>('tenant', id)) }),
  };
}
