import fc from 'fast-check';
import { PREFIX_STRATEGIES, type PrefixStrategy } from '#contexts/addressing';
import type { Touch } from '../held-steps.js';

/** Choices are taken modulo what there is when the step is played. */
type Choice = number;

export interface PrefixAsk {
  readonly pool: Choice;
  readonly tenant: Choice;
  readonly key: Choice | null;
  readonly again: Choice | null;
  /** How many bits of the address are the holder's. */
  readonly hostBits: number;
  readonly prefer: Choice | null;
  readonly isHeld: boolean;
}
export interface PrefixTake extends PrefixAsk {
  readonly door: 'service' | 'transaction';
  readonly count: number;
  readonly isContiguous: boolean;
  readonly isPartial: boolean;
}
interface Place {
  readonly pool: Choice;
  readonly at: Choice;
  readonly hostBits: number;
  readonly isStale: boolean;
}

export type PrefixStep =
  | (PrefixTake & { readonly step: 'take' })
  | { readonly step: 'crowd'; readonly asks: readonly PrefixAsk[] }
  | (Touch & { readonly step: 'bind' })
  | (Touch & { readonly step: 'extend' })
  | (Touch & { readonly step: 'release' })
  | (Touch & { readonly step: 'transfer'; readonly tenant: Choice })
  | { readonly step: 'sweep'; readonly which: readonly Choice[]; readonly limit: number }
  | {
      readonly step: 'adopt';
      readonly pool: Choice;
      readonly tenant: Choice;
      readonly places: readonly { readonly at: Choice; readonly hostBits: number }[];
    }
  | { readonly step: 'rebuild'; readonly pool: Choice }
  | (Place & { readonly step: 'addRange' })
  | (Place & { readonly step: 'exclude' })
  | { readonly step: 'removeRange'; readonly pool: Choice; readonly which: Choice }
  | { readonly step: 'include'; readonly pool: Choice; readonly which: Choice }
  | { readonly step: 'settings'; readonly pool: Choice; readonly strategy: PrefixStrategy; readonly quarantineSeconds: number }
  | { readonly step: 'quota'; readonly pool: Choice; readonly tenant: Choice; readonly max: number | null }
  | { readonly step: 'restrict'; readonly pool: Choice; readonly tenants: readonly Choice[] };
export type PrefixStepOf<Name extends PrefixStep['step']> = Extract<PrefixStep, { step: Name }>;

export interface PrefixSequence {
  readonly family: 4 | 6;
  /** At the beginning of the addresses, somewhere, at their end. */
  readonly place: 'first' | 'middle' | 'last';
  /** Four places of 256 addresses one after the other: whose, and how much of each. Null: nobody's. */
  readonly ranges: readonly ({ readonly pool: 0 | 1; readonly hostBits: number } | null)[];
  /** Smallest prefix of both pools, in host bits: 0 is a /32 or a /128. */
  readonly smallest: number;
  readonly strategies: readonly [PrefixStrategy, PrefixStrategy];
  readonly quarantines: readonly [number, number];
  readonly steps: readonly PrefixStep[];
}

const choice = fc.nat({ max: 99_999 });
const rarely = (of: number): fc.Arbitrary<Choice | null> =>
  fc.oneof({ weight: of - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: choice });
const strategy = fc.constantFrom(...PREFIX_STRATEGIES);
const quarantine = fc.constantFrom(0, 3600);
const isStale = fc.nat({ max: 9 }).map((n) => n === 9);
/** Small ones are more frequent; 9 is more than there is. */
const hostBits = fc.constantFrom(0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9);
const ask = { pool: choice, tenant: choice, key: rarely(8), again: rarely(6), hostBits, prefer: rarely(4), isHeld: fc.boolean() };
const touch = { which: choice, generation: fc.constantFrom('right', 'right', 'right', 'stale', 'none'), byOther: isStale };

const step = <Rest extends object>(weight: number, name: PrefixStep['step'], rest: { [K in keyof Rest]: fc.Arbitrary<Rest[K]> }) => ({
  weight,
  arbitrary: fc.record({ step: fc.constant(name), ...rest }) as unknown as fc.Arbitrary<PrefixStep>,
});

const anyStep: fc.Arbitrary<PrefixStep> = fc.oneof(
  step(12, 'take', {
    ...ask,
    count: fc.constantFrom(1, 1, 1, 1, 2, 3, 4, 5, 8, 13),
    isContiguous: fc.boolean(),
    isPartial: fc.boolean(),
    door: fc.constantFrom('service', 'transaction'),
  }),
  step(5, 'crowd', { asks: fc.array(fc.record(ask), { minLength: 2, maxLength: 8, size: 'max' }) }),
  step(2, 'bind', touch),
  step(1, 'extend', touch),
  step(9, 'release', touch),
  step(2, 'transfer', { ...touch, tenant: choice }),
  step(3, 'sweep', { which: fc.array(choice, { maxLength: 10, size: 'max' }), limit: fc.constantFrom(1, 3, 100) }),
  step(3, 'adopt', {
    pool: choice,
    tenant: choice,
    places: fc.array(fc.record({ at: choice, hostBits }), { minLength: 1, maxLength: 3, size: 'max' }),
  }),
  step(1, 'rebuild', { pool: choice }),
  step(1, 'addRange', { pool: choice, at: choice, hostBits: fc.integer({ min: 4, max: 8 }), isStale }),
  step(1, 'removeRange', { pool: choice, which: choice }),
  step(2, 'exclude', { pool: choice, at: choice, hostBits, isStale }),
  step(1, 'include', { pool: choice, which: choice }),
  step(1, 'settings', { pool: choice, strategy, quarantineSeconds: quarantine }),
  step(1, 'quota', { pool: choice, tenant: choice, max: fc.option(fc.nat({ max: 40 }), { freq: 3 }) }),
  step(1, 'restrict', { pool: choice, tenants: fc.array(choice, { maxLength: 2, size: 'max' }) }),
);

const range = (...pools: readonly (0 | 1)[]) => fc.record({ pool: fc.constantFrom(...pools), hostBits: fc.integer({ min: 4, max: 8 }) });

export const prefixSequence: fc.Arbitrary<PrefixSequence> = fc.record({
  family: fc.constantFrom(4, 6),
  place: fc.constantFrom('first', 'middle', 'last'),
  ranges: fc.tuple(range(0), range(0, 1), range(1), fc.oneof(range(0, 1), fc.constant(null))),
  smallest: fc.constantFrom(0, 0, 1, 2),
  strategies: fc.tuple(strategy, strategy),
  quarantines: fc.tuple(quarantine, quarantine),
  steps: fc.array(anyStep, { maxLength: 50, size: 'max' }),
});
