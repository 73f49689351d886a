import { Injectable } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import { Cidr, invalidValue, notFound, type PrefixId, type PrefixPoolId, type TenantId } from '#engines/kernel';
import { atPath, Database, isWorthAnotherTry, MicroBatch, newId, type Scope, type Tx, violatedConstraint } from '#platform';
import { checkCount, checkedHolder, checkTtl, fingerprintOf, newborn, refusedAt } from './allocation-request.js';
import type { AdoptedPrefix, Granted, PrefixAllocation, PrefixRequest } from './domain/allocation.js';
import { inUse, invalidState, keyReused, versionConflict } from './domain/errors.js';
import { PrefixRefusals } from './prefix-refusals.js';
import { type BatchedPrefix, PrefixAllocationStore, type TakenPrefix } from './store/prefix-allocation.store.js';

/**
 * Prefixes for other systems. Requests for one prefix go through a micro-batch, all pools together; everything else has a transaction of its own.
 * Who may ask for which tenant is decided before.
 */
@Injectable()
export class PrefixAllocationService {
  private readonly batch: MicroBatch<BatchedPrefix, TakenPrefix>;

  constructor(
    private readonly db: Database,
    private readonly store: PrefixAllocationStore,
    private readonly refusals: PrefixRefusals,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
  ) {
    this.batch = new MicroBatch({
      isWorthHalving: isWorthAnotherTry,
      identity: ({ tenantId, key }) => `${tenantId} ${key}`,
      send: (requests) => store.allocate(db, requests),
    });
  }

  /**
   * @throws DomainError NOT_FOUND | IDEMPOTENCY_KEY_REUSED | POOL_EXHAUSTED | QUOTA_EXCEEDED | OVERLAPS (the preferred prefix is taken) |
   * OUT_OF_RANGE (it is not of the pool, excluded, or of a length that the pool does not give) | INVALID_VALUE.
   */
  async allocate(scope: Scope, request: PrefixRequest): Promise<Granted<PrefixAllocation>> {
    checkRequest(request);
    if ((request.count ?? 1) > 1) return this.db.inTransaction(scope, (tx) => this.allocateIn(tx, request));
    const submitted: BatchedPrefix = {
      id: newId<PrefixId>(),
      actor: scope.actor,
      poolId: request.poolId,
      tenantId: request.tenantId,
      key: request.key,
      fingerprint: fingerprint(request),
      length: request.length ?? null,
      prefer: request.prefer ?? null,
      ttlSeconds: request.ttlSeconds ?? null,
      role: request.role ?? 'SUBNET',
      holder: request.holder ?? null,
      externalRef: request.externalRef ?? null,
    };
    const taken = await this.batch.submit(submitted).catch(orKeyReused(request.key));
    if (taken.id === null) throw await this.db.inTransaction(scope, (tx) => this.refusals.explain(tx, taken, request));
    if (taken.outcome === 'REPLAYED' || !taken.at) {
      const granted = await this.db.inTransaction(scope, (tx) => this.granted(tx, [taken]));
      // A hold that was swept, or a value that was released, between the two looks: the key is free again.
      return granted.allocations.length > 0 ? granted : this.allocate(scope, request);
    }
    const { id, poolId, tenantId, key, role, holder, externalRef } = submitted;
    const born = newborn(taken.at, submitted.ttlSeconds);
    return {
      allocations: [{ id, poolId, tenantId, key, role, holder, externalRef, cidr: taken.cidr as Cidr, holderKind: 'external', ...born }],
      replayed: false,
    };
  }

  /** The same in an open transaction, beside other effects of it. The caller takes pools in the order of their ids. */
  async allocateIn(tx: Tx, request: PrefixRequest): Promise<Granted<PrefixAllocation>> {
    checkRequest(request);
    const wanted = {
      ids: Array.from({ length: request.count ?? 1 }, () => newId<PrefixId>()),
      poolId: request.poolId,
      tenantId: request.tenantId,
      key: request.key,
      fingerprint: fingerprint(request),
      length: request.length ?? null,
      isContiguous: request.isContiguous ?? false,
      isPartial: request.isPartial ?? false,
      prefer: request.prefer ?? null,
      ttlSeconds: request.ttlSeconds ?? null,
      role: request.role ?? 'SUBNET',
      holderKind: 'external',
      holder: request.holder ?? null,
      externalRef: request.externalRef ?? null,
    } as const;
    const taken = await this.store.take(tx, wanted).catch(orKeyReused(request.key));
    const [first] = taken;
    if (!first || first.id === null) throw await this.refusals.explain(tx, first ?? { outcome: 'EXHAUSTED' }, request);
    const granted = await this.granted(tx, taken);
    if (!granted.replayed) await this.told(tx, 'prefix.allocated', granted.allocations);
    return granted;
  }

