import type { PrefixStrategy } from '#contexts/addressing';
import { Cidr, Ip, type PrefixId, type PrefixPoolId, type TenantId } from '#engines/kernel';
import type { HeldRow } from '../held-steps.js';

export type PrefixRefusal = 'KEY_REUSED' | 'NOT_FOUND' | 'LENGTH' | 'QUOTA' | 'EXHAUSTED' | 'OUT_OF_RANGE' | 'EXCLUDED' | 'TAKEN';

export interface PrefixRow extends HeldRow {
  readonly id: PrefixId;
  readonly pool: ModelPrefixPool;
  readonly cidr: Cidr;
  readonly key: string;
  readonly args: string;
  /** Its place among the prefixes of one request. */
  readonly ord: number;
}

export interface ModelPrefixRequest {
  readonly pool: ModelPrefixPool;
  readonly tenant: TenantId;
  readonly key: string;
  readonly length: number;
  readonly count: number;
  readonly isContiguous: boolean;
  readonly isPartial: boolean;
  readonly prefer: Cidr | null;
  readonly isHeld: boolean;
  readonly args: string;
}

export type PlannedPrefixes =
  | { readonly outcome: 'REPLAYED'; readonly rows: readonly PrefixRow[] }
  | { readonly outcome: 'OK'; readonly cidrs: readonly Cidr[] }
  | { readonly outcome: PrefixRefusal; readonly room?: bigint };

export class ModelPrefixPool {
  exclusions: Cidr[] = [];
  readonly quotas = new Map<TenantId, bigint>();
  tenants: readonly TenantId[] = [];
  version = 1;

  constructor(
    readonly id: PrefixPoolId,
    readonly slug: string,
    public ranges: Cidr[],
    readonly minLength: number,
    readonly maxLength: number,
    public strategy: PrefixStrategy,
    public quarantineSeconds: number,
  ) {}

  /** Blocks of `maxLength` in a prefix; a smaller one is a part of a block. */
  units(cidr: Cidr): number {
    return 2 ** (this.maxLength - Cidr.length(cidr));
  }
}

export const meet = (a: Cidr, b: Cidr): boolean => holds(a, b) || holds(b, a);
export const holds = (outer: Cidr, inner: Cidr): boolean =>
  Cidr.family(outer) === Cidr.family(inner) && Cidr.length(outer) <= Cidr.length(inner) && Cidr.contains(outer, Cidr.network(inner));

/** `/length` at an address. */
export function prefixAt(family: 4 | 6, address: bigint, length: number): Cidr {
  const size = 2n ** BigInt((family === 4 ? 32 : 128) - length);
  return Cidr.parse(`${Ip.fromBigInt(family, address - (address % size))}/${length}`);
}

const widthOf = (cidr: Cidr): number => (Cidr.family(cidr) === 4 ? 32 : 128);
const halves = (cidr: Cidr): Cidr[] => {
  const [{ first, last }, length] = [Cidr.bounds(cidr), Cidr.length(cidr) + 1];
  return [prefixAt(Cidr.family(cidr), first, length), prefixAt(Cidr.family(cidr), last, length)];
};
const byAddress = (a: Cidr, b: Cidr): number => (Cidr.bounds(a).first < Cidr.bounds(b).first ? -1 : 1);

/** The largest blocks of a prefix that nothing meets. */
export function blocksWithout(cidr: Cidr, busy: readonly Cidr[]): Cidr[] {
  const here = busy.filter((one) => meet(one, cidr));
  if (here.length === 0) return [cidr];
  if (here.some((one) => holds(one, cidr)) || Cidr.length(cidr) === widthOf(cidr)) return [];
  return halves(cidr).flatMap((half) => blocksWithout(half, here));
}

/** Pools of one space as they ought to be: whatever is free is found by halving. No index, no buddies that merge, no lock. */
export class PrefixModel {
  /** In the order in which they were given. */
  rows: PrefixRow[] = [];

  constructor(readonly pools: readonly ModelPrefixPool[]) {}

  /** In rising order. */
  free(pool: ModelPrefixPool, alsoBusy: readonly Cidr[] = []): Cidr[] {
    const busy = [...this.rows.map(({ cidr }) => cidr), ...pool.exclusions, ...alsoBusy];
    return pool.ranges.flatMap((range) => blocksWithout(range, busy)).sort(byAddress);
  }

  /** What lives of a key, in the order of the request. */
  ofKey(tenant: TenantId, key: string): PrefixRow[] {
    const rows = this.rows.filter((row) => row.tenant === tenant && row.key === key && row.state !== 'QUARANTINED');
    return rows.sort((a, b) => a.ord - b.ord);
  }

  /** To a tenant that has its key for something else it cannot go: a key has one answer. */
  canGo(row: PrefixRow, to: TenantId): boolean {
    return to === row.tenant || !this.ofKey(to, row.key).some(({ args, ord }) => args !== row.args || ord === row.ord);
  }

