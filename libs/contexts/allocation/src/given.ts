import type { NumberAllocation } from '#contexts/numbering';

/** Something that was given out, and by which of the services. */
export type Given = { readonly of: 'number'; readonly allocation: NumberAllocation };

export interface Grant {
  /** One for each value, in the order in which they were taken. */
  readonly given: readonly Given[];
  /** The key was seen before; this is what it got. */
  readonly replayed: boolean;
}

export const givenNumber = (allocation: NumberAllocation): Given => ({ of: 'number', allocation });
