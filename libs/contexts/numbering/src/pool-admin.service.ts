import { Injectable } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import {
  DomainError,
  type FabricId,
  invalidValue,
  Label,
  notFound,
  type PoolId,
  Slug,
  type TenantId,
  type VlanDomainId,
} from '#engines/kernel';
import { newId, type Tx, violatedConstraint } from '#platform';
import { versionConflict } from './domain/errors.js';
import { checkRange, formatNumber, isGlobalKind, type NumberKind, type NumberRange, spaceOf } from './domain/number-kind.js';
import { POOL_STRATEGIES, type PoolRow, type PoolStrategy } from './domain/pool.js';
import { NumberPoolEntity, NumberSpaceEntity } from './store/number-pool.entity.js';
import { type NumberExclusion, NumberPoolStore, type QuotaRow } from './store/number-pool.store.js';
import { PoolAdminStore } from './store/pool-admin.store.js';

export type { NumberExclusion } from './store/number-pool.store.js';

export interface NewNumberPool {
  /** Not for kinds that are unique over the whole installation: ASN, ROUTE_TARGET, ESI, ROUTER_MAC. */
  readonly fabricId: FabricId;
  readonly kind: NumberKind;
  /** Only for VLANs, which are local to a domain. */
  readonly vlanDomainId?: VlanDomainId;
  readonly slug: string;
  readonly name: string;
  readonly ranges: readonly NumberRange[];
  readonly exclusions?: readonly NumberExclusion[];
  readonly strategy?: PoolStrategy;
  readonly quarantineSeconds?: number;
  readonly lowWaterPercent?: number;
  /** Holds numbers that ran before: its ranges may lie where Trame itself would not number. */
  readonly isAdopted?: boolean;
  /** Tenants that may use it; none: all. */
  readonly tenants?: readonly TenantId[];
}

export interface PoolChange {
  readonly name?: string;
  readonly strategy?: PoolStrategy;
  readonly quarantineSeconds?: number;
  readonly lowWaterPercent?: number;
  readonly addRanges?: readonly NumberRange[];
  /** Values of them that are allocated stay allocated until they are released; they are not given out again. */
  readonly removeRanges?: readonly NumberRange[];
  readonly exclude?: readonly NumberExclusion[];
  /** Exclusions by their first value. */
  readonly include?: readonly number[];
  readonly tenants?: readonly TenantId[];
}

/** A year. */
const LONGEST_QUARANTINE_SECONDS = 31_536_000;

/** What people do to pools. A change of the extent holds the pool's lock; the derived tables follow in the same transaction. */
@Injectable()
export class PoolAdminService {
  constructor(
    private readonly store: PoolAdminStore,
    private readonly pools: NumberPoolStore,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
  ) {}

  /** @throws DomainError INVALID_VALUE | ALREADY_EXISTS (slug) | OVERLAPS (a range of another pool of the same space). */
  async create(tx: Tx, pool: NewNumberPool): Promise<PoolId> {
    checkSettings(pool);
    if (pool.ranges.length === 0) throw invalidValue('ranges', '', 'one range or more');
    const id = newId<PoolId>();
    const spaceId = await this.space(tx, pool);
    const slug = Slug.parse(pool.slug);
    try {
      await tx.manager.insert(NumberPoolEntity, {
        id,
        spaceId,
        slug,
        name: Label.parse(pool.name),
        kind: pool.kind,
        strategy: pool.strategy ?? 'LOWEST_FREE',
        quarantineSeconds: pool.quarantineSeconds ?? 86_400,
        lowWaterPercent: pool.lowWaterPercent ?? 10,
      });
    } catch (error) {
      if (violatedConstraint(error) !== 'number_pool_slug_unique') throw error;
      throw new DomainError('ALREADY_EXISTS', `there is a pool ${slug} already`, { slug }, { cause: error });
    }
    for (const range of pool.ranges) {
      checkRange(pool.kind, range, pool.isAdopted);
      await this.addRange(tx, { id, spaceId, slug, kind: pool.kind }, range);
    }
    for (const exclusion of pool.exclusions ?? []) await this.addExclusion(tx, { id, slug, kind: pool.kind }, exclusion);
    if (pool.tenants) await this.setTenants(tx, id, pool.tenants);
    await this.store.rebuild(tx, id);
    await this.told(tx, 'pool.created', id, { slug, kind: pool.kind });
    return id;
  }

