import { inParallel } from './in-parallel.js';

describe('work in parallel', () => {
  it('that fails begins nothing else, and is over when all that was begun has ended', async () => {
    const [begun, ended]: [number[], number[]] = [[], []];
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const over = inParallel([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('the first one failed');
      await slow;
      ended.push(item);
    }).then(
      () => 'no error',
      (error: unknown) => ({ error, ended: [...ended] }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    release();
    expect(await over).toEqual({ error: new Error('the first one failed'), ended: [2] });
    expect(begun).toEqual([1, 2]);
  });
});
