import { Ip } from '#engines/kernel';
import { ApiRefusal } from './api-refusal.js';

export interface SimulatedRrset {
  /** Absolute, lower case. */
  readonly name: string;
  readonly type: string;
  ttl: number;
  records: { readonly content: string; readonly disabled: boolean }[];
  comments: { readonly content: string; readonly account: string; readonly modified_at: number }[];
}

type Json = Readonly<Record<string, unknown>>;

/** Contents that the simulator can check and serve; other types of PowerDNS are refused rather than half done. */
const TYPES = new Set(['A', 'AAAA', 'PTR', 'CNAME', 'NS', 'SOA']);

/** A zone and the rules of `PATCH` as pdns_server 4.7.3 applies them; the texts are its own [measured]. */
export class SimulatedZone {
  private rrsets = new Map<string, SimulatedRrset>();

  /** @param name absolute, lower case. */
  constructor(
    readonly name: string,
    nameservers: readonly string[],
    private readonly now: () => Date = () => new Date(),
  ) {
    const soa = `ns1.${name} hostmaster.${name} ${this.firstSerial()} 10800 3600 604800 3600`;
    this.put({ name, type: 'SOA', ttl: 3600, records: [{ content: soa, disabled: false }], comments: [] });
    const records = nameservers.map((content) => ({ content, disabled: false }));
    if (records.length > 0) this.put({ name, type: 'NS', ttl: 3600, records, comments: [] });
  }

  get all(): readonly SimulatedRrset[] {
    return [...this.rrsets.values()];
  }

  get serial(): number {
    return Number(this.find(this.name, 'SOA')?.records[0]?.content.split(' ')[2]);
  }

  find(name: string, type: string): SimulatedRrset | undefined {
    return this.rrsets.get(`${name}/${type}`);
  }

  contains(name: string): boolean {
    return name === this.name || name.endsWith(`.${this.name}`);
  }

  /** The record sets that a new zone is made with; a SOA among them replaces the one it would have. @throws ApiRefusal 422 */
  fill(rrsets: readonly Json[]): void {
    for (const rrset of rrsets) this.replace(canonicalName(textOf(rrset, 'name')), textOf(rrset, 'type'), rrset);
    this.raiseSerial();
  }

  /** All or nothing; raises the serial even when nothing differs, but for records that are there or gone already. @throws ApiRefusal 422 */
  patch(body: Json, hasRecordChanges = false): void {
    if (!Array.isArray(body.rrsets)) throw new ApiRefusal(422, 'No rrsets given in update request');
    const untouched = new Map(this.rrsets);
    try {
      const seen = new Set<string>();
      const changed = (body.rrsets as Json[]).map((rrset) => this.change(rrset, seen, hasRecordChanges));
      if (changed.length > 0 && !changed.includes(true)) return;
    } catch (error) {
      this.rrsets = untouched;
      throw error;
    }
    this.raiseSerial();
  }

  private change(rrset: Json, seen: Set<string>, hasRecordChanges: boolean): boolean {
    const name = canonicalName(textOf(rrset, 'name'));
    const type = textOf(rrset, 'type');
    const label = `${name} IN ${type}`;
    if (!TYPES.has(type)) throw new ApiRefusal(422, `RRset ${label}: unknown type given`);
    const changetype = textOf(rrset, 'changetype');
    if (seen.has(`${label} ${changetype}`)) throw new ApiRefusal(422, `Duplicate RRset ${label} with changetype: ${changetype}`);
    seen.add(`${label} ${changetype}`);
    if (changetype === 'DELETE') {
      this.rrsets.delete(`${name}/${type}`);
      return true;
    }
    if (hasRecordChanges && (changetype === 'EXTEND' || changetype === 'PRUNE')) return this.changeRecord(name, type, changetype, rrset);
    if (changetype !== 'REPLACE') throw new ApiRefusal(422, 'Changetype not understood');
    if (!this.contains(name)) throw new ApiRefusal(422, `RRset ${label}: Name is out of zone`);
    this.replace(name, type, rrset);
    return true;
  }

  /** 4.9.12 and 5.0.2: one record, with the TTL of the set, whose comments stay. @returns whether anything changed. */
  private changeRecord(name: string, type: string, changetype: 'EXTEND' | 'PRUNE', { records, ttl }: Json): boolean {
    const label = `${name} IN ${type}`;
    if (!this.contains(name)) throw new ApiRefusal(422, `RRset ${label}: Name is out of zone`);
    const [record, ...others] = Array.isArray(records) ? (records as Json[]) : [];
    if (!record || others.length > 0) throw new ApiRefusal(422, `Exactly one record must be given with changetype: ${changetype}`);
    const [seconds, content] = [numberOf(ttl), canonicalContent(name, type, textOf(record, 'content'))];
    const present = this.find(name, type);
    if (present && present.records.length > 0 && present.ttl !== seconds) throw new ApiRefusal(422, `RRset ${label}: TTL differs`);
    const before = present?.records ?? [];
    const without = before.filter((each) => each.content !== content);
    if (changetype === 'PRUNE' ? without.length === before.length : without.length < before.length) return false;
    this.replace(name, type, {
      records: changetype === 'PRUNE' ? without : [...before, { content, disabled: record.disabled === true }],
      ttl: seconds,
    });
    return true;
  }

