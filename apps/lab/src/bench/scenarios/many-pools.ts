import { type Measured, rateRatios, rowOf, type Scenario } from '../bench.js';
import { expectLowestFirst } from '../lowest-first.js';
import type { NumberPool } from '../product.js';
import { callFor, interleave } from '../rounds.js';
import { median } from '../statistics.js';

const NAME = 'many pools';
const CALLERS = 128;
/** As many VNIs as a thousand pools of one fabric can have each. */
const WIDTH = 16_000;

/** The same callers, spread over many pools at random: what is grouped must not be the pool. */
export const manyPools: Scenario = {
  name: NAME,
  async run(bench): Promise<Measured> {
    const { floor, product, sizes } = bench;
    const fabric = await product.fabric();
    const pools: NumberPool[] = [];
    for (let n = 0; n < sizes.pools; n++) pools.push(await product.numberPool(fabric, { first: n * WIDTH + 1, last: (n + 1) * WIDTH }));
    const given = new Map(pools.map((pool) => [pool, [] as number[]]));
    const { insert, spread } = await interleave(sizes.rounds, {
      insert: () => floor.round(CALLERS, sizes.roundMs),
      spread: () =>
        callFor(CALLERS, sizes.roundMs, async () => {
          const pool = pools[Math.floor(Math.random() * pools.length)] as NumberPool;
          given.get(pool)?.push(await product.allocateNumber(pool));
        }),
    });
    for (const pool of pools.slice(0, 20)) await expectLowestFirst(bench, pool, given.get(pool) ?? []);
    return {
      figures: { pools1000: median(rateRatios(spread, insert)) },
      rows: [rowOf(NAME, 'floor', CALLERS, insert), rowOf(NAME, `${sizes.pools} VNI pools`, CALLERS, spread, insert)],
    };
  },
};
