import type { NumberExclusion, NumberRange, PoolStrategy } from '#contexts/numbering';
import type { AllocationId, PoolId, TenantId } from '#engines/kernel';

export type Refusal = 'KEY_REUSED' | 'NOT_FOUND' | 'QUOTA' | 'EXHAUSTED' | 'OUT_OF_RANGE' | 'EXCLUDED' | 'TAKEN';

export interface ModelRequest {
  readonly pool: ModelPool;
  readonly tenant: TenantId;
  readonly key: string;
  readonly count: number;
  readonly isContiguous: boolean;
  readonly isPartial: boolean;
  readonly prefer: number | null;
  readonly isHeld: boolean;
  /** Who asks: a caller, or an order of ours. */
  readonly holderKind: 'external' | 'network';
  /** What the same key must come with again. */
  readonly args: string;
}

/** What ought to be answered. */
export type Planned =
  | { readonly outcome: 'REPLAYED'; readonly rows: readonly ModelRow[] }
  /** These, in this order; `any`: so many free ones. */
  | { readonly outcome: 'OK'; readonly values: readonly number[]; readonly any: number }
  /** `value`: what stands in the way, or what the quota leaves. */
  | { readonly outcome: Refusal; readonly value: number | null };

export interface ModelRow {
  readonly id: AllocationId;
  readonly pool: ModelPool;
  tenant: TenantId;
  readonly value: number;
  state: 'HELD' | 'BOUND' | 'QUARANTINED';
  generation: number;
  readonly key: string;
  readonly args: string;
  /** Its place among the values of one request. */
  readonly ord: number;
  holderKind: 'external' | 'network';
  holder: string | null;
}

export class ModelPool {
  exclusions: NumberExclusion[] = [];
  readonly quotas = new Map<TenantId, number>();
  tenants: readonly TenantId[] = [];
  version = 1;
  /** ROTATING goes on from here. */
  cursor: number;

  constructor(
    readonly id: PoolId,
    readonly slug: string,
    public ranges: NumberRange[],
    public strategy: PoolStrategy,
    public quarantineSeconds: number,
  ) {
    this.cursor = Math.min(...ranges.map(({ first }) => first));
  }

  /** In rising order. */
  configured(): number[] {
    return this.ranges.flatMap(valuesOf).sort((a, b) => a - b);
  }

  isExcluded(value: number): boolean {
    return this.exclusions.some((exclusion) => contains(exclusion, value));
  }
}

export const contains = ({ first, last }: NumberRange, value: number): boolean => first <= value && value <= last;
export const overlaps = (a: NumberRange, b: NumberRange): boolean => a.first <= b.last && b.first <= a.last;
export const valuesOf = ({ first, last }: NumberRange): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);

/** Values in rising order as maximal ranges. */
export function rangesOf(values: readonly number[]): NumberRange[] {
  const ranges: { first: number; last: number }[] = [];
  for (const value of values) {
    const previous = ranges.at(-1);
    if (previous && previous.last === value - 1) previous.last = value;
    else ranges.push({ first: value, last: value });
  }
  return ranges;
}

/** Pools of one space as they ought to be: arrays, filters and loops over values. No index, no batch, no lock; slow, and plain to see. */
export class NumberModel {
  /** In the order in which they were given. */
  rows: ModelRow[] = [];

  constructor(
    readonly pools: readonly ModelPool[],
    /** Postgres' own hash of a key: where the strategy HASH points to. */
    private readonly hashOf: (key: string) => bigint,
  ) {}

  holderOf(value: number): ModelRow | undefined {
    return this.rows.find((row) => row.value === value);
  }

  free(pool: ModelPool): number[] {
    const busy = new Set(this.rows.map(({ value }) => value));
    return pool.configured().filter((value) => !busy.has(value) && !pool.isExcluded(value));
  }

  largestFreeBlock(pool: ModelPool): number {
    return Math.max(0, ...rangesOf(this.free(pool)).map(({ first, last }) => last - first + 1));
  }

  used(pool: ModelPool, tenant: TenantId): number {
    return this.rows.filter((row) => row.pool === pool && row.tenant === tenant && row.state !== 'QUARANTINED').length;
  }

  /** Undefined: no limit. Below 0 after adoptions, transfers and a lowered limit. */
  room(pool: ModelPool, tenant: TenantId): number | undefined {
    const max = pool.quotas.get(tenant);
    return max === undefined ? undefined : max - this.used(pool, tenant);
  }

  /** What lives of a key, in the order of the request. */
  ofKey(tenant: TenantId, key: string): ModelRow[] {
    const rows = this.rows.filter((row) => row.tenant === tenant && row.key === key && row.state !== 'QUARANTINED');
    return rows.sort((a, b) => a.ord - b.ord);
  }

