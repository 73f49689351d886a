/** What can go wrong between a client and NetBox, on demand. */
import type { Json } from './json.js';

export interface RequestLine {
  readonly method: string;
  /** `/api/ipam/prefixes/` */
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly body: string;
}

export type FaultKind =
  /** No answer; nothing is done. */
  | 'hang'
  /** No answer; it is done. */
  | 'hang-after'
  /** Done, and answered after `ms`. */
  | 'slow'
  /** The connection is cut before anything is done. */
  | 'reset-before'
  /** Done, then the connection is cut. */
  | 'reset-after'
  /** The proxy's page: 502, 503, a firewall's 403, and a login page with 200. Nothing is done. */
  | 'bad-gateway'
  | 'unavailable'
  /** The proxy's 504 at once; NetBox does not hear of that, checks it now, and has done it `ms` later. */
  | 'gateway-timeout'
  | 'firewall'
  | 'login-page'
  /** A proxy's 429 with `Retry-After`; NetBox itself has no limit. */
  | 'throttled'
  /** NetBox's own 500, that of a deadlock, and that of MAINTENANCE_MODE. Nothing is done. */
  | 'server-error'
  | 'deadlock'
  | 'maintenance'
  /** Done; half of the answer comes, and then the connection is cut. */
  | 'half-page'
  /** Done; the answer is complete for HTTP and broken as JSON. */
  | 'truncated-json'
  /** Done; the answer is what `rewrite` makes of it: a plugin, a proxy, another release. */
  | 'rewritten';

export interface Fault {
  readonly kind: FaultKind;
  /** Which request it hits; default the next one. */
  readonly when?: (request: RequestLine) => boolean;
  /** How many requests it hits, default 1. */
  readonly times?: number;
  /** Of `slow` and `gateway-timeout`, default 200. */
  readonly ms?: number;
  /** Seconds, of `throttled`; default 1. */
  readonly retryAfter?: number;
  readonly rewrite?: (answer: Json) => Json;
}

interface Interruption {
  readonly when: (request: RequestLine) => boolean;
  readonly what: () => void | Promise<void>;
}

export class Faults {
  /** Milliseconds between the checks of every write and the write. */
  commitMs = 0;
  private waiting: { readonly fault: Fault; left: number }[] = [];
  private before: readonly Interruption[] = [];
  private between: readonly Interruption[] = [];

  add(...faults: readonly Fault[]): void {
    this.waiting.push(...faults.map((fault) => ({ fault, left: fault.times ?? 1 })));
  }

  /** Once, before the first such request is looked at: a colleague at work. */
  meanwhile(when: Interruption['when'], what: Interruption['what']): void {
    this.before = [...this.before, { when, what }];
  }

  /** Once, after a request was checked and before it is written. */
  beforeCommit(when: Interruption['when'], what: Interruption['what']): void {
    this.between = [...this.between, { when, what }];
  }

  clear(): void {
    this.commitMs = 0;
    this.waiting = [];
    this.before = [];
    this.between = [];
  }

  /** Faults that nobody has met yet. */
  get armed(): number {
    return this.waiting.length;
  }

  take(request: RequestLine): Fault | null {
    const found = this.waiting.find(({ fault }) => fault.when?.(request) ?? true);
    if (!found) return null;
    found.left -= 1;
    if (found.left === 0) this.waiting = this.waiting.filter((one) => one !== found);
    return found.fault;
  }

  async interrupt(request: RequestLine): Promise<void> {
    const due = this.before.filter(({ when }) => when(request));
    this.before = this.before.filter((one) => !due.includes(one));
    for (const { what } of due) await what();
  }

  async commitGap(request: RequestLine, moreMs: number): Promise<void> {
    const due = this.between.filter(({ when }) => when(request));
    this.between = this.between.filter((one) => !due.includes(one));
    for (const { what } of due) await what();
    const ms = this.commitMs + moreMs;
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }
}
