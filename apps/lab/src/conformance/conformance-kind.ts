/** One kind of cases: what a folder of it holds, and how it is judged. A kind is one file beside this one and one line of `kinds.ts`. */
export interface ConformanceKind {
  /** One line for the usage: what DIR has to hold. */
  readonly expects: string;
  /** @throws NoCasesError when the folder is not there or holds nothing of the kind. */
  run(directory: string, sampling: Sampling): ConformanceReport | Promise<ConformanceReport>;
}

/** How much of a large question is asked. Equal samplings of one folder ask the same. */
export interface Sampling {
  readonly seed: number;
  /** Changes tried in each file. */
  readonly samples: number;
}

export interface ConformanceReport {
  /** The machine-readable line, in its order. */
  readonly figures: Readonly<Record<string, unknown>>;
  readonly holds: boolean;
  /** For people: a table, and a diff for each difference. Ends with a line break. */
  readonly text: string;
}
