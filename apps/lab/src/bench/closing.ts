export type Later = <T extends { close(): Promise<void> }>(one: T) => T;

/** @param work what it is given `later` is closed when it ends, the last one first. */
export async function closing<R>(work: (later: Later) => Promise<R>): Promise<R> {
  const closers: (() => Promise<void>)[] = [];
  try {
    return await work((one) => {
      closers.unshift(() => one.close());
      return one;
    });
  } finally {
    for (const close of closers) await close();
  }
}
