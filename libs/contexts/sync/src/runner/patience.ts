import { isDomainError } from '#engines/kernel';
import { BATCH } from './run-context.js';

/** Of so many in a row, one by one, none was answered: it is not about them. */
const IN_A_ROW = 5;
const FEW = 10;
/** Of so many kinds of work nothing was answered: nobody is there, whatever a probe says. */
const GROUPS_IN_A_ROW = 2;

/** The other system did not answer, or not with what was asked for; what it refuses in words is no error. Everything else is ours: a lease, the database. */
export const isOfTheirs = (error: unknown): boolean => isDomainError(error) && Object.hasOwn(error.facts, 'retriable');

/** A write that somebody stopped waiting for: the other system may be at it still, and it may be there only after it was looked for. */
export const mayComeYet = (error: unknown): boolean => isOfTheirs(error) && isDomainError(error) && error.facts['isTimeout'] === true;

/** Of what was sent together, what may be under way: where one is sent after the other, those before are done, and those behind were not sent. */
export function underWay<T>(error: unknown, sent: readonly T[]): readonly T[] {
  const at = isDomainError(error) ? error.facts['underWay'] : undefined;
  return Array.isArray(at) ? sent.filter((_, index) => at.includes(index)) : sent;
}

/** How much of a run may fail before the whole of it does: one object that is never answered must not hold up the others, and a system that is away must not be asked for each. */
export class Patience {
  private failures = 0;
  private groups = 0;
  private last: unknown = null;
  private isSlow: boolean;

  /** @param isSecondTry what is written was tried before: it may have been too much at once. */
  constructor(isSecondTry = false) {
    this.isSlow = isSecondTry;
  }

  /** So many are made at once; of those that come late none is sent again in the same run, so that they are few where it may happen. */
  get creates(): number {
    return this.isSlow ? FEW : BATCH;
  }

  slow(): void {
    this.isSlow = true;
  }

  worked(): void {
    this.failures = 0;
    this.groups = 0;
  }

  /** One object by itself was not answered. @returns whether the others of its group are still worth a try. */
  failed(error: unknown): boolean {
    this.last = error;
    return ++this.failures < IN_A_ROW;
  }

  /** A group was given up. @throws its error where nothing works any more. */
  gaveUp(): void {
    this.failures = 0;
    this.groups++;
    if (this.groups >= GROUPS_IN_A_ROW) throw this.last;
  }

  /** @throws where a group was given up and nothing was answered since. */
  end(): void {
    if (this.groups > 0) throw this.last;
  }
}
