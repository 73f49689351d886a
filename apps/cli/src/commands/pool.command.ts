import type { Command } from 'commander';
import { askFor, poolId } from './ask-for.js';
import { integer, type Output, print, withOutput } from './output.js';

interface Pool {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly kind?: string;
  readonly family?: number;
  readonly total: string;
  readonly free: string;
  readonly utilization: number;
  readonly level: string;
  readonly vlanDomain?: string | null;
}

const POOL = 'id version slug name total free used utilization level strategy quarantineSeconds lowWaterPercent';
const NUMBER_POOL = `${POOL} kind vlanDomain`;
const PREFIX_POOL = `${POOL} family prefixes defaultLength minLength maxLength`;
const DETAILS = {
  number: `${NUMBER_POOL} ranges { first last count } exclusions { first last reason } freeRanges { first last count } largestFreeBlock quotas { tenant max used } tenants`,
  prefix: `${PREFIX_POOL} exclusions { cidr reason } freeBlocks { length count } freePrefixes quotas { tenant max used } tenants`,
} as const;
const MARKS: Readonly<Record<string, string>> = { FREE: '.', USED: '#', QUARANTINED: 'q', EXCLUDED: 'x', OUTSIDE: ' ' };
const MAP_WIDTH = 64;

const line = (pool: Pool): string => {
  const holds = (pool.kind ?? `IPv${pool.family}`).padEnd(15);
  const share = `${(pool.utilization * 100).toFixed(1)} %`.padStart(7);
  return `${pool.slug.padEnd(24)} ${holds} ${share} used, ${pool.free} of ${pool.total} free  ${pool.level}  ${pool.id}${pool.vlanDomain ? ` of ${pool.vlanDomain}` : ''}`;
};

async function find(reference: string): Promise<object> {
  const id = reference.startsWith('ppl_') || reference.startsWith('pool_');
  for (const of of ['number', 'prefix'] as const) {
    if (id && reference.startsWith('ppl_') !== (of === 'prefix')) continue;
    const names = id ? { id: reference } : { slug: reference };
    const found = await askFor<object | null>(
      `${of}Pool`,
      `query ($id: ID, $slug: Slug) { ${of}Pool(id: $id, slug: $slug) { ${DETAILS[of]} } }`,
      names,
    );
    if (found) return found;
  }
  throw new Error(`there is no pool ${reference}`);
}

/** `10000-19999` or `65000:1-65000:999`. */
function range(text: string): { first: string; last: string } {
  const [, first, last] = /^([^-]+)-([^-]+)$/.exec(text) ?? [];
  if (!first || !last) throw new Error(`${text} is no range: write <first>-<last>, e.g. 10000-19999`);
  return { first, last };
}

interface CreateOptions extends Output {
  readonly kind: string;
  readonly name?: string;
  readonly vlanDomain?: string;
  readonly strategy?: string;
  readonly quarantine?: number;
  readonly length?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

function create(slug: string, ranges: readonly string[], options: CreateOptions): Promise<{ pool: Pool }> {
  const { kind, strategy, quarantine: quarantineSeconds, vlanDomain } = options;
  const settings = { slug, name: options.name ?? slug, strategy, quarantineSeconds };
  const made = 'pool { id slug name total free utilization level } errors { code message path }';
  if (kind === 'PREFIX') {
    const { length: defaultLength = 24, minLength = 16, maxLength = 29 } = options;
    const input = { ...settings, prefixes: ranges, defaultLength, minLength, maxLength };
    return askFor('createPrefixPool', `mutation ($input: CreatePrefixPoolInput!) { createPrefixPool(input: $input) { ${made} } }`, {
      input,
    });
  }
  const input = { ...settings, kind, vlanDomain, ranges: ranges.map(range) };
  return askFor('createNumberPool', `mutation ($input: CreateNumberPoolInput!) { createNumberPool(input: $input) { ${made} } }`, { input });
}

export function addPool(program: Command): void {
  const pool = program.command('pool').description('pools of numbers and prefixes');
  withOutput(pool.command('list'))
    .description('how full each pool is')
    .action(async (options: Output) => {
      const numbers = await askFor<Pool[]>('numberPools', `{ numberPools { ${NUMBER_POOL} } }`);
      const prefixes = await askFor<Pool[]>('prefixPools', `{ prefixPools { ${PREFIX_POOL} } }`);
      print(options, [...numbers, ...prefixes], [...numbers, ...prefixes].map(line));
    });
  pool
    .command('show')
    .argument('<pool>', 'its id or slug')
    .description('print a pool with its ranges, exclusions, quotas and what is free, as JSON')
    .action(async (reference: string) => console.log(JSON.stringify(await find(reference), null, 2)));
  withOutput(pool.command('create'))
    .argument('<slug>')
    .argument('<ranges...>', '10000-19999, 65000:1-65000:999 …; of a pool of prefixes 10.20.0.0/16 …')
    .description('make a pool; for the operator')
    .requiredOption('--kind <kind>', 'VNI, L3VNI, VLAN, EVI, ASN, ROUTE_TARGET, MULTICAST_GROUP, ESI, ROUTER_MAC or PREFIX')
    .option('--name <name>', 'for people')
    .option('--vlan-domain <id>', 'of a pool of VLANs')
    .option('--strategy <strategy>', 'LOWEST_FREE, ROTATING, RANDOM, HASH; of prefixes BEST_FIT, LOWEST_FIT')
    .option('--quarantine <seconds>', 'how long a released value rests; a day where it is not given', integer)
    .option('--length <n>', 'prefixes: default length; 24 where it is not given', integer)
    .option('--min-length <n>', 'prefixes: length of the largest; 16 where it is not given', integer)
    .option('--max-length <n>', 'prefixes: length of the smallest; 29 where it is not given', integer)
    .action(async (slug: string, ranges: string[], options: CreateOptions) => {
      const { pool: made } = await create(slug, ranges, options);
      print(options, made, [`${made.slug}  ${made.free} free  ${made.id}`]);
    });
  withOutput(pool.command('map'))
    .argument('<pool>', 'id or slug of a pool of numbers')
    .description('draw values of a pool: . free, # used, q resting, x excluded')
    .option('--from <number>', 'the first of the pool where it is not given')
    .option('--count <n>', 'at most 65536', integer, 1024)
    .action(async (reference: string, options: Output & { from?: string; count: number }) => {
      const document =
        'query ($id: ID, $from: PoolNumber, $count: Int!) { numberPool(id: $id) { map(from: $from, count: $count) { from runs { first last count state } } } }';
      const variables = { id: await poolId('number', reference), from: options.from, count: options.count };
      const found = await askFor<{ map: { from: string; runs: { count: string; state: string }[] } } | null>(
        'numberPool',
        document,
        variables,
      );
      if (!found) throw new Error(`there is no pool ${reference}`);
      const values = found.map.runs.map(({ count, state }) => (MARKS[state] ?? '?').repeat(Number(count))).join('');
      const rows = values.match(new RegExp(`.{1,${MAP_WIDTH}}`, 'g')) ?? [];
      print(options, found.map, [`from ${found.map.from}, ${MAP_WIDTH} in a row:`, ...rows]);
    });
}
