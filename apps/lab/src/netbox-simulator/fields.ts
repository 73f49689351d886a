/** What an object consists of, as declarations: `kinds/` says them, `read-field.ts` and `viewer.ts` obey them. */
import type { Field, FieldOf, Row, World } from './model.js';
import type { Json } from './json.js';
import type { Span } from './release.js';

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
  options: {
    readonly required?: boolean;
    readonly onDelete?: 'cascade' | 'clear';
    readonly isClearedByPut?: boolean;
    /** From 4.7 on: any type, and objects that are not there. */
    readonly isUnchecked?: boolean;
  } = {},
): Record<string, Field> {
  const { required = false, onDelete = 'clear', isClearedByPut = false, isUnchecked = false } = options;
  return {
    [`${base}_type`]: { type: 'objectType', allowed, required, nullable: !required, isClearedByPut, isUnchecked },
    [`${base}_id`]: { type: 'objectId', allowed, required, nullable: !required, isClearedByPut, onDelete, isUnchecked },
    [base]: computed(({ values }, world) => {
      const [type, id] = [values[`${base}_type`], values[`${base}_id`]];
      return typeof type === 'string' && typeof id === 'number' ? world.brief(type, id) : null;
    }),
  };
}

/** How many rows of this type have this object in this field. */
export const countOf = (type: string, field: string, span: Span = {}): Field => ({
  type: 'computed',
  of: (row, world) => world.db.table(type).referring(field, row.id).size,
  isCount: true,
  readOnly: true,
  ...span,
});
