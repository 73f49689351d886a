/** Never more than `limit` at once; the next one begins as soon as one has ended. */
export async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const lane = async (): Promise<void> => {
    for (const item of left) await work(item); // One iterator for all lanes.
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
}
