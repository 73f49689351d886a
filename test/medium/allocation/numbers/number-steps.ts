import fc from 'fast-check';
import { POOL_STRATEGIES, type PoolStrategy } from '#contexts/numbering';

/** Choices are plain numbers that are taken modulo what there is when the step is played, so that a shorter sequence still means something. */
export type Choice = number;

export interface Ask {
  readonly pool: Choice;
  readonly tenant: Choice;
  /** A key that was used before; null: a new one. */
  readonly key: Choice | null;
  /** The same request as one before, whatever else stands here. */
  readonly again: Choice | null;
  readonly prefer: Choice | null;
  readonly isHeld: boolean;
}

export interface Take extends Ask {
  readonly step: 'take';
  /** `service`: a transaction of its own. `transaction`: in the caller's. `order`: claimed for a network of ours. */
  readonly door: 'service' | 'transaction' | 'order';
  readonly count: number;
  readonly isContiguous: boolean;
  readonly isPartial: boolean;
}

interface Touch {
  readonly which: Choice;
  readonly generation: 'right' | 'stale' | 'none';
  /** By another tenant, who must not even see it. */
  readonly byOther: boolean;
}

interface Span {
  readonly pool: Choice;
  readonly from: Choice;
  readonly size: number;
  /** By somebody who read the pool before it was changed last. */
  readonly isStale: boolean;
}

export type NumberStep =
  | Take
  /** At once, through the service: one batch. */
  | { readonly step: 'crowd'; readonly asks: readonly Ask[] }
  /** At once, as one call of the database function. */
  | { readonly step: 'batch'; readonly asks: readonly Ask[] }
  | (Touch & { readonly step: 'bind' | 'extend' | 'release' })
  | (Touch & { readonly step: 'transfer'; readonly tenant: Choice })
  /** What an order of ours gives back. */
  | { readonly step: 'giveBack'; readonly which: Choice; readonly isUnused: boolean }
  /** Time passes for some holds and quarantines, and the sweeper comes. */
  | { readonly step: 'sweep'; readonly which: readonly Choice[]; readonly limit: number }
  | {
      readonly step: 'adopt';
      readonly pool: Choice;
      readonly tenant: Choice;
      readonly values: readonly Choice[];
      readonly key: Choice | null;
    }
  | { readonly step: 'rebuild'; readonly pool: Choice }
  | (Span & { readonly step: 'addRange' })
  | (Span & { readonly step: 'removeRange' })
  | (Span & { readonly step: 'exclude' })
  | { readonly step: 'include'; readonly pool: Choice; readonly which: Choice }
  | { readonly step: 'settings'; readonly pool: Choice; readonly strategy: PoolStrategy; readonly quarantineSeconds: number }
  | { readonly step: 'quota'; readonly pool: Choice; readonly tenant: Choice; readonly max: number | null }
  | { readonly step: 'restrict'; readonly pool: Choice; readonly tenants: readonly Choice[] };

export type StepOf<Name extends NumberStep['step']> = Extract<NumberStep, { step: Name }>;

export interface NumberSequence {
  /** `large`: more than the hint of a pool moves at once. */
  readonly size: 'small' | 'large';
  /** Where in the space: its first values, somewhere, its last. */
  readonly place: 'first' | 'middle' | 'last';
  /** Of the first pool, then of the second, which begins right behind: what is configured, and what is left out after it. */
  readonly pieces: readonly { readonly share: number; readonly gap: number; readonly pool: 0 | 1 }[];
  readonly strategies: readonly [PoolStrategy, PoolStrategy];
  readonly quarantines: readonly [number, number];
  readonly steps: readonly NumberStep[];
}

const choice = fc.nat({ max: 99_999 });
/** Mostly null: once in `of` it is not. */
const rarely = (of: number): fc.Arbitrary<Choice | null> =>
  fc.oneof({ weight: of - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: choice });
