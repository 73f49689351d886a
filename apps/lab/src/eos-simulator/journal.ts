/** What happened on the switch and when: for assertions of tests and for the proof that no two pushes overlap. */
import type { Clock } from './clock.js';
import type { SessionEvent } from './config-sessions.js';

export interface JournalRequest {
  readonly user: string;
  readonly commands: readonly string[];
  readonly startedAt: number;
  endedAt: number | null;
  outcome: 'done' | 'refused' | 'lost' | null;
}

/** One configuration session from its first command to its end. */
export interface JournalPush {
  readonly session: string;
  readonly startedAt: number;
  endedAt: number | null;
  /** The last thing that happened to it. */
  outcome: SessionEvent;
}

const ENDS: readonly SessionEvent[] = ['committed', 'confirmed', 'aborted', 'reverted', 'expired', 'failed', 'lost'];

export class Journal {
  readonly requests: JournalRequest[] = [];
  readonly pushes: JournalPush[] = [];
  readonly events: { readonly at: number; readonly event: SessionEvent; readonly session: string }[] = [];

  constructor(private readonly clock: Clock) {}

  request(user: string, commands: readonly string[]): JournalRequest {
    const entry: JournalRequest = { user, commands, startedAt: this.clock.now(), endedAt: null, outcome: null };
    this.requests.push(entry);
    return entry;
  }

  close(entry: JournalRequest, outcome: 'done' | 'refused' | 'lost'): void {
    entry.endedAt = this.clock.now();
    entry.outcome = outcome;
  }

  sessionEvent(event: SessionEvent, session: string): void {
    const at = this.clock.now();
    this.events.push({ at, event, session });
    if (event === 'opened') this.pushes.push({ session, startedAt: at, endedAt: null, outcome: event });
    const push = this.pushes.findLast((candidate) => candidate.session === session && candidate.endedAt === null);
    if (push === undefined) return;
    push.outcome = event;
    if (ENDS.includes(event)) push.endedAt = at;
  }
}
