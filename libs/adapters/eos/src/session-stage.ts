/** Staging: our lines merged into what the switch has, in a configuration session that nobody has committed. */
import { RemediationError, remediate } from '#engines/reconcile';
import { CommandRefusal, NoAnswer } from './eapi-client.js';
import type { FencedSwitch } from './fenced-switch.js';
import { isProtected, managementVrfs } from './protected-lines.js';
import { trespasses } from './session-gate.js';
import { takenOver } from './taken-over.js';
import { sessionName } from './session-name.js';
import type { SwitchStatus } from './switch-reader.js';

export interface Wanted {
  readonly desired: string;
  readonly previous: readonly string[];
}

export interface Staged {
  readonly wanted: Wanted;
  /** Null when the switch already has everything. */
  readonly session: string | null;
  /** Digest of the running-config that the session is a change of. */
  readonly digestBefore: string;
  readonly runningBefore: string;
  /** The switch's own words, empty when nothing is to be done. */
  readonly diff: string;
}

/** Default of EOS (`service configuration session max pending`). */
const MAX_PENDING = 5;
const ATTEMPTS = 3;
/** Lines that a refusal names: the first ones tell what went wrong. */
const SHOWN = 5;

export class SessionStage {
  /** EOS does not take a completed name again. */
  private attempt = 0;

  constructor(private readonly device: FencedSwitch) {}

  /** @throws TransportError CONFIG_REFUSED | PUSH_IN_PROGRESS | STALE_FENCE | UNREACHABLE; no session of ours is left then. */
  async stage(wanted: Wanted): Promise<Staged> {
    const { client, reader } = this.device.tools;
    for (let attempt = 1; ; attempt += 1) {
      const status = await this.freeStatus();
      const running = await reader.runningConfig();
      const nothing: Staged = { wanted, session: null, digestBefore: status.digest, runningBefore: running, diff: '' };
      const owned = this.device.tools.isFullyManaged ? { ...wanted, previous: [...wanted.previous, takenOver(running)] } : wanted;
      const commands = this.merge(running, owned);
      if (commands.length === 0) return this.saved(nothing);
      const session = this.nextName(status);
      try {
        await client.json(['enable', `configure session ${session}`, ...commands]);
      } catch (error) {
        await this.device.dropUnfinished(session);
        if (error instanceof CommandRefusal) throw this.device.failure('CONFIG_REFUSED', error.message);
        if (!(error instanceof NoAnswer)) throw error;
        if (attempt === ATTEMPTS) throw this.device.failure('UNREACHABLE', error.message);
        continue;
      }
      const { diff, config } = await reader.session(session);
      if (diff === '') {
        await this.device.abort(session);
        return nothing;
      }
      const wrong = trespasses({ running, predicted: config, ...owned });
      if (wrong.length === 0) return { ...nothing, session, diff };
      await this.refuse(session, status, wrong, attempt);
    }
  }

  /** Strangers' lines in the outcome are either our fault, or somebody committed between our reading and our session: then again. */
  private async refuse(session: string, { digest }: SwitchStatus, wrong: readonly string[], attempt: number): Promise<void> {
    await this.device.abort(session);
    if ((await this.device.status()).digest !== digest && attempt < ATTEMPTS) return;
    throw this.device.failure('CONFIG_REFUSED', `a commit would touch lines that are not ours: ${wrong.slice(0, SHOWN).join('; ')}`);
  }

  /** An execution that died after its confirmation has not saved: then a reload would take away what everybody counts on. */
  private async saved(nothing: Staged): Promise<Staged> {
    const { client, reader } = this.device.tools;
    const isStored = async (): Promise<boolean> => {
      const startup = await reader.startupConfig();
      return startup !== null && this.merge(startup, nothing.wanted).length === 0;
    };
    if (await isStored()) return nothing;
    let reason = 'the startup-config is another one all the same';
    try {
      await client.commit(['enable', 'write memory']);
    } catch (error) {
      if (!(error instanceof CommandRefusal) && !(error instanceof NoAnswer)) throw error;
      reason = error.message;
    }
    if (await isStored()) return nothing;
    throw this.device.failure('OUTCOME_UNKNOWN', `everything is in force, but it could not be saved for the next reload: ${reason}`);
  }

  private merge(running: string, { desired, previous }: Wanted): readonly string[] {
    const commands = this.remediate(running, desired, previous);
    const vrfs = managementVrfs(running);
    const forbidden = commands.find((command) => isProtected(command, vrfs));
    if (forbidden === undefined) return commands;
    throw this.device.failure('CONFIG_REFUSED', `"${forbidden}" would touch the management of the switch, which no push may do`);
  }

  private remediate(running: string, desired: string, previous: readonly string[]): readonly string[] {
    try {
      return remediate({ running, previous, desired });
    } catch (error) {
      throw error instanceof RemediationError ? this.device.failure('CONFIG_REFUSED', error.message) : error;
    }
  }

  /** Room for a session and no commit timer. What was only staged is inert and goes; what is live is for `recover`. */
  private async freeStatus(): Promise<SwitchStatus> {
    const status = await this.device.status();
    if (status.timer !== null) throw this.device.timerRuns(status.timer);
    const remains = status.sessions.filter((session) => this.device.isRemains(session));
    for (const { name } of remains) await this.device.abort(name);
    const others = status.sessions.filter((session) => session.state === 'pending' && !remains.includes(session)).map(({ name }) => name);
    if (others.length < MAX_PENDING) return status;
    throw this.device.failure(
      'PUSH_IN_PROGRESS',
      `the switch takes ${MAX_PENDING} pending configuration sessions, and others have them all: ${others.join(', ')}`,
    );
  }

  private nextName({ sessions }: SwitchStatus): string {
    const { revision, fence } = this.device.push;
    const used = sessions.flatMap(({ ours }) => (ours?.fence === fence ? [ours.attempt] : []));
    this.attempt = Math.max(this.attempt, ...used) + 1;
    return sessionName({ revision, fence, attempt: this.attempt });
  }
}
