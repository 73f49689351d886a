import assert from 'node:assert/strict';
import { PrefixAllocationService, PrefixPoolAdminService, type PrefixPoolChange, type PrefixRequest } from '#contexts/addressing';
import { Cidr, DomainError, IdempotencyKey, type PrefixId, type TenantId } from '#engines/kernel';
import { systemScope, tenantScope } from '#platform';
import type { AllocationWorld } from '../allocation-world.js';
import { HeldSteps, HOLD_SECONDS } from '../held-steps.js';
import { type RefusalAnswer, refusalOf } from '../refusal-of.js';
import {
  holds,
  meet,
  type ModelPrefixPool,
  type ModelPrefixRequest,
  type PlannedPrefixes,
  prefixAt,
  type PrefixModel,
  type PrefixRefusal,
  type PrefixRow,
} from './prefix-model.js';
import type { PrefixAsk, PrefixStepOf, PrefixTake } from './prefix-steps.js';

const SYSTEM = systemScope('model');
const CODE_OF: Readonly<Record<PrefixRefusal, string>> = {
  KEY_REUSED: 'IDEMPOTENCY_KEY_REUSED',
  NOT_FOUND: 'NOT_FOUND',
  LENGTH: 'OUT_OF_RANGE',
  QUOTA: 'QUOTA_EXCEEDED',
  EXHAUSTED: 'POOL_EXHAUSTED',
  OUT_OF_RANGE: 'OUT_OF_RANGE',
  EXCLUDED: 'OUT_OF_RANGE',
  TAKEN: 'OVERLAPS',
};

interface Answer extends Partial<RefusalAnswer> {
  readonly outcome: 'OK' | 'REPLAYED' | 'REFUSED';
  readonly rows: readonly { readonly id: PrefixId; readonly cidr: Cidr }[];
}
type Asked = ModelPrefixRequest & { readonly door: PrefixTake['door'] };

/** Asks the product and the model for the same prefixes, does the same with them, and compares what they say. */
export class PrefixPlayer {
  readonly held: HeldSteps<PrefixRow>;
  private readonly asked: Asked[] = [];
  private readonly prefixes: PrefixAllocationService;
  private readonly admin: PrefixPoolAdminService;
  private serial = 0;

  constructor(
    private readonly world: AllocationWorld,
    private readonly model: PrefixModel,
    /** Where everything happens: so many addresses from there. */
    private readonly window: { readonly family: 4 | 6; readonly first: bigint; readonly count: number },
    private readonly name: string,
  ) {
    this.prefixes = world.get(PrefixAllocationService);
    this.admin = world.get(PrefixPoolAdminService);
    this.held = new HeldSteps<PrefixRow>({
      tenants: world.tenants,
      rows: () => model.rows,
      bind: (scope, { id }, generation, holder) => this.prefixes.bind(scope, id, generation, holder),
      extend: (scope, { id }, generation, seconds) => this.prefixes.extend(scope, id, generation, seconds),
      release: (scope, { id }, generation) => this.prefixes.release(scope, id, generation),
      released: (row) => model.release(row),
    });
  }

  async take(step: PrefixStepOf<'take'>): Promise<void> {
    const request = this.request(step, step.door, step);
    this.compare(request, this.model.plan(request), await this.send(request), true);
  }

  /** One batch: within each pool the requests are served in their order. Each key once. */
  async crowd({ asks }: PrefixStepOf<'crowd'>): Promise<void> {
    const requests: Asked[] = [];
    for (const ask of asks) {
      const request = this.request(ask, 'service');
      if (request.count === 1 && !requests.some(({ tenant, key }) => tenant === request.tenant && key === request.key))
        requests.push(request);
    }
    const answers = await Promise.all(requests.map((request) => this.send(request)));
    for (const [n, request] of requests.entries()) this.compare(request, this.model.plan(request), answers[n] as Answer, false);
  }

  async transfer({ tenant, ...touch }: PrefixStepOf<'transfer'>): Promise<void> {
    const [to, row] = [this.tenant(tenant), this.held.row(touch.which)];
    if (!row) return;
    await this.held.change(
      { ...touch, byOther: false },
      ['HELD', 'BOUND'],
      (_row, seen) => ({
        work: this.prefixes.transfer(SYSTEM, row.id, seen, { tenantId: to, holder: 'moved' }),
        after: () => Object.assign(row, { tenant: to, holder: 'moved', generation: row.generation + 1 }),
      }),
      this.model.canGo(row, to) ? undefined : 'IDEMPOTENCY_KEY_REUSED',
    );
  }

