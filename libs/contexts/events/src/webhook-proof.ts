import { isUtf8 } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Secret } from '#platform';

export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ProvenWebhook {
  readonly messageId: string;
  readonly sentAt: Date;
}

const TOLERANCE_SECONDS = 300;
// A dot would let a sender move bytes between the id and the timestamp of what is signed: `id.timestamp.body`.
const MESSAGE_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** 32 bytes in base64. */
const V1_SIGNATURE = /^v1,[A-Za-z0-9+/]{43}=$/;
const TIMESTAMP = /^[1-9]\d{0,10}$/;

/**
 * Proof of a Standard Webhooks message: its v1 signature (HMAC-SHA256) under any of the secrets, then its age, then its id.
 * The package signs; comparing is ours, because its `verify` reads the system clock, takes `12abc` for a timestamp and, for bytes
 * that are no UTF-8, checks the signature of other bytes than those that arrived.
 * @returns undefined for everything that is not proved.
 */
export function proveWebhook(headers: WebhookHeaders, body: Buffer, secrets: readonly Secret[], now: Date): ProvenWebhook | undefined {
  const [messageId, timestamp, signatures] = [headers['webhook-id'], headers['webhook-timestamp'], headers['webhook-signature']];
  if (typeof messageId !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return undefined;
  if (!TIMESTAMP.test(timestamp) || !isUtf8(body)) return undefined;
  const sentAt = new Date(Number(timestamp) * 1000);
  const expected = secrets.map((secret) => Buffer.from(new Webhook(secret.reveal()).sign(messageId, sentAt, body)));
  const given = signatures.split(' ').map((signature) => Buffer.from(signature));
  // Every pair is compared, so that the time taken does not tell which secret was meant.
  const matches = expected.flatMap((one) => given.map((other) => one.length === other.length && timingSafeEqual(one, other)));
  if (!matches.includes(true)) return undefined;
  if (!isRecent(Number(timestamp), now)) return undefined;
  return MESSAGE_ID.test(messageId) ? { messageId, sentAt } : undefined;
}

/** Whether the headers are those of a message that may be proved; nobody's secret is needed to tell. */
export function isPlausibleWebhook(headers: WebhookHeaders, now: Date): boolean {
  const [messageId, timestamp, signatures] = [headers['webhook-id'], headers['webhook-timestamp'], headers['webhook-signature']];
  if (typeof messageId !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return false;
  const isSigned = signatures.split(' ').some((signature) => V1_SIGNATURE.test(signature));
  return isSigned && MESSAGE_ID.test(messageId) && TIMESTAMP.test(timestamp) && isRecent(Number(timestamp), now);
}

const isRecent = (timestamp: number, now: Date): boolean => Math.abs(now.getTime() - timestamp * 1000) <= TOLERANCE_SECONDS * 1000;
