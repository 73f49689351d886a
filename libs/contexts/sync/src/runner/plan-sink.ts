import type { SyncRunId } from '#engines/kernel';
import { digestChanges, type SyncAction, type SyncCounts } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { RunCounts } from '../domain/sync-run.js';
import type { InventoryKind } from '../inventory/kinds.js';
import type { PlannedChange, SyncChangeStore } from '../store/sync-change.store.js';
import { NO_COUNTS } from '../store/sync-run.store.js';

/** Rows by kind, and of ours by `measureOfOurs` of the kind. */
type Measure = Readonly<Record<string, number>>;
export const measureOfOurs = (kind: InventoryKind): string => `~${kind}`;

type KindCounts = { -readonly [Key in keyof SyncCounts]: SyncCounts[Key] };

/** Where a plan goes while it is made: lines into the database, page by page, and what is needed of the whole into a few numbers. */
export class PlanSink {
  private byKind = new Map<InventoryKind, KindCounts>();
  private sum: string | null = null;
  private seq = 0;
  private run: SyncRunId | null;
  private totals: { -readonly [Key in keyof RunCounts]: number } = { ...NO_COUNTS };

  /** @param begin makes the run when there is a first line. */
  constructor(
    private readonly store: SyncChangeStore,
    run: SyncRunId | null,
    private readonly begin: (tx: Tx) => Promise<SyncRunId>,
    after = 0,
  ) {
    this.run = run;
    this.seq = after;
  }

  /** Null: there is no line yet. */
  get runId(): SyncRunId | null {
    return this.run;
  }

  get digest(): string {
    return digestChanges(this.sum, []);
  }

  /** Of what was planned, before anything is carried out. */
  get counts(): RunCounts {
    return this.totals;
  }

  get kinds(): readonly SyncCounts[] {
    return [...this.byKind.values()];
  }

  /** Rows that were read, by kind, and of these ours: what a later scan is measured by. */
  get seen(): Measure {
    return Object.fromEntries(
      [...this.byKind].flatMap(([kind, { seen, seenOurs }]) => [
        [kind, seen],
        [measureOfOurs(kind), seenOurs],
      ]),
    );
  }

  /** What is known of a kind before it is read. An incremental run sees what it asks for and nothing else: `before` is null. */
  expect(kind: InventoryKind, known: number, before: { readonly all: number; readonly ours: number } | null): void {
    this.byKind.set(kind, {
      kind,
      known,
      seen: before === null ? known : 0,
      seenBefore: before?.all ?? null,
      seenOurs: before === null ? known : 0,
      seenOursBefore: before?.ours ?? null,
      isComplete: true,
      deletes: 0,
      updates: 0,
      joins: 0,
      unlinks: 0,
      guarded: 0,
    });
  }

  /** Lines that take something of ours away there, or out of our hands. */
  leavingOf(kind: InventoryKind): number {
    const { deletes = 0, unlinks = 0 } = this.byKind.get(kind) ?? {};
    return deletes + unlinks;
  }

  /** Nothing of what was read is sure: it may have been another release, or another database, half the time. */
  doubt(): void {
    for (const counts of this.byKind.values()) counts.isComplete = false;
  }

  /** A transaction that is begun anew counts nothing twice. @returns how to go back to now. */
  mark(): () => void {
    const [sum, seq, run, totals] = [this.sum, this.seq, this.run, { ...this.totals }];
    const byKind = [...this.byKind].map(([kind, counts]) => [kind, { ...counts }] as const);
    return () => {
      [this.sum, this.seq, this.run, this.totals] = [sum, seq, run, { ...totals }];
      this.byKind = new Map(byKind.map(([kind, counts]) => [kind, { ...counts }]));
    };
  }

  saw(kind: InventoryKind, seen: number, isComplete: boolean): void {
    const counts = this.of(kind);
    counts.seen = seen;
    counts.isComplete = isComplete;
  }

  sawOurs(kind: InventoryKind, count: number): void {
    this.of(kind).seenOurs += count;
  }

  /** They were to go, or to be let go of, and stay. */
  stays(kind: InventoryKind, actions: readonly SyncAction[]): void {
    const counts = this.of(kind);
    for (const action of actions) counts[action === 'UNLINK' ? 'unlinks' : 'deletes']--;
  }

  read(count: number, unchanged: number, conflicts: number): void {
    this.totals.read += count;
    this.totals.unchanged += unchanged;
    this.totals.conflicts += conflicts;
  }

  async add(tx: Tx, changes: readonly Omit<PlannedChange, 'seq'>[]): Promise<PlannedChange[]> {
    if (changes.length === 0) return [];
    this.run ??= await this.begin(tx);
    const lines = changes.map((change) => ({ ...change, seq: ++this.seq }));
    this.sum = digestChanges(this.sum, lines);
    for (const line of lines) this.count(line);
    await this.store.append(tx, this.run, lines);
    return lines;
  }

  private count({ kind, action, state, after, pull, guarded }: PlannedChange): void {
    if (state === 'SKIPPED') this.totals.skipped++;
    if (state !== 'PLANNED') return;
    const counts = this.of(kind);
    const isJoin = action === 'RELINK' || action === 'ADOPT';
    const isUpdate = action !== 'CREATE' && (Object.keys(after).length > 0 || Object.keys(pull).length > 0);
    if (action === 'DEPRECATE' || action === 'DELETE') counts.deletes++;
    if (action === 'UPDATE' || (isJoin && Object.keys(after).length > 0)) counts.updates++;
    if (isJoin) counts.joins++;
    if (action === 'UNLINK') counts.unlinks++;
    if (guarded.length > 0) counts.guarded++;
    if (action === 'CREATE') this.totals.created++;
    if (action === 'DELETE') this.totals.deleted++;
    if (isUpdate || action === 'DEPRECATE' || action === 'ADOPT') this.totals.updated++;
  }

  private of(kind: InventoryKind): KindCounts {
    const counts = this.byKind.get(kind);
    if (!counts) throw new Error(`nobody said what is known of ${kind}`);
    return counts;
  }
}
