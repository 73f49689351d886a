import type { Field } from './fields.js';
import type { JsonObject } from './json.js';
import type { FieldErrors } from './refusal.js';
import type { Span } from './release.js';
import type { Draft, Row } from './row.js';
import type { World } from './world.js';

export interface UniqueRule {
  /** Of the constraint in the database. */
  readonly name: string;
  readonly fields: readonly string[];
  /** Two rows without a value are alike, too (NULLS NOT DISTINCT). */
  readonly areNullsAlike?: boolean;
  readonly ignoresCase?: boolean;
}

/** Keeps a row if it says so. */
export type RowTest = (row: Row) => boolean;

export interface FilterContext {
  readonly world: World;
  readonly kind: Kind;
}

/** @param values every value of the parameter. */
export type Filter = (values: readonly string[], context: FilterContext) => RowTest;

export interface Kind extends Span {
  /** `ipam.prefix` */
  readonly type: string;
  /** `ipam/prefixes` */
  readonly path: string;
  /** `prefix`, as in messages. */
  readonly label: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** Of the fields, what a nested object shows beside id, url and display. */
  readonly brief: readonly string[];
  readonly display: (row: Row, world: World) => string;
  /** Order of a list that nobody orders. */
  readonly ordering: (row: Row, world: World) => string;
  readonly unique?: readonly UniqueRule[];
  /** Keys that a row is looked up by beside its references. */
  readonly lookups?: Readonly<Record<string, (row: Row) => readonly string[]>>;
  /** Rows of one space in the order of their keys, counted by bucket. */
  readonly sorted?: (row: Row) => { readonly space: string; readonly key: string; readonly bucket: string };
  /** What `clean()` of the model says. */
  readonly clean?: (draft: Draft, world: World) => FieldErrors | null;
  /** What `save()` changes. */
  readonly save?: (values: JsonObject, world: World) => JsonObject;
  readonly filters?: Readonly<Record<string, Filter>>;
  /** Has no tags, or no custom fields, or is only read. */
  readonly lacks?: readonly ('tags' | 'customFields' | 'writes' | 'lastUpdated' | 'changeLog')[];
  /** Writes of one object wait for this lock (`ipam/api/views.py`). */
  readonly lock?: number;
  /** What happens to others when one is made, and when one is gone. */
  readonly created?: (row: Row, world: World) => void;
  readonly deleted?: (row: Row, world: World) => void;
}

export const has = (kind: Kind, part: 'tags' | 'customFields' | 'writes' | 'lastUpdated' | 'changeLog'): boolean =>
  !kind.lacks?.includes(part);
