import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ReconcilerRegistry } from '#contexts/events';
import { NetworkVerifier } from './network-verifier.js';

/** Networks that somebody asked for, that a rollout has changed, or whose time has come. */
@Injectable()
export class ProofJob implements OnModuleInit {
  constructor(
    private readonly verifier: NetworkVerifier,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'proofs', everyMs: 2000, run: (signal) => this.verifyAll(signal) });
  }

  private async verifyAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.verifier.verifyDue(signal)) > 0);
  }
}
