import type { AddressRangeKind } from '#contexts/addressing';
import type { IpAddressId, SubnetId, TenantId } from '#engines/kernel';
import type { HeldRow } from '../held-steps.js';

export type AddressRefusal = 'KEY_REUSED' | 'NOT_FOUND' | 'QUOTA' | 'EXHAUSTED' | 'OUT_OF_RANGE' | 'EXCLUDED' | 'DHCP' | 'TAKEN';

/** Addresses are counted from the first of the subnet, so that those of a /64 are small numbers here. */
export interface Extent {
  readonly first: number;
  readonly last: number;
}

export interface ModelRange extends Extent {
  readonly kind: AddressRangeKind;
}

export interface AddressRow extends HeldRow {
  readonly id: IpAddressId;
  readonly subnet: ModelSubnet;
  readonly address: number;
  /** Null: of an order or a gateway, which are never asked for by key here. */
  readonly key: string | null;
  readonly args: string;
  readonly ord: number;
}

export interface ModelAddressRequest {
  readonly subnet: ModelSubnet;
  readonly tenant: TenantId;
  readonly key: string;
  readonly count: number;
  readonly isContiguous: boolean;
  readonly isPartial: boolean;
  readonly prefer: number | null;
  readonly within: Extent | null;
  readonly isHeld: boolean;
  readonly args: string;
}

export type PlannedAddresses =
  | { readonly outcome: 'REPLAYED'; readonly rows: readonly AddressRow[] }
  | { readonly outcome: 'OK'; readonly addresses: readonly number[] }
  | { readonly outcome: AddressRefusal; readonly room?: number; readonly address?: number };

export class ModelSubnet {
  ranges: ModelRange[] = [];

  constructor(
    readonly id: SubnetId,
    readonly tenant: TenantId,
    /** The host addresses. In a long subnet only so many of them that no sequence comes to their end; then `beyond` is true. */
    readonly hosts: Extent,
    readonly isOpenEnded: boolean,
    readonly quarantineSeconds: number,
  ) {}
}

const contains = ({ first, last }: Extent, address: number): boolean => first <= address && address <= last;
const countTo = (n: number, from: number): number[] => Array.from({ length: Math.max(0, n) }, (_, i) => from + i);
export const addressesOf = ({ first, last }: Extent): number[] => countTo(last - first + 1, first);

/** Addresses in rising order as maximal runs. */
export function runsOf(addresses: readonly number[]): Extent[] {
  const runs: { first: number; last: number }[] = [];
  for (const address of addresses) {
    const previous = runs.at(-1);
    if (previous && previous.last === address - 1) previous.last = address;
    else runs.push({ first: address, last: address });
  }
  return runs;
}

/** Subnets of one space as they ought to be: an array of hosts each, filtered. */
export class AddressModel {
  rows: AddressRow[] = [];
  /** Of each tenant in the space. */
  readonly quotas = new Map<TenantId, number>();

  constructor(readonly subnets: readonly ModelSubnet[]) {}

  /** DHCP: what lies in DHCP ranges; HOST: all else. In rising order. */
  free(subnet: ModelSubnet, kind: 'HOST' | 'DHCP' = 'HOST'): number[] {
    const busy = new Set(this.rows.filter((row) => row.subnet === subnet).map(({ address }) => address));
    const isIn = (address: number, which: AddressRangeKind): boolean =>
      subnet.ranges.some((range) => range.kind === which && contains(range, address));
    return addressesOf(subnet.hosts).filter(
      (address) => !busy.has(address) && !isIn(address, 'RESERVED') && isIn(address, 'DHCP') === (kind === 'DHCP'),
    );
  }

  used(tenant: TenantId): number {
    return this.rows.filter((row) => row.tenant === tenant && row.state !== 'QUARANTINED').length;
  }

  ofKey(tenant: TenantId, key: string): AddressRow[] {
    const rows = this.rows.filter((row) => row.tenant === tenant && row.key === key && row.state !== 'QUARANTINED');
    return rows.sort((a, b) => a.ord - b.ord);
  }

