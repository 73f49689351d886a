/** Breaks things at random times that a seed repeats, and mends everything that does not mend itself. */
import { CRASH_POINTS, type CrashPoint, type EmbeddedPostgres } from '#platform';
import type { ChaosDatabase } from './chaos-database.js';
import { DEVICE_FAULTS, type DeviceFault, type DeviceUnderTest } from './device-under-test.js';
import type { Dice } from './dice.js';
import { CLOCK_AFTER_MS, CLOCK_SECONDS, NEWER_RELEASE, OF_NEWER_RELEASE } from './preload/settings.js';
import type { QueueUnderTest } from './queue-under-test.js';
import type { Supervisor } from './supervisor.js';
import { pause, WORKERS } from './timing.js';

/** The more, the more often. */
const ANY_MOMENT = {
  killApi: 1.5,
  killWorker: 3,
  stopWorker: 2,
  wipeQueue: 2,
  restartPostgres: 1.2,
  crashWorker: 0,
  jumpClock: 0,
  twoReleases: 0,
} as const;
/** As many deaths at a crash point as at any other moment; a clock that jumps, and two releases at once. */
export const ALL_FAULTS = { ...ANY_MOMENT, restartPostgres: 0.8, crashWorker: 4, jumpClock: 1, twoReleases: 0.7 } as const;
export type ProcessFault = keyof typeof ANY_MOMENT;

/** Where a worker dies in a run without name servers; the others are in other processes. */
const WORKER_POINTS = CRASH_POINTS.filter((point) => /^(?:push|rollout|relay|order|recall)\./.test(point));
/** What it takes to be broken long enough for the lease to run out, and for somebody to die who waits for it. */
const PACE_MS = [900, 2600] as const;
const PASSES = 4;
/** What waits for a push waits so many seconds. */
const AMBUSH_SECONDS = 45;
const HOLD_MS = [3000, 9000] as const;
const CLOCK_JUMPS_SECONDS = [7200, -7200] as const;
const preload = (name: string): string => `--import=${new URL(`./preload/${name}.js`, import.meta.url).href}`;

export interface Victims {
  readonly supervisor: Supervisor;
  readonly postgres: EmbeddedPostgres;
  readonly queue: QueueUnderTest;
  readonly database: ChaosDatabase;
  readonly devices: ReadonlyMap<string, DeviceUnderTest>;
}

export type FaultCounts = Readonly<Record<ProcessFault | 'device', number>>;

/** While the database belonged to a newer release. Milliseconds of the epoch. */
export interface ReleaseTime {
  readonly from: number;
  readonly to: number;
}

export interface NemesisOptions {
  readonly weights?: Readonly<Record<ProcessFault, number>>;
  /** How much longer a device is left alone than in a small fabric: where there are many, some are always broken. */
  readonly calm?: number;
  /** Milliseconds between two faults of processes. */
  readonly pace?: readonly [number, number];
  /** What has to come about after a fault before there is another one; default: nothing. */
  readonly peace?: (ending: AbortSignal) => Promise<void>;
  /** Where a worker dies; default: wherever it comes by when orders are rolled out. */
  readonly points?: readonly CrashPoint[];
  /** It dies there at the latest when it comes by so many times; default: 4. */
  readonly passes?: number;
  /** All faults that a device can have, not only those that every device has. */
  readonly hasEveryDeviceFault?: boolean;
}

export class Nemesis {
  readonly counts: Record<ProcessFault | 'device', number>;
  /** Faults of devices that met somebody. */
  readonly struck = new Map<DeviceFault, number>();
  readonly releases: ReleaseTime[] = [];
  private readonly under: Promise<void>[] = [];
  private readonly weights: Readonly<Record<ProcessFault, number>>;
  private readonly calm: number;

  constructor(
    private readonly victims: Victims,
    private readonly dice: Dice,
    private readonly tell: (event: object) => void,
    private readonly options: NemesisOptions = {},
  ) {
    this.weights = options.weights ?? ANY_MOMENT;
    this.calm = options.calm ?? 1;
    this.counts = {
      killApi: 0,
      killWorker: 0,
      stopWorker: 0,
      wipeQueue: 0,
      restartPostgres: 0,
      crashWorker: 0,
      jumpClock: 0,
      twoReleases: 0,
      device: 0,
    };
  }

  /** Resolves when `ending` is aborted and everything that was broken is whole again. @throws when something cannot be mended. */
  async run(ending: AbortSignal): Promise<void> {
    await Promise.all([
      this.breakProcesses(this.dice.fork(), ending),
      ...[...this.victims.devices.values()].map((device) => this.breakDevice(device, this.dice.fork(), ending)),
    ]);
    await Promise.all(this.under);
  }

  /** Kinds of faults that there might have been, and were not. */
  never(): string[] {
    const kinds = new Set([...this.victims.devices.values()].flatMap((device) => this.faultsOf(device)));
    return [
      ...(Object.keys(this.weights) as ProcessFault[]).filter((fault) => this.weights[fault] > 0 && this.counts[fault] === 0),
      ...[...kinds].filter((kind) => !this.struck.has(kind)),
    ];
  }

  /** Rather one that has not met anybody yet, or rarely. */
  private nextFault(device: DeviceUnderTest, dice: Dice): DeviceFault {
    const kinds = this.faultsOf(device);
    const times = (kind: DeviceFault): number => this.struck.get(kind) ?? 0;
    const fewest = Math.min(...kinds.map(times));
    return dice.pick(dice.chance(0.7) ? kinds.filter((kind) => times(kind) === fewest) : kinds);
  }

  private faultsOf(device: DeviceUnderTest): readonly DeviceFault[] {
    return this.options.hasEveryDeviceFault ? device.faults : DEVICE_FAULTS;
  }

