// What stands in a body of PATCH, read as pdns_server reads it.
import { Ip } from '#engines/kernel';
import { ApiRefusal } from './api-refusal.js';
import type { ReleaseRules } from './release-rules.js';

export type Json = Readonly<Record<string, unknown>>;

/** @throws ApiRefusal 422 unless the name is absolute and of the characters that PowerDNS takes. */
export function canonicalName(text: string): string {
  if (!text.endsWith('.')) throw new ApiRefusal(422, `DNS Name '${text}' is not canonical`);
  if (!/^(?:\*\.)?[A-Za-z0-9_/.-]*$/.test(text)) {
    throw new ApiRefusal(422, `Name '${text.replaceAll(' ', '\\032')}' contains unsupported characters`);
  }
  return text.toLowerCase();
}

/** @throws ApiRefusal 422 */
export function textOf(json: Json, key: string): string {
  const value = json[key];
  if (typeof value !== 'string') throw new ApiRefusal(422, `Key '${key}' not present or not a String`);
  return value;
}

/** Seconds. @throws ApiRefusal 422 */
export function ttlOf({ ttl }: Json, { hasTtlBounds }: ReleaseRules): number {
  const value = typeof ttl === 'string' ? Number(ttl) : ttl;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new ApiRefusal(422, "Key 'ttl' not an Integer or not present");
  if (hasTtlBounds && (value < 0 || value >= 2 ** 31)) throw new ApiRefusal(422, "Key 'ttl' is not a positive Integer");
  return value >>> 0;
}

/** What the server says of a key, it says with what the key was read for. */
export function readingFor<T>(purpose: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ApiRefusal && error.message.startsWith('Key ')) throw new ApiRefusal(error.status, purpose + error.message);
    throw error;
  }
}

/** As the server keeps it. @throws ApiRefusal 422 */
export function canonicalContent(name: string, type: string, content: string, rules: ReleaseRules): string {
  if (type === 'A' || type === 'AAAA') return canonicalAddress(`${name}/${type}`, type === 'A' ? 4 : 6, content, rules);
  if (type !== 'SOA' && !content.endsWith('.')) {
    throw new ApiRefusal(422, `Record ${name}/${type} '${content}': Not in expected format (parsed as '${content}.')`);
  }
  if (type === 'NS' && !/^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+$/.test(content)) {
    throw new ApiRefusal(422, rules.nonHostname(`${name} IN NS`, content));
  }
  return content;
}

function canonicalAddress(label: string, family: 4 | 6, content: string, { checkCommand }: ReleaseRules): string {
  try {
    const ip = Ip.parse(content);
    if (Ip.family(ip) === family) return ip;
  } catch {
    // Refused below, as an address of the other family is.
  }
  if (family === 6) throw new ApiRefusal(422, `Record ${label} '${content}': Invalid IPv6 address`);
  const why = /^\d/.test(content)
    ? 'unable to parse IP address'
    : `while parsing IP address, expected digits at position 0 in '${content}'`;
  throw new ApiRefusal(422, `Record ${label} '${content}': Parsing record content (try '${checkCommand}'): ${why}`);
}
