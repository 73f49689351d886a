import { Injectable } from '@nestjs/common';

/** Moves the world towards the intent, and finds out by itself what there is to do: a lost signal costs time and nothing else. */
export interface Reconciler {
  readonly name: string;
  /** Pause between the end of one run and the next. */
  readonly everyMs: number;
  /** @param signal the process is stopping: end soon, leave nothing half-done. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when what `run` began and did not wait for has ended; absent: it waits for all. */
  ended?(): Promise<void>;
}

/** Contexts add their reconcilers when their module starts; only the worker runs them. */
@Injectable()
export class ReconcilerRegistry {
  private readonly reconcilers = new Map<string, Reconciler>();

  add(reconciler: Reconciler): void {
    if (this.reconcilers.has(reconciler.name)) throw new Error(`there are two reconcilers named ${reconciler.name}`);
    this.reconcilers.set(reconciler.name, reconciler);
  }

  all(): readonly Reconciler[] {
    return [...this.reconcilers.values()];
  }
}