  used(pool: ModelPrefixPool, tenant: TenantId): number {
    return this.rows
      .filter((row) => row.pool === pool && row.tenant === tenant && row.state !== 'QUARANTINED')
      .reduce((sum, { cidr }) => sum + pool.units(cidr), 0);
  }

  plan(request: ModelPrefixRequest): PlannedPrefixes {
    const { pool, tenant, prefer, isPartial, count } = request;
    const same = this.ofKey(tenant, request.key);
    const [first] = same;
    if (first) return first.args === request.args ? { outcome: 'REPLAYED', rows: same } : { outcome: 'KEY_REUSED' };
    if (pool.tenants.length > 0 && !pool.tenants.includes(tenant)) return { outcome: 'NOT_FOUND' };
    const length = prefer === null ? request.length : Cidr.length(prefer);
    if (length < pool.minLength || length > pool.maxLength) return { outcome: 'LENGTH' };
    const unit = 2 ** (pool.maxLength - length);
    const max = pool.quotas.get(tenant);
    const room = max === undefined ? Number.POSITIVE_INFINITY : Number(max) - this.used(pool, tenant);
    if (room < count * unit && (!isPartial || room < unit)) return { outcome: 'QUOTA', room: BigInt(Math.floor(Math.max(0, room))) };
    const wanted = Math.min(count, Math.floor(room / unit));
    if (prefer !== null) return this.planOne(pool, prefer);
    const cidrs = request.isContiguous ? this.run(pool, length, wanted, isPartial) : this.oneByOne(pool, length, wanted);
    if (cidrs.length === wanted || (isPartial && cidrs.length > 0)) return { outcome: 'OK', cidrs };
    return { outcome: 'EXHAUSTED' };
  }

  private planOne(pool: ModelPrefixPool, cidr: Cidr): PlannedPrefixes {
    if (this.free(pool).some((block) => holds(block, cidr))) return { outcome: 'OK', cidrs: [cidr] };
    if (!pool.ranges.some((range) => holds(range, cidr))) return { outcome: 'OUT_OF_RANGE' };
    return { outcome: pool.exclusions.some((exclusion) => meet(exclusion, cidr)) ? 'EXCLUDED' : 'TAKEN' };
  }

  /** The block that the next prefix comes out of. */
  private next(free: readonly Cidr[], pool: ModelPrefixPool, length: number): Cidr | undefined {
    const fitting = free.filter((block) => Cidr.length(block) <= length);
    const smallest = Math.max(...fitting.map((block) => Cidr.length(block)));
    return fitting.find((block) => pool.strategy === 'LOWEST_FIT' || Cidr.length(block) === smallest);
  }

  private oneByOne(pool: ModelPrefixPool, length: number, count: number): Cidr[] {
    const taken: Cidr[] = [];
    while (taken.length < count) {
      const block = this.next(this.free(pool, taken), pool, length);
      if (!block) break;
      taken.push(prefixAt(Cidr.family(block), Cidr.bounds(block).first, length));
    }
    return taken;
  }

  /** From the beginning of one block that holds all of them, or, where fewer will do, of one that holds most. */
  private run(pool: ModelPrefixPool, length: number, count: number, isPartial: boolean): Cidr[] {
    const free = this.free(pool);
    const [most] = free.map((block) => 2 ** (length - Cidr.length(block))).sort((a, b) => b - a);
    const wanted = isPartial ? Math.min(count, Math.floor(most ?? 0)) : count;
    const block = wanted >= 1 ? this.next(free, pool, length - Math.ceil(Math.log2(wanted))) : undefined;
    if (!block) return [];
    const [family, { first }] = [Cidr.family(block), Cidr.bounds(block)];
    const size = 2n ** BigInt(widthOf(block) - length);
    return Array.from({ length: wanted }, (_, n) => prefixAt(family, first + BigInt(n) * size, length));
  }

  grant(request: ModelPrefixRequest, given: readonly { readonly id: PrefixId; readonly cidr: Cidr }[]): void {
    const { pool, tenant, key, args, isHeld } = request;
    for (const [ord, { id, cidr }] of given.entries())
      this.rows.push({
        ord,
        id,
        pool,
        tenant,
        cidr,
        key,
        args,
        state: isHeld ? 'HELD' : 'BOUND',
        generation: 1,
        holderKind: 'external',
        holder: null,
      });
  }

  release(row: PrefixRow): void {
    if (row.state === 'QUARANTINED') return;
    if (row.state === 'HELD' || row.pool.quarantineSeconds === 0) return this.drop(row);
    Object.assign(row, { state: 'QUARANTINED', generation: row.generation + 1, holderKind: 'external', holder: null });
  }

  drop(row: PrefixRow): void {
    this.rows = this.rows.filter((other) => other !== row);
  }
}