  /** To a tenant that has its key for something else it cannot go: a key has one answer. */
  canGo(row: ModelRow, to: TenantId): boolean {
    return to === row.tenant || !this.ofKey(to, row.key).some(({ args, ord }) => args !== row.args || ord === row.ord);
  }

  /** Is it of the plain kind, which a batch serves before all others? */
  isPlain({ pool, prefer }: ModelRequest): boolean {
    return pool.strategy === 'LOWEST_FREE' && prefer === null;
  }

  /** @param ahead requests of the same tenant for the same pool that the same batch serves first, whatever they get. */
  plan(request: ModelRequest, ahead = 0): Planned {
    const { pool, tenant, prefer, isPartial, isContiguous } = request;
    const same = this.ofKey(tenant, request.key);
    const [first] = same;
    if (first) return first.args === request.args ? { outcome: 'REPLAYED', rows: same } : { outcome: 'KEY_REUSED', value: null };
    if (pool.tenants.length > 0 && !pool.tenants.includes(tenant)) return { outcome: 'NOT_FOUND', value: null };
    const room = this.room(pool, tenant) ?? Number.POSITIVE_INFINITY;
    if (room - ahead < request.count && (!isPartial || room <= 0)) return { outcome: 'QUOTA', value: room };
    const wanted = Math.min(request.count, room);
    if (prefer !== null) return this.planBlock(pool, prefer, wanted);
    const free = this.free(pool);
    if (isContiguous) return this.planRun(free, wanted);
    if (free.length < wanted && (!isPartial || free.length === 0)) return { outcome: 'EXHAUSTED', value: null };
    return this.planValues(request, free, Math.min(wanted, free.length));
  }

  private planBlock(pool: ModelPool, prefer: number, count: number): Planned {
    const block = valuesOf({ first: prefer, last: prefer + count - 1 });
    const [configured, free] = [pool.configured(), this.free(pool)];
    const value = block.find((one) => !free.includes(one));
    if (value === undefined) return { outcome: 'OK', values: block, any: 0 };
    const outcome = !configured.includes(value) ? 'OUT_OF_RANGE' : pool.isExcluded(value) ? 'EXCLUDED' : 'TAKEN';
    return { outcome, value };
  }

  /** The shortest run that is long enough, the lowest of several. */
  private planRun(free: readonly number[], count: number): Planned {
    const length = ({ first, last }: NumberRange): number => last - first + 1;
    const [run] = rangesOf(free)
      .filter((range) => length(range) >= count)
      .sort((a, b) => length(a) - length(b) || a.first - b.first);
    if (!run) return { outcome: 'EXHAUSTED', value: null };
    return { outcome: 'OK', values: valuesOf({ first: run.first, last: run.first + count - 1 }), any: 0 };
  }

  private planValues({ pool, key }: ModelRequest, free: readonly number[], count: number): Planned {
    if (pool.strategy === 'RANDOM') return { outcome: 'OK', values: [], any: count };
    const from = pool.strategy === 'ROTATING' ? pool.cursor : pool.strategy === 'HASH' ? this.pointOf(pool, key) : 0;
    const round = [...free.filter((value) => value >= from), ...free.filter((value) => value < from)];
    return { outcome: 'OK', values: round.slice(0, count), any: 0 };
  }

  private pointOf(pool: ModelPool, key: string): number {
    const configured = pool.configured();
    const size = BigInt(configured.length);
    return configured[Number(((this.hashOf(key) % size) + size) % size)] as number;
  }

  grant(request: ModelRequest, given: readonly { readonly id: AllocationId; readonly value: number }[]): void {
    const { pool, tenant, key, args, holderKind, prefer } = request;
    for (const [ord, { id, value }] of given.entries())
      this.rows.push({
        ord,
        id,
        pool,
        tenant,
        value,
        key,
        args,
        holderKind,
        state: request.isHeld ? 'HELD' : 'BOUND',
        generation: 1,
        holder: null,
      });
    if (prefer === null) pool.cursor = (given.at(-1)?.value ?? pool.cursor) + 1;
  }

  /** Into quarantine where there is one and something may know the value, else back to the free. */
  release(row: ModelRow, isUnused = false): void {
    if (row.state === 'QUARANTINED' && !isUnused) return;
    if (isUnused || row.state === 'HELD' || row.pool.quarantineSeconds === 0) return this.drop(row);
    row.state = 'QUARANTINED';
    row.generation += 1;
    row.holderKind = 'external';
    row.holder = null;
  }

  drop(row: ModelRow): void {
    this.rows = this.rows.filter((other) => other !== row);
  }
}
