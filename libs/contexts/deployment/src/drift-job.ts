import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type JobHandler, ReconcilerRegistry } from '#contexts/events';
import type { DeviceId } from '#engines/kernel';
import { LOOK_EVERY_SECONDS } from './domain/drift-timer.js';
import { DriftCollector } from './drift-collector.js';

const TRIES = 10;
const PAUSE_MS = 1000;

/** A hint says that a device may have changed; the timer finds it too, minutes later. */
@Injectable()
export class DriftJob implements JobHandler, OnModuleInit {
  constructor(
    private readonly collector: DriftCollector,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({
      name: 'drift',
      everyMs: LOOK_EVERY_SECONDS * 1000,
      run: async (signal) => void (await this.collector.collectDue(signal)),
    });
  }

  async run(deviceId: string, signal: AbortSignal): Promise<void> {
    // Somebody may be reading it, and may have read before what the hint is about. After a push the timer comes by itself.
    for (let left = TRIES; left > 0 && !signal.aborted; left -= 1) {
      if ((await this.collector.collect(deviceId as DeviceId, signal)) !== 'SKIPPED') return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
