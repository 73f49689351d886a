/**
 * Configuration sessions of EOS: snapshots of the running-config that replace it when they are committed.
 * "Merge on commit is disabled": what somebody else committed meanwhile is lost without a word.
 */
import type { Clock } from './clock.js';
import { CommandRefused } from './config/apply-command.js';
import type { Section } from './config/section.js';

/** As `show configuration sessions detail` says it; `timed` is committed with a running commit timer. */
export type SessionState = 'pending' | 'timed' | 'completed';

export interface ConfigSession {
  readonly name: string;
  state: SessionState;
  config: Section;
  readonly user: string;
  description: string;
  /** Milliseconds of the epoch: the last time that somebody was in it. */
  touchedAt: number;
  completedAt: number | null;
}

export interface CommitTimer {
  readonly session: string;
  /** Milliseconds of the epoch. */
  readonly expiresAt: number;
}

/** What the sessions act upon. */
export interface RunningConfig {
  running(): Section;
  /** Resolves when the new configuration has taken effect. */
  replace(config: Section): Promise<void>;
}

/** `failed`: the timer ran out, and the data plane did not take the configuration before. */
export type SessionEvent = 'opened' | 'timer-started' | 'committed' | 'confirmed' | 'aborted' | 'reverted' | 'expired' | 'failed' | 'lost';

const MAX_PENDING = 5;
const MAX_COMPLETED = 1;
const IDLE_MS = 24 * 3600 * 1000;

export class ConfigSessions {
  private readonly sessions = new Map<string, ConfigSession>();
  private timer: (CommitTimer & { readonly checkpoint: Section; readonly cancel: () => void }) | null = null;

  constructor(
    private readonly target: RunningConfig,
    private readonly clock: Clock,
    private readonly onEvent: (event: SessionEvent, session: string) => void,
  ) {}

  get commitTimer(): CommitTimer | null {
    return this.timer;
  }

  list(): readonly ConfigSession[] {
    this.forgetIdle();
    return [...this.sessions.values()];
  }

  /** @throws CommandRefused for a name that was used up, or when there are too many. */
  enter(name: string, user: string): ConfigSession {
    this.forgetIdle();
    const known = this.sessions.get(name);
    if (known?.state === 'completed') throw new CommandRefused(`Cannot enter session ${name} (already completed)`);
    if (known !== undefined) {
      known.touchedAt = this.clock.now();
      return known;
    }
    if (this.list().filter(({ state }) => state === 'pending').length >= MAX_PENDING) {
      throw new CommandRefused(
        'Maximum number of pending sessions has been reached. Please commit or abort previous sessions before creating a new one.',
      );
    }
    const made: ConfigSession = {
      name,
      state: 'pending',
      config: this.target.running().clone(),
      user,
      description: '',
      touchedAt: this.clock.now(),
      completedAt: null,
    };
    this.sessions.set(name, made);
    this.onEvent('opened', name);
    return made;
  }

  find(name: string): ConfigSession {
    this.forgetIdle();
    const session = this.sessions.get(name);
    if (session === undefined) throw new CommandRefused(`Session ${name} does not exist`);
    return session;
  }

  /** Commits an open session, or confirms the one whose timer runs. */
  async commit(name: string): Promise<void> {
    const session = this.find(name);
    this.refuseWhileOtherTimerRuns(name);
    if (session.state === 'completed') throw new CommandRefused(`Cannot commit session ${name} (already completed)`);
    const isConfirmation = session.state === 'timed';
    if (isConfirmation) this.stopTimer();
    this.complete(session);
    if (!isConfirmation) await this.target.replace(session.config.clone());
    this.onEvent(isConfirmation ? 'confirmed' : 'committed', name);
  }

  /** Said again for the session whose timer runs, it starts the timer anew. */
  async commitWithTimer(name: string, seconds: number): Promise<void> {
    const session = this.find(name);
    this.refuseWhileOtherTimerRuns(name);
    if (session.state === 'completed') throw new CommandRefused(`Cannot commit session ${name} (already completed)`);
    const checkpoint = this.timer?.checkpoint ?? this.target.running().clone();
    const isNew = this.timer === null;
    this.stopTimer();
    const expiresAt = this.clock.now() + seconds * 1000;
    const cancel = this.clock.at(expiresAt, () => {
      this.expire(name).catch(() => this.onEvent('failed', name));
    });
    this.timer = { session: name, expiresAt, checkpoint, cancel };
    session.state = 'timed';
    if (isNew) await this.target.replace(session.config.clone());
    this.onEvent('timer-started', name);
  }

  async abort(name: string): Promise<void> {
    const session = this.find(name);
    if (session.state === 'completed') throw new CommandRefused(`Cannot abort session ${name} (already completed)`);
    this.sessions.delete(name);
    if (this.timer?.session !== name) return this.onEvent('aborted', name);
    await this.rollBack();
    this.onEvent('reverted', name);
  }

  /** A reload: nothing of this survives. */
  clear(): void {
    this.stopTimer();
    for (const { name, state } of this.sessions.values()) if (state !== 'completed') this.onEvent('lost', name);
    this.sessions.clear();
  }

  private async expire(name: string): Promise<void> {
    this.sessions.delete(name);
    await this.rollBack();
    this.onEvent('expired', name);
  }

  private async rollBack(): Promise<void> {
    const checkpoint = this.timer?.checkpoint;
    this.stopTimer();
    if (checkpoint !== undefined) await this.target.replace(checkpoint);
  }

  private stopTimer(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private complete(session: ConfigSession): void {
    session.state = 'completed';
    session.completedAt = this.clock.now();
    const kept = [...this.sessions.values()]
      .filter(({ state }) => state === 'completed')
      .sort((a, b) => (b.completedAt ?? 0) - (a.completedAt ?? 0));
    for (const { name } of kept.filter((other) => other !== session).slice(MAX_COMPLETED - 1)) this.sessions.delete(name);
  }

  private refuseWhileOtherTimerRuns(name: string): void {
    if (this.timer === null || this.timer.session === name) return;
    throw new CommandRefused(`Cannot commit session ${name}: commit timer is pending for session ${this.timer.session}`);
  }

  private forgetIdle(): void {
    for (const [name, { state, touchedAt }] of this.sessions) {
      if (state !== 'pending' || this.clock.now() - touchedAt < IDLE_MS) continue;
      this.sessions.delete(name);
      this.onEvent('lost', name);
    }
  }
}
