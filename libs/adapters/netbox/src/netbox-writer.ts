import { pause, WritePath } from '#adapters/outbound';
import type { ForeignWrite, WriteOutcome } from '#contexts/sync/ports';
import { decide } from './decide.js';
import { DependantsReader } from './dependants-reader.js';
import type { Body } from './field-codecs.js';
import type { NetBoxClient, NetBoxMethod } from './netbox-client.js';
import { isNetBoxError, NetBoxError } from './netbox-error.js';
import { type NetBoxReader, toObject } from './netbox-reader.js';
import { namedRefusals } from './netbox-words.js';
import type { KnownKind } from './probe.js';
import type { NetBoxRelease } from './release.js';
import { etagOf, markOf, type Row, rowOf } from './row.js';

/** NetBox works through a list object by object, in one transaction; its workers are ended after two minutes. */
const MAX_BATCH = 100;
/** NetBox answers to a change as if an object were not there that the token may only see, or leaves it out of a list without a word. */
const ONLY_SEEN = 'it may be seen and not changed or deleted: the permissions of the token leave it out';
/** Further attempts of a batch whose outcome is not known, or that met a race. */
const AGAIN = 2;
/** So many refused one by one for a lack of permission, and none accepted: the rest would be, too. */
const FORBIDDEN_IN_A_ROW = 3;

interface Entry {
  readonly write: ForeignWrite;
  readonly method: NetBoxMethod;
  outcome: WriteOutcome | undefined;
  /** As it was before something was sent for it. */
  before?: Row | null;
  /** So often it met another transaction. */
  races?: number;
}

/** An entry that has to be sent. */
interface Due {
  readonly entry: Entry;
  readonly body: Body;
  /** null: it is created. */
  readonly row: Row | null;
}

/**
 * Looks, compares, writes: a batch is looked for before it is sent, and again before it is sent again, so that what was done and not
 * answered is found and not repeated. NetBox takes a list as a whole or not at all; when it refuses one, those that it names are left out,
 * or the list is halved, until every object has its own answer.
 */
export class NetBoxWriter {
  private readonly path = new WritePath(() => this.isTakingWrites());

  constructor(
    private readonly client: NetBoxClient,
    private readonly reader: NetBoxReader,
    private readonly release: NetBoxRelease,
    private readonly kind: KnownKind,
    /** Stands in NetBox' change log; from 4.4. */
    private readonly message: string,
    private readonly signal: AbortSignal,
  ) {}

  async write(writes: readonly ForeignWrite[]): Promise<readonly WriteOutcome[]> {
    const entries = writes.map((write): Entry => ({ write, method: methodOf(write), outcome: undefined }));
    for (const batch of batchesOf(entries)) await this.settle(batch);
    return entries.map(({ outcome }) => {
      if (!outcome) throw new Error('a write was left without an outcome'); // a bug: settle() ends when all have one
      return outcome;
    });
  }

  /** Until each has an outcome. @throws NetBoxError when that of some cannot be told now. */
  private async settle(batch: readonly Entry[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const due = await this.look(batch.filter(({ outcome }) => outcome === undefined));
      if (due.length === 0) return;
      try {
        return await this.send(due, { accepted: 0, forbidden: 0 });
      } catch (error) {
        const left = due.filter(({ entry }) => entry.outcome === undefined);
        for (const { entry, row } of left) entry.before ??= row;
        if (!isNetBoxError(error, 'NETBOX_NO_ANSWER')) throw error;
        if (error.facts.isTimeout === true) await this.afterTimeout(left, error);
        if (attempt >= AGAIN) return this.afterFault(left, error);
        await pause(this.client.timing.againMs * 2 ** attempt, this.signal);
      }
    }
  }

  /** The server may be at it still, where we or a gateway stopped waiting: a create that is not to be seen yet may be there in a minute. */
  private async afterTimeout(left: readonly Due[], error: NetBoxError): Promise<void> {
    if (!left.some(({ entry }) => entry.method === 'POST')) return;
    const due = await this.look(left.map(({ entry }) => entry)).catch((other: unknown) => {
      // That it cannot be looked for is no news: what counts is that it was sent.
      if (isNetBoxError(other)) throw error;
      throw other;
    });
    if (due.length > 0) throw error;
  }

