import type { Bench } from './bench.js';
import type { NumberPool } from './product.js';

/**
 * The values given out are the lowest that were free, each once: they are all different, and nothing up to the highest of them is still free.
 * @throws Error with a value that should have been given instead.
 */
export async function expectLowestFirst(
  { owner }: Pick<Bench, 'owner'>,
  { id }: Pick<NumberPool, 'id'>,
  given: readonly number[],
): Promise<void> {
  const distinct = new Set(given);
  if (distinct.size !== given.length) throw new Error(`${given.length - distinct.size} numbers were given out twice`);
  const highest = given.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  const { rows } = await owner.query<{ first: string }>(
    'SELECT first FROM free_number WHERE pool_id = $1 AND first <= $2 ORDER BY first LIMIT 1',
    [id, highest],
  );
  if (rows[0]) throw new Error(`${highest} was given out while ${rows[0].first} was free`);
  const { rows: stored } = await owner.query<{ n: string }>(
    'SELECT count(*) AS n FROM number_allocation WHERE pool_id = $1 AND value = ANY($2)',
    [id, given],
  );
  if (Number(stored[0]?.n) !== given.length) throw new Error(`of ${given.length} answers ${stored[0]?.n} are stored`);
}
