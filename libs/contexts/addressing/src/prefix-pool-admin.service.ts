import { Injectable } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import {
  type AddressSpaceId,
  Cidr,
  cidrsOverlap,
  DomainError,
  invalidValue,
  notFound,
  type PrefixId,
  type PrefixPoolId,
  Slug,
  type TenantId,
} from '#engines/kernel';
import { newId, type Tx, violatedConstraint } from '#platform';
import { outOfRange, overlaps, versionConflict, wrongFamily } from './domain/errors.js';
import { PREFIX_STRATEGIES, type PrefixExclusion, type PrefixPool, type PrefixQuota, type PrefixStrategy } from './domain/prefix-pool.js';
import { EMBEDDED_IPV4 } from './domain/subnet-layout.js';
import { PrefixPoolEntity } from './store/addressing.entity.js';
import { type FreeBlocks, PrefixPoolStore } from './store/prefix-pool.store.js';
import { PrefixTreeStore } from './store/prefix-tree.store.js';

export interface NewPrefixPool {
  readonly spaceId: AddressSpaceId;
  readonly slug: string;
  readonly name: string;
  /** At least one, all of one family. */
  readonly ranges: readonly Cidr[];
  readonly minLength: number;
  readonly defaultLength: number;
  readonly maxLength: number;
  readonly strategy?: PrefixStrategy;
  readonly quarantineSeconds?: number;
  readonly lowWaterPercent?: number;
  /** None: every tenant. */
  readonly tenantIds?: readonly TenantId[];
}

/** What may change. Quotas are counted in blocks of `maxLength`: that stays. */
export interface PrefixPoolChange {
  readonly name?: string;
  readonly strategy?: PrefixStrategy;
  readonly minLength?: number;
  readonly defaultLength?: number;
  readonly quarantineSeconds?: number;
  readonly lowWaterPercent?: number;
  readonly tenantIds?: readonly TenantId[];
}

const A_YEAR = 31_536_000;

/**
 * Pools of prefixes, for the operator. Whatever changes what is free makes the index of free blocks anew, under the lock of the pool: some 8 µs for
 * each leaf.
 */
@Injectable()
export class PrefixPoolAdminService {
  constructor(
    private readonly store: PrefixPoolStore,
    private readonly tree: PrefixTreeStore,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
  ) {}

  /** @throws DomainError INVALID_VALUE | OUT_OF_RANGE | ALREADY_EXISTS (slug) | OVERLAPS (a range of another pool, or something in it). */
  async create(tx: Tx, pool: NewPrefixPool): Promise<PrefixPoolId> {
    const [first] = pool.ranges;
    if (first === undefined) throw invalidValue('ranges', 'none', 'at least one prefix');
    const family = Cidr.family(first);
    const id = newId<PrefixPoolId>();
    const settings = checked(family, {
      name: pool.name,
      strategy: pool.strategy ?? 'BEST_FIT',
      minLength: pool.minLength,
      defaultLength: pool.defaultLength,
      maxLength: pool.maxLength,
      quarantineSeconds: pool.quarantineSeconds ?? 86_400,
      lowWaterPercent: pool.lowWaterPercent ?? 10,
    });
    try {
      await tx.manager.insert(PrefixPoolEntity, { ...settings, id, spaceId: pool.spaceId, family, slug: Slug.parse(pool.slug) });
    } catch (error) {
      if (violatedConstraint(error) === 'prefix_pool_slug_unique')
        throw new DomainError('ALREADY_EXISTS', `there is a prefix pool ${pool.slug} already`, { slug: pool.slug }, { cause: error });
      if (violatedConstraint(error) === 'prefix_pool_space_fkey') throw notFound('addressSpace', pool.spaceId);
      throw error;
    }
    await this.tree.lock(tx, pool.spaceId);
    for (const cidr of pool.ranges) await this.addRange(tx, { id, family, maxLength: pool.maxLength, spaceId: pool.spaceId }, cidr);
    if (pool.tenantIds) await this.setTenants(tx, id, pool.tenantIds);
    await this.store.rebuild(tx, id);
    await this.told(tx, 'prefix-pool.created', id, { slug: pool.slug, ranges: pool.ranges });
    return id;
  }

