import { type Measured, rateRatios, rowOf, type Row, type Scenario } from '../bench.js';
import { ALL_VNIS } from '../all-vnis.js';
import { expectLowestFirst } from '../lowest-first.js';
import { callFor, interleave } from '../rounds.js';
import { median } from '../statistics.js';

const NAME = 'in process';
const CALLERS = [1, 8, 32, 128] as const;

/** One hot VNI pool, beside the floor. */
export const inProcess: Scenario = {
  name: NAME,
  async run(bench): Promise<Measured> {
    const { floor, product, sizes } = bench;
    const pool = await product.numberPool(await product.fabric(), ALL_VNIS);
    const figures: Record<string, number> = {};
    const rows: Row[] = [];
    const given: number[] = [];
    for (const callers of CALLERS) {
      const rounds = await interleave(sizes.rounds, {
        floor: () => floor.round(callers, sizes.roundMs),
        service: () => callFor(callers, sizes.roundMs, async () => given.push(await product.allocateNumber(pool))),
      });
      rows.push(rowOf(NAME, 'floor', callers, rounds.floor), rowOf(NAME, 'one VNI pool', callers, rounds.service, rounds.floor));
      figures[`floor.${callers}`] = median(rounds.floor.map(({ rate }) => rate));
      figures[`inProcess.${callers}`] = median(rateRatios(rounds.service, rounds.floor));
      if (callers === 128) figures['inProcess.p99ms128'] = median(rounds.service.map(({ p99ms }) => p99ms));
    }
    await expectLowestFirst(bench, pool, given);
    return { figures, rows };
  },
};
