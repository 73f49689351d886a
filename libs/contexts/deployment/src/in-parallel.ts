/**
 * Never more than `limit` at once; the next one begins as soon as one has ended. After an error none is begun any more, and it is thrown when all
 * have ended: whoever called gives back what they work under.
 */
export async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const errors: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const item of left) {
      // One iterator for all lanes.
      await work(item).catch((error: unknown) => errors.push(error));
      if (errors.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (errors.length > 0) throw errors[0];
}