  /** Again and again no answer of NetBox, or an error of its own: most often it is about one object, and the others can go on. */
  private async afterFault(left: readonly Due[], error: NetBoxError): Promise<void> {
    if (error.facts.isTimeout === true) throw error;
    if (left.length === 1) return this.afterLonelyFault(left, error);
    const half = Math.ceil(left.length / 2);
    await this.settle(left.slice(0, half).map(({ entry }) => entry));
    await this.settle(left.slice(half).map(({ entry }) => entry));
  }

  /** It is not done, and reads work: it was just looked for. Whether others would be done is asked with something that does nothing. */
  private async afterLonelyFault(left: readonly Due[], error: NetBoxError): Promise<void> {
    const due = await this.look(left.map(({ entry }) => entry));
    if (due.length === 0) return;
    if (!(await this.path.isOpenForOthers())) throw error;
    const { status, words } = error.facts;
    const how = status === undefined ? `no answer came (${words})` : `something in front of NetBox answered ${status} (${words})`;
    const refused = status === 500 ? words : `it does not get through: ${AGAIN + 1} times ${how}, and nothing was done`;
    for (const { entry } of due) entry.outcome = { refused };
  }

  /** NetBox itself refuses an object without fields, or says that we may not make any. */
  private async isTakingWrites(): Promise<boolean> {
    try {
      await this.client.send({ method: 'POST', path: this.kind.codec.path, body: {} }, this.signal);
    } catch (error) {
      if (isNetBoxError(error, 'NETBOX_REFUSED', 'NETBOX_FORBIDDEN')) return true;
      if (!isNetBoxError(error) || error.code === 'NETBOX_ABORTED') throw error;
    }
    return false;
  }

  private async look(entries: readonly Entry[]): Promise<Due[]> {
    if (entries.length === 0) return [];
    const find = await this.present(entries);
    const due: Due[] = [];
    for (const entry of entries) {
      const row = find(entry.write);
      const decision = decide(entry.write, { kind: this.kind, release: this.release, present: row, before: entry.before });
      if ('outcome' in decision) entry.outcome = decision.outcome;
      else due.push({ entry, row, body: decision.body });
    }
    return this.withoutHeld(due);
  }

  private async present(entries: readonly Entry[]): Promise<(write: ForeignWrite) => Row | null> {
    const marks = entries.flatMap(({ write }) => (write.verb === 'CREATE' ? [write.mark] : []));
    const ids = entries.flatMap(({ write }) => (write.verb === 'CREATE' ? [] : [Number(write.remoteId)]));
    const byMark = new Map<string | null, Row>();
    // Of twins the older one: `marked` is in the order of ids.
    for (const row of await this.reader.marked(this.kind, marks, this.signal)) if (!byMark.has(markOf(row))) byMark.set(markOf(row), row);
    const byId = new Map((await this.reader.rows(this.kind, ids, this.signal)).map((row) => [row.id, row]));
    return (write) => (write.verb === 'CREATE' ? byMark.get(write.mark) : byId.get(Number(write.remoteId))) ?? null;
  }

  /** NetBox deletes some objects together with what they are in, and takes others out of what uses them, without asking. */
  private async withoutHeld(due: readonly Due[]): Promise<Due[]> {
    const doomed = due.flatMap(({ entry, row }) => (entry.method === 'DELETE' && row ? [row] : []));
    if (doomed.length === 0) return [...due];
    const { kind, codec } = this.kind;
    const held = await new DependantsReader(this.reader, this.signal).holding(kind, codec.path, doomed);
    return due.filter(({ entry, row }) => {
      const refused = row && held.get(row.id);
      if (refused) entry.outcome = { refused };
      return !refused;
    });
  }

  /** Each of these gets an outcome, or it throws. */
  private async send(due: readonly Due[], tally: Tally): Promise<void> {
    if (due.length === 0) return;
    try {
      await this.answered(due, await this.request(due));
      tally.accepted += due.length;
      this.path.taken();
    } catch (error) {
      if (!isNetBoxError(error)) throw error;
      if (error.code === 'NETBOX_RACE') return this.afterRace(due, tally, error);
      if (error.code === 'NETBOX_STALE') return this.afterStale(due, tally, error);
      if (error.code === 'NETBOX_FORBIDDEN') return this.afterForbidden(due, tally, error);
      if (!REFUSING.has(error.code)) throw error;
      await this.afterRefusal(due, tally, error);
    }
  }

