import type { Measured, Scenario } from '../bench.js';
import { loadAddresses } from '../loading/load-addresses.js';
import { loadPrefixes } from '../loading/load-prefixes.js';

/** What another system has already, in one go: every constraint is on all the time, and what is derived is made once at the end. */
export const importing: Scenario = {
  name: 'import',
  async run(bench): Promise<Measured> {
    const { product, sizes, say } = bench;
    const perSecond = async (load: () => Promise<void>): Promise<number> => {
      const startedAt = performance.now();
      await load();
      return (sizes.imported / (performance.now() - startedAt)) * 1000;
    };
    const pool = await product.prefixPool('10.0.0.0/8', { min: 8, default: 28, max: 30 });
    const subnet = await product.subnet('10.0.0.0/8');
    say(`importing ${sizes.imported} prefixes and as many addresses`);
    const figures = {
      'import.prefixesPerSecond': await perSecond(() => loadPrefixes(bench, pool, sizes.imported, { block: 28, lengths: [28, 29, 30] })),
      'import.addressesPerSecond': await perSecond(() => loadAddresses(bench, subnet, sizes.imported)),
    };
    return { figures, rows: [] };
  },
};
