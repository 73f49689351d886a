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
import { remediate, RemediationError } from '#engines/reconcile';
import { CommandRefusal, type EapiClient, NoAnswer } from './eapi-client.js';
import { pause } from './pause.js';
import { protectedLine } from './protected-lines.js';
import { pushFailure } from './push-failure.js';
import { sessionName } from './session-name.js';
import { DIGEST, digestOf, type OpenSession, type SwitchReader, type SwitchStatus } from './switch-reader.js';

export interface PushTools {
  readonly device: string;
  readonly client: EapiClient;
  readonly reader: SwitchReader;
  readonly signal: AbortSignal;
  /** Milliseconds, see EosTiming. */
  readonly settleMs: number;
  readonly afterTimerMs: number;
}

export interface Wanted {
  readonly desired: string;
  readonly previous: readonly string[];
}

interface Staged {
  readonly wanted: Wanted;
  /** Null when the switch already has everything. */
  readonly session: string | null;
  readonly digestBefore: string;
}

interface Armed {
  readonly session: string;
  readonly digestBefore: string;
  /** Null until somebody has seen the timer run. */
  readonly digestAfter: string | null;
  /** Milliseconds of the epoch by which the switch has undone it, confirmed or not. */
  readonly endsAt: number;
}

const POLL_MS = 200;
/** Somebody else commits all the time: then a person has to look. */
const ATTEMPTS = 3;
/** EOS answers an abort when it has rolled back; a slow agent shows the old digest a little later. */
const ROLLBACK_MS = 15_000;
/** Default of EOS (`service configuration session max pending`). */
const MAX_PENDING = 5;

export class ConfigPush {
  private staged: Staged | null = null;
  private armed: Armed | null = null;
  private attempt = 0;
  private isConfirmed = false;

  constructor(
    private readonly tools: PushTools,
    private readonly push: PushIdentity,
  ) {}

  /** Undoes what executions up to this one have left. */
  async recover(): Promise<void> {
    const status = await this.status();
    const remains = status.sessions.filter((session) => this.isRemains(session));
    for (const { name } of remains) await this.abort(name);
    if (remains.length > 0) await this.proveGone(remains.some(({ state }) => state === 'timed') ? status.digest : null);
  }

