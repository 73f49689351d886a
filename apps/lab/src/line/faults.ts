/** What can go wrong between a client and a device, on demand and once each. */

export type FaultKind =
  /** The connection is cut before TLS. */
  | 'tls-error'
  /** No answer; the commands are not run. */
  | 'hang'
  /** No answer; the commands are run. */
  | 'hang-after'
  /** A busy agent: the commands are run, and the answer comes after `ms`. */
  | 'slow'
  /** nginx in front of the agent: HTTP 502, the commands are not run. */
  | 'bad-gateway'
  /** nginx without an agent: HTTP 503, the commands are not run. */
  | 'unavailable'
  /** The cable is pulled before the commands are run, and is back after `ms`: until then connections are refused. */
  | 'unplug'
  /** The connection is cut before the commands are run. */
  | 'reset-before'
  /** The commands are run, then the connection is cut. */
  | 'reset-after'
  /** The commands are run, half of the answer is sent, then the connection is cut. */
  | 'reset-in-body'
  /** The commands are run; the answer is complete for HTTP and broken as JSON. */
  | 'truncated-json'
  /** The switch reloads instead of running the commands. */
  | 'reboot-before'
  /** The commands are run, then the switch reloads without an answer. */
  | 'reboot-after';

export interface Fault {
  readonly kind: FaultKind;
  /** Which request it hits; by default the next one. `tls-error` hits a connection: nothing is known of its commands then. */
  readonly when?: (commands: readonly string[]) => boolean;
  /** How long `slow` and `unplug` take, milliseconds; default 200. */
  readonly ms?: number;
}

/** Something that happens at the switch just before it runs a request: a colleague, a timer, another certificate. */
interface Interruption {
  readonly when: (commands: readonly string[]) => boolean;
  readonly what: () => void | Promise<void>;
}

const DEFAULT_MS = 200;

export class Faults {
  private readonly waiting: Fault[] = [];
  private interruptions: readonly Interruption[] = [];

  /** Faults are used up in the order in which requests meet them. */
  add(...faults: readonly Fault[]): void {
    this.waiting.push(...faults);
  }

  /** Once, before the first request that `when` says: what no client can see coming. */
  meanwhile(when: (commands: readonly string[]) => boolean, what: () => void | Promise<void>): void {
    this.interruptions = [...this.interruptions, { when, what }];
  }

  clear(): void {
    this.waiting.length = 0;
    this.interruptions = [];
  }

  /** Faults that nobody has met yet, without interruptions. */
  get armed(): number {
    return this.waiting.length;
  }

  get pending(): number {
    return this.waiting.length + this.interruptions.length;
  }

  async interrupt(commands: readonly string[]): Promise<void> {
    const due = this.interruptions.filter(({ when }) => when(commands));
    this.interruptions = this.interruptions.filter((one) => !due.includes(one));
    for (const { what } of due) await what();
  }

  takeForConnection(): boolean {
    return this.take(({ kind, when }) => kind === 'tls-error' && (when?.([]) ?? true)) !== undefined;
  }

  takeForRequest(commands: readonly string[]): { readonly kind: FaultKind; readonly ms: number } | undefined {
    const fault = this.take(({ kind, when }) => kind !== 'tls-error' && (when?.(commands) ?? true));
    return fault === undefined ? undefined : { kind: fault.kind, ms: fault.ms ?? DEFAULT_MS };
  }

  private take(matches: (fault: Fault) => boolean): Fault | undefined {
    const at = this.waiting.findIndex(matches);
    return at < 0 ? undefined : this.waiting.splice(at, 1)[0];
  }
}
