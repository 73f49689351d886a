import { Field, HideField, ID, Int, ObjectType } from '@nestjs/graphql';
import { encodeId, type PoolId } from '#engines/kernel';
import { BigCountScalar, LabelScalar, SlugScalar } from '#platform';
import type { PoolRow } from '../domain/pool.js';

@ObjectType('NumberPool')
export class NumberPoolObject {
  @Field(() => ID) id: string;
  @Field(() => SlugScalar) slug: string;
  @Field(() => LabelScalar) name: string;
  @Field({ description: 'VNI, L3VNI, VLAN or EVI.' }) kind: string;
  @Field(() => BigCountScalar) total: bigint;
  @Field(() => BigCountScalar) free: bigint;
  @Field(() => BigCountScalar, { description: 'Allocated, or resting in quarantine.' }) used: bigint;
  @Field(() => Int) quarantineSeconds: number;
  @Field(() => ID, { nullable: true, description: 'Of a pool of VLANs: the domain in which they are unique.' }) vlanDomain: string | null;
  @HideField() uuid: PoolId;
}

export const toNumberPoolObject = (pool: PoolRow): NumberPoolObject => ({
  id: encodeId('pool', pool.id),
  slug: pool.slug,
  name: pool.name,
  kind: pool.kind,
  total: pool.total,
  free: pool.free,
  used: pool.total - pool.free,
  quarantineSeconds: pool.quarantineSeconds,
  vlanDomain: pool.vlanDomainId && encodeId('vlanDomain', pool.vlanDomainId),
  uuid: pool.id,
});
