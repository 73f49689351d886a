import fc from 'fast-check';
import type { Adoption, OnRemoteGone } from '#contexts/sync';
import type { ForeignCall, ForeignFault } from '#contexts/sync/testing';
import type { Authority } from '#engines/reconcile';

/** In the order in which they are created. */
export const MODEL_KINDS = ['tenant', 'routeTarget', 'vrf', 'vlan', 'prefix'] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

/** `at` and `key` are taken from what there is, modulo. */
export type SyncStep =
  | { readonly step: 'weAdd' | 'theyAdd'; readonly kind: ModelKind; readonly key: number; readonly at: number }
  | { readonly step: 'theyAddMarked'; readonly kind: ModelKind; readonly key: number; readonly at: number }
  | { readonly step: 'weEdit' | 'theyEdit'; readonly at: number; readonly field: number; readonly element: number }
  | { readonly step: 'weRenew' | 'weLeave' | 'weRemove' | 'theyRemove' | 'theyUnmark' | 'theyCopy'; readonly at: number }
  /** The mapping is lost, or some of it: a database restored from before. */
  | { readonly step: 'loseLinks'; readonly oneOf: number }
  /** Two of five of what they show us, of every kind, are not shown any more, or gone. */
  | { readonly step: 'hide' | 'show' | 'vanish' }
  /** What somebody stopped waiting for is there now. */
  | { readonly step: 'arrive' }
  /** A person looks at what waits and says yes to the first of each. */
  | { readonly step: 'decide'; readonly keep: 'US' | 'THEM' }
  /** Everything; what was told since: our journal, their feed; or nothing but what has its time: hours have passed. */
  | { readonly step: 'run' | 'runSome' | 'runLater'; readonly trouble: Trouble | null };

export interface Trouble {
  readonly call: ForeignCall;
  /** Which of these calls, from 0, and on how many of them. */
  readonly from: number;
  readonly times: number;
  readonly fault: ForeignFault | 'KILLED';
}

export interface SyncSequence {
  readonly adoption: Adoption;
  readonly onRemoteGone: OnRemoteGone;
  readonly descriptions: Authority;
  readonly names: Authority;
  readonly isUnique: boolean;
  readonly isSingleWriter: boolean;
  readonly provesGone: boolean;
  readonly pageSize: number;
  /** How many of each kind there are on either side before anything is kept in step, by keys from 0 on. */
  readonly ours: number;
  readonly theirs: number;
  readonly steps: readonly SyncStep[];
}

const nat = fc.nat({ max: 999 });
const kind = fc.constantFrom(...MODEL_KINDS);
const key = fc.nat({ max: 5 });
const authority = fc.constantFrom<Authority>('US', 'THEM', 'LAST_WRITER_WITH_REVIEW', 'IGNORE');

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.record({
    call: fc.constant<ForeignCall>('write'),
    from: fc.nat({ max: 4 }),
    times: fc.integer({ min: 1, max: 3 }),
    fault: fc.constantFrom<Trouble['fault']>(
      'ERROR',
      'FORBIDDEN',
      'ANSWER_LOST',
      'HALF_DONE',
      'LATE',
      'DUPLICATE',
      'EDITED_MEANWHILE',
      'KILLED',
    ),
  }),
  fc.record({
    call: fc.constantFrom<ForeignCall>('probe', 'prepare', 'scan', 'get', 'findMarked', 'findAlike'),
    from: fc.nat({ max: 6 }),
    times: fc.integer({ min: 1, max: 3 }),
    fault: fc.constantFrom<Trouble['fault']>('ERROR', 'FORBIDDEN', 'KILLED'),
  }),
  fc.record({
    call: fc.constant<ForeignCall>('scan'),
    from: fc.nat({ max: 6 }),
    times: fc.integer({ min: 1, max: 3 }),
    fault: fc.constant<Trouble['fault']>('HALF_PAGE'),
  }),
);

const step: fc.Arbitrary<SyncStep> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ step: fc.constant('weAdd' as const), kind, key, at: nat }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constantFrom('theyAdd' as const, 'theyAddMarked' as const), kind, key, at: nat }) },
  {
    weight: 12,
    arbitrary: fc.record({ step: fc.constantFrom('weEdit' as const, 'theyEdit' as const), at: nat, field: nat, element: nat }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      step: fc.constantFrom(
        'weRenew' as const,
        'weLeave' as const,
        'weRemove' as const,
        'theyRemove' as const,
        'theyUnmark' as const,
        'theyCopy' as const,
      ),
      at: nat,
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('loseLinks' as const), oneOf: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constantFrom('hide' as const, 'show' as const, 'vanish' as const) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('arrive' as const) }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('decide' as const), keep: fc.constantFrom('US' as const, 'THEM' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constantFrom('run' as const, 'runSome' as const, 'runLater' as const),
      trouble: fc.option(trouble, { freq: 2 }),
    }),
  },
);

export const syncSequence: fc.Arbitrary<SyncSequence> = fc.record({
  adoption: fc.constantFrom<Adoption>('PROPOSE', 'AUTOMATIC'),
  onRemoteGone: fc.constantFrom<OnRemoteGone>('RECREATE', 'ACCEPT', 'HOLD'),
  descriptions: authority,
  names: authority,
  isUnique: fc.boolean(),
  isSingleWriter: fc.boolean(),
  provesGone: fc.boolean(),
  pageSize: fc.integer({ min: 1, max: 7 }),
  ours: fc.nat({ max: 4 }),
  theirs: fc.nat({ max: 3 }),
  steps: fc.array(step, { minLength: 15, maxLength: 35 }),
});