  private replace(name: string, type: string, { records, comments, ttl }: Json): void {
    const present = this.find(name, type);
    const label = `${name} IN ${type}`;
    const next: SimulatedRrset = present ? { ...present } : { name, type, ttl: 0, records: [], comments: [] };
    if (Array.isArray(records)) {
      next.ttl = numberOf(ttl);
      next.records = (records as Json[]).map((record) => ({
        content: canonicalContent(name, type, textOf(record, 'content')),
        disabled: record.disabled === true,
      }));
      const contents = next.records.map(({ content }) => content);
      const twice = contents.find((content, i) => contents.indexOf(content) !== i);
      if (twice !== undefined) throw new ApiRefusal(422, `Duplicate record in RRset ${label} with content "${twice}"`);
      if (type === 'CNAME' && contents.length > 1) throw new ApiRefusal(422, `RRset ${label} has more than one record`);
      const conflicts = [...TYPES].some((other) => other !== type && [type, other].includes('CNAME') && this.find(name, other));
      if (conflicts && contents.length > 0) throw new ApiRefusal(422, `RRset ${label}: Conflicts with pre-existing RRset`);
    }
    if (Array.isArray(comments)) {
      const modified = Math.floor(this.now().getTime() / 1000);
      next.comments = (comments as Json[]).map((comment) => ({
        content: textOf(comment, 'content'),
        account: textOf(comment, 'account'),
        modified_at: typeof comment.modified_at === 'number' ? comment.modified_at : modified,
      }));
    }
    if (next.records.length > 0 || (next.comments.length > 0 && !Array.isArray(records))) this.put(next);
    else this.rrsets.delete(`${name}/${type}`);
  }

  private put(rrset: SimulatedRrset): void {
    this.rrsets.set(`${rrset.name}/${rrset.type}`, rrset);
  }

  /** SOA-EDIT-API DEFAULT: YYYYMMDDnn. */
  private firstSerial(): number {
    return Number(`${this.now().toISOString().slice(0, 10).replaceAll('-', '')}01`);
  }

  private raiseSerial(): void {
    const soa = this.find(this.name, 'SOA');
    if (!soa) return;
    const serial = Math.max(this.serial + 1, this.firstSerial());
    const content = soa.records[0]?.content.split(' ').with(2, String(serial)).join(' ') ?? '';
    this.put({ ...soa, records: [{ content, disabled: false }] });
  }
}

/** @throws ApiRefusal 422 unless the name is absolute and of the characters that PowerDNS takes. */
export function canonicalName(text: string): string {
  if (!text.endsWith('.')) throw new ApiRefusal(422, `DNS Name '${text}' is not canonical`);
  if (!/^(?:\*\.)?[A-Za-z0-9_/.-]*$/.test(text)) {
    throw new ApiRefusal(422, `Name '${text.replaceAll(' ', '\\032')}' contains unsupported characters`);
  }
  return text.toLowerCase();
}

function textOf(json: Json, key: string): string {
  const value = json[key];
  if (typeof value !== 'string') throw new ApiRefusal(422, `Key '${key}' not present or not a String`);
  return value;
}

function numberOf(ttl: unknown): number {
  const value = typeof ttl === 'string' ? Number(ttl) : ttl;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new ApiRefusal(422, "Key 'ttl' not an Integer or not present");
  return value >>> 0;
}

function canonicalContent(name: string, type: string, content: string): string {
  if (type === 'A' || type === 'AAAA') {
    const wanted = type === 'A' ? 4 : 6;
    try {
      const ip = Ip.parse(content);
      if (Ip.family(ip) === wanted) return ip;
    } catch {
      // Refused below, as an address of the other family is.
    }
    throw new ApiRefusal(
      422,
      `Record ${name}/${type} '${content}': Parsing record content (try 'pdnsutil check-zone'): unable to parse IP address`,
    );
  }
  if (type !== 'SOA' && !content.endsWith('.')) {
    throw new ApiRefusal(422, `Record ${name}/${type} '${content}': Not in expected format (parsed as '${content}.')`);
  }
  if (type === 'NS' && !/^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+$/.test(content)) {
    throw new ApiRefusal(422, `RRset ${name} IN NS non-hostname content ${content}`);
  }
  return content;
}