  /**
   * All of it or nothing. @param version the one that was read.
   * @throws DomainError NOT_FOUND | VERSION_CONFLICT | INVALID_VALUE | OVERLAPS | IN_USE (a range to be removed has allocations outside of what stays).
   */
  async update(tx: Tx, id: PoolId, version: number, change: PoolChange): Promise<PoolRow> {
    checkSettings(change);
    await this.store.lock(tx, id);
    const pool = await this.existing(tx, id);
    const settings = { ...change, ...(change.name !== undefined && { name: Label.parse(change.name) }) };
    if (!(await this.store.updateSettings(tx, id, version, settings))) throw versionConflict(pool.version);
    const spaceId = await this.store.spaceOf(tx, id);
    for (const first of change.include ?? []) await this.removeExclusion(tx, pool, first);
    for (const range of change.removeRanges ?? []) await this.removeRange(tx, pool, range);
    for (const range of change.addRanges ?? []) {
      checkRange(pool.kind, range);
      await this.addRange(tx, { id, spaceId, slug: pool.slug, kind: pool.kind }, range, true);
    }
    for (const exclusion of change.exclude ?? []) await this.addExclusion(tx, pool, exclusion, true);
    if (change.tenants) await this.setTenants(tx, id, change.tenants);
    await this.told(tx, 'pool.updated', id, change);
    return this.existing(tx, id);
  }

  /** @param max null: no limit. What a tenant has already above it stays. @throws DomainError NOT_FOUND | INVALID_VALUE. */
  async setQuota(tx: Tx, id: PoolId, tenantId: TenantId, max: number | null): Promise<void> {
    if (max !== null && (!Number.isSafeInteger(max) || max < 0)) throw invalidValue('quota', max, 'an integer from 0 up, or none');
    await this.store.lock(tx, id);
    await this.existing(tx, id);
    try {
      await this.store.setQuota(tx, id, tenantId, max);
    } catch (error) {
      if (violates(error, 'number_quota_tenant_fkey')) throw notFound('tenant', tenantId);
      throw error;
    }
    await this.told(tx, 'pool.quota_set', id, { tenant: tenantId, max });
  }

  /** The fabric that is meant where none is named. @throws DomainError INVALID_VALUE where there are several or none. */
  async onlyFabric(tx: Tx): Promise<FabricId> {
    const [only, ...others] = await this.store.fabrics(tx);
    if (!only || others.length > 0)
      throw invalidValue('fabric', '', only ? 'the id of one: there are several' : 'one that exists: load an inventory first');
    return only;
  }

  quotas(tx: Tx, id: PoolId): Promise<QuotaRow[]> {
    return this.pools.quotas(tx, id);
  }

  tenants(tx: Tx, id: PoolId): Promise<TenantId[]> {
    return this.pools.tenants(tx, id);
  }

  /** @throws DomainError NOT_FOUND | IN_USE while anything of it is allocated or rests. */
  async remove(tx: Tx, id: PoolId): Promise<void> {
    await this.store.lock(tx, id);
    const pool = await this.existing(tx, id);
    const some = await this.store.anyAllocation(tx, id);
    if (some)
      throw new DomainError('IN_USE', `${pool.kind} ${formatNumber(pool.kind, some.value)} of the pool ${pool.slug} is ${some.state}`, {
        pool: pool.slug,
      });
    await this.store.remove(tx, id);
    await this.told(tx, 'pool.removed', id, { slug: pool.slug });
  }

  private async existing(tx: Tx, id: PoolId): Promise<PoolRow> {
    const pool = await this.pools.pool(tx, id);
    if (!pool) throw notFound('pool', id);
    return pool;
  }

  private async setTenants(tx: Tx, id: PoolId, tenants: readonly TenantId[]): Promise<void> {
    try {
      await this.store.setTenants(tx, id, tenants);
    } catch (error) {
      if (violates(error, 'number_pool_tenant_tenant_fkey')) throw notFound('tenant', tenants.join());
      throw error;
    }
  }

  private async addRange(
    tx: Tx,
    pool: { id: PoolId; spaceId: string; slug: string; kind: NumberKind },
    range: NumberRange,
    isLive = false,
  ): Promise<void> {
    try {
      await this.store.addRange(tx, pool.id, pool.spaceId, range);
    } catch (error) {
      if (!violates(error, 'number_pool_range_disjoint', 'number_pool_range_pkey')) throw error;
      const facts = { first: formatNumber(pool.kind, range.first), last: formatNumber(pool.kind, range.last) };
      throw new DomainError(
        'OVERLAPS',
        `${facts.first} to ${facts.last} overlaps a range that ${pool.slug} or another pool of the same space has already`,
        facts,
        { cause: error },
      );
    }
    if (isLive) await this.store.give(tx, pool.id, range);
  }

