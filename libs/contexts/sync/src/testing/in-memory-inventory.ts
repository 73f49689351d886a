/**
 * A system with an inventory, in memory behind the port: it has ids, versions and marks of its own, refuses what such systems refuse, and
 * fails as told. People write into it with `put`, `edit` and `remove`.
 */
import { DomainError } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import { type InventoryKind, NATURAL_KEY } from '../inventory/kinds.js';
import type {
  ForeignCapabilities,
  ForeignChanges,
  ForeignInventory,
  ForeignObject,
  ForeignPage,
  ForeignWrite,
  WriteOutcome,
} from '../ports/index.js';
import { ALL_KINDS, InMemoryRows, Refusal, type Row } from './in-memory-rows.js';

export type ForeignCall = 'probe' | 'prepare' | 'changedSince' | 'scan' | 'get' | 'findMarked' | 'findAlike' | 'write';

/** What goes wrong with one call. */
export type ForeignFault =
  /** 500 or a broken connection before anything was done. Of a scan: a page that failed. */
  | 'ERROR'
  /** 403. Not retriable. */
  | 'FORBIDDEN'
  /** All of it is done, and nobody hears of it. */
  | 'ANSWER_LOST'
  /** The first half of the writes is done, the rest is not, and nobody hears of either. */
  | 'HALF_DONE'
  /** It takes too long: nothing of it is to be seen yet, and what it makes is there when a test says `arrive()`. */
  | 'LATE'
  /** Every write arrives twice; the answer is that of the second. */
  | 'DUPLICATE'
  /** A page without half of its objects, of which nothing tells but the total. */
  | 'HALF_PAGE'
  /** A person edits what is written, just before. Only where `edits` says how. */
  | 'EDITED_MEANWHILE';

export interface InMemoryOptions {
  readonly name?: string;
  readonly kinds?: ReadonlyMap<InventoryKind, readonly string[]>;
  readonly pageSize?: number;
  readonly isUnique?: boolean;
  readonly isSingleWriter?: boolean;
  /** Marks can be written only after `prepare`. */
  readonly needsPreparation?: boolean;
  /** It shows what people removed; of what vanished, and what is hidden, it shows nothing. */
  readonly provesGone?: boolean;
  /** Asked before every call. May change the world meanwhile. */
  readonly onCall?: (call: ForeignCall, kind: InventoryKind | null) => ForeignFault | undefined | Promise<ForeignFault | undefined>;
  /** What a person does to an object that is about to be written, for EDITED_MEANWHILE. */
  readonly edits?: (kind: InventoryKind, remoteId: string) => void;
}

/** A change that a call of ours made, in its order. */
export interface ForeignEffect {
  readonly verb: ForeignWrite['verb'];
  readonly kind: InventoryKind;
  readonly remoteId: string;
  /** null: it was nobody's, or not there. */
  readonly markBefore: string | null;
  /** null: it was not there. */
  readonly before: Fields | null;
  /** null: it is not there any more. */
  readonly after: Fields | null;
  /** Of CREATE: something that we are shown had the same natural key; of one that arrived late: the same mark. */
  readonly isTwin: boolean;
}

export class InMemoryInventory implements ForeignInventory {
  readonly name: string;
  readonly effects: ForeignEffect[] = [];
  /** How often each was called, answered or not. */
  readonly calls: Record<ForeignCall, number> = {
    probe: 0,
    prepare: 0,
    changedSince: 0,
    scan: 0,
    get: 0,
    findMarked: 0,
    findAlike: 0,
    write: 0,
  };
  version = '1.0';
  readonly provenGone?: NonNullable<ForeignInventory['provenGone']>;
  private readonly rows: InMemoryRows;
  private readonly hidden = new Set<string>();
  private readonly log: { readonly kind: InventoryKind; readonly remoteId: string; readonly isDelete: boolean }[] = [];
  private isPrepared: boolean;
  private readonly late: { readonly kind: InventoryKind; readonly write: ForeignWrite & { verb: 'CREATE' } }[] = [];

  constructor(private readonly options: InMemoryOptions = {}) {
    this.name = options.name ?? 'in-memory';
    this.rows = new InMemoryRows({ isUnique: options.isUnique ?? false, kinds: options.kinds ?? ALL_KINDS });
    this.isPrepared = options.needsPreparation !== true;
    if (options.provesGone === true)
      this.provenGone = (kind, remoteIds) => {
        const isDeleted = (id: string): boolean => this.log.some((entry) => entry.isDelete && entry.kind === kind && entry.remoteId === id);
        return Promise.resolve(new Set(remoteIds.filter(isDeleted)));
      };
  }

  // ── what people do there ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @returns its id. @param mark of another owner, or copied. @throws Refusal */
  put(kind: InventoryKind, fields: Fields, mark: string | null = null): string {
    return this.told(kind, String(this.rows.create(kind, fields, mark).id));
  }

