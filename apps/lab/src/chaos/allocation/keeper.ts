/** A process of the chaos: sweeps as a worker does, and makes the derived tables anew while everybody allocates. */
import 'reflect-metadata';
import { ReconcilerRegistry } from '#contexts/events';
import { Database, systemScope } from '#platform';
import { Dice } from '../dice.js';
import { pause } from '../timing.js';
import { openAllocationApp } from './allocation-app.js';
import type { Pools } from './pools.js';

export interface KeeperOrders {
  readonly seed: number;
  readonly pools: Pools;
}

const SWEEPS = ['number-sweep', 'address-sweep'];
const SCOPE = systemScope('chaos');

const { seed, pools } = JSON.parse(process.argv[2] ?? '') as KeeperOrders;
const ending = new AbortController();
process.once('SIGTERM', () => ending.abort());
const app = await openAllocationApp(process.env);
const db = app.get(Database);
const dice = new Dice(seed + process.pid);

/** Connections are cut on purpose; the next round makes up for it. */
async function forever(everyMs: () => number, work: () => Promise<void>): Promise<void> {
  while (!ending.signal.aborted) {
    await work().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    await pause(everyMs(), ending.signal);
  }
}

const sweeps = app
  .get(ReconcilerRegistry, { strict: false })
  .all()
  .filter(({ name }) => SWEEPS.includes(name));
if (sweeps.length !== SWEEPS.length) throw new Error(`${SWEEPS.join(' and ')} are not there`);

const rebuild = (call: string, id: string): Promise<void> =>
  db.inTransaction(SCOPE, async (tx) => void (await tx.sql(`SELECT ${call}($1)`, [id])));

await Promise.all([
  ...sweeps.map((sweep) =>
    forever(
      () => dice.between(100, 300),
      () => sweep.run(ending.signal),
    ),
  ),
  forever(
    () => dice.between(1000, 4000),
    () => rebuild('number_rebuild', pools.numberPoolId),
  ),
  forever(
    () => dice.between(1000, 4000),
    () => rebuild('prefix_rebuild', pools.prefixPoolId),
  ),
  forever(
    () => dice.between(1000, 4000),
    () => rebuild('address_rebuild', pools.subnetId),
  ),
]);
await app.close();
