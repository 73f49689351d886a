import type { SyncRunId } from '#engines/kernel';
import type { HeldLease, Tx } from '#platform';
import type { ForeignCapabilities, ForeignInventory } from '../ports/index.js';
import type { SyncChangeStore } from '../store/sync-change.store.js';
import type { Target } from '../store/sync-due.store.js';
import type { SyncLinkStore } from '../store/sync-link.store.js';
import { PlanSink } from './plan-sink.js';
import { References } from './references.js';
import type { RunContext } from './run-context.js';

/** A connector under its lease, and what it was found to be. */
export interface Work {
  readonly target: Target;
  readonly foreign: ForeignInventory;
  readonly capabilities: ForeignCapabilities;
  readonly held: HeldLease;
  readonly signal: AbortSignal;
}

/** @param begin makes the run when there is a first line of it. @param after the last line that it has already. */
export function contextOf(
  work: Work,
  { changes, links }: { changes: SyncChangeStore; links: SyncLinkStore },
  runId: SyncRunId | null,
  begin: (tx: Tx) => Promise<SyncRunId>,
  after = 0,
): RunContext {
  const sink = new PlanSink(changes, runId, begin, after);
  return { ...work, sink, references: new References(links, work.target.id, () => sink.runId) };
}
