/** Committing: live under a commit timer, proved by reading, confirmed, saved. */
import { ownedText } from '#engines/reconcile';
import { CommandRefusal, NoAnswer } from './eapi-client.js';
import { type FencedSwitch, isUnreachable } from './fenced-switch.js';
import type { Staged } from './session-stage.js';
import { DIGEST, digestOf, type SwitchStatus } from './switch-reader.js';

/** A session whose commit timer was seen to run. */
export interface Armed {
  readonly session: string;
  readonly desired: string;
  readonly digestBefore: string;
  readonly digestAfter: string;
}

const SAVE_ATTEMPTS = 3;

export class SessionCommit {
  constructor(private readonly device: FencedSwitch) {}

  /**
   * @returns null when somebody else was faster or the request was lost: nothing of ours is live then, stage again.
   * @throws TransportError APPLY_FAILED | PUSH_IN_PROGRESS | OUTCOME_UNKNOWN | REVERT_UNPROVEN | STALE_FENCE
   */
  async arm({ wanted, session, digestBefore }: Staged & { readonly session: string }, seconds: number): Promise<Armed | null> {
    const digestAfter = (await this.isUntouched(session, digestBefore)) ? await this.commit(session, digestBefore, seconds) : null;
    if (digestAfter !== null) return { session, desired: wanted.desired, digestBefore, digestAfter };
    await this.device.dropUnfinished(session);
    return null;
  }

  /** Until no timer runs and the change is in force. @throws TransportError APPLY_FAILED when the switch has undone it. */
  async confirm(armed: Armed): Promise<void> {
    for (;;) {
      const status = await this.device.status();
      if (status.timer !== armed.session) {
        if (await this.isInForce(armed, status.digest)) return;
        throw this.device.failure('APPLY_FAILED', 'the switch has undone the change: it was not confirmed in time, or it has reloaded');
      }
      if (!(await this.sendConfirmation(armed.session))) await this.device.wait();
    }
  }

  /** Only what is in force is saved, and only what was saved survives the next reload: one request looks and saves, the next one proves it. */
  async save(armed: Armed): Promise<void> {
    const { client } = this.device.tools;
    let reason = 'the startup-config is another one all the same';
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [, seen] = await client.commit(['enable', DIGEST, 'write memory']);
        if (!(await this.isInForce(armed, digestOf(seen))))
          throw this.device.failure('APPLY_FAILED', 'the switch has reloaded before the confirmed change was saved, and has lost it');
      } catch (error) {
        if (!(error instanceof CommandRefusal) && !(error instanceof NoAnswer)) throw error;
        reason = error.message;
      }
      // After a reload nothing differs from the startup-config either: what is stored has to be what is in force.
      if ((await this.isStored()) && (await this.isInForce(armed, (await this.statusAfterCommit()).digest))) return;
      if (attempt === SAVE_ATTEMPTS)
        throw this.device.failure('OUTCOME_UNKNOWN', `confirmed and live, but not saved for the next reload: ${reason}`);
      await this.device.wait();
    }
  }

  private async isStored(): Promise<boolean> {
    try {
      return await this.device.tools.reader.isStored();
    } catch (error) {
      if (isUnreachable(error)) return false;
      throw error;
    }
  }

  /** The lost-update guard: nobody committed since the session took its snapshot. */
  private async isUntouched(session: string, digestBefore: string): Promise<boolean> {
    const status = await this.device.status();
    if (status.timer !== null && status.timer !== session) throw this.device.timerRuns(status.timer);
    return status.digest === digestBefore && isPending(status, session);
  }

  /**
   * The digest is read once more in the same request: what somebody committed since the guard shows in it, and is in the
   * configuration to which an abort goes back. An answer that was lost does not show it: then nobody knows whose lines our session has
   * overwritten, and it goes back, too.
   * @returns the digest of the live change once the switch says, over a new connection, that this session's timer runs.
   */
  private async commit(session: string, digestBefore: string, seconds: number): Promise<string | null> {
    let isSeen = true;
    let mayBeUnderWay = false;
    try {
      const [, seen] = await this.device.tools.client.commit([
        'enable',
        DIGEST,
        `configure session ${session}`,
        `commit timer ${asClock(seconds)}`,
      ]);
      if (digestOf(seen) !== digestBefore) return null;
    } catch (error) {
      if (error instanceof CommandRefusal) {
        await this.device.dropUnfinished(session);
        throw this.device.failure('APPLY_FAILED', error.message);
      }
      if (!(error instanceof NoAnswer)) throw error;
      isSeen = false;
      mayBeUnderWay = error.mayHaveRun;
    }
    const digestAfter = await this.proveArmed(session, digestBefore, mayBeUnderWay);
    // A reload between guard and commit: EOS has made the session anew, empty, and now its timer guards nothing.
    return !isSeen || digestAfter === digestBefore ? null : digestAfter;
  }

  private async proveArmed(session: string, digestBefore: string, mayBeUnderWay: boolean): Promise<string | null> {
    const settled = performance.now() + (mayBeUnderWay ? this.device.tools.settleMs : 0);
    for (;;) {
      const status = await this.statusAfterCommit();
      if (status.timer === session) return status.digest;
      if (performance.now() >= settled) {
        if (isPending(status, session) || status.digest === digestBefore) return null;
        throw this.device.failure('REVERT_UNPROVEN', 'the session was committed, the running-config has changed, and no commit timer runs');
      }
      await this.device.wait();
    }
  }

  private async statusAfterCommit(): Promise<SwitchStatus> {
    try {
      return await this.device.status();
    } catch (error) {
      throw isUnreachable(error)
        ? this.device.failure('OUTCOME_UNKNOWN', 'the commit was sent, and since then the switch does not answer')
        : error;
    }
  }

  private async sendConfirmation(session: string): Promise<boolean> {
    try {
      await this.device.tools.client.commit(['enable', `configure session ${session} commit`]);
      return true;
    } catch (error) {
      if (error instanceof CommandRefusal || error instanceof NoAnswer) return false; // what became of it is read next
      throw error;
    }
  }

  /** Somebody may edit other lines after us: then ours decide. */
  private async isInForce({ desired, digestBefore, digestAfter }: Armed, digest: string | undefined): Promise<boolean> {
    if (digest === digestAfter || digest === digestBefore) return digest === digestAfter;
    return ownedText(await this.device.tools.reader.runningConfig(), desired) === desired;
  }
}

const isPending = ({ sessions }: SwitchStatus, session: string): boolean =>
  sessions.some(({ name, state }) => name === session && state === 'pending');

/** `hh:mm:ss`, as `commit timer` takes it. */
function asClock(seconds: number): string {
  const part = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${part(seconds / 3600)}:${part((seconds % 3600) / 60)}:${part(seconds % 60)}`;
}
