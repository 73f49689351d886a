import { DomainError } from '#engines/kernel';

/** How far an exchange had come: nothing of the request leaves this process before `sent`. */
export type OutboundPhase = 'connect' | 'tls' | 'sent' | 'body';

export type OutboundCode = 'CONNECT_FAILED' | 'TLS_FAILED' | 'TIMEOUT' | 'RESPONSE_TOO_LARGE' | 'RESET' | 'ABORTED' | 'FORBIDDEN_TARGET';

export interface OutboundFacts extends Readonly<Record<string, unknown>> {
  /** Name of the client, as its owner called it. */
  readonly name: string;
  /** `host:port` of the URL; never its path or query, which may hold secrets. */
  readonly host: string;
  readonly phase: OutboundPhase;
  /** The same request may be repeated: the fault is temporary, and nothing was sent or the method is idempotent. */
  readonly retriable: boolean;
  /** What the layer below called it, e.g. `ECONNREFUSED`. */
  readonly reason?: string;
}

/**
 * The exchange did not take place or did not end. Any HTTP status is an answer, not an error.
 * Carries no cause: the errors of axios hold the whole request with its headers and body.
 */
export class OutboundError extends DomainError<OutboundCode, OutboundFacts> {
  constructor(code: OutboundCode, what: string, facts: OutboundFacts) {
    super(code, `${facts.name} (${facts.host}): ${what}`, facts);
    this.name = 'OutboundError';
  }
}
