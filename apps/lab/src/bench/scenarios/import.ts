import { Cidr, Ip } from '#engines/kernel';
import type { Measured, Scenario } from '../bench.js';

const BASE = Cidr.bounds(Cidr.parse('10.0.0.0/8')).first;
/** Each child lies at the beginning of a /28, block by block. */
const LENGTHS = [28, 29, 30] as const;
const BLOCK = 16n;

/** What another system has already, in one go, by the importer that `trame import` uses: rows are read, checked, inserted; constraints are on all the time. */
export const importing: Scenario = {
  name: 'import',
  async run({ product, sizes, say }): Promise<Measured> {
    const count = sizes.imported;
    const perSecond = async (load: () => Promise<number>): Promise<number> => {
      const startedAt = performance.now();
      const imported = await load();
      if (imported !== count) throw new Error(`${imported} of ${count} rows were imported`);
      return (count / (performance.now() - startedAt)) * 1000;
    };
    const pool = await product.prefixPool('10.0.0.0/8', { min: 8, default: 28, max: 30 });
    const subnet = await product.subnet('10.0.0.0/8');
    say(`importing ${count} prefixes and as many addresses`);
    const figures = {
      'import.prefixesPerSecond': await perSecond(() => product.importPrefixes(pool, prefixes(count))),
      'import.addressesPerSecond': await perSecond(() => product.importAddresses(subnet, addresses(count))),
    };
    return { figures, rows: [] };
  },
};

function* prefixes(count: number): Generator<Cidr> {
  for (let n = 0; n < count; n++) yield Cidr.parse(`${Ip.fromBigInt(4, BASE + BigInt(n) * BLOCK)}/${LENGTHS[n % LENGTHS.length]}`);
}

function* addresses(count: number): Generator<Ip> {
  for (let n = 1; n <= count; n++) yield Ip.fromBigInt(4, BASE + BigInt(n));
}
