/**
 * `npm run chaos -- --scenario crash-points`: real workers, the API and an operator's program die once at every place that has a name, while
 * networks come and go; somebody else goes on from what each of them left. Then the devices are looked at.
 */
import { execFile } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateSshKeyPair } from '#adapters/ssh';
import { encodeId } from '#engines/kernel';
import { CRASH_POINTS, type CrashPoint } from '#platform';
import { startEosSimulator } from '../../eos-simulator/index.js';
import { starEdgePorts, starHosts, starInventory, starLeafs, starPortCount, type StarSize } from '../../fabrics/star-inventory.js';
import { startSimulatedPowerDns } from '../../powerdns/index.js';
import { SimulatedFabric } from '../../simulated-fabric.js';
import { startSimulatedHosts } from '../../simulated-host/index.js';
import { ApiCaller } from '../api-caller.js';
import { readIntent } from '../checks/read-intent.js';
import type { DeviceFault, DeviceUnderTest } from '../device-under-test.js';
import { Dice } from '../dice.js';
import { HostUnderTest } from '../host-under-test.js';
import { DIST, Installation, type InstallationOptions, type Say, type World } from '../installation.js';
import { leaveBehind } from '../leave-behind.js';
import { EAPI_USER, LEAF_BOOT_MS, LeafUnderTest } from '../leaf-under-test.js';
import { Ledger } from '../ledger.js';
import { OrderClient } from '../order-client.js';
import { checkRollout } from '../rollout/check-rollout.js';
import { Steersman } from '../rollout/steersman.js';
import { PASSWORD_SECRET, PlantedSecrets } from '../planted-secrets.js';
import { settle } from '../settle.js';
import { pause, WORKERS } from '../timing.js';
import type { CrashWalkReport } from './crash-walk-report.js';

const SIZE: StarSize = { leafs: 2, hosts: 2 };
/** Shorter than elsewhere: whoever goes on waits for the lease of the one that died. */
const TIMES = { LEASE_SECONDS: '2', VERIFY_WITHIN_SECONDS: '2', CONFIRM_WITHIN_SECONDS: '8' };
const GIVE_UP_AFTER_SECONDS = 60;
/** Passed only where a device fails, in this way. */
const AFTER_A_FAULT: Readonly<Partial<Record<CrashPoint, DeviceFault>>> = {
  'push.failing': 'refuses',
  'push.failed': 'refuses',
};
/** Passed only where what went live is found wanting. */
const AFTER_A_BAD_CHANGE: ReadonlySet<CrashPoint> = new Set<CrashPoint>(['push.reverted']);
/** Passed only where a device has what it is sent. */
const FOR_NOTHING: ReadonlySet<CrashPoint> = new Set<CrashPoint>(['push.nothing']);
/** Passed only where a plan is taken back. */
const FOR_A_ROLLBACK: ReadonlySet<CrashPoint> = new Set<CrashPoint>(['rollback.made', 'recall.ordered']);
const OF_API: ReadonlySet<CrashPoint> = new Set<CrashPoint>(['rollback.made', 'inbox.stored']);
/** In the program that seals everything under another key. */
const OF_OPERATOR: ReadonlySet<CrashPoint> = new Set<CrashPoint>(['secrets.sealed', 'secrets.committed']);
const isOfWorker = (point: CrashPoint): boolean => !OF_API.has(point) && !OF_OPERATOR.has(point);
const needsFault = (point: CrashPoint): boolean => AFTER_A_FAULT[point] !== undefined || AFTER_A_BAD_CHANGE.has(point);
const ZONE = 'cust.example';
const TAKE_BACK = `mutation ($id: ID!) { rollbackPlan(id: $id, reason: "a walk") { errors { code message } } }`;
const TAKEN_BACK = `SELECT p.id FROM plan p WHERE p.generation > 1 AND p.rollback_of IS NULL AND p.state IN ('APPLIED', 'HALTED', 'CANCELLED', 'FAILED')
  AND EXISTS (SELECT FROM plan_item i WHERE i.plan_id = p.id AND i.state IN ('CONFIRMED', 'VERIFIED')) ORDER BY p.generation DESC LIMIT 1`;
const LOOK_EVERY_MS = 50;
const PROVOKE_EVERY_MS = 2000;

export interface CrashWalkOptions extends Pick<InstallationOptions, 'queue' | 'directory'> {
  readonly seed: number;
  /** At most. */
  readonly seconds: number;
  /** All where a worker can die, where none are named. */
  readonly points?: readonly CrashPoint[];
}