  /** Rolled back. Two of one list may have collided with one another; one alone with somebody else, who is done in a moment. */
  private async afterRace(due: readonly Due[], tally: Tally, error: NetBoxError): Promise<void> {
    const [only] = due;
    if (due.length > 1 || !only) return this.halve(due, tally);
    const races = (only.entry.races ?? 0) + 1;
    only.entry.races = races;
    if (races > AGAIN) return refuse(due, error);
    await pause(this.client.timing.againMs * 2 ** (races - 1), this.signal);
    await this.send(await this.look([only.entry]), tally);
  }

  private async afterRefusal(due: readonly Due[], tally: Tally, error: NetBoxError): Promise<void> {
    // One that is gone, was changed or was made in between spoils the whole list, and is not refused.
    const there = await this.again(due);
    if (there.length < due.length) return this.send(there, tally);
    if (due.length === 1) return refuse(due, error);
    const ids = due.flatMap(({ row }) => (row ? [row.id] : []));
    const named = namedRefusals(error.facts['body'], due.length, ids);
    if (named.size === 0) return this.halve(due, tally);
    for (const [at, words] of named) {
      const one = due[at];
      // It was just seen, by somebody who may see it.
      if (one) one.entry.outcome = { refused: one.row && NO_SUCH_ID.test(words) ? ONLY_SEEN : words };
    }
    await this.send(
      due.filter((_, at) => !named.has(at)),
      tally,
    );
  }

  private async afterForbidden(due: readonly Due[], tally: Tally, error: NetBoxError): Promise<void> {
    const isHopeless = tally.accepted === 0 && tally.forbidden >= FORBIDDEN_IN_A_ROW;
    if (due.length > 1 && !isHopeless) return this.halve(due, tally);
    // NetBox says the same of an object that went away under its eyes.
    const there = await this.again(due);
    tally.forbidden += there.length;
    refuse(there, error);
  }

  private async afterStale(due: readonly Due[], tally: Tally, error: NetBoxError): Promise<void> {
    const there = await this.again(due);
    if (there.length < due.length) return this.send(there, tally);
    if (due.length > 1) return this.halve(due, tally);
    // It is as it was read, so the tag that was computed is not the one that this NetBox computes: it is asked for.
    const [one] = due;
    if (!one?.row) throw error;
    const answer = await this.client.get(`${this.kind.codec.path}/${one.row.id}`, [], this.signal);
    const isSame = rowOf(answer.json, error.facts.call).last_updated === one.row.last_updated;
    one.entry.outcome = { stale: true };
    if (!isSame || answer.etag === null) return;
    try {
      await this.answered(due, await this.request(due, answer.etag));
    } catch (second) {
      if (!isNetBoxError(second, 'NETBOX_STALE')) throw second;
    }
  }

  /** Looks again. @returns those that are as they were; creates: that are not there. */
  private async again(due: readonly Due[]): Promise<Due[]> {
    const find = await this.present(due.map(({ entry }) => entry));
    return due.filter(({ entry, row }) => {
      const now = find(entry.write);
      if (row === null) entry.outcome = now ? { done: toObject(this.kind, now) } : undefined;
      else if (now === null) entry.outcome = { gone: true };
      else if (now.last_updated !== row.last_updated) entry.outcome = { stale: true };
      return entry.outcome === undefined;
    });
  }

  private async halve(due: readonly Due[], tally: Tally): Promise<void> {
    const half = Math.ceil(due.length / 2);
    await this.send(due.slice(0, half), tally);
    await this.send(due.slice(half), tally);
  }

