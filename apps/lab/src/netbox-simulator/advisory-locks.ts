/** `pg_advisory_lock`: one holder of a key at a time, in the order in which they asked, waiting without limit. */
export class AdvisoryLocks {
  private readonly last = new Map<number, Promise<unknown>>();

  run<T>(key: number, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.last.set(
      key,
      mine.catch(() => undefined),
    );
    return mine;
  }
}
