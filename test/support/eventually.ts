/** Asks again until the answer is the one, or fails with the last answer after `withinMs`. */
export async function eventually<T>(ask: () => T | Promise<T>, isRight: (answer: T) => boolean, withinMs = 10_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms; the last answer was ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
