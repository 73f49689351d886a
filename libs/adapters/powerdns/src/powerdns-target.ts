import type { RrsetValue, ServedRrset, ZoneTarget } from '#contexts/sync/ports';
import { canonicalJson } from '#engines/kernel';
import type { Change, Plan } from '#engines/reconcile';
import { type ApiComment, type ApiRrset, byKey, type RrsetWrite, splitKey, valueOf } from './api-rrset.js';
import { PowerDnsError } from './powerdns-error.js';
import { hasRecordChanges, recordChange } from './record-change.js';
import type { ZoneApi } from './zone-api.js';

/** Account of the comment that marks a record set as ours; its content, `id=<owner id>`, says whose of all who may write here. */
const ACCOUNT = 'trame';
const MARK = /^id=(.+)$/;
/** `webserver-max-bodysize` is 2 MiB; a larger body is answered 400 and nothing is written. */
const MAX_PATCH_BYTES = 1_500_000;

interface Owner {
  readonly id: string;
  readonly formerIds: readonly string[];
}

interface Refused {
  readonly key: string;
  readonly reason: string;
}

/**
 * One zone of a PowerDNS server. What carries our comment is ours; everything else is someone else's, and neither a plan nor a mistake in
 * a plan changes it: each key is looked at again before it is written.
 */
export class PowerDnsTarget implements ZoneTarget {
  readonly name: string;

  constructor(
    private readonly api: ZoneApi,
    private readonly owner: Owner,
    /** As the server says it; empty where it says none. */
    private readonly version: () => Promise<string>,
    private readonly knownKeys: readonly string[] = [],
  ) {
    this.name = `zone ${api.zone}`;
  }

  /** @throws PowerDnsError; a zone too large to be read at once is read by the known keys, and only with them. */
  async read(): Promise<readonly ServedRrset[]> {
    const rrsets = await this.current(this.knownKeys);
    return [...rrsets]
      .filter(([, rrset]) => exists(rrset))
      .map(([key, rrset]) => {
        const [owned, markedBy] = [this.isOurs(rrset), ownerIdOf(rrset)];
        return { key, value: valueOf(rrset), owned, ...(owned || markedBy === undefined ? {} : { markedBy }) };
      });
  }

  /**
   * Deletes before it replaces: a CNAME that goes makes room for an address. What is in place already is not written again, because every
   * PATCH raises the serial. When the server refuses a body, its halves are tried, so that one bad record does not hold up the others.
   * @returns the keys that were not written, with the server's text, `not ours`, or what was read back instead.
   * @throws PowerDnsError when it is not known what was written; running the plan again is then the way out.
   */
  async apply(plan: Plan<RrsetValue>): Promise<readonly Refused[]> {
    const changes = plan.changes.filter(({ verb }) => verb === 'DELETE' || verb === 'UPDATE' || verb === 'CREATE');
    if (changes.length === 0) return [];
    const keys = changes.map(({ key }) => key);
    const before = await this.current(keys);
    const taken = changes.filter((change) => !this.mayWrite(change, before.get(change.key)));
    const aliased = new Map(changes.flatMap((change) => (taken.includes(change) ? [] : this.aliasInTheWay(change, before))));
    const due = changes.filter(
      (change) => !taken.includes(change) && !aliased.has(change.key) && !this.isInPlace(change, before.get(change.key)),
    );
    const refused: Refused[] = [
      ...taken.map(({ key }) => ({ key, reason: 'not ours: it does not carry our comment' })),
      ...[...aliased].map(([key, reason]) => ({ key, reason })),
    ];
    if (due.length === 0) return refused;

    const writes = await this.asRecords(
      due.map((change) => this.toWrite(change, before.get(change.key))),
      before,
      due,
    );
    refused.push(...(await this.writeAll(writes)));
    return [...refused, ...(await this.readBack(due, keys, writes, refused))];
  }

