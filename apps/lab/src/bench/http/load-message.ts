import type { Round } from '../rounds.js';

/** What the load generator is told over IPC; it answers with a `LoadResult`. */
export interface Load {
  readonly port: number;
  readonly path: string;
  readonly token: string;
  /** The body of every request; each `%KEY%` becomes a key that no other request has. */
  readonly body: string;
  readonly keyPrefix: string;
  /** An answer is one that says this (and 200); every other is a failure. */
  readonly expect: string;
  readonly connections: number;
  readonly milliseconds: number;
}

export type LoadResult = { readonly round: Round } | { readonly failure: string };
