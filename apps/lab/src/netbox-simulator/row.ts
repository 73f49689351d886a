import type { JsonObject } from './json.js';

/** One object as the database has it; never changed in place. */
export interface Row {
  readonly id: number;
  /** Microseconds since 1970. */
  readonly created: number;
  readonly updated: number;
  /** By field: references are ids, choices bare values, addresses canonical text. */
  readonly values: JsonObject;
  readonly tags: readonly number[];
  readonly custom: JsonObject;
}

/** A row before it is one. */
export interface Draft {
  readonly before: Row | null;
  readonly values: JsonObject;
  readonly tags: readonly number[];
  readonly custom: JsonObject;
}
