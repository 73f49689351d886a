import { createHash } from 'node:crypto';

/** JSON with object keys sorted: equal values give equal bytes (the subset of RFC 8785 that our plain data needs). */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

/** SHA-256 in hexadecimal of a text as it stands, or of a value in canonical JSON. */
export function digest(value: unknown): string {
  return createHash('sha256')
    .update(typeof value === 'string' ? value : canonicalJson(value))
    .digest('hex');
}

/** UTF-8. */
export const bytesOf = (text: string): Uint8Array => Buffer.from(text);

/** SHA-256 in hexadecimal of texts one behind the other, or of their bytes, without joining them. No character may be cut in two. */
export function digestOfParts(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
