import type { Measured, Scenario } from '../bench.js';
import { ALL_VNIS } from '../all-vnis.js';
import { median } from '../statistics.js';
import type { NumberKind, NumberRange } from '#contexts/numbering';

/** RFC 6996 §5: the private ASNs of four octets. */
const PRIVATE_ASNS = { first: 4_200_000_000, last: 4_294_967_294 };
const TIMES = 5;
const MIB = 1024 * 1024;

/** Pools that hold more numbers than anybody could write down one by one. */
export const creation: Scenario = {
  name: 'creation',
  async run({ product }): Promise<Measured> {
    const timed = async <Result>(work: () => Promise<Result>): Promise<[number, Result]> => {
      const startedAt = performance.now();
      const result = await work();
      return [performance.now() - startedAt, result];
    };
    const create = async (kind: NumberKind, range: NumberRange): Promise<{ createMs: number; allocateMs: number }> => {
      const fabric = await product.fabric();
      const [createMs, pool] = await timed(() => product.numberPool(fabric, range, kind));
      const [allocateMs, value] = await timed(() => product.allocateNumber(pool));
      if (value !== range.first) throw new Error(`${value} came first, and not ${range.first}`);
      return { createMs, allocateMs };
    };
    await create('VNI', { first: 1, last: 10 }); // What the first pool of a process costs is not what its size costs.
    const before = process.memoryUsage.rss();
    const vnis = [];
    for (let n = 0; n < TIMES; n++) vnis.push(await create('VNI', ALL_VNIS));
    const asns = [await create('ASN', PRIVATE_ASNS)]; // Of the whole installation, so they can be had once.
    const memoryMiB = Math.max(0, (process.memoryUsage.rss() - before) / MIB);
    const figures = {
      'creation.asnMs': median(asns.map(({ createMs }) => createMs)),
      'creation.vniMs': median(vnis.map(({ createMs }) => createMs)),
      'creation.allocateMs': median([...vnis, ...asns].map(({ allocateMs }) => allocateMs)),
      'creation.memoryMiB': memoryMiB,
    };
    return { figures, rows: [] };
  },
};
