import { DomainError } from '#engines/kernel';

/** Everything that a call to NetBox can come to, beside its answer. */
export type NetBoxErrorCode =
  /** Nothing of the request was sent. */
  | 'NETBOX_UNREACHABLE'
  /** The server's key is not the pinned one; nothing was sent. */
  | 'NETBOX_WRONG_CERTIFICATE'
  /** Sent, and no answer of NetBox: none that can be read, or one of a gateway or a firewall in front of it. A write may have been done. */
  | 'NETBOX_NO_ANSWER'
  /** There is no such token, or it is expired, disabled, or not accepted from here. NetBox says 403 for that. */
  | 'NETBOX_UNAUTHORIZED'
  /** The token lacks a permission. */
  | 'NETBOX_FORBIDDEN'
  /** 404: not there, or not visible. */
  | 'NETBOX_MISSING'
  /** 400: understood and refused; the words are those of its fields. */
  | 'NETBOX_REFUSED'
  /** 409: others depend on it. */
  | 'NETBOX_CONFLICT'
  /** 412: somebody changed it in between. */
  | 'NETBOX_STALE'
  /** 500 with IntegrityError or OperationalError: a race in its database, rolled back. */
  | 'NETBOX_RACE'
  /** 429, from something in front of NetBox, or its own maintenance mode. */
  | 'NETBOX_BUSY'
  /** 3xx: the address of the connector is not that of the API. */
  | 'NETBOX_REDIRECTED'
  /** An answer of another shape than the API's: a page of something else, half a document, a field that is not there. */
  | 'NETBOX_UNEXPECTED_ANSWER'
  /** More in one answer than is taken, of a single object even. */
  | 'NETBOX_TOO_LARGE'
  /** Pages that do not add up: their count, or the order of their ids. */
  | 'NETBOX_INCOMPLETE'
  /** A release that is not spoken, or that changed since it was probed. */
  | 'NETBOX_RELEASE'
  /** The custom field or a prerequisite is not there, or is not what is needed. */
  | 'NETBOX_NOT_PREPARED'
  | 'NETBOX_ABORTED';

export interface NetBoxFacts extends Readonly<Record<string, unknown>> {
  /** `POST /api/ipam/prefixes/`, without its query. */
  readonly call: string;
  /** What NetBox said, or what is wrong. */
  readonly words: string;
  /** Asking again later is safe and may help. */
  readonly retriable: boolean;
  readonly status?: number;
  /** Of a write: it may be under way there still, and be done after it was looked for. */
  readonly isTimeout?: boolean;
}

export class NetBoxError extends DomainError<NetBoxErrorCode, NetBoxFacts> {
  constructor(code: NetBoxErrorCode, facts: NetBoxFacts) {
    super(code, `NetBox, ${facts.call}: ${facts.words}`, facts);
    this.name = 'NetBoxError';
  }
}

export const isNetBoxError = (error: unknown, ...codes: readonly NetBoxErrorCode[]): error is NetBoxError =>
  error instanceof NetBoxError && (codes.length === 0 || codes.includes(error.code));