  private async breakProcesses(dice: Dice, ending: AbortSignal): Promise<void> {
    await pause(dice.between(1000, 2500), ending);
    const once = dice.sample(
      (Object.keys(this.weights) as ProcessFault[]).filter((fault) => this.weights[fault] > 0),
      Number.MAX_SAFE_INTEGER,
    );
    while (!ending.aborted) {
      // Each kind once, and then as it comes.
      const fault = once.pop() ?? dice.weighted(this.weights);
      this.counts[fault] += 1;
      await this.inflict(fault, dice.fork(), ending);
      await pause(dice.between(...(this.options.pace ?? PACE_MS)), ending);
      await this.options.peace?.(ending);
    }
  }

  private async inflict(fault: ProcessFault, dice: Dice, ending: AbortSignal): Promise<void> {
    const worker = `worker-${dice.integer(1, WORKERS)}`;
    const { supervisor, queue } = this.victims;
    this.tell({ fault, ...(fault === 'killWorker' || fault === 'stopWorker' ? { worker } : {}) });
    switch (fault) {
      case 'killApi':
        return void supervisor.signal('api', 'SIGKILL');
      case 'killWorker':
        return void supervisor.signal(worker, 'SIGKILL');
      case 'stopWorker':
        return void this.under.push(this.holdStill(worker, dice.between(...HOLD_MS), ending));
      case 'wipeQueue':
        return queue.wipe();
      case 'restartPostgres':
        return this.restartPostgres(dice);
      case 'crashWorker':
        return this.crash(worker, dice);
      case 'jumpClock':
        return this.jumpClock(worker, dice);
      case 'twoReleases':
        return void this.under.push(this.twoReleases(worker, dice.between(5000, 9000), ending));
    }
  }

  /** Longer than its leases: somebody else takes over, and then the first one wakes up in the middle of its work. */
  private async holdStill(worker: string, ms: number, ending: AbortSignal): Promise<void> {
    this.victims.supervisor.signal(worker, 'SIGSTOP');
    await pause(ms, ending);
    this.victims.supervisor.signal(worker, 'SIGCONT');
    this.tell({ mended: 'stopWorker', worker });
  }

  private crash(worker: string, dice: Dice): void {
    const at = `${dice.pick(this.options.points ?? WORKER_POINTS)}:${dice.integer(1, this.options.passes ?? PASSES)}`;
    this.tell({ crashAt: at, worker });
    this.victims.supervisor.restartToDie(worker, { TRAME_CRASH_AT: at });
  }

  /** Its own clock is wrong from the beginning or becomes so while it works, until somebody kills it. */
  private jumpClock(worker: string, dice: Dice): void {
    const seconds = dice.pick(CLOCK_JUMPS_SECONDS);
    const afterMs = dice.chance(0.3) ? 0 : Math.round(dice.between(2000, 6000));
    this.tell({ clock: seconds, afterMs, worker });
    this.victims.supervisor.restartWith(worker, {
      NODE_OPTIONS: preload('skewed-clock'),
      [CLOCK_SECONDS]: String(seconds),
      [CLOCK_AFTER_MS]: String(afterMs),
    });
  }

  /** An upgrade, and back: one worker is of the newer release already, the others are of the older one still. */
  private async twoReleases(newer: string, ms: number, ending: AbortSignal): Promise<void> {
    const { supervisor, database } = this.victims;
    if (this.releases.some(({ to }) => to > Date.now())) return;
    await database.rows('INSERT INTO schema_migration (timestamp, name) VALUES (9999999999999, $1)', [NEWER_RELEASE]);
    const time = { from: Date.now(), to: Number.POSITIVE_INFINITY };
    const at = this.releases.push(time) - 1;
    supervisor.restartAs(newer, { NODE_OPTIONS: preload('newer-release'), PGAPPNAME: `${newer}${OF_NEWER_RELEASE}` });
    await pause(ms, ending);
    this.releases[at] = { ...time, to: Date.now() };
    await database.rows('DELETE FROM schema_migration WHERE name = $1', [NEWER_RELEASE]);
    supervisor.mend(newer);
    this.tell({ mended: 'twoReleases', newer });
  }

  private async restartPostgres(dice: Dice): Promise<void> {
    const { postgres } = this.victims;
    if (dice.chance(0.5)) await postgres.kill9();
    else process.kill(postgres.pid, 'SIGQUIT'); // Immediate shutdown: every connection is cut, nothing is written any more.
    await pause(dice.between(0, 800));
    await postgres.restart();
    this.tell({ mended: 'restartPostgres' });
  }

  private async breakDevice(device: DeviceUnderTest, dice: Dice, ending: AbortSignal): Promise<void> {
    await pause(dice.between(2000, 9000) * this.calm, ending);
    while (!ending.aborted) {
      const fault = this.nextFault(device, dice);
      const isEverywhere = fault === 'refuses' || fault === 'hangs';
      this.counts.device += 1;
      this.tell({ fault, device: device.slug });
      await device.begin(fault, () => dice.next());
      // Now and then long enough that orders are given up and undone; what waits for a push has time to meet one.
      await pause(dice.chance(0.25) ? dice.between(10_000, 20_000) : dice.between(1500, 5000), ending);
      for (
        let left = AMBUSH_SECONDS;
        this.options.hasEveryDeviceFault && !isEverywhere && !device.hasStruck() && left > 0 && !ending.aborted;
        left--
      )
        await pause(1000, ending);
      if (device.hasStruck()) this.struck.set(fault, (this.struck.get(fault) ?? 0) + 1);
      await device.heal();
      this.tell({ mended: fault, device: device.slug });
      await pause(dice.between(6000, 16_000) * this.calm, ending);
    }
  }
}
