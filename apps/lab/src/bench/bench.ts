import type pg from 'pg';
import type { Floor } from './floor.js';
import type { Product } from './product.js';
import { ratiosOf, type Spread, spreadOf } from './statistics.js';
import type { Round } from './rounds.js';
import type { Sizes } from './sizes.js';
import type { Figures } from './thresholds.js';

/** What every scenario has. */
export interface Bench {
  readonly url: string;
  /** Past every rule of the product, as the role of its transactions: for loading, and for looking. */
  readonly system: pg.Pool;
  /** As the owner of the tables: for statistics, which autovacuum would gather in a minute or two. */
  readonly owner: pg.Pool;
  readonly product: Product;
  readonly floor: Floor;
  readonly sizes: Sizes;
  /** Of each pool: the floor's, the product's, those of the two HTTP servers. */
  readonly connections: number;
  readonly say: (line: string) => void;
}

/** A line of the table. */
export interface Row {
  readonly scenario: string;
  readonly what: string;
  /** Callers at a time. */
  readonly callers: number;
  /** Per second, over the rounds. */
  readonly rate: Spread;
  readonly p50ms: Spread;
  readonly p99ms: Spread;
  /** To what it is compared with, round by round. */
  readonly ratio?: Spread;
}

export interface Measured {
  readonly figures: Figures;
  readonly rows: readonly Row[];
}

export interface Scenario {
  readonly name: string;
  run(bench: Bench): Promise<Measured>;
}

export function rowOf(scenario: string, what: string, callers: number, rounds: readonly Round[], reference?: readonly Round[]): Row {
  const of = (read: (round: Round) => number): Spread => spreadOf(rounds.map(read));
  return {
    scenario,
    what,
    callers,
    rate: of(({ rate }) => rate),
    p50ms: of(({ p50ms }) => p50ms),
    p99ms: of(({ p99ms }) => p99ms),
    ...(reference && { ratio: spreadOf(rateRatios(rounds, reference)) }),
  };
}

export const rateRatios = (candidate: readonly Round[], reference: readonly Round[]): number[] =>
  ratiosOf(
    candidate.map(({ rate }) => rate),
    reference.map(({ rate }) => rate),
  );
