/**
 * One push through a configuration session, from its snapshot to its proof.
 *
 *   digest A ─ session open, lines ─ diff ─ digest still A? ─ commit timer ─ proof ─ digest B ─ commit (confirm) ─ save
 *                    └ refused: abort          └ no: start again                └ abort: back to A, proved
 *
 * A commit replaces the running-config by the session's snapshot, and whatever somebody else committed meanwhile is lost
 * without a word: hence the digests. An answer that does not come proves nothing: hence each step is followed by reading.
 */
import type { PushIdentity } from '#contexts/deployment/ports';
import { FencedSwitch, isUnreachable, type PushTools } from './fenced-switch.js';
import type { SwitchHealth } from './switch-reader.js';
import { ownedText } from '#engines/reconcile';
import { type Armed, SessionCommit } from './session-commit.js';
import { SessionStage, type Staged, type Wanted } from './session-stage.js';

/** Somebody else commits all the time: then a person has to look. */
const ATTEMPTS = 3;

export class ConfigPush {
  private readonly device: FencedSwitch;
  private readonly stager: SessionStage;
  private readonly committer: SessionCommit;
  private staged: Staged | null = null;
  private armed: Armed | null = null;
  /** Milliseconds of the epoch by which the switch has undone what was not confirmed. */
  private endsAt = 0;
  private isConfirmed = false;
  private health: SwitchHealth | null = null;

  constructor(tools: PushTools, push: PushIdentity) {
    this.device = new FencedSwitch(tools, push);
    this.stager = new SessionStage(this.device);
    this.committer = new SessionCommit(this.device);
  }

  /** As it was before the change went live; null before `apply`, and where the switch does not tell. */
  get healthBefore(): SwitchHealth | null {
    return this.health;
  }

  /** Undoes what executions up to this one have left. */
  async recover(): Promise<void> {
    const status = await this.device.status();
    const remains = status.sessions.filter((session) => this.device.isRemains(session));
    if (remains.length === 0) return;
    await this.abortRemains(performance.now() + this.device.tools.rollbackMs);
    if (!remains.some(({ state }) => state === 'timed')) return;
    await this.poll(
      'what an earlier execution left was aborted, but the running-config is still the same',
      async () => (await this.device.status()).digest !== status.digest,
    );
  }

  /** @returns the switch's own diff, empty when nothing is to be done. */
  async stage(wanted: Wanted): Promise<string> {
    this.staged = await this.stager.stage(wanted);
    return this.staged.diff;
  }

  async apply(confirmWithinSeconds: number): Promise<void> {
    if (this.staged === null) throw this.device.failure('APPLY_FAILED', 'nothing was staged over this connection');
    if (this.armed !== null) return this.proveStillArmed(this.armed);
    if (this.staged.session === null) return;
    this.health = await this.device.tools.reader.health();
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const { session } = this.staged;
      if (session === null) return;
      this.endsAt = performance.now() + confirmWithinSeconds * 1000;
      this.armed = await this.committer.arm({ ...this.staged, session }, confirmWithinSeconds);
      if (this.armed !== null) return;
      this.staged = await this.stager.stage(this.staged.wanted);
    }
    if (this.staged.session === null) return;
    await this.device.dropUnfinished(this.staged.session);
    throw this.device.failure(
      'APPLY_FAILED',
      `the running-config was changed by somebody else, or the commit was lost, ${ATTEMPTS} times in a row`,
    );
  }

  /** Idempotent, and saves: what is confirmed survives a reload. */
  async confirm(): Promise<void> {
    if (this.armed === null) {
      if (this.staged?.session === null) return;
      throw this.device.failure('APPLY_FAILED', 'nothing was applied over this connection');
    }
    await this.committer.confirm(this.armed);
    this.isConfirmed = true;
    await this.committer.save(this.armed);
  }

  /** Idempotent. @throws TransportError REVERT_UNPROVEN when the configuration before cannot be shown to be back. */
  async revert(): Promise<void> {
    const before = this.staged;
    const wasSent = this.endsAt > 0;
    await this.abortRemains(Math.max(this.endsAt, performance.now()) + this.device.tools.afterTimerMs);
    if (wasSent && before !== null) await this.proveOld(before);
    this.armed = null;
    this.staged = null;
    this.endsAt = 0;
  }

  private async proveStillArmed({ session }: Armed): Promise<void> {
    if ((await this.device.status()).timer === session) return;
    throw this.device.failure('APPLY_FAILED', 'it was applied already, and the switch has undone it');
  }

  /** A switch that does not answer undoes the change by itself: it is asked until it must have. */
  private async abortRemains(deadline: number): Promise<void> {
    for (;;) {
      try {
        const { sessions } = await this.device.status();
        const remains = sessions.filter((session) => this.device.isRemains(session));
        if (remains.length === 0) return;
        for (const { name } of remains) await this.device.abort(name);
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        if (performance.now() > deadline)
          throw this.device.failure('REVERT_UNPROVEN', 'the switch does not answer, although its commit timer must have run out');
        await this.device.wait();
      }
    }
  }

  private proveOld({ digestBefore, runningBefore, wanted }: Staged): Promise<void> {
    return this.poll('no session of ours is left, but the running-config is not what it was before the push', async () => {
      const { digest } = await this.device.status();
      if (this.isConfirmed && digest === this.armed?.digestAfter) {
        throw this.device.failure('REVERT_UNPROVEN', 'the change was confirmed: it can only be taken back by another push');
      }
      if (digest === digestBefore) return true;
      // A colleague has typed something meanwhile: what counts is that everything of ours is as it was.
      const now = await this.device.tools.reader.runningConfig();
      return [wanted.desired, ...wanted.previous].every((text) => ownedText(now, text) === ownedText(runningBefore, text));
    });
  }

  private async poll(otherwise: string, isDone: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + this.device.tools.rollbackMs;
    while (!(await isDone())) {
      if (performance.now() > deadline) throw this.device.failure('REVERT_UNPROVEN', otherwise);
      await this.device.wait();
    }
  }
}
