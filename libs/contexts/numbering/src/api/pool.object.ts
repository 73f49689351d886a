import { Field, Float, HideField, ID, Int, InterfaceType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { encodeId, type PoolId } from '#engines/kernel';
import { BigCountScalar, DateTimeScalar, LabelScalar, PoolNumberScalar, SlugScalar, UserError } from '#platform';
import { formatNumber, type NumberKind, type NumberRange } from '../domain/number-kind.js';
import type { NumberRun } from '../domain/number-map.js';
import type { PoolRow } from '../domain/pool.js';

export enum NumberPoolKindEnum {
  VNI = 'VNI',
  L3VNI = 'L3VNI',
  VLAN = 'VLAN',
  EVI = 'EVI',
  ASN = 'ASN',
  ROUTE_TARGET = 'ROUTE_TARGET',
  MULTICAST_GROUP = 'MULTICAST_GROUP',
  ESI = 'ESI',
  ROUTER_MAC = 'ROUTER_MAC',
}
registerEnumType(NumberPoolKindEnum, {
  name: 'NumberPoolKind',
  valuesMap: {
    L3VNI: { description: 'One uniqueness space with VNI: a switch cannot map one VNI twice.' },
    VLAN: { description: 'Unique within a VLAN domain.' },
    EVI: { description: 'EVPN instance: the assigned number of route distinguishers.' },
  },
});

export enum PoolStrategyEnum {
  LOWEST_FREE = 'LOWEST_FREE',
  ROTATING = 'ROTATING',
  RANDOM = 'RANDOM',
  HASH = 'HASH',
  BEST_FIT = 'BEST_FIT',
  LOWEST_FIT = 'LOWEST_FIT',
}
registerEnumType(PoolStrategyEnum, {
  name: 'PoolStrategy',
  valuesMap: {
    LOWEST_FREE: { description: 'Numbers: the lowest free one.' },
    ROTATING: { description: 'Numbers: the next after the last one given, so that a value rests as long as possible.' },
    RANDOM: { description: 'Numbers: any free one.' },
    HASH: { description: 'Numbers: the one that the idempotency key points to, or the next after it.' },
    BEST_FIT: { description: 'Prefixes: out of the smallest free block that fits, the lowest of them.' },
    LOWEST_FIT: { description: 'Prefixes: the lowest block that fits, whatever its size.' },
  },
});

export enum PoolLevelEnum {
  OK = 'OK',
  LOW = 'LOW',
  EXHAUSTED = 'EXHAUSTED',
}
registerEnumType(PoolLevelEnum, { name: 'PoolLevel' });

@InterfaceType('Pool', { description: 'What values are given out of. Belongs to the operator; everybody may read it.' })
export abstract class PoolObject {
  @Field(() => ID) id: string;
  @Field(() => Int, { description: 'Rises by one at every change of its settings. Send it back as `ifVersion`.' }) version: number;
  @Field(() => SlugScalar) slug: string;
  @Field(() => LabelScalar) name: string;
  @Field(() => BigCountScalar, { description: 'What it can give in all, without exclusions; prefixes in blocks of the smallest size.' })
  total: bigint;
  @Field(() => BigCountScalar) free: bigint;
  @Field(() => BigCountScalar, { description: 'Allocated, or resting in quarantine.' }) used: bigint;
  @Field(() => Float, { description: 'used / total, 0 to 1.' }) utilization: number;
  @Field(() => PoolLevelEnum, { description: 'LOW at `lowWaterPercent` of free values and below.' }) level: string;
  @Field(() => PoolStrategyEnum) strategy: string;
  @Field(() => Int, { description: 'How long a released value rests.' }) quarantineSeconds: number;
  @Field(() => Int) lowWaterPercent: number;
  @Field(() => DateTimeScalar) createdAt: Date;
  @Field(() => DateTimeScalar) updatedAt: Date;
}

@ObjectType('NumberPool', { implements: () => PoolObject })
export class NumberPoolObject extends PoolObject {
  @Field(() => NumberPoolKindEnum) kind: NumberKind;
  @Field(() => ID, { nullable: true, description: 'Of a pool of VLANs: the domain in which they are unique.' }) vlanDomain: string | null;
  @HideField() uuid: PoolId;
}

/** Of counts of any size, as a share with enough digits for a picture. */
export const shareOf = (part: bigint, whole: bigint): number => (whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 1_000_000);

export const toNumberPoolObject = (pool: PoolRow): NumberPoolObject =>
  Object.assign(new NumberPoolObject(), {
    id: encodeId('pool', pool.id),
    uuid: pool.id,
    version: pool.version,
    slug: pool.slug,
    name: pool.name,
    kind: pool.kind,
    total: pool.total,
    free: pool.free,
    used: pool.total - pool.free,
    utilization: shareOf(pool.total - pool.free, pool.total),
    level: pool.level,
    strategy: pool.strategy,
    quarantineSeconds: pool.quarantineSeconds,
    lowWaterPercent: pool.lowWaterPercent,
    createdAt: pool.createdAt,
    updatedAt: pool.updatedAt,
    vlanDomain: pool.vlanDomainId && encodeId('vlanDomain', pool.vlanDomainId),
  });

@ObjectType('NumberRange', { description: 'Both ends belong to it.' })
export class NumberRangeObject {
  @Field(() => PoolNumberScalar) first: string;
  @Field(() => PoolNumberScalar) last: string;
  @Field(() => BigCountScalar) count: number;
}

@ObjectType('NumberExclusion')
export class NumberExclusionObject extends NumberRangeObject {
  @Field(() => LabelScalar) reason: string;
}

export enum NumberStateEnum {
  FREE = 'FREE',
  USED = 'USED',
  QUARANTINED = 'QUARANTINED',
  EXCLUDED = 'EXCLUDED',
  OUTSIDE = 'OUTSIDE',
}
registerEnumType(NumberStateEnum, { name: 'NumberState', valuesMap: { OUTSIDE: { description: 'Not of this pool.' } } });

@ObjectType('NumberRun', { description: 'Consecutive values of one state.' })
export class NumberRunObject extends NumberRangeObject {
  @Field(() => NumberStateEnum) state: string;
}

@ObjectType('NumberMap', { description: 'A window of values, without a gap: for pictures.' })
export class NumberMapObject {
  @Field(() => PoolNumberScalar) from: string;
  @Field(() => [NumberRunObject]) runs: NumberRunObject[];
}

@ObjectType('PoolQuota', { description: 'What a tenant may have of a pool.' })
export class PoolQuotaObject {
  @Field(() => ID) tenant: string;
  @Field(() => BigCountScalar) max: bigint | number;
  @Field(() => BigCountScalar) used: bigint | number;
}

@ObjectType('PoolPayload')
export class PoolPayload {
  @Field(() => PoolObject, { nullable: true }) pool?: PoolObject | null;
  @Field(() => [UserError]) errors: UserError[];
}

export const toRangeObject = (kind: NumberKind, { first, last }: NumberRange): NumberRangeObject => ({
  first: formatNumber(kind, first),
  last: formatNumber(kind, last),
  count: last - first + 1,
});

export const toRunObject = (kind: NumberKind, run: NumberRun): NumberRunObject => ({
  // Outside of the pool a value need not be one of its kind.
  ...(run.state === 'OUTSIDE'
    ? { first: String(run.first), last: String(run.last), count: run.last - run.first + 1 }
    : toRangeObject(kind, run)),
  state: run.state,
});

@ObjectType('DeletePayload')
export class DeletePayload {
  @Field(() => ID, { nullable: true }) deletedId?: string | null;
  @Field(() => [UserError]) errors: UserError[];
}
