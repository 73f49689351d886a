/** A line of a configuration as a fact, with the facts below it. */
export interface FactNode {
  /** Canonical line; equal facts have equal text. Empty at the root. */
  readonly text: string;
  /** What to send to the device for it: as the author wrote it, unless that said several things at once. */
  readonly command: string;
  readonly children: Map<string, FactNode>;
  /** Facts with equal keys in one section exclude each other. */
  readonly key: string;
  /** True for mode comments and multi-line values: they are kept and compared, but no single command makes them. */
  readonly isVerbatim: boolean;
}