const strategy = fc.oneof(
  { weight: 4, arbitrary: fc.constant<PoolStrategy>('LOWEST_FREE') },
  { weight: 5, arbitrary: fc.constantFrom(...POOL_STRATEGIES) },
);
const quarantine = fc.constantFrom(0, 3600);

const ask = {
  pool: choice,
  tenant: choice,
  key: rarely(8),
  again: rarely(6),
  prefer: rarely(4),
  isHeld: fc.boolean(),
};
const count = fc.oneof(
  { weight: 5, arbitrary: fc.constant(1) },
  { weight: 4, arbitrary: fc.integer({ min: 2, max: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 250, max: 420 }) },
);
const step = <Name extends NumberStep['step'], Rest extends object>(
  weight: number,
  name: Name,
  rest: { [K in keyof Rest]: fc.Arbitrary<Rest[K]> },
) => ({ weight, arbitrary: fc.record({ step: fc.constant(name), ...rest }) as unknown as fc.Arbitrary<NumberStep> });

const touch = {
  which: choice,
  generation: fc.constantFrom('right', 'right', 'right', 'stale', 'none'),
  byOther: fc.nat({ max: 9 }).map((n) => n === 9),
};
const span = { pool: choice, from: choice, size: fc.integer({ min: 1, max: 12 }), isStale: fc.nat({ max: 9 }).map((n) => n === 9) };

const anyStep: fc.Arbitrary<NumberStep> = fc.oneof(
  step(10, 'take', {
    ...ask,
    count,
    isContiguous: fc.boolean(),
    isPartial: fc.boolean(),
    door: fc.constantFrom('service', 'transaction', 'order'),
  }),
  step(4, 'crowd', { asks: fc.array(fc.record(ask), { minLength: 2, maxLength: 8, size: 'max' }) }),
  step(4, 'batch', { asks: fc.array(fc.record(ask), { minLength: 2, maxLength: 8, size: 'max' }) }),
  step(2, 'bind', touch),
  step(1, 'extend', touch),
  step(8, 'release', touch),
  step(2, 'transfer', { ...touch, tenant: choice }),
  step(2, 'giveBack', { which: choice, isUnused: fc.boolean() }),
  step(3, 'sweep', { which: fc.array(choice, { maxLength: 20, size: 'max' }), limit: fc.constantFrom(1, 3, 100) }),
  step(2, 'adopt', {
    pool: choice,
    tenant: choice,
    values: fc.array(choice, { minLength: 1, maxLength: 3, size: 'max' }),
    key: rarely(3),
  }),
  step(1, 'rebuild', { pool: choice }),
  step(1, 'addRange', span),
  step(1, 'removeRange', span),
  step(2, 'exclude', span),
  step(1, 'include', { pool: choice, which: choice }),
  step(1, 'settings', { pool: choice, strategy, quarantineSeconds: quarantine }),
  step(1, 'quota', { pool: choice, tenant: choice, max: fc.option(fc.nat({ max: 15 }), { freq: 3 }) }),
  step(1, 'restrict', { pool: choice, tenants: fc.array(choice, { maxLength: 2, size: 'max' }) }),
);

export const numberSequence: fc.Arbitrary<NumberSequence> = fc.record({
  size: fc.constantFrom('small', 'small', 'large'),
  place: fc.constantFrom('first', 'middle', 'last'),
  pieces: fc
    .array(fc.record({ share: fc.integer({ min: 1, max: 10 }), gap: fc.constantFrom(0, 0, 1, 5) }), {
      minLength: 2,
      maxLength: 5,
      size: 'max',
    })
    .map((pieces) => pieces.map((piece, n) => ({ ...piece, pool: n < pieces.length / 2 ? (0 as const) : (1 as const) }))),
  strategies: fc.tuple(strategy, strategy),
  quarantines: fc.tuple(quarantine, quarantine),
  steps: fc.array(anyStep, { maxLength: 50, size: 'max' }),
});
