import { digest } from '#engines/kernel';
import type { Fields, KindRules } from '#engines/reconcile';
import { type HeldLease, systemScope, type Tx } from '#platform';
import { DEFAULT_RULES, INVENTORY_KINDS, type InventoryKind, NATURAL_KEY } from '../inventory/kinds.js';
import type { ForeignCapabilities, ForeignInventory } from '../ports/index.js';
import type { Target } from '../store/sync-due.store.js';
import type { PlanSink } from './plan-sink.js';
import type { References } from './references.js';

export const SCOPE = systemScope('sync');
export const LOCAL_INVENTORY = Symbol('LocalInventory');

/** Objects of one question to the other system. */
export const BATCH = 100;
/** Rows of ours read at once. */
export const PAGE = 1000;

/** One run for one connector, under its lease. */
export interface RunContext {
  readonly target: Target;
  readonly foreign: ForeignInventory;
  readonly capabilities: ForeignCapabilities;
  readonly held: HeldLease;
  /** Aborted when the lease is lost, and when the process has to end. */
  readonly signal: AbortSignal;
  readonly sink: PlanSink;
  readonly references: References;
}

/** A transaction in which something of the plan is made: where it has to be begun anew, the plan is as it was before. */
export function planning<T>({ held, sink }: RunContext, work: (tx: Tx) => Promise<T>): Promise<T> {
  const goBack = sink.mark();
  return held.inTransaction(SCOPE, (tx) => {
    goBack();
    return work(tx);
  });
}

/** In the order in which they are created, those that the system has. */
export const kindsOf = ({ capabilities }: RunContext): InventoryKind[] => INVENTORY_KINDS.filter((kind) => capabilities.kinds.has(kind));

/** What is compared there, and whose word counts: the rule of the inventory, or what the connector says instead. */
export function rulesOf({ capabilities, target }: RunContext, kind: InventoryKind): KindRules {
  const policy = target.fieldPolicy[kind] ?? {};
  const known = capabilities.kinds.get(kind) ?? [];
  return Object.fromEntries(
    Object.entries(DEFAULT_RULES[kind])
      .filter(([field]) => known.includes(field))
      .map(([field, rule]) => [field, { ...rule, authority: policy[field] ?? rule.authority }]),
  );
}

/** Of the fields that the system has, those that make two objects the same one; references in ids of ours where both ends are linked. */
export function naturalKeyOf({ capabilities }: RunContext, kind: InventoryKind, fields: Fields): string {
  const known = capabilities.kinds.get(kind) ?? [];
  return digest(NATURAL_KEY[kind].filter((field) => known.includes(field)).map((field) => fields[field] ?? null));
}

export const pick = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));

export function* inBatches<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}
