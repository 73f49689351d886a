/**
 * Writes, one at a time. phpIPAM has no precondition: what is there is read and compared right before each write, and read again after it; what
 * somebody does in between is overwritten, and seen by the next scan. It has no key for idempotency either: before anything is made, what carries
 * its mark is looked for, and again where the answer was lost.
 */
import { pause, type WritePath } from '#adapters/outbound';
import type { ForeignObject, ForeignWrite, WriteOutcome } from '#contexts/sync/ports';
import { canonicalJson } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import { dependantsOf } from './dependants.js';
import type { Found, IpamReader } from './ipam-reader.js';
import { encodeFields, KINDS, markOf, OFFLINE_TAG, type PhpIpamKind, USED_TAG } from './kinds.js';
import { type MarkText, printMark } from './mark-text.js';
import { type Place, placeOf } from './place.js';
import type { Body, PhpIpamClient } from './phpipam-client.js';
import { isPhpIpamError, type PhpIpamError } from './phpipam-error.js';
import { isDuplicate } from './reply.js';
import { numberOf, textOf } from './row.js';
import { UnfitValue } from './unfit-value.js';

type Change = Exclude<ForeignWrite, { verb: 'CREATE' }>;
type Create = Extract<ForeignWrite, { verb: 'CREATE' }>;

/** Of a write that something in front of phpIPAM answers. */
const ATTEMPTS = 3;
/** Fields that an object has for good. */
const IMMUTABLE: Readonly<Partial<Record<PhpIpamKind, readonly string[]>>> = { prefix: ['prefix'], ipAddress: ['host', 'vrf'] };

export class IpamWriter {
  constructor(
    private readonly client: PhpIpamClient,
    private readonly reader: IpamReader,
  ) {}

  /** What cannot be held, or never gets through while others do, is an outcome; what is not known is thrown. */
  async write(kind: PhpIpamKind, write: ForeignWrite, path: WritePath, signal: AbortSignal): Promise<WriteOutcome> {
    for (let attempt = 1; ; attempt++) {
      try {
        const outcome = write.verb === 'CREATE' ? await this.create(kind, write, signal) : await this.change(kind, write, signal);
        if ('done' in outcome) path.taken();
        return outcome;
      } catch (error) {
        if (error instanceof UnfitValue) return { refused: error.message };
        if (isPhpIpamError(error, 'PHPIPAM_REFUSED')) return { refused: error.facts.words };
        // A page in place of an answer, and it is not done: that was looked for.
        if (!isPhpIpamError(error, 'PHPIPAM_NO_ANSWER') || error.facts.status === undefined || signal.aborted) throw error;
        // It may be made yet, and would be there twice.
        if (write.verb === 'CREATE' && error.facts.isTimeout === true) throw error;
        if (attempt < ATTEMPTS) await pause(this.client.timing.againMs * 2 ** (attempt - 1), signal);
        else if (!(await path.isOpenForOthers())) throw error;
        else
          return {
            refused: `it does not get through: ${ATTEMPTS} times a page came in place of an answer (${error.facts.words}), and nothing was done`,
          };
      }
    }
  }

  private async create(kind: PhpIpamKind, write: Create, signal: AbortSignal): Promise<WriteOutcome> {
    const place = await placeOf(kind, write, this.reader, signal);
    if ('present' in place) return this.done(kind, place.present);
    const mark: MarkText = { id: write.mark, slug: slugIn(kind, write.fields), isDeprecated: false };
    const body = { ...encodeFields(kind, write.fields), ...place.body, ...this.marked(mark), ...tagged(kind, write.fields) };
    const id = await this.make(kind, write, body, signal);
    if (typeof id !== 'number') return id;
    const found = await this.reader.one(kind, id, signal);
    if (found === null) return { gone: true };
    const text = markOf(found.row, this.reader.markColumn);
    if (text?.id !== write.mark) return { refused: `written as ${id}, but its mark was read back as ${text?.id ?? 'nothing'}` };
    return this.readBack(kind, found, write.fields);
  }

  /** @returns its id, or what it came to. */
  private async make(kind: PhpIpamKind, write: Create, body: Body, signal: AbortSignal): Promise<number | WriteOutcome> {
    try {
      return Number(await this.client.send('POST', KINDS[kind].path, body, signal));
    } catch (error) {
      if (!mayBeThere(error)) throw error;
      const again: Place = await placeOf(kind, write, this.reader, signal).catch((other: unknown) => {
        // That it cannot be looked for is no news: what counts is that it was sent.
        if (other instanceof UnfitValue || isPhpIpamError(other)) throw error;
        throw other;
      });
      if ('present' in again) return this.done(kind, again.present);
      throw error;
    }
  }

