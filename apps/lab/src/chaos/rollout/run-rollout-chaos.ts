/** `npm run chaos -- --scenario rollout`: plans are rolled out, paused, resumed and cancelled over twenty devices while everything breaks. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSshKeyPair } from '#adapters/ssh';
import { startEosSimulator } from '../../eos-simulator/index.js';
import { starEdgePorts, starHosts, starInventory, starLeafs, starPortCount, type StarSize } from '../../fabrics/star-inventory.js';
import { SimulatedFabric } from '../../simulated-fabric.js';
import { startSimulatedHosts } from '../../simulated-host/index.js';
import { ApiCaller } from '../api-caller.js';
import { readIntent } from '../checks/read-intent.js';
import type { DeviceUnderTest } from '../device-under-test.js';
import { Dice } from '../dice.js';
import { HostUnderTest } from '../host-under-test.js';
import { Installation, type InstallationOptions, type Say, type World } from '../installation.js';
import { leaveBehind } from '../leave-behind.js';
import { EAPI_USER, LEAF_BOOT_MS, LeafUnderTest } from '../leaf-under-test.js';
import { Ledger } from '../ledger.js';
import { ALL_FAULTS, Nemesis } from '../nemesis.js';
import { OrderClient } from '../order-client.js';
import { PASSWORD_SECRET, PlantedSecrets } from '../planted-secrets.js';
import { settle } from '../settle.js';
import { pushAttempts, pushesOfOlderReleases, tellWhoPushes } from '../checks/pushes-of-older-releases.js';
import { checkRollout } from './check-rollout.js';
import { Colleague, COLLEAGUE } from './colleague.js';
import type { RolloutReport } from './rollout-report.js';
import { Steersman } from './steersman.js';

export const ROLLOUT_SIZE: StarSize = { leafs: 6, hosts: 14 };
const CLIENTS = 2;
const APPLY_MS = 120;
/** Of twenty devices one or two are broken at any time. */
const CALM = 2;
/** Between two faults of processes: a rollout of several waves takes some seconds. */
const PACE_MS = [1500, 4500] as const;
const GIVE_UP_AFTER_SECONDS = 90;

export interface RolloutChaosOptions extends Pick<InstallationOptions, 'queue' | 'directory'> {
  readonly seed: number;
  readonly seconds: number;
}

export class RolloutChaosRun {
  private readonly installation: Installation;
  private readonly secrets = new PlantedSecrets();
  private readonly colleagues: Colleague[] = [];

  constructor(
    private readonly options: RolloutChaosOptions,
    private readonly say: Say,
  ) {
    this.installation = new Installation({ ...options, outbox: true }, say);
  }

  /** @throws when the set-up fails, which is no verdict about the product. */
  async run(): Promise<RolloutReport> {
    const dice = new Dice(this.options.seed);
    const devices = await this.startDevices(dice);
    this.installation.later(async () => Promise.all([...devices.values()].map((device) => device.close())));
    const place = await this.installation.start();
    await tellWhoPushes(place.database);
    const endpoints = new Map([...devices].map(([slug, { endpoint }]) => [slug, endpoint]));
    const customer = await this.installation.populate(place, starInventory(ROLLOUT_SIZE, endpoints, PASSWORD_SECRET), (client, token) =>
      this.secrets.plant(client, token),
    );
    return this.breakAndCheck({ ...place, devices, customer }, dice);
  }

  close(): Promise<void> {
    return this.installation.close();
  }

  killNow(): void {
    this.installation.killNow();
  }

  private async startDevices(dice: Dice): Promise<ReadonlyMap<string, DeviceUnderTest>> {
    const key = generateSshKeyPair();
    const fabric = new SimulatedFabric();
    const { hosts } = await startSimulatedHosts({
      hosts: starHosts(ROLLOUT_SIZE).map((slug) => ({ slug })),
      authorizedKeys: [key.publicKey],
      fabric,
      applyMs: APPLY_MS,
      journalFile: join(this.options.directory, 'hosts.jsonl'),
    });
    const found = new Map<string, DeviceUnderTest>();
    for (const hostname of starLeafs(ROLLOUT_SIZE)) {
      const ethernetPorts = starPortCount(ROLLOUT_SIZE);
      const leaf = await startEosSimulator({ hostname, users: [EAPI_USER, COLLEAGUE], ethernetPorts, fabric, bootMs: LEAF_BOOT_MS });
      found.set(hostname, new LeafUnderTest(hostname, leaf));
      this.colleagues.push(new Colleague(hostname, leaf, dice.fork()));
    }
    for (const host of hosts.values()) found.set(host.slug, new HostUnderTest(host, key.privateKey));
    return found;
  }