  /** One transaction: what is over here is over for no other sequence. */
  async sweep({ which, limit }: PrefixStepOf<'sweep'>): Promise<void> {
    const resting = this.model.rows.filter(({ state }) => state !== 'BOUND');
    const over = [...new Set(which.flatMap((choice) => resting[choice % Math.max(1, resting.length)] ?? []))];
    const ids = over.map(({ id }) => id);
    const shift = (sign: '+' | '-'): string =>
      `UPDATE prefix SET expires_at = expires_at ${sign} interval '1 year', reusable_at = reusable_at ${sign} interval '1 year' WHERE id = ANY($1)`;
    const left = await this.world.system(async (tx) => {
      await tx.run(shift('-'), [ids]);
      assert.equal((await tx.sql('SELECT prefix_sweep($1)', [limit])).length, Math.min(limit, over.length));
      const rows = await tx.sql<{ id: PrefixId }>('SELECT id FROM prefix WHERE id = ANY($1)', [ids]);
      await tx.run(shift('+'), [ids]);
      return rows.map(({ id }) => id);
    });
    assert.equal(left.length, Math.max(0, over.length - limit));
    for (const row of over) if (!left.includes(row.id)) this.model.drop(row);
  }

  async adopt({ pool: chosen, tenant: whose, places }: PrefixStepOf<'adopt'>): Promise<void> {
    const [pool, tenant] = [this.pool(chosen), this.tenant(whose)];
    const wanted = places.map(({ at, hostBits }) => ({ cidr: this.place(at, hostBits), key: IdempotencyKey.parse(this.key(null)) }));
    const before = [...this.model.rows];
    let refused: PrefixRefusal | undefined;
    for (const { cidr, key } of wanted) refused ??= this.adoptInModel(pool, tenant, cidr, key);
    const work = this.prefixes.adopt(SYSTEM, pool.id, tenant, wanted);
    const refusal = await refusalOf(work);
    assert.equal(refusal?.code, refused && CODE_OF[refused]);
    if (refused) return void (this.model.rows = before);
    for (const { id, cidr } of await work) Object.assign(this.model.rows.find((row) => row.cidr === cidr) as PrefixRow, { id });
  }

  private adoptInModel(pool: ModelPrefixPool, tenant: TenantId, cidr: Cidr, key: string): PrefixRefusal | undefined {
    if (!pool.ranges.some((range) => holds(range, cidr))) return 'OUT_OF_RANGE';
    if (Cidr.length(cidr) > pool.maxLength) return 'LENGTH';
    const inTheWay = this.model.rows.filter((row) => meet(row.cidr, cidr));
    if (inTheWay.some(({ state }) => state !== 'QUARANTINED')) return 'TAKEN';
    for (const row of inTheWay) this.model.drop(row);
    this.model.grant(
      {
        pool,
        tenant,
        key,
        length: 0,
        count: 1,
        isContiguous: false,
        isPartial: false,
        prefer: cidr,
        isHeld: false,
        args: `adopted ${cidr}`,
      },
      [{ id: '' as PrefixId, cidr }],
    );
    return undefined;
  }

  async rebuild({ pool }: PrefixStepOf<'rebuild'>): Promise<void> {
    await this.world.system((tx) => tx.sql('SELECT prefix_rebuild($1)', [this.pool(pool).id]));
  }

  async addRange({ pool: chosen, at, hostBits, isStale }: PrefixStepOf<'addRange'>): Promise<void> {
    const [pool, cidr] = [this.pool(chosen), this.place(at, hostBits)];
    const refused = this.model.pools.some(({ ranges }) => ranges.some((range) => meet(range, cidr)))
      ? 'OVERLAPS'
      : Cidr.length(cidr) > pool.maxLength
        ? 'OUT_OF_RANGE'
        : undefined;
    const version = isStale ? pool.version - 1 : pool.version;
    const work = this.world.system((tx) => this.admin.addRanges(tx, pool.id, version, [cidr]));
    if (await this.isDone(pool, work, isStale ? 'VERSION_CONFLICT' : refused)) pool.ranges.push(cidr);
  }

