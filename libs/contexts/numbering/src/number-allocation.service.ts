import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import { type AllocationId, DomainError, invalidValue, notFound, type PoolId, type TenantId } from '#engines/kernel';
import { atPath, Database, isWorthAnotherTry, MicroBatch, newId, type Scope, systemScope, type Tx, violatedConstraint } from '#platform';
import type { AdoptedNumber, GrantedNumbers, NumberAllocation, NumberRequest } from './domain/allocation.js';
import { inUse, invalidState, keyReused, versionConflict } from './domain/errors.js';
import type { NumberKind } from './domain/number-kind.js';
import { NumberRefusals } from './number-refusals.js';
import { type BatchedNumber, NumberAllocationStore, type TakenNumber } from './store/number-allocation.store.js';
import { NumberPoolStore } from './store/number-pool.store.js';

/** Values of one request. */
const MOST_VALUES = 1000;
/** A week: who needs longer binds. */
const LONGEST_HOLD_SECONDS = 604_800;

/**
 * Numbers for other systems. Requests for one value go through a micro-batch, all pools together; everything else has a transaction of its own.
 * Who may ask for which tenant is decided before: see `tenantIn`.
 */
@Injectable()
export class NumberAllocationService {
  private readonly batch: MicroBatch<BatchedNumber, TakenNumber>;
  private readonly kinds = new Map<PoolId, NumberKind>();

  constructor(
    private readonly db: Database,
    private readonly store: NumberAllocationStore,
    private readonly pools: NumberPoolStore,
    private readonly refusals: NumberRefusals,
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
   * @throws DomainError NOT_FOUND | IDEMPOTENCY_KEY_REUSED | POOL_EXHAUSTED | QUOTA_EXCEEDED | ALREADY_EXISTS (the preferred value is taken) |
   * OUT_OF_RANGE (it is not of the pool, or excluded) | INVALID_VALUE.
   */
  async allocate(scope: Scope, request: NumberRequest): Promise<GrantedNumbers> {
    checkRequest(request);
    try {
      return await this.attempt(scope, request);
    } catch (error) {
      if (violatedConstraint(error) !== 'number_allocation_key_unique') throw error;
      // Another process used the key for another pool at the same moment; now its row is seen.
      return this.attempt(scope, request);
    }
  }

  private async attempt(scope: Scope, request: NumberRequest): Promise<GrantedNumbers> {
    if ((request.count ?? 1) > 1) return this.db.inTransaction(scope, (tx) => this.allocateIn(tx, request));
    const submitted: BatchedNumber = {
      id: newId<AllocationId>(),
      actor: scope.actor,
      poolId: request.poolId,
      tenantId: request.tenantId,
      key: request.key,
      fingerprint: fingerprintOf(request),
      prefer: request.prefer ?? null,
      ttlSeconds: request.ttlSeconds ?? null,
      holder: request.holder ?? null,
      externalRef: request.externalRef ?? null,
    };
    const taken = await this.batch.submit(submitted);
    if (taken.id === null) throw await this.db.inTransaction(scope, (tx) => this.refusals.explain(tx, taken, request));
    if (taken.outcome === 'REPLAYED' || !taken.at) {
      const granted = await this.db.inTransaction(scope, (tx) => this.granted(tx, [taken]));
      // A hold that was swept, or a value that was released, between the two looks: the key is free again.
      return granted.allocations.length > 0 ? granted : this.allocate(scope, request);
    }
    const { id, poolId, tenantId, key, holder, externalRef, ttlSeconds } = submitted;
    const expiresAt = ttlSeconds === null ? null : new Date(taken.at.getTime() + ttlSeconds * 1000);
    const allocation: NumberAllocation = {
      id,
      poolId,
      tenantId,
      key,
      holder,
      externalRef,
      expiresAt,
      kind: await this.kindOf(poolId),
      value: taken.value as number,
      state: expiresAt === null ? 'BOUND' : 'HELD',
      generation: 1,
      holderKind: 'external',
      createdAt: taken.at,
      updatedAt: taken.at,
      releasedAt: null,
      reusableAt: null,
    };
    return { allocations: [allocation], replayed: false };
  }

  /** A pool never changes its kind: it is read once per process. @throws DomainError NOT_FOUND. */
  async kindOf(poolId: PoolId): Promise<NumberKind> {
    let kind = this.kinds.get(poolId);
    if (kind === undefined) {
      kind = (await this.db.inTransaction(systemScope('allocation'), (tx) => this.pools.pool(tx, poolId)))?.kind;
      if (kind === undefined) throw notFound('pool', poolId);
      this.kinds.set(poolId, kind);
    }
    return kind;
  }

  /** The same in an open transaction, beside other effects of it. The caller takes pools in the order of their ids. */
  async allocateIn(tx: Tx, request: NumberRequest): Promise<GrantedNumbers> {
    checkRequest(request);
    const taken = await this.store.take(tx, {
      ids: Array.from({ length: request.count ?? 1 }, () => newId<AllocationId>()),
      poolId: request.poolId,
      tenantId: request.tenantId,
      key: request.key,
      fingerprint: fingerprintOf(request),
      isContiguous: request.isContiguous ?? false,
      isPartial: request.isPartial ?? false,
      prefer: request.prefer ?? null,
      ttlSeconds: request.ttlSeconds ?? null,
      holderKind: 'external',
      holder: request.holder ?? null,
      externalRef: request.externalRef ?? null,
    });
    const [first] = taken;
    if (!first || first.id === null)
      throw await this.refusals.explain(tx, first ?? { outcome: 'EXHAUSTED', id: null, value: null }, request);
    const granted = await this.granted(tx, taken);
    if (!granted.replayed) await this.told(tx, 'number.allocated', granted.allocations);
    return granted;
  }

  /** HELD → BOUND. @param generation the one that was read. @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE. */
  bind(scope: Scope, id: AllocationId, generation: number, holder: string | null = null): Promise<NumberAllocation> {
    return this.changed(scope, id, generation, 'number.bound', ['HELD'], (tx) =>
      this.store.bind(tx, id, generation, checkedHolder(holder)),
    );
  }

  /** From now on. @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE | INVALID_VALUE. */
  extend(scope: Scope, id: AllocationId, generation: number, ttlSeconds: number): Promise<NumberAllocation> {
    checkTtl(ttlSeconds);
    return this.changed(scope, id, generation, 'number.extended', ['HELD'], (tx) => this.store.extend(tx, id, generation, ttlSeconds));
  }

  /**
   * To another tenant, or to another holder of this one.
   * @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE | IN_USE | IDEMPOTENCY_KEY_REUSED (the other tenant has one of this key).
   */
  async transfer(
    scope: Scope,
    id: AllocationId,
    generation: number,
    to: { tenantId: TenantId; holder: string | null },
  ): Promise<NumberAllocation> {
    const holder = checkedHolder(to.holder);
    try {
      return await this.changed(scope, id, generation, 'number.transferred', ['HELD', 'BOUND'], (tx) =>
        this.store.transfer(tx, id, generation, { tenantId: to.tenantId, holder }),
      );
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === 'number_allocation_tenant') throw notFound('tenant', to.tenantId);
      if (constraint === 'number_allocation_key_unique') throw keyReused('');
      throw error;
    }
  }

