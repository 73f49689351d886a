import { z } from 'zod';
import type { RrsetValue } from '#contexts/sync/ports';
import { compareNatural, Ip } from '#engines/kernel';

const Comment = z.object({ content: z.string(), account: z.string(), modified_at: z.number().optional() });

/** A record set as the API writes it: absolute name, type in upper case, contents as in a master file. */
const ApiRrset = z.object({
  name: z.string(),
  type: z.string(),
  ttl: z.number(),
  records: z.array(z.object({ content: z.string(), disabled: z.boolean().default(false) })),
  comments: z.array(Comment).default([]),
});
export type ApiRrset = z.infer<typeof ApiRrset>;
export type ApiComment = z.infer<typeof Comment>;
export const ApiServer = z.object({ version: z.string() });
export const ApiZone = z.object({ rrsets: z.array(ApiRrset) });

export interface RrsetWrite {
  readonly name: string;
  readonly type: string;
  readonly changetype: 'REPLACE' | 'DELETE' | 'EXTEND' | 'PRUNE';
  readonly ttl?: number;
  readonly records?: readonly { readonly content: string; readonly disabled: boolean }[];
  readonly comments?: readonly ApiComment[];
}

/** A name may hold a slash (RFC 2317), a type never: the last one divides. */
export function splitKey(key: string): { name: string; type: string } {
  const slash = key.lastIndexOf('/');
  return { name: `${key.slice(0, slash)}.`, type: key.slice(slash + 1).toUpperCase() };
}

/**
 * By plan key. A set without records is a comment that was left behind, and 4.7 answers a question for one name with the comments of the
 * whole zone [measured]: such entries are kept, for their comments, and are no record sets. Names that differ in case are one (RFC 4343).
 */
export function byKey(rrsets: readonly ApiRrset[]): Map<string, ApiRrset> {
  const map = new Map<string, ApiRrset[]>();
  for (const rrset of rrsets) {
    const key = `${rrset.name.replace(/\.$/, '')}/${rrset.type}`.toLowerCase();
    const known = map.get(key);
    if (known) known.push(rrset);
    else map.set(key, [rrset]);
  }
  return new Map([...map].map(([key, same]) => [key, together(same)]));
}

/** All at once: one copied into the other, a zone that says a name a hundred thousand times would take hours. */
function together(same: readonly ApiRrset[]): ApiRrset {
  const last = same.at(-1) as ApiRrset;
  if (same.length === 1) return last;
  return { ...last, records: same.flatMap(({ records }) => records), comments: same.flatMap(({ comments }) => comments) };
}

/** Disabled records are not served, so they are not part of the value: a set of ours in which someone disabled a record differs. */
export function valueOf(rrset: ApiRrset): RrsetValue {
  const contents = rrset.records.filter(({ disabled }) => !disabled).map(({ content }) => canonicalContent(rrset.type, content));
  return { ttl: rrset.ttl, records: contents.sort(compareNatural) };
}

function canonicalContent(type: string, content: string): string {
  if (type === 'PTR' || type === 'CNAME') return content.toLowerCase();
  if (type !== 'A' && type !== 'AAAA') return content;
  try {
    return Ip.parse(content);
  } catch {
    return content; // e.g. a v4-mapped AAAA of someone else: compared as it stands
  }
}
