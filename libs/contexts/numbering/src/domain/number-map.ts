/** A picture of consecutive values of a pool. Pure. */
import type { NumberRange } from './number-kind.js';

/** OUTSIDE: not of this pool. USED: somebody's, whoever it is. */
export type NumberState = 'FREE' | 'USED' | 'QUARANTINED' | 'EXCLUDED' | 'OUTSIDE';

/** Consecutive values of one state. */
export interface NumberRun extends NumberRange {
  readonly state: NumberState;
}

export interface NumberWindow {
  readonly ranges: readonly NumberRange[];
  readonly exclusions: readonly NumberRange[];
  readonly free: readonly NumberRange[];
  readonly allocated: readonly { readonly value: number; readonly isResting: boolean }[];
}

/** Values of the window as runs, without a gap. What is configured and neither free nor excluded is used, whether or not we may see by whom. */
export function numberRuns(window: NumberWindow, from: number, to: number): NumberRun[] {
  const states = new Array<NumberState>(to - from + 1).fill('OUTSIDE');
  const paint = (ranges: readonly NumberRange[], state: NumberState): void => {
    for (const { first, last } of ranges)
      for (let value = Math.max(first, from); value <= Math.min(last, to); value++) states[value - from] = state;
  };
  paint(window.ranges, 'USED');
  paint(window.exclusions, 'EXCLUDED');
  paint(window.free, 'FREE');
  for (const { value, isResting } of window.allocated) states[value - from] = isResting ? 'QUARANTINED' : 'USED';
  const runs: NumberRun[] = [];
  for (const [index, state] of states.entries()) {
    const value = from + index;
    const previous = runs.at(-1);
    if (previous?.state === state) runs[runs.length - 1] = { first: previous.first, last: value, state };
    else runs.push({ first: value, last: value, state });
  }
  return runs;
}