  /** @throws Refusal */
  edit(kind: InventoryKind, remoteId: string, fields: Fields): void {
    const row = this.rows.get(kind, Number(remoteId));
    if (!row) throw new Refusal(`no ${kind} ${remoteId}`);
    this.rows.update(kind, row, { fields });
    this.told(kind, remoteId);
  }

  /** @param mark null: takes it out of our hands. */
  remark(kind: InventoryKind, remoteId: string, mark: string | null): void {
    const row = this.rows.get(kind, Number(remoteId));
    if (row) this.rows.update(kind, row, { mark });
    this.told(kind, remoteId);
  }

  /** @throws Refusal where something refers to it. */
  remove(kind: InventoryKind, remoteId: string): void {
    this.rows.delete(kind, Number(remoteId));
    this.log.push({ kind, remoteId, isDelete: true });
  }

  /** Gone as after a restore: whatever refers to it, and untold. */
  vanish(kind: InventoryKind, remoteIds: readonly string[]): void {
    for (const remoteId of remoteIds) this.rows.vanish(kind, Number(remoteId));
  }

  /** There, and not shown to us, nor to be written by us: a permission that was narrowed. Empty: all are shown again. */
  hide(kind: InventoryKind, remoteIds: readonly string[]): void {
    for (const remoteId of remoteIds) this.hidden.add(`${kind} ${remoteId}`);
    if (remoteIds.length === 0) this.hidden.clear();
  }

  /** All there are, hidden ones too, in ascending order of ids. */
  all(kind: InventoryKind): readonly (ForeignObject & { readonly isDeprecated: boolean })[] {
    return this.rows.all(kind).map((row) => ({ ...objectOf(kind, row), isDeprecated: row.isDeprecated }));
  }

  /** What was LATE is done now, as far as it still can be: its marks were looked for before anything of it was there. */
  arrive(): void {
    for (const { kind, write } of this.late.splice(0)) {
      try {
        const isTwin = this.rows.all(kind).some(({ mark }) => mark === write.mark);
        this.made(kind, this.rows.create(kind, write.fields, write.mark), isTwin);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }
  }

  // ── the port ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async probe(signal: AbortSignal): Promise<ForeignCapabilities> {
    await this.begin('probe', null, signal);
    return { version: this.version, kinds: this.options.kinds ?? ALL_KINDS, isSingleWriter: this.options.isSingleWriter ?? false };
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.begin('prepare', null, signal);
    this.isPrepared = true;
  }

  async changedSince(cursor: string | null, signal: AbortSignal): Promise<ForeignChanges> {
    await this.begin('changedSince', null, signal);
    const from = cursor === null ? this.log.length : Number(cursor);
    const next = Math.min(from + this.pageSize, this.log.length);
    return { changed: this.log.slice(from, next), next: String(next), isMore: next < this.log.length, isGap: from > this.log.length };
  }

  async scan(kind: InventoryKind, after: string | null, signal: AbortSignal): Promise<ForeignPage> {
    const fault = await this.begin('scan', kind, signal);
    const shown = this.shown(kind);
    const rest = shown.filter(({ id }) => id > Number(after ?? 0));
    const page = rest.slice(0, this.pageSize);
    const last = page.at(-1);
    const objects = fault === 'HALF_PAGE' ? page.slice(0, page.length >> 1) : page;
    return {
      objects: objects.map((row) => objectOf(kind, row)),
      next: last && rest.length > page.length ? String(last.id) : null,
      total: shown.length,
    };
  }

  async get(kind: InventoryKind, remoteIds: readonly string[], signal: AbortSignal): Promise<readonly ForeignObject[]> {
    await this.begin('get', kind, signal);
    const wanted = new Set(remoteIds);
    return this.select(kind, ({ id }) => wanted.has(String(id)));
  }

  async findMarked(kind: InventoryKind, marks: readonly string[], signal: AbortSignal): Promise<readonly ForeignObject[]> {
    await this.begin('findMarked', kind, signal);
    return this.select(kind, ({ mark }) => mark !== null && marks.includes(mark));
  }

  async findAlike(kind: InventoryKind, alike: readonly Fields[], signal: AbortSignal): Promise<readonly ForeignObject[]> {
    await this.begin('findAlike', kind, signal);
    return this.select(kind, (row) => alike.some((fields) => this.rows.isAlike(kind, row, fields)));
  }

  async write(kind: InventoryKind, writes: readonly ForeignWrite[], signal: AbortSignal): Promise<readonly WriteOutcome[]> {
    const fault = await this.begin('write', kind, signal);
    if (fault === 'LATE') {
      this.late.push(...writes.flatMap((write) => (write.verb === 'CREATE' ? [{ kind, write }] : [])));
      throw unavailable(this.name, 'write', true, { isTimeout: true });
    }
    const done = fault === 'HALF_DONE' ? writes.slice(0, writes.length >> 1) : writes;
    const outcomes = done.map((write) => {
      if (fault === 'EDITED_MEANWHILE' && write.verb !== 'CREATE') this.options.edits?.(kind, write.remoteId);
      const outcome = this.carryOut(kind, write);
      return fault === 'DUPLICATE' ? this.carryOut(kind, write) : outcome;
    });
    if (fault === 'ANSWER_LOST' || fault === 'HALF_DONE') throw unavailable(this.name, 'write', true);
    return outcomes;
  }

  // ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private async begin(call: ForeignCall, kind: InventoryKind | null, signal: AbortSignal): Promise<ForeignFault | undefined> {
    signal.throwIfAborted();
    this.calls[call]++;
    const fault = await this.options.onCall?.(call, kind);
    signal.throwIfAborted();
    if (fault === 'FORBIDDEN') throw unavailable(this.name, call, false);
    if (fault === 'ERROR' || (fault === 'ANSWER_LOST' && call !== 'write')) throw unavailable(this.name, call, true);
    return fault;
  }

  private carryOut(kind: InventoryKind, write: ForeignWrite): WriteOutcome {
    if (!this.isPrepared && (write.verb === 'CREATE' || write.verb === 'MARK')) return { refused: 'there is no field for marks' };
    try {
      return write.verb === 'CREATE' ? this.create(kind, write) : this.change(kind, write);
    } catch (error) {
      if (error instanceof Refusal) return { refused: error.message };
      throw error;
    }
  }

  /** An adapter looks for the mark before it sends a create. */
  private create(kind: InventoryKind, { mark, fields }: ForeignWrite & { verb: 'CREATE' }): WriteOutcome {
    const there = this.shown(kind).find((row) => row.mark === mark);
    if (there) return { done: objectOf(kind, there) };
    const row = this.rows.create(kind, fields, mark);
    const isTwin = this.shown(kind).some((other) => other.id !== row.id && this.rows.isAlike(kind, other, row.fields));
    this.made(kind, row, isTwin);
    return { done: objectOf(kind, row) };
  }

  private made(kind: InventoryKind, row: Row, isTwin: boolean): void {
    this.effects.push({ verb: 'CREATE', kind, remoteId: String(row.id), markBefore: null, before: null, after: row.fields, isTwin });
  }

  private change(kind: InventoryKind, write: Exclude<ForeignWrite, { verb: 'CREATE' }>): WriteOutcome {
    const row = this.shown(kind).find(({ id }) => String(id) === write.remoteId);
    if (!row) return { gone: true };
    if (write.version !== null && write.version !== String(row.version)) return { stale: true };
    const effect = { verb: write.verb, kind, remoteId: write.remoteId, markBefore: row.mark, before: row.fields, isTwin: false };
    if (write.verb === 'MARK' && ![null, write.mark, write.replaces].includes(row.mark))
      return { refused: 'it carries the mark of another owner' };
    if (write.verb === 'DELETE') {
      if (row.mark !== write.mark) return { stale: true };
      this.rows.delete(kind, row.id);
      this.effects.push({ ...effect, after: null });
      return { done: null };
    }
    const after = this.rows.update(kind, row, changeOf(write, this.hasStatus(kind)));
    if (after.version !== row.version) this.effects.push({ ...effect, after: after.fields });
    return { done: objectOf(kind, after) };
  }

  private select(kind: InventoryKind, isWanted: (row: Row) => boolean): ForeignObject[] {
    return this.shown(kind)
      .filter(isWanted)
      .map((row) => objectOf(kind, row));
  }

  private shown(kind: InventoryKind): readonly Row[] {
    return this.rows.all(kind).filter(({ id }) => !this.hidden.has(`${kind} ${id}`));
  }

  private told(kind: InventoryKind, remoteId: string): string {
    this.log.push({ kind, remoteId, isDelete: false });
    return remoteId;
  }

  private hasStatus(kind: InventoryKind): boolean {
    return (this.options.kinds ?? ALL_KINDS).get(kind)?.includes('status') === true;
  }

  private get pageSize(): number {
    return this.options.pageSize ?? 100;
  }
}

function changeOf(
  write: Exclude<ForeignWrite, { verb: 'CREATE' | 'DELETE' }>,
  hasStatus: boolean,
): Partial<Pick<Row, 'fields' | 'mark' | 'isDeprecated'>> {
  if (write.verb === 'UPDATE') return { fields: write.fields, isDeprecated: false };
  if (write.verb === 'MARK') return { mark: write.mark };
  return { isDeprecated: true, ...(hasStatus ? { fields: { status: 'deprecated' } } : {}) };
}

function objectOf(kind: InventoryKind, { id, version, mark, fields }: Row): ForeignObject {
  const label = NATURAL_KEY[kind]
    .map((name) => (typeof fields[name] === 'object' ? '' : String(fields[name])))
    .filter((part) => part !== '');
  return {
    remoteId: String(id),
    order: id,
    version: String(version),
    mark,
    fields: structuredClone(fields),
    label: label.join(' ') || `${kind} ${id}`,
  };
}

const unavailable = (name: string, call: ForeignCall, retriable: boolean, more: object = {}): DomainError =>
  new DomainError(retriable ? 'FOREIGN_UNAVAILABLE' : 'FOREIGN_FORBIDDEN', `${name}: ${call} failed`, { retriable, call, ...more });
