/** What a NetBox sends when an event rule fires. A hint and no more: it comes once or never, and in any order. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { invalidValue } from '#engines/kernel';
import { INVENTORY_KINDS, type InventoryKind } from './inventory/kinds.js';

export interface NetBoxHint {
  readonly kind: InventoryKind;
  readonly remoteId: string;
}

const bodyShape = z.looseObject({
  event: z.string(),
  timestamp: z.string(),
  object_type: z.string().optional(), // from 4.5
  model: z.string().optional(), // until 4.4, and without the application
  data: z.looseObject({ id: z.int().positive() }),
});

/** Our words for types are Django's names of models in camel case. */
const KIND_OF_MODEL = new Map(INVENTORY_KINDS.map((kind) => [kind.toLowerCase(), kind]));
/** Plugins have applications of their own, and may have a model `device`. */
const OBJECT_TYPE = /^(?:dcim|ipam|tenancy|vpn)\.([a-z0-9]+)$/;

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
  const { event, object_type, model, data } = parsed.data;
  const kind = KIND_OF_MODEL.get((object_type === undefined ? model : OBJECT_TYPE.exec(object_type)?.[1]) ?? '');
  if (kind === undefined || !/^(?:created|updated|deleted)$/.test(event)) return null;
  return { kind, remoteId: String(data.id) };
}

/** Whether it has the form of one: what has not proves nothing, whatever the body is. */
export const isSignature = (text: string | undefined): boolean => /^[0-9a-f]{128}$/i.test(text ?? '');

/**
 * `X-Hook-Signature`: HMAC-SHA512 over the bytes of the body, in hexadecimal. It has no time in it: a copy is as good as the original.
 * @param secret an empty one accepts nothing.
 */
export function isSignedByNetBox(body: string | Uint8Array, signature: string | undefined, secret: string): boolean {
  const due = createHmac('sha512', secret).update(body).digest();
  const given = isSignature(signature) ? Buffer.from(signature ?? '', 'hex') : Buffer.alloc(due.length);
  return timingSafeEqual(due, given) && secret !== '';
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