export class CrashWalk {
  private readonly installation: Installation;
  private readonly secrets = new PlantedSecrets();
  private readonly died: CrashPoint[] = [];

  constructor(
    private readonly options: CrashWalkOptions,
    private readonly say: Say,
  ) {
    this.installation = new Installation({ ...options, outbox: true, durable: false, env: TIMES }, say);
  }

  /** @throws when the set-up fails, which is no verdict about the product. */
  async run(): Promise<CrashWalkReport> {
    const devices = await this.startDevices();
    this.installation.later(async () => Promise.all([...devices.values()].map((device) => device.close())));
    const place = await this.installation.start();
    const endpoints = new Map([...devices].map(([slug, { endpoint }]) => [slug, endpoint]));
    const dns = await startSimulatedPowerDns({ zones: [ZONE] });
    this.installation.later(() => dns.stop());
    const customer = await this.installation.populate(
      place,
      starInventory(SIZE, endpoints, PASSWORD_SECRET),
      (client, token) => this.secrets.plant(client, token),
      { apiUrl: dns.apiUrl, apiKey: dns.apiKey, zones: [ZONE] },
    );
    return this.walk({ ...place, devices, customer });
  }

  close(): Promise<void> {
    return this.installation.close();
  }

  killNow(): void {
    this.installation.killNow();
  }

  private async startDevices(): Promise<ReadonlyMap<string, DeviceUnderTest>> {
    const key = generateSshKeyPair();
    const fabric = new SimulatedFabric();
    const found = new Map<string, DeviceUnderTest>();
    for (const hostname of starLeafs(SIZE)) {
      const leaf = await startEosSimulator({
        hostname,
        users: [EAPI_USER],
        ethernetPorts: starPortCount(SIZE),
        fabric,
        bootMs: LEAF_BOOT_MS,
      });
      found.set(hostname, new LeafUnderTest(hostname, leaf));
    }
    const hosts = starHosts(SIZE).map((slug) => ({ slug }));
    for (const host of (await startSimulatedHosts({ hosts, authorizedKeys: [key.publicKey], fabric })).hosts.values())
      found.set(host.slug, new HostUnderTest(host, key.privateKey));
    return found;
  }

  private async walk(world: World): Promise<CrashWalkReport> {
    const { seed, seconds, directory } = this.options;
    const { supervisor, over } = this.installation;
    const dice = new Dice(seed);
    const api = new ApiCaller(world.apiUrl);
    const ledger = new Ledger(join(directory, 'ledger.jsonl'));
    const layout = {
      hosts: starHosts(SIZE),
      leafs: starLeafs(SIZE),
      edgePorts: starEdgePorts(SIZE),
      hostsOfEach: [1, 2] as const,
      mostLeafs: 1,
      pace: [300, 900] as const,
      zone: ZONE,
    };
    // There is no system with an inventory beside this fabric.
    const points = this.options.points ?? CRASH_POINTS.filter((point) => !point.startsWith('inventory.'));
    const ending = new AbortController();
    const limit = this.installation.endingAfter(seconds);
    this.say(`${world.devices.size} devices taken over; ${WORKERS} workers, the API and an operator die at ${points.length} places`);
    const client = new OrderClient('c1', dice.fork(), api, world.customer, ledger, layout).run(ending.signal, over.signal);
    const operator = new Steersman(world.database, api, world.customer, dice.fork()).finish(over.signal);
    // Those that need a fault come last: the worker beside meets it, too, and devices rest after it.
    const left = [...points.filter((point) => isOfWorker(point) && !needsFault(point)), ...points.filter(needsFault)];
    const walkers = Array.from({ length: WORKERS }, (_, n) => this.keepDying(`worker-${n + 1}`, left, world, limit));
    const ofApi = this.keepDying(
      'api',
      points.filter((point) => OF_API.has(point)),
      world,
      limit,
    );
    const ofOperator = this.rotate(
      points.filter((point) => OF_OPERATOR.has(point)),
      world,
    );
    const unreached = (await Promise.all([...walkers, ofApi, ofOperator])).flat();
    ending.abort();
    for (const device of world.devices.values()) await device.heal();
    this.say(`${this.died.length} deaths; waiting until everything is settled`);
    const settling = await settle(world.database, client, GIVE_UP_AFTER_SECONDS);
    over.abort();
    await Promise.all([client, operator]);
    const found = await checkRollout(world.database, await readIntent(world.config, world.customer.fabricId), world.devices);
    const leaks = await this.secrets.leaks(world, directory);
    const findings = [
      ...leaks.map((what) => `a secret in the open: ${what}`),
      ...unreached.map((point) => `nobody came to ${point} within ${seconds} s`),
      ...found.pushes.overlaps.map((what) => `overlap: ${what}`),
      ...found.pushes.unleased.map((what) => `without lease: ${what}`),
      ...found.doubled.map((what) => `doubled: ${what}`),
      ...found.orphans.map((what) => `orphan: ${what}`),
      ...found.offIntent.map((what) => `off intent: ${what}`),
      ...(settling.isSettled ? [] : [`not settled after ${settling.seconds} s: ${JSON.stringify(settling.left)}`]),
    ];
    const report: CrashWalkReport = {
      result: {
        seed,
        walked: this.died,
        hits: Object.fromEntries(points.map((point) => [point, this.died.filter((one) => one === point).length])),
        unreached,
        pushes: found.pushes.count,
        selfExits: supervisor.selfExits.length,
        overlaps: found.pushes.overlaps.length,
        unleased: found.pushes.unleased.length,
        doubled: found.doubled.length,
        orphans: found.orphans.length,
        offIntent: found.offIntent.length,
        leakedSecrets: leaks.length,
        devicesWithSecret: this.secrets.arrived(world.devices.values()).length,
        flagged: found.flagged,
        settleSeconds: settling.seconds,
        ok: findings.length === 0,
      },
      findings,
    };
    if (findings.length > 0) await leaveBehind(world.database, directory);
    writeFileSync(join(directory, 'result.json'), `${JSON.stringify(report, null, 1)}\n`);
    return report;
  }

