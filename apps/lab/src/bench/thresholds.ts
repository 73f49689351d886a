/** What is asked of allocation, in the words it was asked in. One row for each figure; nothing else decides whether it holds. */
export interface Threshold {
  /** Where the figure stands in the result: `inProcess.32`. */
  readonly figure: string;
  readonly asked: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const IN_PROCESS =
  'In process, one hot VNI pool, with idempotency key, audit and outbox rows: ≥ 1.0 × floor at 32 callers, ≥ 1.5 × at 128; lowest-first kept; p99 ≤ 20 ms at 128.';
const BY_SIZE =
  'Independent of size: at 10 M allocated and at 50 % random fragmentation of 1 M, ≥ 0.9 × the rate of an empty pool. Same for IPv4 /8 with 10 M addresses, IPv6 /64, prefixes in a /8 with 60 k children.';
const POOLS_AND_HELD =
  '1,000 pools at 128 callers: ≥ 0.7 × floor. With a transaction held open during 100,000 allocations: ≥ 0.8 × the rate without.';
const IMPORT = 'Import of 1 M prefixes and 1 M addresses: ≥ 20,000 rows/s, constraints on at the end.';
const CREATION =
  'RFC 6996 32-bit ASN range and the whole 24-bit VNI space as one pool: creation and allocation in milliseconds, memory flat.';

/** "In milliseconds": what nobody notices who waits for it. "Flat": far from the 128 MiB that 16 M values of eight octets would take. */
const MILLISECONDS = 100;
const FLAT_MIB = 32;

export const THRESHOLDS: readonly Threshold[] = [
  { figure: 'inProcess.32', asked: IN_PROCESS, atLeast: 1 },
  { figure: 'inProcess.128', asked: IN_PROCESS, atLeast: 1.5 },
  { figure: 'inProcess.p99ms128', asked: IN_PROCESS, atMost: 20 },
  {
    figure: 'graphql32',
    asked: 'Through GraphQL over HTTP, 32 connections: ≥ 0.8 × a bare node:http server that does the same insert.',
    atLeast: 0.8,
  },
  { figure: 'bySize.numbersFull', asked: BY_SIZE, atLeast: 0.9 },
  { figure: 'bySize.numbersFragmented', asked: BY_SIZE, atLeast: 0.9 },
  { figure: 'bySize.ipv4', asked: BY_SIZE, atLeast: 0.9 },
  { figure: 'bySize.ipv6', asked: BY_SIZE, atLeast: 0.9 },
  { figure: 'bySize.prefixes', asked: BY_SIZE, atLeast: 0.9 },
  { figure: 'pools1000', asked: POOLS_AND_HELD, atLeast: 0.7 },
  { figure: 'heldOpen', asked: POOLS_AND_HELD, atLeast: 0.8 },
  { figure: 'single', asked: 'One request alone: ≤ 2.5 × the latency of the floor’s single insert.', atMost: 2.5 },
  { figure: 'import.prefixesPerSecond', asked: IMPORT, atLeast: 20_000 },
  { figure: 'import.addressesPerSecond', asked: IMPORT, atLeast: 20_000 },
  { figure: 'creation.asnMs', asked: CREATION, atMost: MILLISECONDS },
  { figure: 'creation.vniMs', asked: CREATION, atMost: MILLISECONDS },
  { figure: 'creation.allocateMs', asked: CREATION, atMost: MILLISECONDS },
  { figure: 'creation.memoryMiB', asked: CREATION, atMost: FLAT_MIB },
];

/** By their places in the result. */
export type Figures = Readonly<Record<string, number>>;

export interface Verdict extends Threshold {
  /** Undefined: it was not measured. */
  readonly measured: number | undefined;
  readonly holds: boolean;
}

/** Every threshold with what was measured. What was not measured does not hold. */
export const judge = (figures: Figures, thresholds: readonly Threshold[] = THRESHOLDS): Verdict[] =>
  thresholds.map((threshold) => {
    const measured = figures[threshold.figure];
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = threshold;
    return { ...threshold, measured, holds: measured !== undefined && measured >= atLeast && measured <= atMost };
  });

/** `{ 'inProcess.32': 2 }` → `{ inProcess: { '32': 2 } }` */
export function nested(figures: Figures): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [place, value] of Object.entries(figures)) {
    const names = place.split('.');
    const last = names.pop() as string;
    let at = result;
    for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  return result;
}
