/** What a NetBox sends when an event rule fires. A hint and no more: it comes once or never, and in any order. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { InventoryKind } from '#contexts/sync/ports';
import { invalidValue } from '#engines/kernel';
import { kindOfType } from './change-feed.js';
import { KINDS } from './kinds.js';

export interface NetBoxHint {
  readonly kind: InventoryKind;
  readonly remoteId: string;
  readonly isDelete: boolean;
  /** Of the request that made the change: `X-Request-ID` of its answer. null: this release does not say. */
  readonly requestId: string | null;
  /** As NetBox wrote it; with the request, the type and the id it tells a repetition. */
  readonly timestamp: string;
}

const bodyShape = z.looseObject({
  event: z.string(),
  timestamp: z.string(),
  object_type: z.string().optional(), // from 4.5
  model: z.string().optional(), // until 4.4, and without the application
  request_id: z.string().nullish(), // until 4.6
  request: z.looseObject({ id: z.string() }).nullish(), // from 4.6
  data: z.looseObject({ id: z.int().positive() }),
});

const KIND_OF_MODEL = new Map(Object.values(KINDS).map(({ objectType }) => [objectType.split('.')[1], objectType]));

/**
 * @param body as it came.
 * @returns null: of an object that is not of the inventory, or of a job. @throws INVALID_VALUE: not an event of NetBox.
 */
export function parseNetBoxWebhook(body: string): NetBoxHint | null {
  const parsed = bodyShape.safeParse(parse(body));
  if (!parsed.success) {
    throw invalidValue(
      'event of NetBox',
      parsed.error.issues[0]?.path.join('.') || 'body',
      'JSON with event, timestamp, object_type or model, and data.id',
    );
  }
  const { event, timestamp, object_type, model, request, request_id, data } = parsed.data;
  const kind = kindOfType(object_type ?? KIND_OF_MODEL.get(model) ?? '');
  if (kind === null || !/^(?:created|updated|deleted)$/.test(event)) return null;
  return { kind, remoteId: String(data.id), isDelete: event === 'deleted', requestId: request?.id ?? request_id ?? null, timestamp };
}

/**
 * `X-Hook-Signature`: HMAC-SHA512 over the bytes of the body, in hexadecimal. It has no time in it: a copy is as good as the original, so
 * the caller tells repetitions.
 * @param secrets any of them; an empty one accepts nothing.
 */
export function isSignedByNetBox(body: string | Uint8Array, signature: string | undefined, secrets: readonly string[]): boolean {
  const given = /^[0-9a-f]{128}$/i.test(signature ?? '') ? Buffer.from(signature ?? '', 'hex') : null;
  if (given === null) return false;
  let isSigned = false;
  for (const secret of secrets) {
    const due = createHmac('sha512', secret).update(body).digest();
    if (secret !== '' && timingSafeEqual(due, given)) isSigned = true;
  }
  return isSigned;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