  private async breakAndCheck(world: World, dice: Dice): Promise<RolloutReport> {
    const { seed, seconds, directory } = this.options;
    const { supervisor, over } = this.installation;
    const api = new ApiCaller(world.apiUrl);
    const ledger = new Ledger(join(directory, 'ledger.jsonl'));
    const tell = (event: object): void =>
      appendFileSync(join(directory, 'faults.jsonl'), `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
    const nemesis = new Nemesis({ supervisor, ...world }, dice.fork(), tell, {
      weights: ALL_FAULTS,
      calm: CALM,
      hasEveryDeviceFault: true,
      pace: PACE_MS,
    });
    const steersman = new Steersman(world.database, api, world.customer, dice.fork());
    const layout = {
      hosts: starHosts(ROLLOUT_SIZE),
      leafs: starLeafs(ROLLOUT_SIZE),
      edgePorts: starEdgePorts(ROLLOUT_SIZE),
      hostsOfEach: [1, 3] as const,
      mostLeafs: 1,
      pace: [2500, 7000] as const,
    };
    const ending = this.installation.endingAfter(seconds);
    this.say(`${world.devices.size} devices taken over; plans are rolled out and steered, faults begin, for ${seconds} s`);
    const clients = Promise.all(
      Array.from({ length: CLIENTS }, (_, n) =>
        new OrderClient(`c${n + 1}`, dice.fork(), api, world.customer, ledger, layout).run(ending, over.signal),
      ),
    );
    const others = [steersman.run(ending), ...this.colleagues.map((colleague) => colleague.run(ending))];
    await Promise.all([nemesis.run(ending), ...others]);
    tell({ faultsEnded: true });
    this.say('faults are over; what waits for a person is approved, until everything is settled');
    const finishing = steersman.finish(over.signal);
    const settling = await settle(world.database, clients, GIVE_UP_AFTER_SECONDS);
    over.abort();
    await Promise.all([clients, finishing]);
    const found = await checkRollout(world.database, await readIntent(world.config, world.customer.fabricId), world.devices);
    const plans = await world.database.rows<{ state: string; count: number }>(
      'SELECT state, count(*)::int AS count FROM plan GROUP BY state ORDER BY state',
    );
    const leaks = await this.secrets.leaks(world, directory);
    const lostUpdates = this.colleagues.flatMap((colleague) => colleague.lost());
    const outdated = pushesOfOlderReleases(await pushAttempts(world.database), nemesis.releases);
    const { selfExits } = supervisor;
    const sumOf = (what: (colleague: Colleague) => number): number => this.colleagues.reduce((sum, colleague) => sum + what(colleague), 0);
    const edits = {
      edits: sumOf((one) => one.count),
      editsInBetween: sumOf((one) => one.inBetween),
      editsCommitted: sumOf((one) => one.committed),
    };
    const never = [
      ...nemesis.never(),
      ...Object.entries({ ...steersman.acts, ...edits }).flatMap(([what, times]) => (times === 0 ? [what] : [])),
    ];
    const count = (findings: readonly string[]): number => findings.length;
    const isGood =
      count(found.pushes.overlaps) + count(found.pushes.unleased) + count(found.doubled) + count(found.orphans) === 0 &&
      count(found.offIntent) + count(lostUpdates) + count(leaks) + count(outdated) + count(selfExits) === 0 &&
      settling.isSettled;
    const report: RolloutReport = {
      result: {
        seed,
        seconds,
        devices: world.devices.size,
        plans: Object.fromEntries(plans.map(({ state, count: number }) => [state, number])),
        acts: steersman.acts,
        refusedActs: Object.fromEntries(steersman.refused),
        locksReleased: steersman.released,
        ...edits,
        pushes: found.pushes.count,
        faults: nemesis.counts,
        deviceFaults: Object.fromEntries(nemesis.struck),
        never,
        selfExits: count(selfExits),
        overlaps: count(found.pushes.overlaps),
        unleased: count(found.pushes.unleased),
        outdated: count(outdated),
        doubled: count(found.doubled),
        orphans: count(found.orphans),
        offIntent: count(found.offIntent),
        lostUpdates: count(lostUpdates),
        leakedSecrets: count(leaks),
        flagged: found.flagged,
        settleSeconds: settling.seconds,
        ok: isGood,
      },
      findings: [
        ...found.pushes.overlaps.map((what) => `overlap: ${what}`),
        ...found.pushes.unleased.map((what) => `without lease: ${what}`),
        ...outdated.map((what) => `by an older release: ${what}`),
        ...selfExits.map((what) => `ended by itself: ${what}`),
        ...found.doubled.map((what) => `doubled: ${what}`),
        ...found.orphans.map((what) => `orphan: ${what}`),
        ...found.offIntent.map((what) => `off intent: ${what}`),
        ...leaks.map((what) => `a secret in the open: ${what}`),
        ...lostUpdates.map((what) => `a colleague's line was lost: ${what}`),
        ...(settling.isSettled ? [] : [`not settled after ${settling.seconds} s: ${JSON.stringify(settling.left)}`]),
      ],
    };
    if (!isGood) await leaveBehind(world.database, directory);
    writeFileSync(join(directory, 'result.json'), `${JSON.stringify(report, null, 1)}\n`);
    return report;
  }
}
