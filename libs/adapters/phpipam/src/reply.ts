/** What an answer of phpIPAM's API means. Its status is not believed alone: the body says `code`, and an empty list is an error with words. */
import { z } from 'zod';
import { jsonOf, type OutboundResponse } from '#adapters/outbound';
import { PhpIpamError, type PhpIpamErrorCode } from './phpipam-error.js';

const Envelope = z.object({
  code: z.coerce.number().int(),
  /** 0, 1, "0" and "1" from error paths of older releases. */
  success: z.union([z.boolean(), z.coerce.number()]).optional(),
  message: z.string().nullish(),
  id: z.union([z.string(), z.number()]).nullish(),
  data: z.unknown().optional(),
});

export interface Reply {
  readonly code: number;
  readonly isSuccess: boolean;
  readonly message: string;
  readonly id: string | null;
  readonly data: unknown;
}

/** What it says where there is none of what was asked for. With any other words nothing is known to be empty. */
const NONE = new Set([
  'No subnets found',
  'No addresses found',
  'No slaves',
  'No vlans configured',
  'No vrfs configured',
  'No domains configured',
  'No objects found',
  'No circuits configured',
  'No sections available',
  'No results (filter applied)',
  'Vlans not found',
  'Address not found',
  'No subnets belonging to this vrf',
  'No vlans belonging to this domain',
  'No custom fields defined',
]);
const MISSING =
  /^(Invalid (subnet Id|VRF id|Vlan id|domain id|Id|identifier)\b|Vlan not found|VRF not found|Address does not exist|Section does not exist)/;
const WRONG_PASSWORD = /Invalid username or password/i;
const BLOCKED = /has been blocked/i;
/** MySQL: lock wait timeout, deadlock: rolled back. */
const BUSY = /Cannot obtain lock|\b1205\b|\b1213\b/;
const UNKNOWN_KEY = /^Invalid request key custom_/;

export const saysNone = ({ code, isSuccess, message }: Reply): boolean =>
  NONE.has(message) && (code === 404 || (code === 200 && !isSuccess) || message === 'No sections available');
export const saysMissing = ({ code, isSuccess, message }: Reply): boolean =>
  (code === 404 || code === 400 || (code === 200 && !isSuccess)) &&
  (MISSING.test(message) || saysNone({ code, isSuccess, message } as Reply));
export const isDuplicate = (words: string): boolean => /\b1062\b|already exists|overlaps/i.test(words);

/** @throws PhpIpamError where it is no answer of the API. */
export function parseReply(call: string, isWrite: boolean, response: OutboundResponse): Reply {
  const { status, body } = response;
  const json = Envelope.safeParse(jsonOf(body));
  if (!json.success) throw unreadable(call, isWrite, response);
  const { code, success, message, id, data } = json.data;
  const isSuccess = code >= 200 && code <= 299 && (success === undefined || Boolean(success));
  // A gateway that puts its own status on a body of the API is no answer of the API.
  if (isSuccess && (status < 200 || status > 299)) throw unreadable(call, isWrite, response);
  return { code, isSuccess, message: message ?? '', id: id === undefined || id === null ? null : String(id), data };
}

export function refusal(call: string, isWrite: boolean, { code: status, message }: Reply): PhpIpamError {
  const words = (message || `it answered ${status}`).slice(0, 300);
  const error = (code: PhpIpamErrorCode, retriable = false): PhpIpamError => new PhpIpamError(code, { call, words, status, retriable });
  if (message === 'invalid permissions') return error('PHPIPAM_FORBIDDEN');
  if (status === 401 || status === 403 || WRONG_PASSWORD.test(message)) return error('PHPIPAM_UNAUTHORIZED');
  if (BLOCKED.test(message)) return error('PHPIPAM_BLOCKED', true);
  if (status === 503) return error('PHPIPAM_DISABLED');
  if (BUSY.test(message)) return error('PHPIPAM_BUSY', true);
  if (UNKNOWN_KEY.test(message)) return error('PHPIPAM_NOT_PREPARED');
  // A write that it says it failed at was not done; whoever sent it looks.
  if (status < 500 || isWrite) return error('PHPIPAM_REFUSED');
  return error('PHPIPAM_UNEXPECTED_ANSWER', true);
}

/** A gateway's: phpIPAM is not told, and may do it yet. */
const GAVE_UP_WAITING: ReadonlySet<number> = new Set([504, 524]);

function unreadable(call: string, isWrite: boolean, { status, body, headers }: OutboundResponse): PhpIpamError {
  if (status >= 300 && status < 400) {
    const words = `it sends to ${(headers['location'] ?? 'another page').slice(0, 100)}: the URL is not that of the installation, or its links are not prettified`;
    return new PhpIpamError('PHPIPAM_UNEXPECTED_ANSWER', { call, words, status, retriable: false });
  }
  const text = body
    // To the next bracket of either kind: of a megabyte of opening ones each would else be looked through to the end.
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const words =
    text === ''
      ? `${status} without a word (PHP ends so when its memory is used up)`
      : `${status}, and no document of the API: ${text.slice(0, 120)}`;
  // 5xx pass; anything else on a read is something that is not phpIPAM.
  return new PhpIpamError(isWrite ? 'PHPIPAM_NO_ANSWER' : 'PHPIPAM_UNEXPECTED_ANSWER', {
    call,
    words,
    status,
    retriable: isWrite || status >= 500,
    ...(isWrite && GAVE_UP_WAITING.has(status) ? { isTimeout: true } : {}),
  });
}
