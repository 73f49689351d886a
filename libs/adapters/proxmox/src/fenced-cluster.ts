/** The cluster as one execution may see it: the mark tells whether a newer one has been there, and the lock lets nobody else write. */
import { type PushIdentity, staleRevision, type TransportErrorCode } from '#contexts/deployment/ports';
import { isDomainError } from '#engines/kernel';
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
  /** Milliseconds for taking and giving back what was called off: a process that ends has no more. */
  readonly undoMs: number;
  /** The fabric that the cluster is a device of; null: nobody said. */
  readonly owner: string | null;
}

export class FencedCluster {
  private readonly board: MarkBoard;
  private held: string | null = null;
  /** What is in force was not proven on every node; stands in the mark until it is. */
  isUnproven = false;

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

  /** @throws TransportError STALE_FENCE | CONFIG_REFUSED (the pool, or the cluster, is somebody else's). */
  async seen(): Promise<MarkSeen> {
    const seen = await this.board.read();
    if (seen.foreign !== null)
      throw this.failure(
        'CONFIG_REFUSED',
        `the pool ${MARK_POOL} says ${JSON.stringify(seen.foreign.slice(0, 100))}; its comment is where Trame writes which push was here: empty it, or give that pool another name`,
      );
    if (seen.mark?.owner && this.tools.owner !== null && seen.mark.owner !== this.tools.owner)
      throw this.failure(
        'CONFIG_REFUSED',
        `the cluster is a device of another fabric (${seen.mark.owner}, this one is ${this.tools.owner}), whose objects have the same names; where that fabric is no more, empty the comment of the pool ${MARK_POOL}`,
      );
    if (seen.mark !== null && seen.mark.fence > this.push.fence)
      throw this.failure('STALE_FENCE', `the cluster has seen a newer execution (fence ${seen.mark.fence}, ours is ${this.push.fence})`);
    return seen;
  }

  /**
   * A later execution that pushes an earlier revision was planned before the one that was here: the fence lets it in, this does not. What takes a
   * device back is a plan of its own, and of the revision that the fabric has by then. @throws TransportError STALE_REVISION.
   */
  refuseEarlier({ mark }: MarkSeen): void {
    if (mark !== null && mark.revision > this.push.revision)
      throw staleRevision(
        this.tools.device,
        `the cluster has seen revision ${mark.revision}, and the push is of revision ${this.push.revision}`,
        mark.revision,
        this.push.revision,
      );
  }

  /** Goes on a while after the push was called off. */
  apart<T>(work: () => Promise<T>): Promise<T> {
    return this.tools.api.client.apart(this.tools.undoMs, work);
  }

  /**
   * Takes the lock and writes down whose it is. Where an older execution holds it, its token stands in the mark: the lock is given back and taken
   * anew, so that whoever still has the old token is refused from now on.
   * @throws TransportError PUSH_IN_PROGRESS: somebody else's, which is never broken. STALE_FENCE. OUTCOME_UNKNOWN.
   */
  async lock(state: ClusterMark['state'], { allowPending }: { readonly allowPending: boolean }): Promise<void> {
    const before = await this.seen();
    this.isUnproven ||= before.mark?.isUnproven ?? false;
    // Called off in between, the answer would be lost, and with it the only token.
    await this.apart(async () => {
      if (before.mark?.token) await this.giveBack(before.mark.token);
      this.held = await this.ask(allowPending);
      try {
        await this.mark(state);
      } catch (error) {
        await this.giveBack(this.held);
        this.held = null;
        throw error;
      }
    });
  }

  /**
   * Proxmox compares a token with the lock that there is, and where there is none it takes any, an old one, too: so the mark is asked before each
   * write whether we still hold it. @returns the token. @throws TransportError STALE_FENCE.
   */
  async permit(): Promise<string> {
    const { token } = this;
    const { mark } = await this.seen();
    if (mark?.token === token && mark.fence === this.push.fence) return token;
    throw this.failure(
      'STALE_FENCE',
      `the lock is not ours any more (fence ${mark?.fence ?? 'unknown'} was here, ours is ${this.push.fence})`,
    );
  }

  /** Says how far the push is, under its lock. */
  async mark(state: ClusterMark['state'], token: string | null = this.token): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const seen = await this.seen();
      const mark: ClusterMark = {
        // An earlier one may still undo what a later one has left, and must not open the way for others as early as itself.
        revision: Math.max(this.push.revision, seen.mark?.revision ?? 0),
        fence: this.push.fence,
        state,
        token,
        isUnproven: this.isUnproven,
        owner: this.tools.owner,
      };
      try {
        return await this.board.write(mark, seen);
      } catch (error) {
        // The same words once more do no harm.
        if (!isPveError(error, 'NO_ANSWER') || attempt === 3) throw error;
        await this.tools.api.client.wait();
      }
    }
  }

  /**
   * It is done, and the lock is given back. The mark that says so is the point from which there is no way back; what fails after it is left to the
   * next execution, which finds the token in the mark. Idempotent. @throws where the mark could not be written: then it is not done.
   */
  async release(): Promise<void> {
    const token = this.held;
    if (token === null) return;
    await this.apart(async () => {
      await this.mark('DONE');
      this.held = null;
      try {
        await this.giveBack(token);
        await this.mark('DONE', null);
      } catch (error) {
        if (!isDomainError(error)) throw error;
      }
    });
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
      if (isPveError(error, 'NO_ANSWER', 'ABORTED'))
        throw this.failure(
          'OUTCOME_UNKNOWN',
          'the lock of the SDN was asked for and no answer came; if it was given, nobody knows its token: `pvesh delete /cluster/sdn/lock --force 1` takes it away',
        );
      throw error;
    }
  }

  /** One that is not held with that token any more was forced, or given back before. */
  private async giveBack(token: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.tools.api.unlock(token);
      } catch (error) {
        if (isPveError(error, 'REFUSED', 'INVALID_PARAMETERS')) return;
        if (!isPveError(error, 'NO_ANSWER') || attempt === 3) throw error;
        await this.tools.api.client.wait();
      }
    }
  }
}
