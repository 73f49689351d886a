/** One thing that the doctor looked at. */
export interface Check {
  readonly what: string;
  /** Undefined: it is as it should be. */
  readonly problem?: string;
  readonly invariant?: InvariantCheck;
}

export interface InvariantCheck {
  readonly says: string;
  /** At least; see `isAll`. */
  readonly violations: number;
  /** False: the look ended early, there are more. */
  readonly isAll: boolean;
  /** The first few. */
  readonly first: readonly { readonly subject: string; readonly what: string }[];
  readonly remedy: string;
  readonly isRepairable: boolean;
  /** With --repair: how many rows were made anew before this look. */
  readonly repairedRows?: number;
}

export const isWell = (checks: readonly Check[]): boolean => checks.every(({ problem }) => problem === undefined);
export const textOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));
