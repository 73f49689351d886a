import pg from 'pg';
import { type Measured, rateRatios, rowOf, type Scenario } from '../bench.js';
import { ALL_VNIS } from '../all-vnis.js';
import { callTimes, interleave, type Round } from '../rounds.js';
import { median } from '../statistics.js';

const NAME = 'held open';
const CALLERS = 32;

/**
 * A dump, or a report that somebody forgot: its snapshot keeps everything that is deleted after it, and nothing may become slower by what
 * piles up. Each round has a pool of its own, so that none pays for what another left behind.
 */
export const heldOpen: Scenario = {
  name: NAME,
  async run({ product, sizes, url }): Promise<Measured> {
    const allocateAll = async (): Promise<Round> => {
      const pool = await product.numberPool(await product.fabric(), ALL_VNIS);
      return callTimes(CALLERS, sizes.heldOpen, () => product.allocateNumber(pool));
    };
    const { without, beside } = await interleave(sizes.rounds, {
      without: allocateAll,
      beside: () => besideSnapshot(url, allocateAll),
    });
    return {
      figures: { heldOpen: median(rateRatios(beside, without)) },
      rows: [rowOf(NAME, 'nobody else', CALLERS, without), rowOf(NAME, 'beside an open transaction', CALLERS, beside, without)],
    };
  },
};

async function besideSnapshot<Result>(url: string, work: () => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await client.query('SELECT count(*) FROM number_pool'); // The snapshot is taken by the first statement, not by BEGIN.
    const result = await work();
    const { rows } = await client.query<{ held: boolean }>(
      'SELECT backend_xmin IS NOT NULL AS held FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    );
    if (rows[0]?.held !== true) throw new Error('the transaction that should have been open held nothing back');
    return result;
  } finally {
    await client.end(); // Ends the transaction, too.
  }
}