  /** HELD → BOUND. @param generation the one that was read. @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE. */
  bind(scope: Scope, id: PrefixId, generation: number, holder: string | null = null): Promise<PrefixAllocation> {
    return this.changed(scope, id, generation, 'prefix.bound', ['HELD'], (tx) =>
      this.store.bind(tx, id, generation, checkedHolder(holder)),
    );
  }

  /** From now on. @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE | INVALID_VALUE. */
  async extend(scope: Scope, id: PrefixId, generation: number, ttlSeconds: number): Promise<PrefixAllocation> {
    checkTtl(ttlSeconds);
    return this.changed(scope, id, generation, 'prefix.extended', ['HELD'], (tx) => this.store.extend(tx, id, generation, ttlSeconds));
  }

  /** To another tenant, or to another holder of this one. @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE | IN_USE | IDEMPOTENCY_KEY_REUSED. */
  async transfer(
    scope: Scope,
    id: PrefixId,
    generation: number,
    to: { tenantId: TenantId; holder: string | null },
  ): Promise<PrefixAllocation> {
    const holder = checkedHolder(to.holder);
    return this.changed(scope, id, generation, 'prefix.transferred', ['HELD', 'BOUND'], (tx) =>
      this.store.transfer(tx, id, generation, { tenantId: to.tenantId, holder }).catch((error: unknown) => {
        if (violatedConstraint(error) === 'prefix_tenant') throw notFound('tenant', to.tenantId);
        if (violatedConstraint(error) === 'prefix_key_unique') throw keyReused('');
        throw error;
      }),
    );
  }

  /**
   * Into quarantine; a hold, or a prefix of a pool without quarantine, is free at once. Released already is released: no error.
   * @param generation the one that was read; null: whatever it is. @param reason for the audit.
   * @returns the allocation as it rests, or undefined when it is gone. @throws NOT_FOUND | VERSION_CONFLICT | IN_USE (a subnet is on it).
   */
  async release(
    scope: Scope,
    id: PrefixId,
    generation: number | null,
    reason: string | null = null,
  ): Promise<PrefixAllocation | undefined> {
    return this.db.inTransaction(scope, async (tx) => {
      const before = await this.allocation(tx, id);
      if (before.state === 'QUARANTINED') return before;
      const released = await this.store.release(tx, id, { generation, isUnused: false, holderKind: 'external' });
      if (released === 'NOT_FOUND') throw notFound('prefix', id);
      if (released === 'VERSION_CONFLICT') throw versionConflict((await this.allocation(tx, id)).generation);
      if (released === 'IN_USE') throw inUse('subnet');
      await this.told(tx, 'prefix.released', [before], reason === null ? {} : { reason });
      return this.store.byId(tx, id);
    });
  }

  /**
   * Takes over prefixes of an existing network, all or none: they are never offered in between, excluded or resting though they may be.
   * For millions see `AddressingImporter`.
   * @throws OVERLAPS | OUT_OF_RANGE | NOT_FOUND | IDEMPOTENCY_KEY_REUSED; `facts.path` is the place of the prefix among them.
   */
  adopt(scope: Scope, poolId: PrefixPoolId, tenantId: TenantId, prefixes: readonly AdoptedPrefix[]): Promise<PrefixAllocation[]> {
    return this.db.inTransaction(scope, (tx) => this.adoptIn(tx, poolId, tenantId, prefixes));
  }

  /** The same in an open transaction. The caller takes pools in the order of their ids. */
  async adoptIn(tx: Tx, poolId: PrefixPoolId, tenantId: TenantId, prefixes: readonly AdoptedPrefix[]): Promise<PrefixAllocation[]> {
    const ids: PrefixId[] = [];
    const fresh = new Set<PrefixId>();
    for (const [index, prefix] of prefixes.entries()) {
      const { outcome, id } = await this.store.adopt(tx, {
        id: newId<PrefixId>(),
        poolId,
        tenantId,
        cidr: prefix.cidr,
        key: prefix.key,
        fingerprint: fingerprintOf(['adopted', poolId, prefix.cidr]),
        role: prefix.role ?? 'SUBNET',
        holder: atPath([index, 'holder'], () => checkedHolder(prefix.holder ?? null)),
        externalRef: prefix.externalRef ?? null,
      });
      if (id === null || outcome === 'KEY_REUSED')
        throw refusedAt(index, await this.refusals.explain(tx, { outcome }, { poolId, tenantId, key: prefix.key, prefer: prefix.cidr }));
      ids.push(id);
      if (outcome === 'OK') fresh.add(id);
    }
    const allocations = await this.store.byIds(tx, ids);
    await this.told(
      tx,
      'prefix.adopted',
      allocations.filter(({ id }) => fresh.has(id)),
    );
    return allocations;
  }

