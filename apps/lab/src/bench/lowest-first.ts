import type { Bench } from './bench.js';
import type { SubnetId } from '#engines/kernel';
import type { NumberPool } from './product.js';

/**
 * The values given out are the lowest that were free, each once: they are all different, and nothing up to the highest of them is still free.
 * @throws Error with a value that should have been given instead.
 */
export async function expectLowestFirst(
  { system }: Pick<Bench, 'system'>,
  { id }: Pick<NumberPool, 'id'>,
  given: readonly number[],
): Promise<void> {
  const distinct = new Set(given);
  if (distinct.size !== given.length) throw new Error(`${given.length - distinct.size} numbers were given out twice`);
  const highest = given.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  const { rows } = await system.query<{ first: string }>(
    'SELECT first FROM free_number WHERE pool_id = $1 AND first <= $2 ORDER BY first LIMIT 1',
    [id, highest],
  );
  if (rows[0]) throw new Error(`${highest} was given out while ${rows[0].first} was free`);
  const { rows: stored } = await system.query<{ n: string }>(
    'SELECT count(*) AS n FROM number_allocation WHERE pool_id = $1 AND value = ANY($2)',
    [id, given],
  );
  if (Number(stored[0]?.n) !== given.length) throw new Error(`of ${given.length} answers ${stored[0]?.n} are stored`);
}

/** The same of addresses. */
export async function expectLowestAddresses(
  { system }: Pick<Bench, 'system'>,
  subnetId: SubnetId,
  given: readonly string[],
): Promise<void> {
  const { rows } = await system.query<{ given: string; stored: string; skipped: string | null }>(
    `SELECT (SELECT count(DISTINCT g) FROM unnest($2::inet[]) g) AS given,
            (SELECT count(*) FROM ip_address a WHERE a.subnet_id = $1 AND a.address = ANY($2::inet[])) AS stored,
            (SELECT min(f.first) FROM free_address f WHERE f.subnet_id = $1 AND f.first <= (SELECT max(g) FROM unnest($2::inet[]) g)) AS skipped`,
    [subnetId, given],
  );
  const [found] = rows;
  if (Number(found?.given) !== given.length) throw new Error(`of ${given.length} addresses only ${found?.given} are different`);
  if (Number(found?.stored) !== given.length) throw new Error(`of ${given.length} answers ${found?.stored} are stored`);
  if (found?.skipped) throw new Error(`${found.skipped} is free, and a higher address was given out`);
}
