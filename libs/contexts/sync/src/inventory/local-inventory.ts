import type { Fields } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { InventoryKind } from './kinds.js';

/** An object of ours in the words of the inventory. References carry ids of ours. */
export interface LocalObject {
  /** Public id where the object has one, else one that is derived from its parents' ids and stays. */
  readonly id: string;
  readonly fields: Fields;
}

/** What Trame has, read in pages; the ids of a kind are in ascending order of text. */
export interface LocalInventory {
  /** @param after the last id of the page before; null: from the beginning. At most `limit`; fewer are the last page. */
  page(tx: Tx, kind: InventoryKind, after: string | null, limit: number): Promise<readonly LocalObject[]>;
  /** Those of these that there are; what is missing is not ours any more. */
  byIds(tx: Tx, kind: InventoryKind, ids: readonly string[]): Promise<readonly LocalObject[]>;
  /**
   * Takes over what somebody wrote there, in the transaction of the caller (which audits it).
   * @throws DomainError when the field cannot be taken over, with what could.
   */
  take(tx: Tx, kind: InventoryKind, id: string, fields: Fields): Promise<void>;
}
