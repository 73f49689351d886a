/** Breaks things at random times that a seed repeats, and mends everything that does not mend itself. */
import { CRASH_POINTS, type EmbeddedPostgres } from '#platform';
import { DEVICE_FAULTS, type DeviceUnderTest } from './device-under-test.js';
import type { Dice } from './dice.js';
import type { QueueUnderTest } from './queue-under-test.js';
import type { Supervisor } from './supervisor.js';
import { pause, WORKERS } from './timing.js';

/** The more, the more often. */
const ANY_MOMENT = { killApi: 1.5, killWorker: 3, stopWorker: 2, wipeQueue: 2, restartPostgres: 1.2, crashWorker: 0 } as const;
/** As many deaths at a crash point as at any other moment. */
export const CRASH_POINTS_TOO = { ...ANY_MOMENT, crashWorker: 4 } as const;
type ProcessFault = keyof typeof ANY_MOMENT;

/** Where a worker dies; the others are in processes that a run does not have. */
export const WORKER_POINTS = CRASH_POINTS.filter((point) => /^(?:push|rollout|relay|order)\./.test(point));

export interface Victims {
  readonly supervisor: Supervisor;
  readonly postgres: EmbeddedPostgres;
  readonly queue: QueueUnderTest;
  readonly devices: ReadonlyMap<string, DeviceUnderTest>;
}

export type FaultCounts = Record<ProcessFault | 'device', number>;

export class Nemesis {
  readonly counts: FaultCounts = { killApi: 0, killWorker: 0, stopWorker: 0, wipeQueue: 0, restartPostgres: 0, crashWorker: 0, device: 0 };
  private readonly under: Promise<void>[] = [];

  constructor(
    private readonly victims: Victims,
    private readonly dice: Dice,
    private readonly tell: (event: object) => void,
    private readonly weights: Readonly<Record<ProcessFault, number>> = ANY_MOMENT,
    /** How much longer a device is left alone than in a small fabric: where there are many, some are always broken. */
    private readonly calm = 1,
  ) {}

  /** Resolves when `ending` is aborted and everything that was broken is whole again. @throws when something cannot be mended. */
  async run(ending: AbortSignal): Promise<void> {
    await Promise.all([
      this.breakProcesses(this.dice.fork(), ending),
      ...[...this.victims.devices.values()].map((device) => this.breakDevice(device, this.dice.fork(), ending)),
    ]);
    await Promise.all(this.under);
  }

  private async breakProcesses(dice: Dice, ending: AbortSignal): Promise<void> {
    await pause(dice.between(1000, 2500), ending);
    while (!ending.aborted) {
      const fault = dice.weighted(this.weights);
      this.counts[fault] += 1;
      await this.inflict(fault, dice.fork(), ending);
      await pause(dice.between(900, 2600), ending);
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
        return void this.under.push(this.holdStill(worker, dice.between(3000, 9000), ending));
      case 'wipeQueue':
        return queue.wipe();
      case 'restartPostgres':
        return this.restartPostgres(dice);
      case 'crashWorker':
        return this.crash(worker, dice);
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
    const at = `${dice.pick(WORKER_POINTS)}:${dice.integer(1, 4)}`;
    this.tell({ crashAt: at, worker });
    this.victims.supervisor.restartWith(worker, { TRAME_CRASH_AT: at });
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
      const fault = dice.pick(DEVICE_FAULTS);
      this.counts.device += 1;
      this.tell({ fault, device: device.slug });
      await device.begin(fault);
      // Now and then long enough that orders are given up and undone.
      await pause(dice.chance(0.25) ? dice.between(10_000, 20_000) : dice.between(1500, 5000), ending);
      await device.heal();
      this.tell({ mended: fault, device: device.slug });
      await pause(dice.between(6000, 16_000) * this.calm, ending);
    }
  }
}