  /** A 204 alone is not believed. What was sent as a record alone, and had no effect (the record is there in other words), is sent once as the whole set. */
  private async readBack(
    due: readonly Change<RrsetValue>[],
    keys: readonly string[],
    writes: readonly PendingWrite[],
    refused: readonly Refused[],
  ): Promise<readonly Refused[]> {
    let after = await this.current(keys);
    const known = new Set(refused.map(({ key }) => key));
    const missing = () => due.filter((change) => !known.has(change.key) && !this.isInPlace(change, after.get(change.key)));
    const wasAlone = new Set(writes.flatMap(({ key, whole }) => (whole ? [key] : [])));
    const again = missing().filter(({ key }) => wasAlone.has(key) && !this.isForeign(after.get(key)));
    const more = await this.writeAll(again.map((change) => this.toWrite(change, after.get(change.key))));
    for (const { key } of more) known.add(key);
    if (again.length > 0) after = await this.current(keys);
    return [...more, ...missing().map(({ key }) => ({ key, reason: `written, but ${found(after.get(key))} was read back` }))];
  }

  private async writeAll(writes: readonly PendingWrite[]): Promise<readonly Refused[]> {
    const refused: Refused[] = [];
    for (const chunk of inChunks(writes)) refused.push(...(await this.write(chunk)));
    return refused;
  }

  private async current(keys: readonly string[]): Promise<Map<string, ApiRrset>> {
    try {
      return byKey(await this.api.rrsets());
    } catch (error) {
      if (!(error instanceof PowerDnsError) || error.code !== 'ZONE_TOO_LARGE' || keys.length === 0) throw error;
      return byKey(await this.api.rrsetsOf([...new Set(keys.map((key) => splitKey(key).name))]));
    }
  }

  private async write(chunk: readonly PendingWrite[]): Promise<readonly Refused[]> {
    try {
      await this.api.patch(chunk.flatMap(({ rrset, mark }) => (mark ? [rrset, mark] : [rrset])));
      return [];
    } catch (error) {
      if (!(error instanceof PowerDnsError) || error.code !== 'DNS_REFUSED') throw error;
      const reason = error.facts.detail ?? error.message;
      if (/does not support editing comments/.test(reason)) throw error; // no marker can be set: no record would be better off alone
      const [first] = chunk;
      if (chunk.length === 1 && first)
        return first.whole ? this.write([{ key: first.key, rrset: first.whole }]) : [{ key: first.key, reason }];
      const half = Math.ceil(chunk.length / 2);
      return [...(await this.write(chunk.slice(0, half))), ...(await this.write(chunk.slice(half)))];
    }
  }

  /** Where the server knows how, one record more or less of a set of ours is sent alone. */
  private async asRecords(
    writes: readonly PendingWrite[],
    before: ReadonlyMap<string, ApiRrset>,
    due: readonly Change<RrsetValue>[],
  ): Promise<readonly PendingWrite[]> {
    const alone = new Map<string, Pick<PendingWrite, 'rrset' | 'mark'>>();
    for (const { key, after } of due) {
      const present = before.get(key);
      const rrset = after !== null && exists(present) && this.isOurs(present) ? recordChange(splitKey(key), present, after) : undefined;
      if (rrset) alone.set(key, { rrset, ...(rrset.changetype === 'EXTEND' ? { mark: this.marking(key, present) } : {}) });
    }
    if (alone.size === 0 || !hasRecordChanges(await this.version())) return writes;
    return writes.map(({ key, rrset }) => {
      const change = alone.get(key);
      return change ? { key, ...change, whole: rrset } : { key, rrset };
    });
  }

  private toWrite({ key, after }: Change<RrsetValue>, present: ApiRrset | undefined): PendingWrite {
    const { name, type } = splitKey(key);
    if (after === null) return { key, rrset: { name, type, changetype: 'DELETE' } };
    if (exists(present) && this.isMarkedBefore(present) && canonicalJson(valueOf(present)) === canonicalJson(after))
      return { key, rrset: this.marking(key, present) };
    const records = after.records.map((content) => ({ content, disabled: false }));
    return { key, rrset: { name, type, changetype: 'REPLACE', ttl: after.ttl, records, comments: this.comments(present) } };
  }

