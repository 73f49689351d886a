import { DomainError } from '#engines/kernel';

/** Everything that a call to a cluster can come to, beside its answer. */
export type PveErrorCode =
  /** Nothing of the request was sent. */
  | 'UNREACHABLE'
  /** The server's key is not the pinned one; nothing was sent. */
  | 'WRONG_CERTIFICATE'
  /** Sent, and no answer that can be read: it may have been done. */
  | 'NO_ANSWER'
  /** 401: there is no such token, or its secret is another one. */
  | 'UNAUTHORIZED'
  /** 403: the token lacks a privilege. */
  | 'FORBIDDEN'
  /** 400: a parameter is not what the API takes; `parameters` says which. */
  | 'INVALID_PARAMETERS'
  /** 501: this release has no such call. */
  | 'NOT_IMPLEMENTED'
  /** 595 to 599: the node that was asked could not reach the one that is meant. */
  | 'NODE_UNREACHABLE'
  /** 500, and nothing was done: the cluster has lost its quorum, and with it the right to write its files. */
  | 'NO_QUORUM'
  /** 500, and nothing was done: somebody else had the lock of the files all the time. Not that of the SDN. */
  | 'FILES_LOCKED'
  /** Any other refusal, in Proxmox' own words: it has one status for all of them. */
  | 'REFUSED'
  | 'ABORTED';

export interface PveFacts extends Readonly<Record<string, unknown>> {
  readonly call: string;
  /** What Proxmox said. */
  readonly words: string;
  /** What is wrong, by parameter. */
  readonly parameters?: Readonly<Record<string, string>>;
}

export class PveError extends DomainError<PveErrorCode, PveFacts> {
  constructor(code: PveErrorCode, facts: PveFacts) {
    const parameters = Object.entries(facts.parameters ?? {}).map(([name, what]) => `${name}: ${what}`);
    super(code, `${facts.call}: ${[facts.words, ...parameters].join('; ')}`, facts);
    this.name = 'PveError';
  }
}

export const isPveError = (error: unknown, ...codes: readonly PveErrorCode[]): error is PveError =>
  error instanceof PveError && (codes.length === 0 || codes.includes(error.code));