  private async request(due: readonly Due[], etag?: string): Promise<unknown> {
    const { path } = this.kind.codec;
    const method = due[0]?.entry.method ?? 'PATCH';
    const message = this.release.hasChangeMessages ? { changelog_message: this.message } : {};
    const ifMatch = this.release.hasPreconditions && method !== 'POST' ? (etag ?? etagsOf(due)) : null;
    const [only] = due.length === 1 ? due : [];
    const isDetail = only?.row != null;
    const { json } = await this.client.send(
      {
        method,
        path: isDetail ? `${path}/${only.row?.id}` : path,
        body: only ? { ...only.body, ...message } : due.map(({ row, body }) => ({ ...(row ? { id: row.id } : {}), ...body, ...message })),
        ...(ifMatch === null ? {} : { ifMatch }),
      },
      this.signal,
    );
    return json;
  }

  /** @throws NETBOX_NO_ANSWER for an answer that cannot be read: it was done all the same. NETBOX_UNEXPECTED_ANSWER: done, and without our mark. */
  private async answered(due: readonly Due[], json: unknown): Promise<void> {
    if (due[0]?.entry.method === 'DELETE') return this.deleted(due);
    const call = `${due[0]?.entry.method} /api/${this.kind.codec.path}/`;
    const rows = this.rowsOf(json, call);
    const unsaid: Due[] = [];
    for (const one of due) {
      const { entry, row } = one;
      const { write } = entry;
      const answer = rows.find((one) => (row ? one.id === row.id : write.verb === 'CREATE' && markOf(one) === write.mark));
      // Up to 4.6 what is not there any more is left out of an answer, and what the token may not change.
      if (!answer && row && rows.length < due.length) unsaid.push(one);
      else if (!answer) {
        const words = 'an answer without the object that was written, or without our mark in it';
        throw new NetBoxError('NETBOX_UNEXPECTED_ANSWER', { call, words, retriable: false });
      } else entry.outcome = { done: toObject(this.kind, answer) };
    }
    if (unsaid.length > 0) for (const { entry } of await this.again(unsaid)) entry.outcome = { refused: ONLY_SEEN };
  }

  /** Of a list, too, NetBox says only that it did what the token may do. */
  private async deleted(due: readonly Due[]): Promise<void> {
    const find = await this.present(due.map(({ entry }) => entry));
    for (const { entry } of due) entry.outcome = find(entry.write) ? { refused: ONLY_SEEN } : { done: null };
  }

  private rowsOf(json: unknown, call: string): Row[] {
    try {
      return [json].flat().map((one) => rowOf(one, call));
    } catch (error) {
      if (!isNetBoxError(error)) throw error;
      throw new NetBoxError('NETBOX_NO_ANSWER', { ...error.facts, retriable: true });
    }
  }
}

interface Tally {
  accepted: number;
  forbidden: number;
}

/** Refusals that are about the objects. */
const REFUSING: ReadonlySet<string> = new Set(['NETBOX_REFUSED', 'NETBOX_CONFLICT', 'NETBOX_MISSING']);

/** Of one in a list, from 4.7. */
const NO_SUCH_ID = /Object with ID \d+ does not exist/;

/** Those that are as they were, which was just looked at. */
function refuse(due: readonly Due[], error: NetBoxError): void {
  for (const { entry, row } of due) entry.outcome = { refused: error.code === 'NETBOX_MISSING' && row ? ONLY_SEEN : error.facts.words };
}

const methodOf = ({ verb }: ForeignWrite): NetBoxMethod => (verb === 'CREATE' ? 'POST' : verb === 'DELETE' ? 'DELETE' : 'PATCH');

/** Runs of one method, an object at most once in each: a list that names an object twice is refused by 4.7. */
function batchesOf(entries: readonly Entry[]): Entry[][] {
  const batches: Entry[][] = [];
  let named = new Set<string>();
  for (const entry of entries) {
    const { write } = entry;
    const name = write.verb === 'CREATE' ? write.mark : write.remoteId;
    const batch = batches.at(-1);
    if (batch?.[0]?.method === entry.method && batch.length < MAX_BATCH && !named.has(name)) batch.push(entry);
    else {
      batches.push([entry]);
      named = new Set();
    }
    named.add(name);
  }
  return batches;
}

/** Each object of a list is compared with this set; null: some has no date, and is written unguarded only by itself. */
function etagsOf(due: readonly Due[]): string | null {
  const tags = due.flatMap(({ row }) => (row?.last_updated ? [etagOf(row.last_updated)] : []));
  return tags.length === due.length ? tags.join(', ') : null;
}
