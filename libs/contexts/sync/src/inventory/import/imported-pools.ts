import { Injectable } from '@nestjs/common';
import { AddressingListing, AddressingService, type PrefixPool, PrefixPoolAdminService } from '#contexts/addressing';
import { Cidr, isDomainError, type PrefixPoolId } from '#engines/kernel';
import type { Tx } from '#platform';
import { attempt } from './attempt.js';
import type { ImportPlaces } from './taking.js';

const LONGEST_SLUG = 63;

/** Which pool a prefix comes out of. */
@Injectable()
export class ImportedPools {
  constructor(
    private readonly pools: PrefixPoolAdminService,
    private readonly listing: AddressingListing,
    private readonly addressing: AddressingService,
  ) {}

  /** @throws DomainError OUT_OF_RANGE (no pool has it, and none is to be made) | OVERLAPS (what is there already is in the way). */
  async holding(tx: Tx, places: ImportPlaces, cidr: Cidr): Promise<PrefixPoolId> {
    try {
      return await this.pools.holding(tx, places.spaceId, cidr);
    } catch (error) {
      if (!isDomainError(error) || error.code !== 'OUT_OF_RANGE' || places.pools === 'REPORT') throw error;
    }
    const around = await this.listing.containerAround(tx, places.spaceId, cidr);
    if (around && !around.isParent && Cidr.length(around.cidr) > 0) {
      // Something in it may be in the way; what was begun is undone then.
      const made = await attempt(tx, () => this.addRange(tx, places, around.cidr));
      if (!isDomainError(made)) return made;
    }
    return this.addRange(tx, places, cidr);
  }

  /** Nobody is given it; what is reserved there is nobody's yet. @returns the pool, or undefined where none has it. */
  async exclude(tx: Tx, { spaceId }: ImportPlaces, cidr: Cidr, reason: string): Promise<PrefixPool | undefined> {
    const id = await this.pools.holding(tx, spaceId, cidr).catch((error: unknown) => {
      if (isDomainError(error) && error.code === 'OUT_OF_RANGE') return undefined;
      throw error;
    });
    if (id === undefined) return undefined;
    const pool = await this.pools.pool(tx, id);
    const excluded = await this.pools.exclusions(tx, id);
    return excluded.some((each) => each.cidr === cidr) ? pool : this.pools.exclude(tx, id, pool.version, { cidr, reason });
  }

  private async addRange(tx: Tx, { spaceId, fabricId }: ImportPlaces, range: Cidr): Promise<PrefixPoolId> {
    const family = Cidr.family(range);
    const plain = `imported-ipv${family}`;
    const pools = await this.pools.pools(tx);
    const mine = pools.find((pool) => pool.spaceId === spaceId && (pool.slug === plain || pool.slug.startsWith(`${plain}-`)));
    if (mine) return (await this.pools.addRanges(tx, mine.id, mine.version, [range])).id;
    // Slugs of pools are everybody's: that of a second space has its name in it.
    const isTaken = pools.some((pool) => pool.slug === plain);
    const slug = isTaken ? `${plain}-${await this.nameOf(tx, fabricId, spaceId)}`.slice(0, LONGEST_SLUG).replace(/-$/, '') : plain;
    const lengths = family === 4 ? { minLength: 1, defaultLength: 24, maxLength: 32 } : { minLength: 1, defaultLength: 64, maxLength: 128 };
    return this.pools.create(tx, { spaceId, slug, name: `Imported IPv${family}`, ranges: [range], ...lengths });
  }

  private async nameOf(tx: Tx, fabricId: ImportPlaces['fabricId'], spaceId: ImportPlaces['spaceId']): Promise<string> {
    const named = await this.addressing.spaces(tx, fabricId);
    return [...named].find(([, id]) => id === spaceId)?.[0] ?? spaceId;
  }
}
