import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type JobHandler, ReconcilerRegistry } from '#contexts/events';
import type { FabricId } from '#engines/kernel';
import { RolloutService } from './rollout.service.js';

/** A fabric's intent changed; the timer finds it too, a second later. */
@Injectable()
export class FabricJob implements JobHandler, OnModuleInit {
  constructor(
    private readonly rollouts: RolloutService,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'fabrics', everyMs: 1000, run: (signal) => this.rollouts.convergeAll(signal) });
  }

  run(fabricId: string, signal: AbortSignal): Promise<void> {
    return this.rollouts.converge(fabricId as FabricId, signal);
  }
}
