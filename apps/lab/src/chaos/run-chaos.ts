/** One run: start everything, load it, break it, let it settle, and hold it to its promises. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chaosInventory, type ChaosHostName, type ChaosLeafName } from '../fabrics/chaos-inventory.js';
import type { DeviceEndpoint } from '../fabrics/demo-inventory.js';
import { ApiCaller } from './api-caller.js';
import type { ChaosReport } from './chaos-result.js';
import { check } from './checks/check.js';
import { Dice } from './dice.js';
import { Installation, type InstallationOptions, type Say, type World } from './installation.js';
import { leaveBehind } from './leave-behind.js';
import { Ledger } from './ledger.js';
import { Nemesis } from './nemesis.js';
import { runOperator } from './operator.js';
import { OrderClient } from './order-client.js';
import { settle } from './settle.js';
import { startDevices } from './start-devices.js';
import { CLIENTS, GIVE_UP_AFTER_SECONDS } from './timing.js';

export interface ChaosOptions extends InstallationOptions {
  readonly seed: number;
  readonly seconds: number;
}

export class ChaosRun {
  private readonly installation: Installation;

  constructor(
    private readonly options: ChaosOptions,
    private readonly say: Say,
  ) {
    this.installation = new Installation(options, say);
  }

  /** @throws when the set-up fails, which is no verdict about the product. */
  async run(): Promise<ChaosReport> {
    const devices = await startDevices(this.options.directory);
    this.installation.later(async () => Promise.all([...devices.values()].map((device) => device.close())));
    const place = await this.installation.start();
    const endpoints = Object.fromEntries([...devices].map(([slug, { endpoint }]) => [slug, endpoint]));
    const inventory = chaosInventory(endpoints as Record<ChaosLeafName | ChaosHostName, DeviceEndpoint>);
    const customer = await this.installation.populate(place, inventory);
    return this.breakAndCheck({ ...place, devices, customer });
  }

  /** May be called at any time, more than once. */
  close(): Promise<void> {
    return this.installation.close();
  }

  killNow(): void {
    this.installation.killNow();
  }

  private async breakAndCheck(world: World): Promise<ChaosReport> {
    const { seed, seconds, directory } = this.options;
    const { supervisor, over } = this.installation;
    const dice = new Dice(seed);
    const ledger = new Ledger(join(directory, 'ledger.jsonl'));
    const api = new ApiCaller(world.apiUrl);
    const tell = (event: object): void =>
      appendFileSync(join(directory, 'faults.jsonl'), `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
    const nemesis = new Nemesis({ supervisor, ...world }, dice.fork(), tell);
    const ending = this.installation.endingAfter(seconds);
    this.say(`fabric taken over; ${CLIENTS} clients order, faults begin, for ${seconds} s`);
    const clients = Promise.all(
      Array.from({ length: CLIENTS }, (_, n) =>
        new OrderClient(`c${n + 1}`, dice.fork(), api, world.customer, ledger).run(ending, over.signal),
      ),
    );
    const operator = runOperator(world.database, api, world.customer.operatorToken, over.signal);
    await nemesis.run(ending);
    tell({ faultsEnded: true });
    this.say('faults are over; waiting until everything is settled');
    const settling = await settle(world.database, clients, GIVE_UP_AFTER_SECONDS);
    over.abort();
    await Promise.all([clients, operator]);
    const report = await check({
      ...world,
      ledger,
      settling,
      faults: nemesis.counts,
      selfExits: supervisor.selfExits.length,
      options: this.options,
    });
    if (!report.result.ok) await leaveBehind(world.database, directory);
    writeFileSync(join(directory, 'result.json'), `${JSON.stringify(report, null, 1)}\n`);
    return report;
  }
}
