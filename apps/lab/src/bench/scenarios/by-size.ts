import { type Bench, type Measured, rateRatios, rowOf, type Scenario } from '../bench.js';
import { ALL_VNIS } from '../all-vnis.js';
import { loadAddresses } from '../loading/load-addresses.js';
import { loadNumbers } from '../loading/load-numbers.js';
import { loadPrefixes } from '../loading/load-prefixes.js';
import { expectLowestAddresses, expectLowestFirst } from '../lowest-first.js';
import type { NumberPool } from '../product.js';
import { callFor, interleave, type Round } from '../rounds.js';
import { median } from '../statistics.js';
import type { Figures } from '../thresholds.js';
import type { PrefixPoolId, SubnetId } from '#engines/kernel';

const NAME = 'by size';
const CALLERS = 32;

/** Pools that are empty, full and full of holes, in turn. */
export const bySize: Scenario = {
  name: NAME,
  async run(bench): Promise<Measured> {
    const { ipv4, ipv6 } = bench.sizes;
    const parts = [
      await numbersBySize(bench),
      await addressesBySize(bench, 'ipv4', 'IPv4 /8', '10.0.0.0/8', ipv4),
      await addressesBySize(bench, 'ipv6', 'IPv6 /64', '2001:db8::/64', ipv6),
      await prefixesBySize(bench),
    ];
    return {
      figures: Object.assign({}, ...parts.map(({ figures }) => figures)) as Figures,
      rows: parts.flatMap(({ rows }) => rows),
    };
  },
};

async function numbersBySize(bench: Bench): Promise<Measured> {
  const { product, sizes, say } = bench;
  const newPool = async (): Promise<NumberPool> => product.numberPool(await product.fabric(), ALL_VNIS);
  const [none, many, holes] = [await newPool(), await newPool(), await newPool()];
  say(`loading ${sizes.numbersFull} numbers, and a random half of ${sizes.numbersFragmented}`);
  await loadNumbers(bench, many, sizes.numbersFull);
  await loadNumbers(bench, holes, sizes.numbersFragmented, 0.5);
  const given = new Map([none, many, holes].map((pool) => [pool, [] as number[]]));
  const round = (pool: NumberPool) => (): Promise<Round> =>
    callFor(CALLERS, sizes.roundMs, async () => given.get(pool)?.push(await product.allocateNumber(pool)));
  const { empty, full, fragmented } = await interleave(sizes.rounds, { empty: round(none), full: round(many), fragmented: round(holes) });
  for (const [pool, values] of given) await expectLowestFirst(bench, pool, values);
  if (Math.max(...(given.get(holes)?.slice(-CALLERS) ?? [])) > sizes.numbersFragmented)
    throw new Error('the rounds went on behind the holes');
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

async function addressesBySize(bench: Bench, figure: string, what: string, cidr: string, taken: number): Promise<Measured> {
  const { product, sizes, say } = bench;
  const [none, many] = [await product.subnet(cidr), await product.subnet(cidr)];
  say(`loading ${taken} addresses of ${cidr}`);
  await loadAddresses(bench, many, taken);
  const given = new Map([none, many].map((subnet) => [subnet, [] as string[]]));
  const round = (subnet: SubnetId) => (): Promise<Round> =>
    callFor(CALLERS, sizes.roundMs, async () => given.get(subnet)?.push(await product.allocateAddress(subnet)));
  const { empty, full } = await interleave(sizes.rounds, { empty: round(none), full: round(many) });
  for (const [subnet, addresses] of given) await expectLowestAddresses(bench, subnet, addresses);
  return {
    figures: { [`bySize.${figure}`]: median(rateRatios(full, empty)) },
    rows: [rowOf(NAME, `${what}, empty`, CALLERS, empty), rowOf(NAME, `${what}, ${taken} taken`, CALLERS, full, empty)],
  };
}

async function prefixesBySize(bench: Bench): Promise<Measured> {
  const { product, sizes, say } = bench;
  const newPool = (): Promise<PrefixPoolId> => product.prefixPool('10.0.0.0/8', { min: 8, default: 28, max: 30 });
  const [none, many] = [await newPool(), await newPool()];
  say(`loading ${sizes.prefixes} prefixes`);
  // One of four lengths at the beginning of each /24: free blocks of every size lie between them.
  await loadPrefixes(bench, many, sizes.prefixes, { block: 24, lengths: [24, 26, 28, 30] });
  const given: string[] = [];
  const round = (pool: PrefixPoolId) => (): Promise<Round> =>
    callFor(CALLERS, sizes.roundMs, async () => given.push(`${pool} ${await product.allocatePrefix(pool)}`));
  const { empty, full } = await interleave(sizes.rounds, { empty: round(none), full: round(many) });
  if (new Set(given).size !== given.length) throw new Error('a prefix was given out twice');
  return {
    figures: { 'bySize.prefixes': median(rateRatios(full, empty)) },
    rows: [
      rowOf(NAME, 'a /28 of a /8, empty', CALLERS, empty),
      rowOf(NAME, `a /28 of a /8, ${sizes.prefixes} children`, CALLERS, full, empty),
    ],
  };
}