  async removeRange({ pool: chosen, which }: PrefixStepOf<'removeRange'>): Promise<void> {
    const pool = this.pool(chosen);
    const cidr = pool.ranges[which % pool.ranges.length] as Cidr;
    const isUsed = this.model.rows.some((row) => holds(cidr, row.cidr));
    const work = this.world.system((tx) => this.admin.removeRanges(tx, pool.id, pool.version, [cidr]));
    if (await this.isDone(pool, work, isUsed ? 'IN_USE' : pool.ranges.length === 1 ? 'OUT_OF_RANGE' : undefined))
      pool.ranges = pool.ranges.filter((one) => one !== cidr);
  }

  async exclude({ pool: chosen, at, hostBits, isStale }: PrefixStepOf<'exclude'>): Promise<void> {
    const [pool, cidr] = [this.pool(chosen), this.place(at, hostBits)];
    const isInside = pool.ranges.some((range) => holds(range, cidr));
    const refused = !isInside ? 'OUT_OF_RANGE' : pool.exclusions.some((other) => meet(other, cidr)) ? 'OVERLAPS' : undefined;
    const version = isStale ? pool.version - 1 : pool.version;
    const work = this.world.system((tx) => this.admin.exclude(tx, pool.id, version, { cidr, reason: 'old core' }));
    if (await this.isDone(pool, work, isStale ? 'VERSION_CONFLICT' : refused)) pool.exclusions.push(cidr);
  }

  async include({ pool: chosen, which }: PrefixStepOf<'include'>): Promise<void> {
    const pool = this.pool(chosen);
    const cidr = pool.exclusions[which % Math.max(1, pool.exclusions.length)];
    const work = this.world.system((tx) => this.admin.include(tx, pool.id, pool.version, cidr ?? (pool.ranges[0] as Cidr)));
    if (await this.isDone(pool, work, cidr ? undefined : 'OUT_OF_RANGE')) pool.exclusions = pool.exclusions.filter((one) => one !== cidr);
  }

  async settings({ pool: chosen, strategy, quarantineSeconds }: PrefixStepOf<'settings'>): Promise<void> {
    const pool = this.pool(chosen);
    if (await this.update(pool, { strategy, quarantineSeconds })) Object.assign(pool, { strategy, quarantineSeconds });
  }

  async restrict({ pool: chosen, tenants }: PrefixStepOf<'restrict'>): Promise<void> {
    const pool = this.pool(chosen);
    const tenantIds = tenants.map((tenant) => this.tenant(tenant));
    if (await this.update(pool, { tenantIds })) pool.tenants = tenantIds;
  }

  async quota({ pool: chosen, tenant, max }: PrefixStepOf<'quota'>): Promise<void> {
    const [pool, whose] = [this.pool(chosen), this.tenant(tenant)];
    const limit = max === null ? null : BigInt(max);
    await this.world.system((tx) => this.admin.setQuota(tx, pool.id, whose, limit));
    if (limit === null) pool.quotas.delete(whose);
    else pool.quotas.set(whose, limit);
  }

  private update(pool: ModelPrefixPool, change: PrefixPoolChange): Promise<boolean> {
    return this.isDone(
      pool,
      this.world.system((tx) => this.admin.update(tx, pool.id, pool.version, change)),
      undefined,
    );
  }

  private async isDone(pool: ModelPrefixPool, work: Promise<{ version: number }>, refused: string | undefined): Promise<boolean> {
    const refusal = await refusalOf(work);
    assert.equal(refusal?.code, refused);
    if (refusal) return false;
    pool.version += 1;
    assert.equal((await work).version, pool.version);
    return true;
  }

  private compare(request: Asked, planned: PlannedPrefixes, answer: Answer, areFactsFresh: boolean): void {
    const said = `instead: ${answer.code} ${JSON.stringify(answer.facts)}`;
    switch (planned.outcome) {
      case 'REPLAYED':
        assert.equal(answer.outcome, 'REPLAYED', said);
        return assert.deepEqual(
          answer.rows,
          planned.rows.map(({ id, cidr }) => ({ id, cidr })),
        );
      case 'OK':
        assert.equal(answer.outcome, 'OK', said);
        assert.deepEqual(
          answer.rows.map(({ cidr }) => cidr),
          planned.cidrs,
        );
        return this.model.grant(request, answer.rows);
      default:
        assert.equal(answer.code, CODE_OF[planned.outcome], planned.outcome);
        if (areFactsFresh) expect(answer.facts).toMatchObject(this.factsOf(request, planned));
    }
  }