  private async change(kind: PhpIpamKind, write: Change, signal: AbortSignal): Promise<WriteOutcome> {
    const id = Number(write.remoteId);
    const found = await this.reader.one(kind, id, signal);
    if (found === null) return { gone: true };
    const present = this.reader.toObject(kind, found);
    const mark = markOf(found.row, this.reader.markColumn);
    switch (write.verb) {
      case 'UPDATE': {
        const due = differing(write.fields, present.fields);
        const fixed = Object.keys(due).find((field) => IMMUTABLE[kind]?.includes(field));
        if (fixed !== undefined) throw new UnfitValue(`phpIPAM cannot change the ${fixed} of what is there`);
        const isRevived = mark?.isDeprecated === true;
        // Nothing is left to do: an answer was lost, or somebody else did the same.
        if (Object.keys(due).length === 0 && !isRevived) return { done: present };
        if (isStale(write, present)) return { stale: true };
        const slug = kind === 'tenant' && typeof due['slug'] === 'string' ? due['slug'] : (mark?.slug ?? null);
        const isMarkDue = mark !== null && (isRevived || slug !== mark.slug);
        const body = { ...encodeFields(kind, due), ...(isMarkDue ? this.marked({ ...mark, slug, isDeprecated: false }) : {}) };
        return this.patch(kind, found, body, write.fields, signal);
      }
      case 'MARK':
        if (mark?.id === write.mark) return { done: present };
        if (mark !== null && mark.id !== write.replaces)
          throw new UnfitValue(`it carries the mark of another owner: ${mark.id.slice(0, 80)}`);
        if (isStale(write, present)) return { stale: true };
        return this.patch(
          kind,
          found,
          this.marked({ id: write.mark, slug: slugIn(kind, present.fields), isDeprecated: false }),
          {},
          signal,
        );
      case 'DEPRECATE': {
        if (mark === null) throw new UnfitValue('it does not carry our mark');
        if (mark.isDeprecated) return { done: present };
        if (isStale(write, present)) return { stale: true };
        // Of an address everybody sees by its colour that it is on its way out.
        const offline: Body = kind === 'ipAddress' ? { tag: OFFLINE_TAG } : {};
        return this.patch(kind, found, { ...this.marked({ ...mark, isDeprecated: true }), ...offline }, {}, signal);
      }
      case 'DELETE':
        if (mark?.id !== write.mark)
          throw new UnfitValue(`it is not deleted: its mark is ${mark?.id.slice(0, 80) ?? 'gone'}, and ${write.mark} was due`);
        if (isStale(write, present)) return { stale: true };
        return this.remove(kind, id, signal);
    }
  }

  /** @param wanted what has to be there afterwards. */
  private async patch(kind: PhpIpamKind, found: Found, body: Body, wanted: Fields, signal: AbortSignal): Promise<WriteOutcome> {
    const { remoteId } = this.reader.toObject(kind, found);
    let failure: unknown = null;
    try {
      await this.client.send('PATCH', `${KINDS[kind].path}${remoteId}/`, { ...needed(kind, found), ...body }, signal);
    } catch (error) {
      if (!mayBeThere(error)) throw error;
      failure = error;
    }
    const after = await this.reader.one(kind, Number(remoteId), signal);
    if (after === null) return { gone: true };
    const column = this.reader.markColumn;
    const isMarkThere = body[column] === undefined || body[column] === textOf(after.row, column);
    const outcome = this.readBack(kind, after, wanted);
    if ('done' in outcome && isMarkThere) return outcome;
    if (failure !== null) throw failure;
    return isMarkThere ? outcome : { refused: `written, but its mark was read back as ${textOf(after.row, column) ?? 'nothing'}` };
  }

  /** phpIPAM takes what goes with it, silently: nothing goes while there is something of others that would. */
  private async remove(kind: PhpIpamKind, id: number, signal: AbortSignal): Promise<WriteOutcome> {
    const others = await dependantsOf(kind, id, this.client, signal);
    if (others !== null) throw new UnfitValue(others);
    try {
      await this.client.send('DELETE', `${KINDS[kind].path}${id}/`, {}, signal);
    } catch (error) {
      const isOpen = isPhpIpamError(error, 'PHPIPAM_NO_ANSWER', 'PHPIPAM_REFUSED');
      if (!isOpen || (await this.reader.one(kind, id, signal)) !== null) throw error;
      return { done: null };
    }
    return (await this.reader.one(kind, id, signal)) === null ? { done: null } : { refused: 'it was deleted, and is still there' };
  }

  private readBack(kind: PhpIpamKind, found: Found, wanted: Fields): WriteOutcome {
    const object = this.reader.toObject(kind, found);
    const [field] = Object.keys(differing(wanted, object.fields));
    if (field === undefined) return { done: object };
    const read = JSON.stringify(object.fields[field] ?? null).slice(0, 120);
    return { refused: `written, but ${read} was read back as its ${field}` };
  }

  private done(kind: PhpIpamKind, found: Found): WriteOutcome {
    return { done: this.reader.toObject(kind, found) };
  }

  private marked(mark: MarkText): Body {
    return { [this.reader.markColumn]: printMark(mark) };
  }
}

/** Nothing is known of an answer that was lost, and of a failure of the database, or of a twin, little: it is looked for. */
const mayBeThere = (error: unknown): error is PhpIpamError =>
  isPhpIpamError(error, 'PHPIPAM_NO_ANSWER') ||
  (isPhpIpamError(error, 'PHPIPAM_REFUSED') && (error.facts.status === 500 || isDuplicate(error.facts.words)));

/** Of the fields that phpIPAM has of the kind, those that differ from what is there. */
function differing(fields: Fields, there: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => name in there && canonicalJson(value) !== canonicalJson(there[name] ?? null)),
  );
}

const isStale = ({ version }: Change, present: ForeignObject): boolean => version !== null && version !== present.version;

/** Whoever says no tag says "Used", and a VLAN is not changed without its name. */
function needed(kind: PhpIpamKind, { row }: Found): Body {
  if (kind === 'ipAddress') return { tag: numberOf(row, 'tag') ?? USED_TAG };
  return kind === 'vlan' ? { name: textOf(row, 'name') } : {};
}

const tagged = (kind: PhpIpamKind, fields: Fields): Body =>
  kind === 'ipAddress' && fields['status'] === undefined ? { tag: USED_TAG } : {};

const slugIn = (kind: PhpIpamKind, fields: Fields): string | null =>
  kind === 'tenant' && typeof fields['slug'] === 'string' ? fields['slug'] : null;
