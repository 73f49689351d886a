import type { InventoryKind } from '../inventory/kinds.js';
import type { SyncRunStore } from '../store/sync-run.store.js';
import { type RunContext, SCOPE } from './run-context.js';

const TELL_EVERY_MS = 1000;

/** Tells how far it is, now and then. */
export class Progress {
  private toldAt = performance.now();

  constructor(
    private readonly runs: SyncRunStore,
    private readonly context: RunContext,
  ) {}

  /** @param total null: nobody knows. */
  async tell(kind: InventoryKind, done: number, total: number | null): Promise<void> {
    const { runId } = this.context.sink;
    if (runId === null || performance.now() - this.toldAt < TELL_EVERY_MS) return;
    await this.context.held.inTransaction(SCOPE, (tx) => this.runs.progress(tx, runId, { kind, done, total }));
    this.toldAt = performance.now();
  }
}