  private factsOf({ pool, tenant, length, count, prefer }: Asked, planned: PlannedPrefixes): object {
    if (planned.outcome === 'QUOTA') return { room: Number((planned as { room?: bigint }).room) };
    if (planned.outcome === 'TAKEN') {
      // Of its own ones, at most ten are named.
      const own = this.model.rows.filter((row) => row.pool === pool && row.tenant === tenant && meet(row.cidr, prefer as Cidr));
      return own.length <= 10 && this.model.rows.length <= 10
        ? { overlapping: expect.arrayContaining(own.map(({ cidr }) => cidr)) as unknown }
        : {};
    }
    if (planned.outcome !== 'EXHAUSTED') return {};
    const lengths = this.model.free(pool).map((block) => Cidr.length(block));
    const free = lengths.filter((one) => one <= length).reduce((sum, one) => sum + 2 ** (length - one), 0);
    return { slug: pool.slug, length, wanted: count, free, largestFreePrefixLength: lengths.length === 0 ? null : Math.min(...lengths) };
  }

  private async send({ door, pool, tenant, key, length, prefer, count, isContiguous, isPartial, isHeld }: Asked): Promise<Answer> {
    const scope = tenantScope(tenant, 'model');
    const request: PrefixRequest = {
      poolId: pool.id,
      tenantId: tenant,
      key: IdempotencyKey.parse(key),
      count,
      isContiguous,
      isPartial,
      ...(prefer === null ? { length } : { prefer }),
      ...(isHeld && { ttlSeconds: HOLD_SECONDS }),
    };
    try {
      const { allocations, replayed } = await (door === 'service'
        ? this.prefixes.allocate(scope, request)
        : this.world.db.inTransaction(scope, (tx) => this.prefixes.allocateIn(tx, request)));
      return { outcome: replayed ? 'REPLAYED' : 'OK', rows: allocations.map(({ id, cidr }) => ({ id, cidr })) };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { outcome: 'REFUSED', rows: [], code: error.code, facts: error.facts };
    }
  }

  private request(ask: PrefixAsk, door: Asked['door'], more?: Pick<PrefixTake, 'count' | 'isContiguous' | 'isPartial'>): Asked {
    const earlier = this.asked.filter((one) => one.door === door);
    if (ask.again !== null && earlier.length > 0) return { ...(earlier[ask.again % earlier.length] as Asked) };
    const [pool, tenant, isHeld] = [this.pool(ask.pool), this.tenant(ask.tenant), ask.isHeld];
    const prefer = ask.prefer === null ? null : this.place(ask.prefer, ask.hostBits);
    const length = this.lengthOf(ask.hostBits);
    // A certain prefix is one.
    const { count, isContiguous, isPartial } = more && prefer === null ? more : { count: 1, isContiguous: false, isPartial: false };
    const args = JSON.stringify([pool.id, count, isContiguous, isPartial, length, prefer, isHeld]);
    const request: Asked = { pool, tenant, key: this.key(ask.key), length, prefer, count, isContiguous, isPartial, isHeld, args, door };
    this.asked.push(request);
    return request;
  }

  private lengthOf(hostBits: number): number {
    return (this.window.family === 4 ? 32 : 128) - hostBits;
  }

  private place(at: number, hostBits: number): Cidr {
    return prefixAt(this.window.family, this.window.first + BigInt(at % this.window.count), this.lengthOf(hostBits));
  }

  private pool(choice: number): ModelPrefixPool {
    return this.model.pools[choice % this.model.pools.length] as ModelPrefixPool;
  }

  private tenant(choice: number): TenantId {
    return this.world.tenants[choice % this.world.tenants.length] as TenantId;
  }

  private key(choice: number | null): string {
    return `k${choice === null || this.serial === 0 ? ++this.serial : 1 + (choice % this.serial)}-${this.name}`;
  }
}