  /** For a prefix that is in use already. @throws DomainError OUT_OF_RANGE: no pool of the space has it; the sentence says which one would have to. */
  async holding(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr): Promise<PrefixPoolId> {
    const id = await this.store.poolHolding(tx, spaceId, cidr);
    if (id !== undefined) return id;
    const accepted = `a prefix pool of its address space with a range that has ${cidr} and lengths that have /${Cidr.length(cidr)}`;
    throw new DomainError('OUT_OF_RANGE', `${cidr} is in no pool: ${accepted} would have to hold it`, { cidr, accepted });
  }

  /** @throws NOT_FOUND | VERSION_CONFLICT | INVALID_VALUE. */
  async update(tx: Tx, id: PrefixPoolId, ifVersion: number, change: PrefixPoolChange): Promise<PrefixPool> {
    await this.store.lock(tx, id);
    const { tenantIds, ...rest } = change;
    const pool = await this.pool(tx, id);
    if (!(await this.store.update(tx, id, ifVersion, checked(pool.family, { ...pool, ...rest })))) throw versionConflict(pool.version);
    if (tenantIds) await this.setTenants(tx, id, tenantIds);
    return this.changed(tx, id, 'prefix-pool.updated', change);
  }

  /** @throws NOT_FOUND | VERSION_CONFLICT | OUT_OF_RANGE | OVERLAPS. */
  async addRanges(tx: Tx, id: PrefixPoolId, ifVersion: number, ranges: readonly Cidr[]): Promise<PrefixPool> {
    const pool = await this.opened(tx, id, ifVersion);
    await this.tree.lock(tx, pool.spaceId);
    for (const cidr of ranges) await this.addRange(tx, pool, cidr);
    return this.changed(tx, id, 'prefix-pool.ranges-added', { ranges });
  }

  /** @throws NOT_FOUND | VERSION_CONFLICT | OUT_OF_RANGE (not a range of the pool, or its last) | IN_USE (it has prefixes, resting ones included). */
  async removeRanges(tx: Tx, id: PrefixPoolId, ifVersion: number, ranges: readonly Cidr[]): Promise<PrefixPool> {
    const pool = await this.opened(tx, id, ifVersion);
    await this.tree.lock(tx, pool.spaceId);
    for (const cidr of ranges) {
      const prefixId = await this.store.removeRange(tx, id, cidr);
      if (prefixId === undefined) throw outOfRange(cidr, `a range of the pool: ${pool.ranges.join(', ')}`);
      if (await this.tree.hasChildren(tx, prefixId))
        throw new DomainError('IN_USE', `${cidr} has prefixes that are given out or rest`, { holderKind: 'prefix', cidr });
      await this.tree.remove(tx, prefixId);
    }
    if (ranges.length >= pool.ranges.length) throw outOfRange('the removal', 'a pool keeps one range at least');
    return this.changed(tx, id, 'prefix-pool.ranges-removed', { ranges });
  }

  /**
   * From now on nothing of it is given out; what is given out already stays, and does not come back.
   * @throws NOT_FOUND | VERSION_CONFLICT | OUT_OF_RANGE | OVERLAPS (another exclusion) | INVALID_VALUE.
   */
  async exclude(tx: Tx, id: PrefixPoolId, ifVersion: number, exclusion: PrefixExclusion): Promise<PrefixPool> {
    const pool = await this.opened(tx, id, ifVersion);
    if (exclusion.reason.trim() === '') throw invalidValue('reason', exclusion.reason, 'why it is excluded, in words');
    if (!(await this.store.rangeOf(tx, id, exclusion.cidr)))
      throw outOfRange(exclusion.cidr, `a prefix within ${pool.ranges.join(' or ')}`);
    await this.store.exclude(tx, id, exclusion).catch((error: unknown) => {
      const constraint = violatedConstraint(error);
      if (constraint === 'prefix_pool_exclusion_disjoint' || constraint === 'prefix_pool_exclusion_pkey')
        throw overlaps(exclusion.cidr, [], error);
      throw error;
    });
    return this.changed(tx, id, 'prefix-pool.excluded', exclusion);
  }