  /** Records that are not sent stay. */
  private marking(key: string, present: ApiRrset | undefined): RrsetWrite {
    return { ...splitKey(key), changetype: 'REPLACE', comments: this.comments(present) };
  }

  /** REPLACE replaces all comments: what people noted beside ours stays. */
  private comments(present: ApiRrset | undefined): ApiComment[] {
    const others = (present?.comments ?? []).filter((comment) => !this.isMarkOf(comment, [this.owner.id, ...this.owner.formerIds]));
    return [{ account: ACCOUNT, content: `id=${this.owner.id}` }, ...others];
  }

  private isInPlace({ after }: Change<RrsetValue>, rrset: ApiRrset | undefined): boolean {
    if (after === null) return !exists(rrset);
    return exists(rrset) && this.isOurs(rrset) && canonicalJson(valueOf(rrset)) === canonicalJson(after);
  }

  /** A name with a CNAME has nothing else (RFC 1034 §3.6.2), but a disabled one, which is not served. Not sent: a body that is refused is tried in halves, one request after the other. */
  private aliasInTheWay({ key, after }: Change<RrsetValue>, before: ReadonlyMap<string, ApiRrset>): [string, string][] {
    const alias = before.get(`${key.slice(0, key.lastIndexOf('/'))}/cname`);
    if (after === null || key.endsWith('/cname') || !isServed(alias) || this.isOurs(alias)) return [];
    return [[key, `somebody else's CNAME has this name, to ${alias.records.map(({ content }) => content).join(', ')}`]];
  }

  /** What carries a mark of before may be others' as well: it is taken over where the plan says so, and never deleted. */
  private mayWrite({ verb }: Change<RrsetValue>, rrset: ApiRrset | undefined): boolean {
    return !exists(rrset) || this.isOurs(rrset) || (verb === 'UPDATE' && this.isMarkedBefore(rrset));
  }

  private isForeign(rrset: ApiRrset | undefined): boolean {
    return exists(rrset) && !this.isOurs(rrset);
  }

  private isOurs(rrset: ApiRrset): boolean {
    return rrset.comments.some((comment) => this.isMarkOf(comment, [this.owner.id]));
  }

  private isMarkedBefore(rrset: ApiRrset): boolean {
    const marks = rrset.comments.filter(isMark);
    return marks.length > 0 && marks.every((comment) => this.isMarkOf(comment, this.owner.formerIds));
  }

  /** Several may share a zone: the account alone would let one delete what the other wrote. */
  private isMarkOf({ account, content }: ApiComment, ids: readonly string[]): boolean {
    return account === ACCOUNT && ids.some((id) => content === `id=${id}`);
  }
}

const isMark = ({ account, content }: ApiComment): boolean => account === ACCOUNT && MARK.test(content);
const ownerIdOf = ({ comments }: ApiRrset): string | undefined => MARK.exec(comments.find(isMark)?.content ?? '')?.[1];

interface PendingWrite {
  readonly key: string;
  readonly rrset: RrsetWrite;
  /** Sent with a record that is added: the server makes a set without a comment of it where the set is gone meanwhile, and that would be nobody's. */
  readonly mark?: RrsetWrite;
  /** What is sent instead where the server refuses the record alone. */
  readonly whole?: RrsetWrite;
}

const exists = (rrset: ApiRrset | undefined): rrset is ApiRrset => rrset !== undefined && rrset.records.length > 0;
const isServed = (rrset: ApiRrset | undefined): rrset is ApiRrset => exists(rrset) && valueOf(rrset).records.length > 0;
const found = (rrset: ApiRrset | undefined): string => (exists(rrset) ? canonicalJson(valueOf(rrset)) : 'nothing');

function inChunks(writes: readonly PendingWrite[]): PendingWrite[][] {
  const chunks: PendingWrite[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const write of writes) {
    const bytes = Buffer.byteLength(JSON.stringify([write.rrset, write.mark])) + 1;
    if (size + bytes > MAX_PATCH_BYTES) {
      chunks.push([]);
      size = '{"rrsets":[]}'.length;
    }
    chunks.at(-1)?.push(write);
    size += bytes;
  }
  return chunks;
}
