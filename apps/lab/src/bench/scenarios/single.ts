import { type Measured, rowOf, type Scenario } from '../bench.js';
import { ALL_VNIS } from '../all-vnis.js';
import { callFor, interleave } from '../rounds.js';
import { median, ratiosOf } from '../statistics.js';

const NAME = 'single';

/** One request alone: nobody is there to share a statement with. */
export const single: Scenario = {
  name: NAME,
  async run({ floor, product, sizes }): Promise<Measured> {
    const pool = await product.numberPool(await product.fabric(), ALL_VNIS);
    const { insert, request } = await interleave(sizes.rounds, {
      insert: () => floor.round(1, sizes.roundMs),
      request: () => callFor(1, sizes.roundMs, () => product.allocateNumber(pool)),
    });
    const latencies = ratiosOf(
      request.map(({ p50ms }) => p50ms),
      insert.map(({ p50ms }) => p50ms),
    );
    return {
      figures: { single: median(latencies) },
      rows: [rowOf(NAME, 'floor', 1, insert), rowOf(NAME, 'one request alone', 1, request, insert)],
    };
  },
};