  /** One worker: told where to die, it dies there and comes back to die at the next place that is left. @returns places that it never came to. */
  private async keepDying(worker: string, left: CrashPoint[], world: World, limit: AbortSignal): Promise<CrashPoint[]> {
    const { supervisor } = this.installation;
    for (let point = left.shift(); point !== undefined; point = left.shift()) {
      if (limit.aborted) return [point, ...left.splice(0)];
      const before = supervisor.crashes(worker);
      supervisor.restartToDie(worker, { TRAME_CRASH_AT: point });
      for (let at = 0; supervisor.crashes(worker) === before && !limit.aborted; at += LOOK_EVERY_MS) {
        if (at % PROVOKE_EVERY_MS === 0) await this.provoke(point, world);
        await pause(LOOK_EVERY_MS, limit);
      }
      for (const device of AFTER_A_FAULT[point] || AFTER_A_BAD_CHANGE.has(point) ? world.devices.values() : []) await device.heal();
      if (supervisor.crashes(worker) === before) return [point, ...left.splice(0)];
      this.bury(worker, point);
    }
    return [];
  }

  /** Dies at each place, and ends what the dead ones began. @returns places that it did not die at. @throws when the last one does not end well. */
  private async rotate(points: readonly CrashPoint[], { rotationEnv }: World): Promise<CrashPoint[]> {
    const unreached: CrashPoint[] = [];
    const run = promisify(execFile);
    const seal = (env: Readonly<Record<string, string>>): Promise<unknown> =>
      run(process.execPath, [join(DIST, 'apps/cli/src/main.js'), 'secrets', 'rotate'], {
        cwd: this.options.directory,
        env: { ...rotationEnv, ...env },
      });
    for (const point of points) {
      const signal = await seal({ TRAME_CRASH_AT: point }).then(
        () => null,
        (error: { signal?: string }) => error.signal,
      );
      if (signal === 'SIGKILL') this.bury('operator', point);
      else unreached.push(point);
    }
    if (points.length > 0) await seal({});
    return unreached;
  }

  private bury(who: string, point: CrashPoint): void {
    this.died.push(point);
    appendFileSync(join(this.options.directory, 'deaths.jsonl'), `${JSON.stringify({ at: new Date().toISOString(), who, point })}\n`);
  }

  private async provoke(point: CrashPoint, { devices, database, apiUrl, customer }: World): Promise<void> {
    if (FOR_A_ROLLBACK.has(point)) {
      const [plan] = await database.rows<{ id: string }>(TAKEN_BACK);
      if (plan) await new ApiCaller(apiUrl).graphql(customer.operatorToken, TAKE_BACK, { id: encodeId('plan', plan.id) });
    }
    const fault = AFTER_A_FAULT[point];
    if (fault) for (const device of devices.values()) await device.begin(fault, Math.random);
    if (AFTER_A_BAD_CHANGE.has(point)) for (const device of devices.values()) device.stopRouting?.();
    if (!FOR_NOTHING.has(point)) return;
    await database.rows('UPDATE device_state SET is_uncertain = true');
    await database.rows('UPDATE fabric SET revision = revision + 1');
  }
}
