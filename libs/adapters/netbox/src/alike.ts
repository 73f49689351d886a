/** How objects with the natural key of one of ours are asked for. NetBox ignores filters that it does not know: answers are compared again. */
import type { Fields, FieldValue, Ref } from '#engines/reconcile';
import type { NetBoxQuery } from './netbox-client.js';

/** One question: `values` may stand together in a request; with `scope`, only those of one scope. */
export interface AlikeQuery {
  readonly scope: NetBoxQuery;
  readonly filter: string;
  readonly value: string;
}

export interface Alike {
  /** Fields that have to be equal. */
  readonly key: readonly string[];
  /** @returns null: what has no value there is like nothing. */
  query(fields: Fields): AlikeQuery | null;
}

/** By the value of a field. @param others further fields of the key, which are compared in the answer. @param scope one of them that is filtered. */
export function byValue(field: string, filter: string, others: readonly string[] = [], scope?: { field: string; filter: string }): Alike {
  return {
    key: [field, ...others],
    query: (fields) => {
      const value = fields[field];
      if (typeof value !== 'string' && typeof value !== 'number') return null;
      const within = scope && remoteId(fields[scope.field] ?? null);
      if (within === undefined && scope) return null;
      // `null` is how NetBox is asked for what has none.
      return { scope: scope ? [[scope.filter, within ?? 'null']] : [], filter, value: String(value) };
    },
  };
}

/** By an object that is referred to. */
export function byRef(field: string, filter: string, others: readonly string[]): Alike {
  return {
    key: [field, ...others],
    query: (fields) => {
      const id = remoteId(fields[field] ?? null);
      return id === null || id === undefined ? null : { scope: [], filter, value: id };
    },
  };
}

/** undefined: it is not in NetBox, so nothing there has it. */
function remoteId(value: FieldValue): string | null | undefined {
  if (value === null) return null;
  const id = (value as Ref).id;
  return typeof id === 'string' && id.startsWith('~') ? id.slice(1) : undefined;
}
