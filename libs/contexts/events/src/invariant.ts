import { Injectable } from '@nestjs/common';
import type { IdKind } from '#engines/kernel';
import type { Tx } from '#platform';

/** What invariants are asked about, piece by piece, so that no question is longer for a larger database. */
export interface Slices {
  /** What they are, in the plural: `number pools`. */
  readonly name: string;
  readonly kind: IdKind;
  /**
   * The ids (UUIDs) of the next slice in ascending order, beginning after `after`; empty: there are no more. As many as one question can be about
   * within about a second: many small things, or a single large one.
   */
  next(tx: Tx, after: string | null): Promise<readonly string[]>;
}

export interface Violation {
  /** The thing of `Slices.kind` whose rows are wrong (a UUID). */
  readonly id: string;
  /** Which rows, and what is wrong with them. One line. */
  readonly what: string;
}

/** Something about stored rows that always holds between transactions. */
export interface Invariant {
  /** `<context>.<what>`; the name is on the doctor's page, in logs and events, and does not change. */
  readonly name: string;
  /** One sentence that is true while it holds. */
  readonly says: string;
  /** What a person does about a violation. One sentence or two. */
  readonly remedy: string;
  readonly slices: Slices;
  /** One query, so one snapshot: what commits meanwhile is not half seen. @returns at most `limit`. */
  violations(tx: Tx, ids: readonly string[], limit: number): Promise<Violation[]>;
  /**
   * Only where what is wrong is derived: makes it anew from the truth, under the lock of the thing. What was given out twice, lies outside of
   * everything or has lost its holder is for a person to decide. @returns how many rows were changed.
   */
  repair?(tx: Tx, id: string): Promise<number>;
}

/** Contexts add their invariants when their module starts; the worker and `trame doctor` ask them. */
@Injectable()
export class InvariantRegistry {
  private readonly invariants = new Map<string, Invariant>();

  add(...invariants: readonly Invariant[]): void {
    for (const invariant of invariants) {
      if (this.invariants.has(invariant.name)) throw new Error(`there are two invariants named ${invariant.name}`);
      this.invariants.set(invariant.name, invariant);
    }
  }

  /** In the order in which they were added. */
  all(): readonly Invariant[] {
    return [...this.invariants.values()];
  }

  /** Those that are asked about the same things, together. */
  bySlices(): ReadonlyMap<Slices, readonly Invariant[]> {
    const groups = new Map<Slices, Invariant[]>();
    for (const invariant of this.invariants.values()) groups.set(invariant.slices, [...(groups.get(invariant.slices) ?? []), invariant]);
    return groups;
  }
}