  /** Takes an exclusion back. @throws NOT_FOUND | VERSION_CONFLICT | OUT_OF_RANGE (it is not excluded as such). */
  async include(tx: Tx, id: PrefixPoolId, ifVersion: number, cidr: Cidr): Promise<PrefixPool> {
    await this.opened(tx, id, ifVersion);
    if (!(await this.store.include(tx, id, cidr))) {
      const exclusions = (await this.store.exclusions(tx, id)).map((each) => each.cidr);
      throw outOfRange(cidr, exclusions.length === 0 ? 'nothing is excluded' : `one of ${exclusions.join(', ')}`);
    }
    return this.changed(tx, id, 'prefix-pool.included', { cidr });
  }

  /** How many blocks of `maxLength` the tenant may have of the pool. Null: as many as there are. @throws NOT_FOUND | INVALID_VALUE. */
  async setQuota(tx: Tx, id: PrefixPoolId, tenantId: TenantId, max: bigint | null): Promise<void> {
    if (max !== null && max < 0n) throw invalidValue('quota', max, '0 or more');
    await this.store.lock(tx, id);
    await this.pool(tx, id);
    await this.store.setQuota(tx, id, tenantId, max).catch((error: unknown) => {
      if (violatedConstraint(error) === 'prefix_quota_tenant_fkey') throw notFound('tenant', tenantId);
      throw error;
    });
    await this.store.rebuild(tx, id);
    await this.told(tx, 'prefix-pool.quota-set', id, { tenantId, max: max === null ? null : String(max) });
  }

  /** @throws NOT_FOUND | IN_USE while any prefix of it is given out or rests. */
  async remove(tx: Tx, id: PrefixPoolId): Promise<void> {
    await this.store.lock(tx, id);
    const pool = await this.pool(tx, id);
    await this.tree.lock(tx, pool.spaceId);
    for (const cidr of pool.ranges) {
      const prefixId = await this.store.removeRange(tx, id, cidr);
      if (prefixId === undefined) continue;
      if (await this.tree.hasChildren(tx, prefixId))
        throw new DomainError('IN_USE', `${cidr} has prefixes that are given out or rest`, { holderKind: 'prefix', cidr });
      await this.tree.remove(tx, prefixId);
    }
    await this.store.remove(tx, id);
    await this.audit.append(tx, {
      tenantId: null,
      action: 'prefix-pool.removed',
      subjectKind: 'prefixPool',
      subjectId: id,
      detail: { slug: pool.slug },
    });
  }

  /** The address space that is meant where none is named. @throws INVALID_VALUE where there are several or none. */
  async onlySpace(tx: Tx): Promise<AddressSpaceId> {
    const [only, ...others] = await this.store.spaces(tx);
    if (!only || others.length > 0) throw invalidValue('address space', '', only ? 'the id of one: there are several' : 'one that exists');
    return only;
  }

  async pool(tx: Tx, id: PrefixPoolId): Promise<PrefixPool> {
    const pool = await this.store.pool(tx, id);
    if (!pool) throw notFound('prefixPool', id);
    return pool;
  }

  async poolBySlug(tx: Tx, slug: string): Promise<PrefixPool> {
    const pool = await this.store.poolBySlug(tx, slug);
    if (!pool) throw notFound('prefixPool', slug);
    return pool;
  }

  /** In any order; those that are not there are left out. */
  poolsById(tx: Tx, ids: readonly PrefixPoolId[]): Promise<PrefixPool[]> {
    return this.store.poolsById(tx, ids);
  }

  /** In the order of their slugs. */
  pools(tx: Tx): Promise<PrefixPool[]> {
    return this.store.pools(tx);
  }

  /** @param after a slug. */
  page(tx: Tx, after: string | null, limit: number): Promise<PrefixPool[]> {
    return this.store.page(tx, after, limit);
  }

  /** A page of free blocks, the largest first, each size in rising order. */
  free(tx: Tx, id: PrefixPoolId, after: Cidr | null, limit: number): Promise<Cidr[]> {
    return this.store.free(tx, id, after, limit);
  }

  /** How many free blocks there are of each length. */
  freeByLength(tx: Tx, id: PrefixPoolId): Promise<FreeBlocks[]> {
    return this.store.freeByLength(tx, id);
  }

  exclusions(tx: Tx, id: PrefixPoolId): Promise<PrefixExclusion[]> {
    return this.store.exclusions(tx, id);
  }

  tenants(tx: Tx, id: PrefixPoolId): Promise<TenantId[]> {
    return this.store.tenants(tx, id);
  }