  /** @throws NOT_FOUND. */
  async allocation(tx: Tx, id: PrefixId): Promise<PrefixAllocation> {
    const allocation = await this.store.byId(tx, id);
    if (!allocation) throw notFound('prefix', id);
    return allocation;
  }

  allocationsOfKey(tx: Tx, tenantId: TenantId, key: string): Promise<PrefixAllocation[]> {
    return this.store.byKey(tx, tenantId, key);
  }

  /** In rising order. */
  allocationsOfPool(tx: Tx, poolId: PrefixPoolId, after: Cidr | null, limit: number): Promise<PrefixAllocation[]> {
    return this.store.ofPool(tx, poolId, after, limit);
  }

  private async granted(tx: Tx, taken: readonly TakenPrefix[]): Promise<Granted<PrefixAllocation>> {
    const ids = taken.flatMap(({ id }) => id ?? []);
    const byId = new Map((await this.store.byIds(tx, ids)).map((row) => [row.id, row]));
    return { allocations: ids.flatMap((id) => byId.get(id) ?? []), replayed: taken[0]?.outcome === 'REPLAYED' };
  }

  private async changed(
    scope: Scope,
    id: PrefixId,
    generation: number,
    action: string,
    allowed: readonly string[],
    change: (tx: Tx) => Promise<boolean>,
  ): Promise<PrefixAllocation> {
    return this.db.inTransaction(scope, async (tx) => {
      const before = await this.allocation(tx, id);
      if (before.holderKind !== 'external') throw inUse(before.holderKind);
      if (!(await change(tx))) {
        const now = await this.allocation(tx, id);
        throw now.generation !== generation ? versionConflict(now.generation) : invalidState(now.state, allowed);
      }
      // Under the tenant that gave it away it is not there any more.
      const after = (await this.store.byId(tx, id)) ?? before;
      await this.told(tx, action, [after]);
      return after;
    });
  }

  private async told(tx: Tx, action: string, allocations: readonly PrefixAllocation[], more: object = {}): Promise<void> {
    for (const { id, tenantId, poolId, cidr } of allocations)
      await this.audit.append(tx, { tenantId, action, subjectKind: 'prefix', subjectId: id, detail: { pool: poolId, cidr, ...more } });
    for (const poolId of new Set(allocations.map((allocation) => allocation.poolId)))
      await this.outbox.append(tx, 'prefix-pool.changed', poolId);
  }
}

function checkRequest({ count = 1, ttlSeconds, holder, prefer, length }: PrefixRequest): void {
  checkCount(count);
  if (ttlSeconds !== undefined) checkTtl(ttlSeconds);
  if (length !== undefined && (!Number.isInteger(length) || length < 0 || length > 128))
    throw invalidValue('prefix length', length, 'an integer');
  if (prefer !== undefined && count > 1) throw invalidValue('count', count, '1 with a preferred prefix');
  if (prefer !== undefined && length !== undefined && length !== Cidr.length(prefer))
    throw invalidValue('prefix length', length, `none with a preferred prefix, or its own: ${Cidr.length(prefer)}`);
  checkedHolder(holder ?? null);
}

function fingerprint(request: PrefixRequest): string {
  const {
    poolId,
    length,
    prefer,
    role = 'SUBNET',
    count = 1,
    isContiguous = false,
    isPartial = false,
    ttlSeconds,
    holder,
    externalRef,
  } = request;
  return fingerprintOf([poolId, length, prefer, role, count, isContiguous, isPartial, ttlSeconds, holder, externalRef]);
}

/** A key that won in another pool a moment ago stands for that request: one for this pool would have waited for its lock. */
const orKeyReused =
  (key: string) =>
  (error: unknown): never => {
    throw violatedConstraint(error) === 'prefix_key_unique' ? keyReused(key) : error;
  };
