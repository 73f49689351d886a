import { Field, HideField, ID, Int, ObjectType } from '@nestjs/graphql';
import { PoolObject, shareOf } from '#contexts/numbering';
import { type Cidr, encodeId, type PrefixPoolId } from '#engines/kernel';
import { CidrScalar, LabelScalar } from '#platform';
import type { PrefixPool } from '../domain/prefix-pool.js';

@ObjectType('PrefixPool', { implements: () => PoolObject })
export class PrefixPoolObject extends PoolObject {
  @Field(() => ID, { description: 'Address space: within it prefixes are disjoint.' }) space: string;
  @Field(() => Int, { description: '4 or 6.' }) family: number;
  @Field(() => [CidrScalar], { description: 'What it gives prefixes out of.' }) prefixes: readonly Cidr[];
  @Field(() => CidrScalar, { description: 'The first of `prefixes`.' }) cidr: string;
  @Field(() => Int) defaultLength: number;
  @Field(() => Int, { description: 'Length of the largest prefix that it gives.' }) minLength: number;
  @Field(() => Int, { description: 'Length of the smallest prefix that it gives: its counts are in prefixes of this length.' })
  maxLength: number;
  @HideField() uuid: PrefixPoolId;
}

@ObjectType('FreeBlocks')
export class FreeBlocksObject {
  @Field(() => Int) length: number;
  @Field(() => Int, { description: 'Free blocks of this length, not counting those that are parts of larger ones.' }) count: number;
}

@ObjectType('PrefixExclusion')
export class PrefixExclusionObject {
  @Field(() => CidrScalar) cidr: Cidr;
  @Field(() => LabelScalar) reason: string;
}

export const toPrefixPoolObject = (pool: PrefixPool): PrefixPoolObject =>
  Object.assign(new PrefixPoolObject(), {
    id: encodeId('prefixPool', pool.id),
    uuid: pool.id,
    version: pool.version,
    slug: pool.slug,
    name: pool.name,
    total: pool.size,
    free: pool.free,
    used: pool.size - pool.free,
    utilization: shareOf(pool.size - pool.free, pool.size),
    level: pool.level,
    strategy: pool.strategy,
    quarantineSeconds: pool.quarantineSeconds,
    lowWaterPercent: pool.lowWaterPercent,
    createdAt: pool.createdAt,
    updatedAt: pool.updatedAt,
    space: encodeId('addressSpace', pool.spaceId),
    family: pool.family,
    prefixes: pool.ranges,
    cidr: pool.ranges[0] ?? '',
    defaultLength: pool.defaultLength,
    minLength: pool.minLength,
    maxLength: pool.maxLength,
  });
