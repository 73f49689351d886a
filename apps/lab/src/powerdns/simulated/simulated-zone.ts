import { ApiRefusal } from './api-refusal.js';
import type { ReleaseRules } from './release-rules.js';
import { canonicalContent, canonicalName, type Json, readingFor, textOf, ttlOf } from './rrset-values.js';

export interface SimulatedRrset {
  /** Absolute, lower case. */
  readonly name: string;
  readonly type: string;
  ttl: number;
  records: { readonly content: string; readonly disabled: boolean }[];
  comments: { readonly content: string; readonly account: string; readonly modified_at: number }[];
}

/** Contents that the simulator can check and serve; other types of PowerDNS are refused rather than half done. */
const TYPES = new Set(['A', 'AAAA', 'PTR', 'CNAME', 'NS', 'SOA']);
const OF_ONE_RECORD = new Set(['CNAME', 'SOA']);

/** A zone and the rules of `PATCH` as pdns_server applies them; the texts are its own [measured]. */
export class SimulatedZone {
  private rrsets = new Map<string, SimulatedRrset>();

  /** @param name absolute, lower case. */
  constructor(
    readonly name: string,
    nameservers: readonly string[],
    private readonly rules: ReleaseRules,
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
  patch(body: Json): void {
    if (!Array.isArray(body.rrsets)) throw new ApiRefusal(422, 'No rrsets given in update request');
    const untouched = new Map(this.rrsets);
    try {
      const seen = new Set<string>();
      const changed = (body.rrsets as Json[]).map((rrset) => this.change(rrset, seen));
      if (changed.length > 0 && !changed.includes(true)) return;
    } catch (error) {
      this.rrsets = untouched;
      throw error;
    }
    this.raiseSerial();
  }

  private change(rrset: Json, seen: Set<string>): boolean {
    const name = canonicalName(textOf(rrset, 'name'));
    const type = textOf(rrset, 'type').toUpperCase();
    const label = `${name} IN ${type}`;
    if (!TYPES.has(type)) throw new ApiRefusal(422, `RRset ${label}: unknown type given`);
    const changetype = textOf(rrset, 'changetype').toUpperCase();
    if (this.rules.hasRecordChanges && (changetype === 'EXTEND' || changetype === 'PRUNE'))
      return readingFor('Submitted record is invalid: ', () => this.changeRecord(name, type, changetype, rrset));
    if (seen.has(`${label} ${changetype}`)) throw new ApiRefusal(422, `Duplicate RRset ${label} with changetype: ${changetype}`);
    seen.add(`${label} ${changetype}`);
    if (changetype === 'DELETE') {
      this.rrsets.delete(`${name}/${type}`);
      return true;
    }
    if (changetype !== 'REPLACE') throw new ApiRefusal(422, this.rules.unknownChangetype(changetype));
    if (!this.contains(name)) throw new ApiRefusal(422, `RRset ${label}: Name is out of zone`);
    readingFor(this.rules.beforeKeys, () => this.replace(name, type, rrset));
    return true;
  }

  /**
   * Comments that are sent are not read, and conflicts with other types not looked for. Disabled records are not seen: with a change they are
   * gone, and with the last record that is served the set and its comments.
   * @returns whether anything changed.
   */
  private changeRecord(name: string, type: string, changetype: 'EXTEND' | 'PRUNE', rrset: Json): boolean {
    if (!this.contains(name)) throw new ApiRefusal(422, `RRset ${name} IN ${type}: Name is out of zone`);
    if (!Array.isArray(rrset.records)) throw new ApiRefusal(422, 'No record provided for PRUNE or EXTEND operation');
    const [record, ...more] = rrset.records as Json[];
    if (!record || more.length > 0) throw new ApiRefusal(422, 'Exactly one record should be provided for PRUNE or EXTEND operation');
    const seconds = ttlOf(rrset, this.rules);
    const content = canonicalContent(name, type, textOf(record, 'content'), this.rules);
    const present = this.find(name, type) ?? { name, type, ttl: seconds, records: [], comments: [] };
    const served = present.records.filter((each) => !each.disabled);
    const others = served.filter((each) => each.content !== content);
    const isServed = others.length < served.length;
    if (isServed === (changetype === 'EXTEND')) return false;
    if (changetype === 'PRUNE') {
      this.keep({ ...present, records: others });
      return true;
    }
    if (served.length > 0) this.checkBeside(present, seconds);
    const ttl = served.length > 0 ? Math.min(present.ttl, seconds) : seconds;
    this.put({ ...present, ttl, records: [...served, { content, disabled: record.disabled === true }] });
    return true;
  }

  private checkBeside({ name, type, ttl }: SimulatedRrset, seconds: number): void {
    if (!this.rules.looksAtTheRestOfTheSet) return;
    const label = `${name} IN ${type}`;
    if (OF_ONE_RECORD.has(type)) throw new ApiRefusal(422, this.rules.severalOfOne(label));
    if (ttl !== seconds) throw new ApiRefusal(422, `RRset ${label}: uses a different TTL value than the remainder of the RRset`);
  }

  private replace(name: string, type: string, rrset: Json): void {
    const { records, comments } = rrset;
    const present = this.find(name, type);
    const label = `${name} IN ${type}`;
    if (!Array.isArray(records) && !Array.isArray(comments)) throw new ApiRefusal(422, `No change for RRset ${label}`);
    const next: SimulatedRrset = present ? { ...present } : { name, type, ttl: 0, records: [], comments: [] };
    if (Array.isArray(records)) {
      const ttl = ttlOf(rrset, this.rules);
      next.records = this.recordsOf(name, type, records as Json[]);
      next.ttl = next.records.length > 0 ? ttl : 0;
      if (next.records.length === 0) next.comments = [];
      if (this.hasConflict(name, type)) throw new ApiRefusal(422, `RRset ${label}: Conflicts with pre-existing RRset`);
    }
    if (Array.isArray(comments)) next.comments = this.commentsOf(comments as Json[]);
    if (next.records.length > 0 || next.comments.length > 0) this.put(next);
    else this.rrsets.delete(`${name}/${type}`);
  }

  private recordsOf(name: string, type: string, records: readonly Json[]): SimulatedRrset['records'] {
    const label = `${name} IN ${type}`;
    const contents = records.map((record) => canonicalContent(name, type, textOf(record, 'content'), this.rules));
    const twice = contents.find((content, i) => contents.indexOf(content) !== i);
    if (twice !== undefined) throw new ApiRefusal(422, this.rules.twice(label, twice));
    if (OF_ONE_RECORD.has(type) && contents.length > 1) throw new ApiRefusal(422, this.rules.severalOfOne(label));
    return contents.map((content, i) => ({ content, disabled: records[i]?.disabled === true }));
  }

  private commentsOf(comments: readonly Json[]): SimulatedRrset['comments'] {
    const modified = Math.floor(this.now().getTime() / 1000);
    return comments.map((comment) => ({
      content: textOf(comment, 'content'),
      account: textOf(comment, 'account'),
      modified_at: typeof comment.modified_at === 'number' ? comment.modified_at : modified,
    }));
  }

  /** A name with a CNAME has nothing else; what is disabled is in nobody's way. */
  private hasConflict(name: string, type: string): boolean {
    const isServed = (other: string): boolean => this.find(name, other)?.records.some(({ disabled }) => !disabled) === true;
    return [...TYPES].some((other) => other !== type && [type, other].includes('CNAME') && isServed(other));
  }

  /** Without a record its comments go, too. */
  private keep(rrset: SimulatedRrset): void {
    if (rrset.records.length > 0) this.put(rrset);
    else this.rrsets.delete(`${rrset.name}/${rrset.type}`);
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
