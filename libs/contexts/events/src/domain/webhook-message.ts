import { DomainError } from '#engines/kernel';

/** Body of a Standard Webhooks message: what happened, when, and to what. */
export interface WebhookBody {
  readonly type: string;
  /** Null where the sender left it out; then the time of sending stands for it. */
  readonly timestamp: Date | null;
  readonly data: Readonly<Record<string, unknown>>;
}

const MAX_DEPTH = 32;
const TYPE = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;

/** @throws DomainError INVALID_VALUE that says what a body must be. Duplicate keys: the last one counts, as in every JSON parser. */
export function parseWebhookBody(text: string): WebhookBody {
  const value = parseJson(text);
  if (!isObject(value)) throw notUnderstood('the body is one JSON object');
  refuseDepthAndPrototypes(value, 1);
  const { type, timestamp, data } = value;
  if (typeof type !== 'string' || !TYPE.test(type)) throw notUnderstood('`type` is a name such as order.created');
  if (!isObject(data)) throw notUnderstood('`data` is a JSON object');
  return { type, timestamp: parseTimestamp(timestamp), data };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notUnderstood('the body is JSON in UTF-8, without a byte order mark');
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value);

/** JSON.parse keeps `__proto__` as an own key; whoever copies such an object by assignment changes its prototype. */
function refuseDepthAndPrototypes(value: unknown, depth: number): void {
  if (value === null || typeof value !== 'object') return;
  if (depth > MAX_DEPTH) throw notUnderstood(`the body is at most ${MAX_DEPTH} levels deep`);
  if (Object.hasOwn(value, '__proto__')) throw notUnderstood('no key is named __proto__');
  for (const part of Object.values(value)) refuseDepthAndPrototypes(part, depth + 1);
}

function parseTimestamp(value: unknown): Date | null {
  if (value === undefined) return null;
  const at = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T[\d:.]{5,18}(?:Z|[+-]\d{2}:\d{2})$/.test(value) ? new Date(value) : undefined;
  if (!at || Number.isNaN(at.getTime())) throw notUnderstood('`timestamp` is RFC 3339 with a zone');
  return at;
}

const notUnderstood = (accepted: string): DomainError<'INVALID_VALUE'> =>
  new DomainError('INVALID_VALUE', `the message is not understood: ${accepted}`, { accepted });
