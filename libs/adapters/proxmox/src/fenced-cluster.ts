/** The cluster as one execution may see it: the mark tells whether a newer one has been there, and the lock lets nobody else write. */
import type { PushIdentity, TransportErrorCode } from '#contexts/deployment/ports';
import { type ClusterMark, MARK_POOL, MarkBoard, type MarkSeen } from './cluster-mark.js';
import { pushFailure } from './push-failure.js';
import { isPveError } from './pve-error.js';
import type { SdnApi } from './sdn-api.js';

export interface ClusterTools {
  readonly device: string;
  readonly api: SdnApi;
  readonly signal: AbortSignal;
  /** Of the cluster that answered. */
  readonly cluster: string;
  /** Milliseconds that nodes have for taking a configuration. */
  readonly applyMs: number;
  /** How long a write that was not answered may still be under way. */
  readonly settleMs: number;
}

export class FencedCluster {
  private readonly board: MarkBoard;
  private held: string | null = null;

  constructor(
    readonly tools: ClusterTools,
    readonly push: PushIdentity,
  ) {
    this.board = new MarkBoard(tools.api.client);
  }

  get isLocked(): boolean {
    return this.held !== null;
  }

  /** @throws TransportError where we hold no lock: nothing is written without. */
  get token(): string {
    if (this.held === null) throw this.failure('APPLY_FAILED', 'the lock of the SDN is not held by this push');
    return this.held;
  }

  /** @throws TransportError STALE_FENCE | CONFIG_REFUSED (the pool is somebody else's). */
  async seen(): Promise<MarkSeen> {
    const seen = await this.board.read();
    if (seen.foreign !== null)
      throw this.failure(
        'CONFIG_REFUSED',
        `the pool ${MARK_POOL} says ${JSON.stringify(seen.foreign.slice(0, 100))}; its comment is where Trame writes which push was here: empty it, or give that pool another name`,
      );
    if (seen.mark !== null && seen.mark.fence > this.push.fence)
      throw this.failure('STALE_FENCE', `the cluster has seen a newer execution (fence ${seen.mark.fence}, ours is ${this.push.fence})`);
    return seen;
  }

  /**
   * Takes the lock and writes down whose it is. Where an older execution holds it, its token stands in the mark: the lock is given back and taken
   * anew, so that whoever still has the old token is refused from now on.
   * @throws TransportError PUSH_IN_PROGRESS: somebody else's, which is never broken. STALE_FENCE. OUTCOME_UNKNOWN.
   */
  async lock(state: ClusterMark['state'], { allowPending }: { readonly allowPending: boolean }): Promise<{ readonly wasHeld: boolean }> {
    const before = await this.seen();
    const wasHeld = before.mark?.token ? await this.giveBack(before.mark.token) : false;
    this.held = await this.ask(allowPending);
    try {
      await this.mark(state);
    } catch (error) {
      await this.giveBack(this.held);
      this.held = null;
      throw error;
    }
    return { wasHeld };
  }

  /** Says how far the push is, under its lock. */
  async mark(state: ClusterMark['state'], token: string | null = this.token): Promise<void> {
    const mark: ClusterMark = { revision: this.push.revision, fence: this.push.fence, state, token };
    for (let attempt = 1; ; attempt += 1) {
      const seen = await this.seen();
      try {
        return await this.board.write(mark, seen);
      } catch (error) {
        // The same words once more do no harm.
        if (!isPveError(error, 'NO_ANSWER') || attempt === 3) throw error;
        await this.tools.api.client.wait();
      }
    }
  }

  /** Gives the lock back; while that is not sure, the token stands in the mark, and the next execution does it. Idempotent. */
  async release(): Promise<void> {
    if (this.held === null) return;
    await this.mark('DONE');
    await this.giveBack(this.held);
    this.held = null;
    await this.mark('DONE', null);
  }

  failure(code: TransportErrorCode, detail: string): Error {
    return pushFailure(this.tools.device, code, detail);
  }

  private async ask(allowPending: boolean): Promise<string> {
    try {
      return await this.tools.api.lock(allowPending);
    } catch (error) {
      if (isPveError(error, 'REFUSED'))
        throw this.failure(
          'PUSH_IN_PROGRESS',
          `the SDN is locked, or has changes that are not applied (${error.facts.words}); another program or person is at work, or an answer with the token of our own lock was lost. Where nobody is: \`pvesh delete /cluster/sdn/lock --force 1\``,
        );
      if (isPveError(error, 'NOT_IMPLEMENTED'))
        throw this.failure(
          'CONFIG_REFUSED',
          'this release has no lock of the SDN, without which two writers overwrite each other: Proxmox VE 9.0 or later is needed',
        );
      if (isPveError(error, 'NO_ANSWER'))
        throw this.failure(
          'OUTCOME_UNKNOWN',
          'the lock of the SDN was asked for and no answer came; if it was given, nobody knows its token: `pvesh delete /cluster/sdn/lock --force 1` takes it away',
        );
      throw error;
    }
  }

  /** @returns false where it was not held with that token any more: somebody has forced it, or it had been given back before. */
  private async giveBack(token: string): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.tools.api.unlock(token);
        return true;
      } catch (error) {
        if (isPveError(error, 'REFUSED', 'INVALID_PARAMETERS')) return attempt > 1;
        if (!isPveError(error, 'NO_ANSWER') || attempt === 3) throw error;
        await this.tools.api.client.wait();
      }
    }
  }
}