  /**
   * Into quarantine; a hold, or a number of a pool without quarantine, is free at once. Released already is released: no error.
   * @param generation the one that was read; null: whatever it is. @param reason for the audit.
   * @returns the allocation as it rests, or undefined when it is gone. @throws NOT_FOUND | VERSION_CONFLICT | IN_USE.
   */
  async release(
    scope: Scope,
    id: AllocationId,
    generation: number | null,
    reason: string | null = null,
  ): Promise<NumberAllocation | undefined> {
    return this.db.inTransaction(scope, async (tx) => {
      const before = await this.existing(tx, id);
      if (before.state === 'QUARANTINED') return before;
      if (before.holderKind !== 'external') throw inUse(before.holderKind);
      const state = await this.store.release(tx, id, generation, false);
      if (state === 'NOT_FOUND') throw notFound('allocation', id);
      if (state === 'VERSION_CONFLICT') throw versionConflict((await this.existing(tx, id)).generation);
      await this.told(tx, 'number.released', [before], reason === null ? {} : { reason });
      return this.store.byId(tx, id);
    });
  }

  /**
   * Takes over numbers of an existing network, all or none: they are never offered in between, excluded or resting though they may be.
   * @throws ALREADY_EXISTS | OUT_OF_RANGE | NOT_FOUND | IDEMPOTENCY_KEY_REUSED; `facts.path` is the place of the number among them.
   */
  adopt(scope: Scope, poolId: PoolId, tenantId: TenantId, numbers: readonly AdoptedNumber[]): Promise<NumberAllocation[]> {
    return this.db.inTransaction(scope, (tx) => this.adoptIn(tx, poolId, tenantId, numbers));
  }

