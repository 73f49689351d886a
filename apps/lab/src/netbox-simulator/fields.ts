/** What an object consists of, as declarations: `kinds/` says them, `read-field.ts` and `serializer.ts` obey them. */
import type { Json } from './json.js';
import type { Span } from './release.js';
import type { Row } from './row.js';
import type { World } from './world.js';

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
    | { readonly type: 'objectType'; readonly allowed: readonly string[] }
    | { readonly type: 'objectId'; readonly allowed: readonly string[]; readonly onDelete: 'cascade' | 'clear' }
    | { readonly type: 'objectTypes' }
    | { readonly type: 'prefix' | 'address' }
    | { readonly type: 'json'; readonly problem?: (value: Json) => string | null }
    | { readonly type: 'computed'; readonly of: (row: Row, world: World) => Json }
  );

export type FieldOf<T extends Field['type']> = Extract<Field, { type: T }>;
type Options<T extends Field['type'], Given extends string = 'type'> = Omit<FieldOf<T>, Given>;

export const text = (options: Options<'text'>): Field => ({ type: 'text', ...options });
export const name = (max = 100, options: Partial<Options<'text'>> = {}): Field => ({ type: 'text', max, required: true, ...options });
export const slug = (options: Partial<Options<'text'>> = {}): Field => ({
  type: 'text',
  max: 100,
  required: true,
  pattern: /^[-a-zA-Z0-9_]+$/,
  patternWords: 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.',
  ...options,
});
export const integer = (min: number, max: number, options: Partial<Options<'integer'>> = {}): Field => ({
  type: 'integer',
  min,
  max,
  ...options,
});
export const flag = (isSet: boolean, span: Span = {}): Field => ({ type: 'flag', default: isSet, ...span });
export const choice = (set: string, options: Partial<Options<'choice'>> = {}): Field => ({ type: 'choice', set, ...options });
export const ref = (to: string, options: Partial<Options<'ref'>> = {}): Field => ({
  type: 'ref',
  to,
  onDelete: 'protect',
  nullable: options.required !== true,
  ...options,
});
export const refs = (to: string, span: Span = {}): Field => ({ type: 'refs', to, default: [], ...span });
export const json = (options: Partial<Options<'json'>> = {}): Field => ({ type: 'json', nullable: true, ...options });
export const computed = (of: (row: Row, world: World) => Json, span: Span = {}): Field => ({
  type: 'computed',
  of,
  readOnly: true,
  ...span,
});

export const DESCRIPTION: Field = text({ max: 200 });
export const COMMENTS: Field = text({ max: 1_000_000 });
export const commentsSince = (since: string): Field => text({ max: 1_000_000, since });

/** `scope_type`, `scope_id`, `scope`. */
export function genericRef(
  base: string,
  allowed: readonly string[],
  options: { readonly required?: boolean; readonly onDelete?: 'cascade' | 'clear'; readonly isClearedByPut?: boolean } = {},
): Record<string, Field> {
  const { required = false, onDelete = 'clear', isClearedByPut = false } = options;
  return {
    [`${base}_type`]: { type: 'objectType', allowed, required, nullable: !required, isClearedByPut },
    [`${base}_id`]: { type: 'objectId', allowed, required, nullable: !required, isClearedByPut, onDelete },
    [base]: computed(({ values }, world) => {
      const [type, id] = [values[`${base}_type`], values[`${base}_id`]];
      return typeof type === 'string' && typeof id === 'number' ? world.brief(type, id) : null;
    }),
  };
}

/** How many rows of this type have this object in this field. */
export const countOf = (type: string, field: string, span: Span = {}): Field =>
  computed((row, world) => world.db.table(type).referring(field, row.id).size, span);
