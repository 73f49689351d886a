import { Injectable } from '@nestjs/common';
import { DomainError, type FabricId, invalidValue, type PoolId, Slug, type VlanDomainId } from '#engines/kernel';
import { newId, type Tx, violatedConstraint } from '#platform';
import { FreeNumberEntity, NumberPoolEntity, NumberPoolRangeEntity, NumberSpaceEntity } from './store/number-pool.entity.js';
import type { NumberKind } from './domain/pool.js';

export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

export interface NewNumberPool {
  readonly fabricId: FabricId;
  readonly kind: NumberKind;
  /** Only for VLANs, which are local to a domain. */
  readonly vlanDomainId?: VlanDomainId;
  readonly slug: string;
  readonly name: string;
  readonly ranges: readonly NumberRange[];
  readonly quarantineSeconds?: number;
}

const BOUNDS: Record<NumberKind, NumberRange> = {
  VNI: { first: 1, last: 16_777_214 },
  L3VNI: { first: 1, last: 16_777_214 },
  VLAN: { first: 2, last: 4094 },
  // FRR numbers automatic RDs of its own from 1 up, one for each VNI; an explicit RD that equals the automatic one is not kept, and
  // the host would never be at what was asked (measured on 8.4.4). So ours begin where a host's own will not reach.
  EVI: { first: 10_000, last: 65_535 },
};

/** L2 and L3 VNIs share one uniqueness space: a switch cannot map one VNI twice. */
const SPACE_OF: Record<NumberKind, 'VNI' | 'VLAN' | 'EVI'> = { VNI: 'VNI', L3VNI: 'VNI', VLAN: 'VLAN', EVI: 'EVI' };

@Injectable()
export class PoolAdminService {
  /** @throws DomainError INVALID_VALUE | ALREADY_EXISTS (slug) | OVERLAPS (a range of another pool of the same space). */
  async create(tx: Tx, pool: NewNumberPool): Promise<PoolId> {
    const bounds = BOUNDS[pool.kind];
    for (const { first, last } of pool.ranges) {
      if (!Number.isInteger(first) || !Number.isInteger(last) || first > last || first < bounds.first || last > bounds.last) {
        throw invalidValue(`${pool.kind} range`, `${first}-${last}`, `first ≤ last, both from ${bounds.first} to ${bounds.last}`);
      }
    }
    const id = newId<PoolId>();
    const spaceId = await this.space(tx, pool);
    try {
      await tx.manager.insert(NumberPoolEntity, {
        id,
        spaceId,
        slug: Slug.parse(pool.slug),
        name: pool.name,
        kind: pool.kind,
        quarantineSeconds: pool.quarantineSeconds ?? 86_400,
      });
      for (const range of pool.ranges) {
        const bigints = { poolId: id, first: String(range.first), last: String(range.last) };
        await tx.manager.insert(NumberPoolRangeEntity, { ...bigints, spaceId });
        await tx.manager.insert(FreeNumberEntity, bigints);
      }
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === 'number_pool_slug_unique')
        throw new DomainError('ALREADY_EXISTS', `there is a pool ${pool.slug} already`, { slug: pool.slug }, { cause: error });
      if (constraint === 'number_pool_range_disjoint')
        throw new DomainError(
          'OVERLAPS',
          `a range of ${pool.slug} overlaps another pool of the same space`,
          { ranges: pool.ranges },
          { cause: error },
        );
      throw error;
    }
    return id;
  }

  private async space(tx: Tx, pool: NewNumberPool): Promise<string> {
    const place = { fabricId: pool.fabricId as string, kind: SPACE_OF[pool.kind], vlanDomainId: pool.vlanDomainId ?? null };
    await tx.manager
      .createQueryBuilder()
      .insert()
      .into(NumberSpaceEntity)
      .values({ id: newId(), ...place })
      .orIgnore()
      .execute();
    const row = await tx.one<{ id: string }>(
      'SELECT id FROM number_space WHERE fabric_id = $1 AND kind = $2 AND vlan_domain_id IS NOT DISTINCT FROM $3',
      [place.fabricId, place.kind, place.vlanDomainId],
    );
    return (row as { id: string }).id;
  }
}