  /** The same in an open transaction. The caller takes pools in the order of their ids. @returns in rising order of value. */
  async adoptIn(tx: Tx, poolId: PoolId, tenantId: TenantId, numbers: readonly AdoptedNumber[]): Promise<NumberAllocation[]> {
    const ids: AllocationId[] = [];
    const fresh: AllocationId[] = [];
    for (const [index, number] of numbers.entries()) {
      const holder = atPath([index, 'holder'], () => checkedHolder(number.holder ?? null));
      const { value, key } = number;
      const fingerprint = `adopted ${poolId} ${value}`;
      const wanted = {
        id: newId<AllocationId>(),
        poolId,
        tenantId,
        value,
        key,
        fingerprint,
        holder,
        externalRef: number.externalRef ?? null,
      };
      const { outcome, id } = await this.store.adopt(tx, wanted);
      if (id === null || outcome === 'KEY_REUSED') {
        const refusal = await this.refusals.explain(tx, { outcome, id: null, value }, { poolId, tenantId, key });
        throw new DomainError(refusal.code, refusal.message, { ...refusal.facts, path: [String(index)] });
      }
      ids.push(id);
      if (outcome === 'OK') fresh.push(id);
    }
    const allocations = await this.store.byIds(tx, ids);
    await this.told(
      tx,
      'number.adopted',
      allocations.filter(({ id }) => fresh.includes(id)),
    );
    return allocations;
  }

  async allocation(tx: Tx, id: AllocationId): Promise<NumberAllocation> {
    return this.existing(tx, id);
  }

  allocationsOfKey(tx: Tx, tenantId: TenantId, key: string): Promise<NumberAllocation[]> {
    return this.store.byKey(tx, tenantId, key);
  }

  /** In rising order of value. */
  allocationsOfPool(tx: Tx, poolId: PoolId, after: number | null, limit: number): Promise<NumberAllocation[]> {
    return this.store.ofPool(tx, poolId, after, limit);
  }

  private async existing(tx: Tx, id: AllocationId): Promise<NumberAllocation> {
    const allocation = await this.store.byId(tx, id);
    if (!allocation) throw notFound('allocation', id);
    return allocation;
  }

  private async granted(tx: Tx, taken: readonly TakenNumber[]): Promise<GrantedNumbers> {
    const rows = await this.store.byIds(
      tx,
      taken.flatMap(({ id }) => id ?? []),
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    return {
      allocations: taken.flatMap(({ id }) => (id === null ? [] : (byId.get(id) ?? []))),
      replayed: taken[0]?.outcome === 'REPLAYED',
    };
  }

  private async changed(
    scope: Scope,
    id: AllocationId,
    generation: number,
    action: string,
    allowed: readonly string[],
    change: (tx: Tx) => Promise<boolean>,
  ): Promise<NumberAllocation> {
    return this.db.inTransaction(scope, async (tx) => {
      const before = await this.existing(tx, id);
      if (before.holderKind !== 'external') throw inUse(before.holderKind);
      if (!(await change(tx))) {
        const now = await this.existing(tx, id);
        throw now.generation !== generation ? versionConflict(now.generation) : invalidState(now.state, allowed);
      }
      const after = await this.store.byId(tx, id);
      await this.told(tx, action, [after ?? before]);
      return after ?? before;
    });
  }

  private async told(tx: Tx, action: string, allocations: readonly NumberAllocation[], more: object = {}): Promise<void> {
    for (const { id, tenantId, poolId, value } of allocations)
      await this.audit.append(tx, { tenantId, action, subjectKind: 'allocation', subjectId: id, detail: { pool: poolId, value, ...more } });
    for (const poolId of new Set(allocations.map((allocation) => allocation.poolId)))
      await this.outbox.append(tx, 'number-pool.changed', poolId);
  }
}

function checkRequest({ count = 1, ttlSeconds, holder, prefer }: NumberRequest): void {
  if (!Number.isInteger(count) || count < 1 || count > MOST_VALUES) throw invalidValue('count', count, `1 to ${MOST_VALUES}`);
  if (ttlSeconds !== undefined) checkTtl(ttlSeconds);
  if (prefer !== undefined && !Number.isSafeInteger(prefer)) throw invalidValue('preferred number', prefer, 'an integer');
  checkedHolder(holder ?? null);
}

function checkTtl(seconds: number): void {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_HOLD_SECONDS)
    throw invalidValue('time to hold', seconds, `1 to ${LONGEST_HOLD_SECONDS} seconds`);
}

function checkedHolder(holder: string | null): string | null {
  if (holder !== null && !/^[\x20-\x7e]{1,128}$/.test(holder)) throw invalidValue('holder', holder, '1 to 128 printable ASCII characters');
  return holder;
}

/** Everything that the caller asked for besides the key. */
function fingerprintOf(request: NumberRequest): string {
  const { poolId, count = 1, isContiguous = false, isPartial = false, prefer, ttlSeconds, holder, externalRef } = request;
  return hash(
    'sha256',
    JSON.stringify([poolId, count, isContiguous, isPartial, prefer, ttlSeconds, holder, externalRef]),
    'base64url',
  ).slice(0, 22);
}
