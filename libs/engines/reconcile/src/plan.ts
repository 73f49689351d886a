/**
 * One plan type for everything that is kept in step: device configurations, DNS record sets, IPAM objects.
 * Making a plan changes nothing; applying a plan decides nothing.
 */
export type ChangeVerb = 'CREATE' | 'UPDATE' | 'DELETE' | 'KEEP' | 'FOREIGN';

/** An object as a target holds it, or as it should: `key` names it inside the target, `value` is canonical plain data. */
export interface Item<V> {
  readonly key: string;
  readonly value: V;
}
/** What a target really holds. `owned` = it carries our marker; nothing else is ever changed or deleted. */
export interface ActualItem<V> extends Item<V> {
  readonly owned: boolean;
  /** Owned by a marker that is not written any more: an UPDATE even where the value is right. */
  readonly mustBeMarked?: true;
}

export interface Change<V> {
  readonly verb: ChangeVerb;
  readonly key: string;
  readonly before: V | null;
  readonly after: V | null;
}

export interface Plan<V> {
  readonly subject: string;
  /** Deletes first, then updates, then creates; by key inside each group. KEEP and FOREIGN at the end. */
  readonly changes: readonly Change<V>[];
  /** SHA-256 over subject and changes: what was approved is what is applied. */
  readonly digest: string;
}

export interface Target<V> {
  readonly name: string;
  /** @throws when the target cannot be read completely: an error is never an empty list. */
  read(): Promise<readonly ActualItem<V>[]>;
  /** Applies CREATE, UPDATE and DELETE of one plan; idempotent. @returns keys that were refused, with the reason. */
  apply(plan: Plan<V>): Promise<readonly { readonly key: string; readonly reason: string }[]>;
}
