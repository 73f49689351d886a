import type { SyncTargetId } from '#engines/kernel';

/** What this process does for connectors: one piece of work for each, and none waits for another. */
export class UnderWay {
  private readonly work = new Map<SyncTargetId, Promise<void>>();

  get all(): readonly Promise<void>[] {
    return [...this.work.values()];
  }

  /** Nothing is under way any more. */
  ended(): Promise<void> {
    return endedWithin(this.all);
  }

  /** Begins with those that are not under way already. @param run must not reject. @returns what was begun. */
  begin(ids: readonly SyncTargetId[], run: (id: SyncTargetId) => Promise<void>): readonly Promise<void>[] {
    return ids
      .filter((id) => !this.work.has(id))
      .map((id) => {
        const work = run(id).finally(() => this.work.delete(id));
        this.work.set(id, work);
        return work;
      });
  }
}

/** @param ms nobody waits longer: what is slow goes on by itself. */
export async function endedWithin(work: readonly Promise<void>[], ms = Number.POSITIVE_INFINITY): Promise<void> {
  const ended = Promise.allSettled(work);
  if (ms === Number.POSITIVE_INFINITY) return void (await ended);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([ended, late]);
  clearTimeout(timer);
}
