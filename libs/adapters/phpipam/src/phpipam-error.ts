import { DomainError } from '#engines/kernel';

/** Everything that a call to phpIPAM can come to, beside its answer. */
export type PhpIpamErrorCode =
  /** Nothing of the request was sent. */
  | 'PHPIPAM_UNREACHABLE'
  /** The server's key is not the pinned one; nothing was sent. */
  | 'PHPIPAM_WRONG_CERTIFICATE'
  /** A write was sent, and no answer came that can be read: it may have been done. */
  | 'PHPIPAM_NO_ANSWER'
  /** 401, 403, or a wrong password, which phpIPAM answers with 500. */
  | 'PHPIPAM_UNAUTHORIZED'
  /** After more than ten wrong passwords, for five minutes. */
  | 'PHPIPAM_BLOCKED'
  /** The app may only read. */
  | 'PHPIPAM_FORBIDDEN'
  /** 503: the API or the app is switched off, or it wants https. */
  | 'PHPIPAM_DISABLED'
  /** The lock for writes was not had in time, or the database gave up: nothing was done. */
  | 'PHPIPAM_BUSY'
  /** Understood and refused; its words are in the facts. */
  | 'PHPIPAM_REFUSED'
  /** An answer that the API does not give: a page of PHP's, half a document, rows without ids. */
  | 'PHPIPAM_UNEXPECTED_ANSWER'
  /** More than is taken at once. */
  | 'PHPIPAM_TOO_LARGE'
  /** Older than 1.5. */
  | 'PHPIPAM_VERSION'
  /** The column for marks is not there, or too short for one. */
  | 'PHPIPAM_NOT_PREPARED'
  /** A section of the settings is not there. */
  | 'PHPIPAM_NO_SECTION'
  | 'PHPIPAM_ABORTED';

export interface PhpIpamFacts extends Readonly<Record<string, unknown>> {
  /** `POST /subnets/`, without its query. */
  readonly call: string;
  /** What phpIPAM said, or what is wrong. */
  readonly words: string;
  /** Asking again later is safe and may help. */
  readonly retriable: boolean;
  readonly status?: number;
  /** Of a write: it may be under way there still, and be done after it was looked for. */
  readonly isTimeout?: boolean;
  /** Of several writes, which one that is: those before it are done, those behind it were not sent. */
  readonly underWay?: readonly number[];
}

export class PhpIpamError extends DomainError<PhpIpamErrorCode, PhpIpamFacts> {
  constructor(code: PhpIpamErrorCode, facts: PhpIpamFacts) {
    super(code, `phpIPAM, ${facts.call}: ${facts.words}`, facts);
    this.name = 'PhpIpamError';
  }
}

export const isPhpIpamError = (error: unknown, ...codes: readonly PhpIpamErrorCode[]): error is PhpIpamError =>
  error instanceof PhpIpamError && (codes.length === 0 || codes.includes(error.code));