  /** Which a batch serves before all others. */
  isPlain({ tenant, prefer, within }: ModelAddressRequest): boolean {
    return prefer === null && within === null && !this.quotas.has(tenant);
  }

  /** What a request may choose from. */
  choice({ subnet, within }: Pick<ModelAddressRequest, 'subnet' | 'within'>): number[] {
    const isDhcp =
      within !== null &&
      subnet.ranges.some((range) => range.kind === 'DHCP' && contains(range, within.first) && contains(range, within.last));
    return this.free(subnet, isDhcp ? 'DHCP' : 'HOST').filter((address) => within === null || contains(within, address));
  }

  plan(request: ModelAddressRequest): PlannedAddresses {
    const { subnet, tenant, prefer, count, isPartial } = request;
    const same = this.ofKey(tenant, request.key);
    const [first] = same;
    if (first) return first.args === request.args ? { outcome: 'REPLAYED', rows: same } : { outcome: 'KEY_REUSED' };
    if (subnet.tenant !== tenant) return { outcome: 'NOT_FOUND' };
    const max = this.quotas.get(tenant);
    const room = max === undefined ? Number.POSITIVE_INFINITY : max - this.used(tenant);
    if (room < count && (!isPartial || room <= 0)) return { outcome: 'QUOTA', room: Math.max(0, room) };
    const wanted = Math.min(count, room);
    const choice = this.choice(request);
    if (prefer !== null) return this.planRun(request, prefer, wanted, choice);
    const taken = request.isContiguous ? firstRun(choice, wanted, isPartial) : choice.slice(0, wanted);
    return taken.length === wanted || (isPartial && taken.length > 0) ? { outcome: 'OK', addresses: taken } : { outcome: 'EXHAUSTED' };
  }

  private planRun({ subnet, within }: ModelAddressRequest, prefer: number, count: number, choice: readonly number[]): PlannedAddresses {
    const run = countTo(count, prefer);
    const address = run.find((one) => !choice.includes(one));
    if (address === undefined) return { outcome: 'OK', addresses: run };
    if (!contains(subnet.hosts, address) || (within !== null && !contains(within, address))) return { outcome: 'OUT_OF_RANGE', address };
    if (subnet.ranges.some((range) => range.kind === 'RESERVED' && contains(range, address))) return { outcome: 'EXCLUDED', address };
    return { outcome: this.free(subnet, 'DHCP').includes(address) ? 'DHCP' : 'TAKEN', address };
  }

  grant(request: ModelAddressRequest, given: readonly { readonly id: IpAddressId; readonly address: number }[]): void {
    const { subnet, tenant, key, args, isHeld } = request;
    for (const [ord, { id, address }] of given.entries())
      this.rows.push({
        id,
        subnet,
        tenant,
        address,
        key,
        args,
        ord,
        state: isHeld ? 'HELD' : 'BOUND',
        generation: 1,
        holderKind: 'external',
        holder: null,
      });
  }

  release(row: AddressRow): void {
    if (row.state === 'QUARANTINED') return;
    if (row.state === 'HELD' || row.subnet.quarantineSeconds === 0) return this.drop(row);
    Object.assign(row, { state: 'QUARANTINED', generation: row.generation + 1, holderKind: 'external', holder: null });
  }

  drop(row: AddressRow): void {
    this.rows = this.rows.filter((other) => other !== row);
  }
}

/** The first run that is long enough; where fewer will do, and none is, the first of the longest. */
function firstRun(free: readonly number[], count: number, isPartial: boolean): number[] {
  const length = ({ first, last }: Extent): number => last - first + 1;
  const runs = runsOf(free);
  const longest = Math.max(0, ...runs.map(length));
  const run = runs.find((one) => length(one) >= count) ?? (isPartial ? runs.find((one) => length(one) === longest) : undefined);
  return run ? countTo(Math.min(count, length(run)), run.first) : [];
}
