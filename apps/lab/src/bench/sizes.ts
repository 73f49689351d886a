/** How much is loaded and how long is measured. Ratios are what counts, and they show in short rounds as well; loading is what takes long. */
export interface Sizes {
  readonly rounds: number;
  readonly roundMs: number;
  /** Of rounds over HTTP: connections are opened first. */
  readonly httpRoundMs: number;
  /** Values of the VNI pool that are taken before the rounds. */
  readonly numbersFull: number;
  /** Values of which a random half is taken. */
  readonly numbersFragmented: number;
  readonly ipv4: number;
  readonly ipv6: number;
  /** Children of the /8, of mixed lengths. */
  readonly prefixes: number;
  readonly pools: number;
  /** Allocations while a transaction is held open elsewhere. */
  readonly heldOpen: number;
  readonly imported: number;
}

export const FULL: Sizes = {
  rounds: 7,
  roundMs: 1000,
  httpRoundMs: 2000,
  numbersFull: 10_000_000,
  numbersFragmented: 1_000_000,
  ipv4: 10_000_000,
  ipv6: 1_000_000,
  prefixes: 60_000,
  pools: 1000,
  heldOpen: 100_000,
  imported: 1_000_000,
};

/** The same scenarios in less than a minute in all. */
export const QUICK: Sizes = {
  rounds: 5,
  roundMs: 150,
  httpRoundMs: 400,
  numbersFull: 100_000,
  numbersFragmented: 150_000,
  ipv4: 100_000,
  ipv6: 50_000,
  prefixes: 3000,
  pools: 1000,
  heldOpen: 5000,
  imported: 10_000,
};
