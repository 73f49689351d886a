/** The words that all else is written in: rows, fields, kinds of objects, and the world that rules look at. */
import type { ChoiceSets } from './choices.js';
import type { Json, JsonObject } from './json.js';
import type { FieldErrors } from './refusal.js';
import type { Release, Span } from './release.js';
import type { SortedKeys } from './sorted-keys.js';

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

interface Base extends Span {
  readonly required?: boolean;
  /** What is stored where nothing is said. */
  readonly default?: Json;
  /** May be null. */
  readonly nullable?: boolean;
  /** Of the database, and checked before. */
  readonly isUnique?: boolean;
  /** Declared with a default in the serializer: a PUT that does not say it clears it. */
  readonly isClearedByPut?: boolean;
  /** Is shown and never taken. */
  readonly readOnly?: boolean;
}

export type Field = Base &
  (
    | { readonly type: 'text'; readonly max: number; readonly pattern?: RegExp; readonly patternWords?: string }
    | { readonly type: 'integer'; readonly min: number; readonly max: number }
    | { readonly type: 'flag' }
    /** @param set key of FIELD_CHOICES, as `Prefix.status`. */
    | { readonly type: 'choice'; readonly set: string }
    /** Several bare values of a set (`event_types`). */
    | { readonly type: 'choices'; readonly set: string }
    | { readonly type: 'ref'; readonly to: string; readonly onDelete: 'protect' | 'clear' | 'cascade' }
    | { readonly type: 'refs'; readonly to: string }
    /** One half of a generic reference; `of` is the name without `_type`. */
    | { readonly type: 'objectType'; readonly allowed: readonly string[]; readonly isUnchecked?: boolean }
    | {
        readonly type: 'objectId';
        readonly allowed: readonly string[];
        readonly onDelete: 'cascade' | 'clear';
        readonly isUnchecked?: boolean;
      }
    | { readonly type: 'objectTypes' }
    | { readonly type: 'prefix' | 'address' }
    | { readonly type: 'json'; readonly problem?: (value: Json) => string | null }
    /** @param isCount of objects that refer to it: from 4.7 on only where the object itself is shown, not nested in another. */
    | { readonly type: 'computed'; readonly of: (row: Row, world: World) => Json; readonly isCount?: boolean }
  );

export type FieldOf<T extends Field['type']> = Extract<Field, { type: T }>;

export interface UniqueRule {
  /** Of the constraint in the database. */
  readonly name: string;
  readonly fields: readonly string[];
  /** Two rows without a value are alike, too (NULLS NOT DISTINCT). */
  readonly areNullsAlike?: boolean;
  readonly ignoresCase?: boolean;
  /** What 4.7 says of two that are alike. */
  readonly words?: string;
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
  /** Of these filters, those that take ids of objects of a type: where there is no such object the question is refused. */
  readonly filterIds?: Readonly<Record<string, string>>;
  /** How often a row comes that a filter lets pass: more than once where the filter joins a list; default once. */
  readonly repeated?: (parameters: URLSearchParams, row: Row) => number;
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

/** Rows of one kind. */
export interface Rows {
  /** Ascending. */
  readonly ids: readonly number[];
  /** Counts writes. */
  readonly version: number;
  readonly size: number;
  readonly kind: Kind;
  get(id: number): Row | undefined;
  /** In the order of their ids, as they are now. */
  all(): Row[];
  /** Ids with this key in a lookup, a unique rule or a reference. */
  found(index: string, key: string): ReadonlySet<number>;
  /** The rows with this key, as they are now. */
  rowsWith(index: string, key: string): Row[];
  rowsWithCustom(field: string, value: Json): Row[];
  referring(field: string, id: number | string): ReadonlySet<number>;
  space(space: string): SortedKeys | undefined;
  readonly spaceNames: readonly string[];
  buckets(space: string): ReadonlyMap<string, number>;
  /** Where the first id is that is not before this one. */
  positionOf(id: number): number;
  /** A number that was taken stays taken, whatever comes of the row. */
  takeId(): number;
}

export interface Tables {
  readonly all: Iterable<Rows>;
  table(type: string): Rows;
  has(type: string): boolean;
  /** @throws IntegrityError */
  put(type: string, row: Row): void;
  remove(type: string, id: number): void;
  /** Microseconds, never the same twice. */
  now(): number;
}

export interface Settings {
  /** ENFORCE_GLOBAL_UNIQUE */
  readonly enforceGlobalUnique: boolean;
  /** PAGINATE_COUNT */
  readonly paginateCount: number;
  /** MAX_PAGE_SIZE; 0: no cap. */
  readonly maxPageSize: number;
}

/** What rules look at. */
export interface World {
  readonly release: Release;
  readonly settings: Settings;
  readonly choices: ChoiceSets;
  readonly db: Tables;
  kind(type: string): Kind;
  brief(type: string, id: number): Json;
  display(type: string, id: number): string;
}
