/** A process of the chaos: clients that allocate until it is told to end, or killed. */
import 'reflect-metadata';
import { Dice } from '../dice.js';
import { AllocationClient } from './allocation-client.js';
import type { Allocator } from './allocator.js';
import { type Entry, Journal, readJournals } from './journal.js';
import type { Pools } from './pools.js';

export interface CallerOrders {
  readonly name: string;
  readonly seed: number;
  readonly clients: number;
  readonly directory: string;
  readonly isNaive: boolean;
  readonly pools: Pools;
}

const orders = JSON.parse(process.argv[2] ?? '') as CallerOrders;
const { name, seed, clients, directory, isNaive, pools } = orders;
const ending = new AbortController();
process.once('SIGTERM', () => ending.abort());

const earlier = readJournals(directory, name);
const journal = new Journal(directory, name);
const allocator = await open();
const dice = new Dice(seed + earlier.length);
const unanswered = keysWithoutAnswer(earlier);
// A name of its own for each life: a key of a former one is used again only on purpose.
await Promise.all(
  Array.from({ length: clients }, (_, n) =>
    new AllocationClient(`${name}-${process.pid}-${n}`, dice.fork(), allocator, journal, n === 0 ? unanswered : []).run(ending.signal),
  ),
);
await allocator.close();
journal.close();

/** Each loads what it needs: a process that begins takes the others' time. */
async function open(): Promise<Allocator> {
  if (isNaive) return new (await import('./naive-allocator.js')).NaiveAllocator(process.env['DATABASE_URL'] as string);
  const [{ openAllocationApp }, { ProductAllocator }] = await Promise.all([
    import('./allocation-app.js'),
    import('./product-allocator.js'),
  ]);
  return new ProductAllocator(await openAllocationApp(process.env), pools);
}

function keysWithoutAnswer(entries: readonly Entry[]): string[] {
  const asked = new Set<string>();
  for (const entry of entries)
    if (entry.is === 'asked') asked.add(entry.key);
    else if (entry.is === 'given') asked.delete(entry.key);
    else if (entry.is === 'refused') asked.delete(entry.what);
  return [...asked];
}
