import fc from 'fast-check';
import type { AddressRangeKind } from '#contexts/addressing';
import type { Touch } from '../held-steps.js';

/** Choices are taken modulo what there is when the step is played. */
type Choice = number;

export interface AddressAsk {
  readonly subnet: Choice;
  /** Now and then somebody whose subnet it is not. */
  readonly byOther: boolean;
  readonly key: Choice | null;
  readonly again: Choice | null;
  readonly prefer: Choice | null;
  /** Either one of the ranges of the subnet, or a stretch of so many addresses from somewhere. */
  readonly within: { readonly at: Choice; readonly size: number; readonly isRange: boolean } | null;
  readonly isHeld: boolean;
}
export interface AddressTake extends AddressAsk {
  readonly door: 'service' | 'transaction';
  readonly count: number;
  readonly isContiguous: boolean;
  readonly isPartial: boolean;
}

export type AddressStep =
  | (AddressTake & { readonly step: 'take' })
  | { readonly step: 'crowd'; readonly asks: readonly AddressAsk[] }
  | (Touch & { readonly step: 'bind' })
  | (Touch & { readonly step: 'extend' })
  | (Touch & { readonly step: 'release' })
  | (Touch & { readonly step: 'transfer' })
  | { readonly step: 'sweep'; readonly which: readonly Choice[]; readonly limit: number }
  | { readonly step: 'adopt'; readonly subnet: Choice; readonly at: readonly Choice[] }
  | { readonly step: 'rebuild'; readonly subnet: Choice }
  | { readonly step: 'addRange'; readonly subnet: Choice; readonly at: Choice; readonly size: number; readonly kind: AddressRangeKind }
  | { readonly step: 'removeRange'; readonly subnet: Choice; readonly which: Choice }
  | { readonly step: 'quota'; readonly tenant: Choice; readonly max: number | null };
export type AddressStepOf<Name extends AddressStep['step']> = Extract<AddressStep, { step: Name }>;

export interface AddressSequence {
  readonly family: 4 | 6;
  /** Of three subnets: 0 is a /32 or a /128, 64 a /64. */
  readonly hostBits: readonly number[];
  readonly hasGateway: readonly boolean[];
  readonly quarantines: readonly number[];
  readonly steps: readonly AddressStep[];
}

const choice = fc.nat({ max: 99_999 });
const rarely = <T>(of: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: of - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
const oneInTen = fc.nat({ max: 9 }).map((n) => n === 9);
const ask = {
  subnet: choice,
  byOther: oneInTen,
  key: rarely(8, choice),
  again: rarely(6, choice),
  prefer: rarely(4, choice),
  within: rarely(4, fc.record({ at: choice, size: fc.integer({ min: 1, max: 20 }), isRange: fc.boolean() })),
  isHeld: fc.boolean(),
};
const touch = { which: choice, generation: fc.constantFrom('right', 'right', 'right', 'stale', 'none'), byOther: oneInTen };
const step = <Rest extends object>(weight: number, name: AddressStep['step'], rest: { [K in keyof Rest]: fc.Arbitrary<Rest[K]> }) => ({
  weight,
  arbitrary: fc.record({ step: fc.constant(name), ...rest }) as unknown as fc.Arbitrary<AddressStep>,
});

const anyStep: fc.Arbitrary<AddressStep> = fc.oneof(
  step(12, 'take', {
    ...ask,
    // Above 256 the hint of a subnet moves.
    count: fc.constantFrom(1, 1, 1, 1, 1, 2, 3, 4, 8, 13, 300),
    isContiguous: fc.boolean(),
    isPartial: fc.boolean(),
    door: fc.constantFrom('service', 'transaction'),
  }),
  step(5, 'crowd', { asks: fc.array(fc.record(ask), { minLength: 2, maxLength: 8, size: 'max' }) }),
  step(2, 'bind', touch),
  step(1, 'extend', touch),
  step(9, 'release', touch),
  step(1, 'transfer', touch),
  step(3, 'sweep', { which: fc.array(choice, { maxLength: 10, size: 'max' }), limit: fc.constantFrom(1, 3, 1000) }),
  step(3, 'adopt', { subnet: choice, at: fc.array(choice, { minLength: 1, maxLength: 3, size: 'max' }) }),
  step(1, 'rebuild', { subnet: choice }),
  step(3, 'addRange', { subnet: choice, at: choice, size: fc.integer({ min: 1, max: 20 }), kind: fc.constantFrom('DHCP', 'RESERVED') }),
  step(2, 'removeRange', { subnet: choice, which: choice }),
  step(1, 'quota', { tenant: choice, max: fc.option(fc.nat({ max: 20 }), { freq: 3 }) }),
);

export const addressSequence: fc.Arbitrary<AddressSequence> = fc.constantFrom<4 | 6>(4, 6).chain((family) =>
  fc.record({
    family: fc.constant(family),
    hostBits: fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, 10, family === 4 ? 10 : 64), { minLength: 3, maxLength: 3, size: 'max' }),
    hasGateway: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    quarantines: fc.tuple(fc.constantFrom(0, 3600), fc.constantFrom(0, 3600), fc.constantFrom(0, 3600)),
    steps: fc.array(anyStep, { maxLength: 50, size: 'max' }),
  }),
);
