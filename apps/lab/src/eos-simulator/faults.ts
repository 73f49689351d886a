/** What can go wrong between a client and a switch, on demand and once each. */

export type FaultKind =
  /** The connection is cut before TLS. */
  | 'tls-error'
  /** No answer; the commands are not run. */
  | 'hang'
  /** No answer; the commands are run. */
  | 'hang-after'
  /** nginx in front of the agent: HTTP 502, the commands are not run. */
  | 'bad-gateway'
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
}

export class Faults {
  private readonly waiting: Fault[] = [];

  /** Faults are used up in the order in which requests meet them. */
  add(...faults: readonly Fault[]): void {
    this.waiting.push(...faults);
  }

  clear(): void {
    this.waiting.length = 0;
  }

  get pending(): number {
    return this.waiting.length;
  }

  takeForConnection(): boolean {
    return this.take(({ kind, when }) => kind === 'tls-error' && (when?.([]) ?? true)) !== undefined;
  }

  takeForRequest(commands: readonly string[]): FaultKind | undefined {
    return this.take(({ kind, when }) => kind !== 'tls-error' && (when?.(commands) ?? true))?.kind;
  }

  private take(matches: (fault: Fault) => boolean): Fault | undefined {
    const at = this.waiting.findIndex(matches);
    return at < 0 ? undefined : this.waiting.splice(at, 1)[0];
  }
}