  private async removeRange(tx: Tx, pool: PoolRow, range: NumberRange): Promise<void> {
    checkRange(pool.kind, range);
    const held = await this.store.anyAllocation(tx, pool.id, range);
    if (held)
      throw new DomainError(
        'IN_USE',
        `${pool.kind} ${formatNumber(pool.kind, held.value)} is ${held.state}; exclude the range instead, and remove it when everything in it is released`,
        { value: held.value },
      );
    if (!(await this.store.removeRange(tx, pool.id, range)))
      throw invalidValue('range to remove', `${range.first} to ${range.last}`, 'a range within one that the pool has');
  }

  private async addExclusion(
    tx: Tx,
    pool: { id: PoolId; slug: string; kind: NumberKind },
    exclusion: NumberExclusion,
    isLive = false,
  ): Promise<void> {
    checkRange(pool.kind, exclusion);
    const reason = Label.parse(exclusion.reason);
    try {
      await this.store.addExclusion(tx, pool.id, { ...exclusion, reason });
    } catch (error) {
      if (!violates(error, 'number_pool_exclusion_disjoint', 'number_pool_exclusion_pkey')) throw error;
      throw new DomainError(
        'OVERLAPS',
        `part of it is excluded already in ${pool.slug}`,
        { first: exclusion.first, last: exclusion.last },
        { cause: error },
      );
    }
    if (isLive) await this.store.cut(tx, pool.id, exclusion);
  }

  private async removeExclusion(tx: Tx, pool: PoolRow, first: number): Promise<void> {
    const range = await this.store.removeExclusion(tx, pool.id, first);
    if (!range) throw invalidValue('exclusion', first, 'the first value of an exclusion of the pool');
    await this.store.give(tx, pool.id, range);
  }

  private async told(tx: Tx, action: string, id: PoolId, detail: object): Promise<void> {
    await this.audit.append(tx, { tenantId: null, action, subjectKind: 'pool', subjectId: id, detail });
    await this.outbox.append(tx, 'number-pool.changed', id);
  }

  private async space(tx: Tx, pool: NewNumberPool): Promise<string> {
    if ((pool.kind === 'VLAN') !== (pool.vlanDomainId !== undefined))
      throw invalidValue('VLAN domain', pool.vlanDomainId ?? '', 'one for a pool of VLANs, none for any other');
    const fabricId = isGlobalKind(pool.kind) ? null : (pool.fabricId as string);
    const place = { fabricId, kind: spaceOf(pool.kind), vlanDomainId: pool.vlanDomainId ?? null };
    try {
      await tx.manager
        .createQueryBuilder()
        .insert()
        .into(NumberSpaceEntity)
        .values({ id: newId(), ...place })
        .orIgnore()
        .execute();
    } catch (error) {
      if (violates(error, 'number_space_fabric_fkey')) throw notFound('fabric', pool.fabricId);
      if (violates(error, 'number_space_vlan_domain_fkey')) throw notFound('vlanDomain', pool.vlanDomainId ?? '');
      throw error;
    }
    return this.store.spaceAt(tx, place);
  }
}

/** Two ranges that begin with the same value violate the primary key first. */
function violates(error: unknown, ...constraints: readonly string[]): boolean {
  return constraints.includes(violatedConstraint(error) ?? '');
}

function checkSettings(settings: Pick<PoolChange, 'strategy' | 'quarantineSeconds' | 'lowWaterPercent'>): void {
  const { strategy, quarantineSeconds: rest, lowWaterPercent: low } = settings;
  if (strategy !== undefined && !POOL_STRATEGIES.includes(strategy)) throw invalidValue('strategy', strategy, POOL_STRATEGIES.join(', '));
  if (rest !== undefined && (!Number.isInteger(rest) || rest < 0 || rest > LONGEST_QUARANTINE_SECONDS))
    throw invalidValue('quarantine', rest, `0 to ${LONGEST_QUARANTINE_SECONDS} seconds`);
  if (low !== undefined && (!Number.isInteger(low) || low < 0 || low > 99)) throw invalidValue('low-water mark', low, '0 to 99 percent');
}