  quotas(tx: Tx, id: PrefixPoolId): Promise<PrefixQuota[]> {
    return this.store.quotas(tx, id);
  }

  private async setTenants(tx: Tx, id: PrefixPoolId, tenantIds: readonly TenantId[]): Promise<void> {
    await this.store.setTenants(tx, id, [...new Set(tenantIds)]).catch((error: unknown) => {
      if (violatedConstraint(error) === 'prefix_pool_tenant_tenant_fkey') throw notFound('tenant', tenantIds.join());
      throw error;
    });
  }

  private async addRange(tx: Tx, pool: Pick<PrefixPool, 'id' | 'spaceId' | 'family' | 'maxLength'>, cidr: Cidr): Promise<void> {
    if (Cidr.family(cidr) !== pool.family) throw wrongFamily(cidr, pool.family);
    if (Cidr.length(cidr) < 1 || Cidr.length(cidr) > pool.maxLength) throw outOfRange(cidr, `a range of /1 to /${pool.maxLength}`);
    if (cidrsOverlap(cidr, EMBEDDED_IPV4)) throw outOfRange(cidr, `a range outside of ${EMBEDDED_IPV4} (embedded IPv4 addresses)`);
    const inTheWay = await this.tree.inTheWay(tx, pool.spaceId, cidr, 'POOL');
    if (inTheWay.length > 0) throw overlaps(cidr, inTheWay);
    const prefixId = newId<PrefixId>();
    await this.tree.insert(tx, { id: prefixId, spaceId: pool.spaceId, cidr, role: 'POOL' }).catch((error: unknown) => {
      const constraint = violatedConstraint(error);
      if (constraint === 'prefix_pool_disjoint' || constraint === 'prefix_cidr_unique') throw overlaps(cidr, [], error);
      throw error;
    });
    await this.store.addRange(tx, pool.id, cidr, prefixId);
  }

  /** Locks the pool and raises its version. */
  private async opened(tx: Tx, id: PrefixPoolId, ifVersion: number): Promise<PrefixPool> {
    await this.store.lock(tx, id);
    const pool = await this.pool(tx, id);
    if (!(await this.store.update(tx, id, ifVersion, pool))) throw versionConflict(pool.version);
    return pool;
  }

  private async changed(tx: Tx, id: PrefixPoolId, action: string, detail: object): Promise<PrefixPool> {
    await this.store.rebuild(tx, id);
    await this.told(tx, action, id, detail);
    return this.pool(tx, id);
  }

  private async told(tx: Tx, action: string, id: PrefixPoolId, detail: object): Promise<void> {
    await this.audit.append(tx, { tenantId: null, action, subjectKind: 'prefixPool', subjectId: id, detail });
    await this.outbox.append(tx, 'prefix-pool.changed', id);
  }
}

type Settings = Pick<
  PrefixPool,
  'name' | 'strategy' | 'minLength' | 'defaultLength' | 'maxLength' | 'quarantineSeconds' | 'lowWaterPercent'
>;

function checked(family: 4 | 6, settings: Settings): Settings {
  const { name, strategy, minLength, defaultLength, maxLength, quarantineSeconds, lowWaterPercent } = settings;
  const most = family === 4 ? 32 : 128;
  if (
    ![minLength, defaultLength, maxLength].every(Number.isInteger) ||
    minLength < 1 ||
    minLength > defaultLength ||
    defaultLength > maxLength ||
    maxLength > most
  )
    throw outOfRange('prefix length', `1 ≤ minLength ≤ defaultLength ≤ maxLength ≤ ${most}`);
  if (!PREFIX_STRATEGIES.includes(strategy)) throw invalidValue('strategy', strategy, PREFIX_STRATEGIES.join(' or '));
  if (!Number.isInteger(quarantineSeconds) || quarantineSeconds < 0 || quarantineSeconds > A_YEAR)
    throw invalidValue('quarantine', quarantineSeconds, `0 to ${A_YEAR} seconds`);
  if (!Number.isInteger(lowWaterPercent) || lowWaterPercent < 0 || lowWaterPercent > 99)
    throw invalidValue('low-water mark', lowWaterPercent, '0 to 99 percent');
  return { name, strategy, minLength, defaultLength, maxLength, quarantineSeconds, lowWaterPercent };
}
