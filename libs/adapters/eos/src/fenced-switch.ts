/** The switch as one execution may see it: every look at it tells whether a newer execution has been there. */
import type { PushIdentity, TransportErrorCode } from '#contexts/deployment/ports';
import { CommandRefusal, type EapiClient, NoAnswer } from './eapi-client.js';
import { pause } from './pause.js';
import { pushFailure } from './push-failure.js';
import type { OpenSession, SwitchReader, SwitchStatus } from './switch-reader.js';

export interface PushTools {
  readonly device: string;
  readonly client: EapiClient;
  readonly reader: SwitchReader;
  readonly signal: AbortSignal;
  /** Lines that nobody of us made go, too. */
  readonly isFullyManaged: boolean;
  /** Milliseconds, see EosTiming. */
  readonly settleMs: number;
  readonly rollbackMs: number;
  readonly afterTimerMs: number;
}

const POLL_MS = 200;

export class FencedSwitch {
  constructor(
    readonly tools: PushTools,
    readonly push: PushIdentity,
  ) {}

  /** @throws TransportError STALE_FENCE | UNREACHABLE | ABORTED */
  async status(): Promise<SwitchStatus> {
    const status = await this.tools.reader.status();
    const newer = status.sessions.find(({ ours }) => ours !== undefined && ours.fence > this.push.fence);
    if (newer === undefined) return status;
    throw this.failure('STALE_FENCE', `the switch has seen a newer execution (session ${newer.name}, ours has fence ${this.push.fence})`);
  }

  /** Ours, not ended: left by this execution or by an older one. */
  isRemains({ ours, state }: OpenSession): boolean {
    return ours !== undefined && state !== 'ended' && ours.fence <= this.push.fence;
  }

  /** Gone already is as good; whether it is gone is read afterwards. */
  async abort(session: string): Promise<void> {
    try {
      await this.tools.client.commit(['enable', `configure session ${session} abort`]);
    } catch (error) {
      if (!(error instanceof CommandRefusal) && !(error instanceof NoAnswer)) throw error;
    }
  }

  /** A batch that failed, or was not answered, leaves its session behind; five of them lock the switch. */
  async dropUnfinished(session: string): Promise<void> {
    const { sessions } = await this.status();
    if (sessions.some(({ name, state }) => name === session && state !== 'ended')) await this.abort(session);
  }

  /** Until the next look. */
  wait(): Promise<void> {
    return pause(POLL_MS, this.tools.signal);
  }

  failure(code: TransportErrorCode, detail: string): Error {
    return pushFailure(this.tools.device, code, detail);
  }

  timerRuns(session: string): Error {
    return this.failure('PUSH_IN_PROGRESS', `a commit timer runs already, EOS has one at a time (session ${session})`);
  }
}

export const isUnreachable = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'UNREACHABLE';