  /** @returns the switch's own diff, empty when nothing is to be done. */
  async stage(wanted: Wanted): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      const status = await this.freeStatus();
      const commands = this.merge(await this.tools.reader.runningConfig(), wanted);
      if (commands.length === 0) return this.keepStaged(wanted, null, status.digest, '');
      const session = this.nextName(status);
      try {
        await this.tools.client.json(['enable', `configure session ${session}`, ...commands]);
      } catch (error) {
        await this.dropUnfinished(session, error);
        if (!(error instanceof NoAnswer) || attempt === ATTEMPTS) throw this.explainStaging(error);
        continue;
      }
      const diff = await this.tools.reader.sessionDiff(session);
      if (diff !== '') return this.keepStaged(wanted, session, status.digest, diff);
      await this.abort(session);
      return this.keepStaged(wanted, null, status.digest, '');
    }
  }

  async apply(confirmWithinSeconds: number): Promise<void> {
    if (this.staged === null) throw this.failure('APPLY_FAILED', 'nothing was staged over this connection');
    if (this.armed !== null) {
      if ((await this.status()).timer === this.armed.session) return;
      throw this.failure('APPLY_FAILED', 'it was applied already, and the switch has undone it');
    }
    for (let attempt = 1; attempt <= ATTEMPTS && this.staged.session !== null; attempt += 1) {
      const { session, digestBefore } = this.staged;
      if (await this.isUntouched(session, digestBefore)) {
        this.armed = { session, digestBefore, digestAfter: null, endsAt: Date.now() + confirmWithinSeconds * 1000 };
        if (await this.arm(session, confirmWithinSeconds)) return;
        this.armed = null;
      }
      await this.dropUnfinished(session);
      await this.stage(this.staged.wanted);
    }
    if (this.staged.session !== null)
      throw this.failure('APPLY_FAILED', `the running-config was changed by somebody else ${ATTEMPTS} times in a row`);
  }

  /** Idempotent, and saves: what is confirmed survives a reload. */
  async confirm(): Promise<void> {
    const { armed } = this;
    if (armed === null) {
      if (this.staged?.session === null) return;
      throw this.failure('APPLY_FAILED', 'nothing was applied over this connection');
    }
    while (!this.isConfirmed) {
      const status = await this.status();
      if (status.timer === armed.session) {
        this.isConfirmed = await this.sendConfirmation(armed);
        if (!this.isConfirmed) await pause(POLL_MS, this.tools.signal);
        continue;
      }
      if (status.digest === armed.digestBefore)
        throw this.failure('APPLY_FAILED', 'the switch has undone the change: it was not confirmed in time');
      if (status.digest !== armed.digestAfter)
        throw this.failure(
          'OUTCOME_UNKNOWN',
          'no commit timer runs, and the running-config is neither what was before nor what was applied',
        );
      this.isConfirmed = true;
    }
    await this.save();
  }

  /** Idempotent. @throws TransportError REVERT_UNPROVEN when the configuration before cannot be shown to be back. */
  async revert(): Promise<void> {
    const { armed } = this;
    const deadline = (armed === null ? Date.now() : Math.max(armed.endsAt, Date.now())) + this.tools.afterTimerMs;
    for (;;) {
      try {
        const status = await this.status();
        const remains = status.sessions.filter((session) => this.isRemains(session));
        for (const { name } of remains) await this.abort(name);
        if (remains.length === 0) break;
      } catch (error) {
        if (!isUnreachable(error) || Date.now() > deadline) throw this.unproven(error);
        await pause(POLL_MS, this.tools.signal);
      }
    }
    if (armed !== null) await this.proveDigest(armed);
    this.armed = null;
    this.staged = null;
  }

  // ——— staging ———

  private merge(running: string, { desired, previous }: Wanted): readonly string[] {
    let commands: readonly string[];
    try {
      commands = remediate({ running, previous, desired });
    } catch (error) {
      if (error instanceof RemediationError) throw this.failure('CONFIG_REFUSED', error.message);
      throw error;
    }
    const forbidden = protectedLine(commands);
    if (forbidden !== undefined)
      throw this.failure('CONFIG_REFUSED', `"${forbidden}" would touch the management of the switch, which no push may do`);
    return commands;
  }

  /** Room for a session and no commit timer. What was only staged is inert and goes; what is live is for `recover`. */
  private async freeStatus(): Promise<SwitchStatus> {
    const status = await this.status();
    if (status.timer !== null) throw this.timerRuns(status.timer);
    const remains = status.sessions.filter((session) => this.isRemains(session));
    for (const { name } of remains) await this.abort(name);
    const pending = status.sessions.filter((session) => session.state === 'pending' && !remains.includes(session)).map(({ name }) => name);
    if (pending.length >= MAX_PENDING)
      throw this.failure(
        'PUSH_IN_PROGRESS',
        `the switch takes ${MAX_PENDING} pending configuration sessions, and others have them all: ${pending.join(', ')}`,
      );
    return status;
  }

  private timerRuns(session: string): Error {
    return this.failure('PUSH_IN_PROGRESS', `a commit timer runs already, EOS has one at a time (session ${session})`);
  }

  private nextName(status: SwitchStatus): string {
    const used = status.sessions.flatMap(({ ours }) => (ours?.fence === this.push.fence ? [ours.attempt] : []));
    this.attempt = Math.max(this.attempt, ...used) + 1;
    return sessionName({ fence: this.push.fence, attempt: this.attempt });
  }

  private keepStaged(wanted: Wanted, session: string | null, digestBefore: string, diff: string): string {
    this.staged = { wanted, session, digestBefore };
    return diff;
  }

  private explainStaging(error: unknown): unknown {
    if (error instanceof CommandRefusal) return this.failure('CONFIG_REFUSED', error.message);
    return error instanceof NoAnswer ? this.failure('UNREACHABLE', error.message) : error;
  }

  // ——— committing ———

  /** The lost-update guard: nobody committed since the session took its snapshot. */
  private async isUntouched(session: string, digestBefore: string): Promise<boolean> {
    const status = await this.status();
    if (status.timer !== null && status.timer !== session) throw this.timerRuns(status.timer);
    return status.digest === digestBefore && status.sessions.some(({ name, state }) => name === session && state === 'pending');
  }

  /**
   * The digest is read once more in the same request: what somebody committed since the guard is in it, and in the
   * configuration to which an abort goes back.
   * @returns true when the switch says, over a new connection, that this session's timer runs on top of what we knew.
   */
  private async arm(session: string, seconds: number): Promise<boolean> {
    const commands = ['enable', DIGEST, `configure session ${session}`, `commit timer ${asClock(seconds)}`];
    let isAnswered = true;
    try {
      const [, seen] = await this.tools.client.commit(commands);
      if (digestOf(seen) !== this.armed?.digestBefore) return false;
    } catch (error) {
      if (error instanceof CommandRefusal) {
        await this.dropUnfinished(session);
        this.armed = null;
        throw this.failure('APPLY_FAILED', error.message);
      }
      if (!(error instanceof NoAnswer)) throw error;
      isAnswered = !error.mayHaveRun;
    }
    return this.proveArmed(session, isAnswered);
  }

  private async proveArmed(session: string, isAnswered: boolean): Promise<boolean> {
    const settled = Date.now() + (isAnswered ? 0 : this.tools.settleMs);
    for (;;) {
      const status = await this.statusOr('OUTCOME_UNKNOWN');
      if (status.timer === session) {
        this.armed = { ...(this.armed as Armed), digestAfter: status.digest };
        return true;
      }
      if (Date.now() < settled) {
        await pause(POLL_MS, this.tools.signal);
        continue;
      }
      const isPending = status.sessions.some(({ name, state }) => name === session && state === 'pending');
      if (isPending || status.digest === this.armed?.digestBefore) return false;
      throw this.failure('REVERT_UNPROVEN', 'the session was committed, the running-config has changed, and no commit timer runs');
    }
  }

  private async sendConfirmation({ session }: Armed): Promise<boolean> {
    try {
      await this.tools.client.commit(['enable', `configure session ${session} commit`]);
      return (await this.status()).timer === null;
    } catch (error) {
      if (error instanceof CommandRefusal || error instanceof NoAnswer) return false; // what became of it is read next
      throw error;
    }
  }

  private async save(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.tools.client.commit(['enable', 'write memory']);
        return;
      } catch (error) {
        const isAnswer = error instanceof CommandRefusal;
        if (!isAnswer && !(error instanceof NoAnswer)) throw error;
        if (attempt === ATTEMPTS)
          throw this.failure('OUTCOME_UNKNOWN', `confirmed and live, but not saved for the next reload: ${error.message}`);
        await pause(POLL_MS, this.tools.signal);
      }
    }
  }

  // ——— undoing ———

  /** Ours, not ended, and not of a later execution. */
  private isRemains({ ours, state }: OpenSession): boolean {
    return ours !== undefined && state !== 'ended' && ours.fence <= this.push.fence;
  }

  /** Gone already is as good; whether it is gone is read afterwards. */
  private async abort(session: string): Promise<void> {
    try {
      await this.tools.client.commit(['enable', `configure session ${session} abort`]);
    } catch (error) {
      if (!(error instanceof CommandRefusal) && !(error instanceof NoAnswer)) throw error;
    }
  }

  /** A batch that failed, or was not answered, leaves its session behind; five of them lock the switch. */
  private async dropUnfinished(session: string, cause?: unknown): Promise<void> {
    const isKnownToBeAbsent = cause instanceof NoAnswer && !cause.mayHaveRun;
    if (isKnownToBeAbsent) return;
    const { sessions } = await this.status();
    if (sessions.some(({ name, state }) => name === session && state !== 'ended')) await this.abort(session);
  }

  /** @param liveDigest digest while an unconfirmed change was live: it must not be the present one any more. */
  private async proveGone(liveDigest: string | null): Promise<void> {
    const deadline = Date.now() + ROLLBACK_MS;
    for (;;) {
      const status = await this.status();
      const isGone = !status.sessions.some((session) => this.isRemains(session));
      if (isGone && status.digest !== liveDigest) return;
      if (Date.now() > deadline)
        throw this.failure('REVERT_UNPROVEN', 'what an earlier execution left was aborted, but the running-config is still the same');
      await pause(POLL_MS, this.tools.signal);
    }
  }

  private async proveDigest({ digestBefore, digestAfter }: Armed): Promise<void> {
    const deadline = Date.now() + ROLLBACK_MS;
    for (;;) {
      const { digest } = await this.status();
      if (digest === digestBefore) return;
      if (this.isConfirmed && digest === digestAfter)
        throw this.failure('REVERT_UNPROVEN', 'the change was confirmed: it can only be taken back by another push');
      if (Date.now() > deadline)
        throw this.failure('REVERT_UNPROVEN', 'no session of ours is left, but the running-config is not what it was before the push');
      await pause(POLL_MS, this.tools.signal);
    }
  }

  // ——— reading ———

  private async status(): Promise<SwitchStatus> {
    const status = await this.tools.reader.status();
    const newer = status.sessions.find(({ ours }) => ours !== undefined && ours.fence > this.push.fence);
    if (newer !== undefined)
      throw this.failure('STALE_FENCE', `the switch has seen a newer execution (session ${newer.name}, ours has fence ${this.push.fence})`);
    return status;
  }

  private async statusOr(code: 'OUTCOME_UNKNOWN'): Promise<SwitchStatus> {
    try {
      return await this.status();
    } catch (error) {
      throw isUnreachable(error) ? this.failure(code, 'the commit was sent, and since then the switch does not answer') : error;
    }
  }

  private unproven(error: unknown): unknown {
    return isUnreachable(error)
      ? this.failure('REVERT_UNPROVEN', 'the switch does not answer, although its commit timer must have run out')
      : error;
  }

  private failure(code: Parameters<typeof pushFailure>[1], detail: string): ReturnType<typeof pushFailure> {
    return pushFailure(this.tools.device, code, detail);
  }
}

const isUnreachable = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'UNREACHABLE';

/** `hh:mm:ss`, as `commit timer` takes it. */
function asClock(seconds: number): string {
  const part = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${part(seconds / 3600)}:${part((seconds % 3600) / 60)}:${part(seconds % 60)}`;
}
