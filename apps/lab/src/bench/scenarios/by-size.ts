import { type Bench, type Measured, rateRatios, rowOf, type Scenario } from '../bench.js';
import { ALL_VNIS } from '../all-vnis.js';
import { loadNumbers } from '../loading/load-numbers.js';
import { expectLowestFirst } from '../lowest-first.js';
import type { NumberPool } from '../product.js';
import { callFor, interleave, type Round } from '../rounds.js';
import { median } from '../statistics.js';

const NAME = 'by size';
const CALLERS = 32;

/** Pools that are empty, full and full of holes, in turn. */
export const bySize: Scenario = {
  name: NAME,
  async run(bench): Promise<Measured> {
    return numbersBySize(bench);
  },
};

async function numbersBySize(bench: Bench): Promise<Measured> {
  const { product, sizes, say } = bench;
  const newPool = async (): Promise<NumberPool> => product.numberPool(await product.fabric(), ALL_VNIS);
  const [none, many, holes] = [await newPool(), await newPool(), await newPool()];
  say(`loading ${sizes.numbersFull} numbers, and a random half of ${sizes.numbersFragmented}`);
  await loadNumbers(bench, many, sizes.numbersFull);
  await loadNumbers(bench, holes, sizes.numbersFragmented, 0.5);
  await product.audit();
  const given = new Map([none, many, holes].map((pool) => [pool, [] as number[]]));
  const round = (pool: NumberPool) => (): Promise<Round> =>
    callFor(CALLERS, sizes.roundMs, async () => given.get(pool)?.push(await product.allocateNumber(pool)));
  const { empty, full, fragmented } = await interleave(sizes.rounds, { empty: round(none), full: round(many), fragmented: round(holes) });
  for (const [pool, values] of given) await expectLowestFirst(bench, pool, values);
  if (Math.max(...(given.get(holes)?.slice(-CALLERS) ?? [])) > sizes.numbersFragmented)
    throw new Error('the rounds went on behind the holes');
  await product.audit();
  return {
    figures: {
      'bySize.numbersFull': median(rateRatios(full, empty)),
      'bySize.numbersFragmented': median(rateRatios(fragmented, empty)),
    },
    rows: [
      rowOf(NAME, 'VNIs, empty', CALLERS, empty),
      rowOf(NAME, `VNIs, ${sizes.numbersFull} taken`, CALLERS, full, empty),
      rowOf(NAME, `VNIs, half of ${sizes.numbersFragmented} taken`, CALLERS, fragmented, empty),
    ],
  };
}
