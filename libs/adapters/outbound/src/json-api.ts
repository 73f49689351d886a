/**
 * What clients of a JSON API of an operator's own server have in common: who may be connected to, how long a call may take, what is known after
 * one that failed, and asking again.
 */
import { storableText } from '#engines/kernel';
import { OutboundError } from './outbound-error.js';
import { OutboundHttp, type OutboundRequest, type OutboundResponse } from './outbound-http.js';
import { Pace } from './pace.js';
import { pause } from './pause.js';

export interface ApiTiming {
  /** One read, milliseconds, until its last byte. */
  readonly readMs: number;
  /** One write. */
  readonly writeMs: number;
  /** Before something is asked or sent again; doubles each time. */
  readonly againMs: number;
}

interface ApiServer {
  /** Stands in errors: the connector's name. */
  readonly name: string;
  /** With it https only, and the server is accepted by its key alone. */
  readonly tls?: { readonly pinnedSpkiSha256: readonly string[] };
  readonly timing: ApiTiming;
  readonly maxAnswerBytes: number;
  /** Calls, repeated ones too; absent: as fast as they are answered. */
  readonly requestsPerSecond?: number | undefined;
}

/** What became of a call that was not answered. */
type Fate =
  /** Nothing of it was sent. */
  | 'UNSENT'
  /** It was sent: it may have been done. */
  | 'UNKNOWN'
  | 'ABORTED'
  /** The server's key is not the pinned one; nothing was sent. */
  | 'WRONG_KEY'
  /** Done, and its answer is more than is taken. */
  | 'TOO_LARGE';

export interface Unanswered {
  readonly fate: Fate;
  readonly wasSent: boolean;
  /** For people, without what may be secret. */
  readonly words: string;
  /** Of what was not sent: the fault is temporary. */
  readonly isTemporary: boolean;
  readonly isTimeout: boolean;
}

/** Further attempts. */
const AGAIN = 2;
const MAX_RETRY_AFTER_MS = 10_000;
/** Of one answer; honest ones have a dozen bytes and more for each. */
export const MAX_JSON_VALUES = 4_000_000;

export class JsonApi {
  private readonly http: OutboundHttp;
  private readonly pace: Pace | null;

  constructor(private readonly server: ApiServer) {
    this.pace = server.requestsPerSecond === undefined ? null : new Pace(server.requestsPerSecond);
    this.http = new OutboundHttp({
      name: server.name,
      timeoutMs: server.timing.readMs,
      maxResponseBytes: server.maxAnswerBytes,
      maxJsonValues: MAX_JSON_VALUES,
      allowPrivate: true, // an operator's own server
      maxRetries: 0, // a write that may have been done is looked for before it is sent again; reads are repeated by `repeat`
      ...(server.tls ? { tls: server.tls } : {}),
    });
  }

  /** Once. Any status is an answer. @param failed makes the error of the API's own. */
  async exchange(request: OutboundRequest, failed: (unanswered: Unanswered) => Error): Promise<OutboundResponse> {
    const { readMs, writeMs } = this.server.timing;
    try {
      await this.turn(request.signal);
      return await this.http.request({ timeoutMs: request.method === 'GET' ? readMs : writeMs, ...request });
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      throw failed(unansweredOf(error));
    }
  }

  /** Waiting for it is not part of the time that a call may take; who gives up meanwhile is told so by the call itself. */
  private async turn(signal?: AbortSignal): Promise<void> {
    await this.pace?.turn(signal).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });
  }

  /** Again, twice, while `isWorthIt` says so; each time later. */
  async repeat<T>(act: () => Promise<T>, isWorthIt: (error: unknown) => boolean, signal: AbortSignal): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await act();
      } catch (error) {
        if (attempt >= AGAIN || signal.aborted || !isWorthIt(error)) throw error;
        await pause(this.server.timing.againMs * 2 ** attempt, signal);
      }
    }
  }
}

function unansweredOf(error: OutboundError): Unanswered {
  const { phase, reason, retriable } = error.facts;
  const wasSent = phase === 'sent' || phase === 'body';
  const fate = (): Fate => {
    if (error.code === 'ABORTED') return 'ABORTED';
    if (reason === 'PIN_MISMATCH' || reason === 'PIN_MISSING') return 'WRONG_KEY';
    if (error.code === 'RESPONSE_TOO_LARGE') return 'TOO_LARGE';
    return wasSent ? 'UNKNOWN' : 'UNSENT';
  };
  return { fate: fate(), wasSent, words: error.message, isTemporary: retriable, isTimeout: error.code === 'TIMEOUT' };
}

/** What Postgres takes neither as text nor as JSON can stand in JSON by its escape alone; MySQL, behind phpIPAM, keeps NUL. */
const MAY_BE_UNSTORABLE = /\\u(?:0000|d[89a-f])/i;

/** With texts as they can be stored. undefined: not JSON, or not all of it. */
export function jsonOf(body: string): unknown {
  const storable = (_key: string, value: unknown): unknown => (typeof value === 'string' ? storableText(value) : value);
  try {
    return JSON.parse(body, MAY_BE_UNSTORABLE.test(body) ? storable : undefined) as unknown;
  } catch {
    return undefined;
  }
}

/** As long as a 429 asks for, up to ten seconds. */
export function retryAfter({ headers }: OutboundResponse, signal: AbortSignal): Promise<void> {
  const seconds = Number(headers['retry-after'] ?? 0);
  return pause(Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1000, MAX_RETRY_AFTER_MS) : 0, signal);
}
