import type { FabricId } from '#engines/kernel';
import type { Config } from '#platform';
import type { ChaosDatabase } from '../chaos-database.js';
import type { ChaosReport } from '../chaos-result.js';
import type { DeviceUnderTest } from '../device-under-test.js';
import type { Ledger } from '../ledger.js';
import type { FaultCounts } from '../nemesis.js';
import type { Settling } from '../settle.js';
import { SETTLE_WITHIN_SECONDS } from '../timing.js';
import { checkDevices } from './check-devices.js';
import { checkNumbers, checkPools } from './check-numbers.js';
import { checkOrders } from './check-orders.js';
import { checkPushes } from './check-pushes.js';
import { readIntent } from './read-intent.js';

export interface Evidence {
  readonly options: { readonly seed: number; readonly seconds: number; readonly queue: 'postgres' | 'redis'; readonly outbox: boolean };
  readonly config: Config;
  readonly database: ChaosDatabase;
  readonly devices: ReadonlyMap<string, DeviceUnderTest>;
  readonly customer: { readonly fabricId: FabricId };
  readonly ledger: Ledger;
  readonly settling: Settling;
  readonly faults: FaultCounts;
  readonly selfExits: number;
}

/** All invariants, after the run. */
export async function check(evidence: Evidence): Promise<ChaosReport> {
  const { options, config, database, ledger, settling, faults, selfExits, customer } = evidence;
  const devices = [...evidence.devices.values()];
  const orders = await checkOrders(database, ledger);
  const doubled = [...orders.doubled, ...(await checkNumbers(database, devices))];
  const pushes = await checkPushes(database, devices);
  const offIntent = checkDevices(await readIntent(config, customer.fabricId), evidence.devices);
  const leaked = await checkPools(database);
  const findings = [
    ...orders.lost.map((what) => `lost: ${what}`),
    ...orders.refused.map((what) => `refused: ${what}`),
    ...doubled.map((what) => `doubled: ${what}`),
    ...pushes.overlaps.map((what) => `overlap: ${what}`),
    ...pushes.unleased.map((what) => `without lease: ${what}`),
    ...offIntent.map((what) => `off intent: ${what}`),
    ...leaked.map((what) => `leaked: ${what}`),
    ...(settling.isSettled ? [] : [`not settled after ${settling.seconds} s: ${JSON.stringify(settling.left)}`]),
  ];
  const inState = (state: string): number => orders.byState[state] ?? 0;
  return {
    findings,
    result: {
      seed: options.seed,
      seconds: options.seconds,
      queue: options.queue,
      outbox: options.outbox,
      faults,
      acked: ledger.count('acked'),
      refused: ledger.count('refused'),
      unknown: ledger.count('unknown'),
      orders: Object.values(orders.byState).reduce((sum, count) => sum + count, 0),
      active: inState('ACTIVE'),
      retired: inState('RETIRED'),
      compensated: inState('FAILED_COMPENSATED'),
      pushes: pushes.count,
      lost: orders.lost.length,
      doubled: doubled.length,
      overlaps: pushes.overlaps.length,
      unleased: pushes.unleased.length,
      offIntent: offIntent.length,
      leaked: leaked.length,
      selfExits,
      settleSeconds: settling.seconds,
      ok: findings.length === 0 && settling.seconds <= SETTLE_WITHIN_SECONDS,
    },
  };
}
