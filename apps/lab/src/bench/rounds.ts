import { percentile } from './statistics.js';

/** What one contestant did in one round. */
export interface Round {
  /** Calls that were answered, per second. */
  readonly rate: number;
  readonly p50ms: number;
  readonly p99ms: number;
}

/** Asks again as soon as it has its answer. @param call the number of the call, from 0 up. */
type Call = (call: number) => Promise<unknown>;

/** Callers that ask for so long; what is under way at the end is waited for and counts. */
export function callFor(callers: number, milliseconds: number, call: Call): Promise<Round> {
  const end = performance.now() + milliseconds;
  return drive(callers, call, () => performance.now() < end);
}

/** Callers that ask so often all together. */
export function callTimes(callers: number, times: number, call: Call): Promise<Round> {
  let left = times;
  return drive(callers, call, () => left-- > 0);
}

/** @throws what the first call that fails throws: a rate of refusals would be no rate of allocations. */
async function drive(callers: number, call: Call, goesOn: () => boolean): Promise<Round> {
  const latencies: number[] = [];
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (goesOn()) {
        const askedAt = performance.now();
        await call(next++);
        latencies.push(performance.now() - askedAt);
      }
    }),
  );
  return roundOf(latencies, performance.now() - startedAt);
}

export const roundOf = (latencies: readonly number[], milliseconds: number): Round => ({
  rate: (latencies.length / milliseconds) * 1000,
  p50ms: percentile(latencies, 0.5),
  p99ms: percentile(latencies, 0.99),
});

export type Contestants<Name extends string> = Readonly<Record<Name, () => Promise<Round>>>;

/**
 * Rounds of all contestants in turn, so that each ratio compares neighbours in time; who begins changes with every round. A first round
 * of each is thrown away: plans, caches and compiled code are warm after it.
 */
export async function interleave<Name extends string>(rounds: number, contestants: Contestants<Name>): Promise<Record<Name, Round[]>> {
  const names = Object.keys(contestants) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Round[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const result = await contestants[name]();
      if (round > 0) measured[name].push(result);
    }
  }
  return measured;
}
