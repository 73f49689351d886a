import { Inject, Injectable } from '@nestjs/common';
import { digest, type SyncTargetId } from '#engines/kernel';
import { Database, Envelope, type HeldLease, LeaseService, LOGGER, type Logger } from '#platform';
import type { InventoryConnectorKind } from '../domain/connector.js';
import { SyncJournal } from '../inventory/sync-journal.js';
import type { ForeignInventory } from '../ports/index.js';
import { SyncConflictStore } from '../store/sync-conflict.store.js';
import { type JournalBounds, SyncDueStore, type Target } from '../store/sync-due.store.js';
import { SyncInstallationStore } from '../store/sync-installation.store.js';
import { type OpenRun, SyncRunStore } from '../store/sync-run.store.js';
import {
  connectorSecretContext,
  FOREIGN_INVENTORIES,
  type ForeignInventories,
  type ForeignInventoryFactory,
} from './foreign-inventories.js';
import { FullRun } from './full-run.js';
import { IncrementalRun } from './incremental-run.js';
import { withOwnMarks } from './own-marks.js';
import { SCOPE } from './run-context.js';
import { RunKeeper } from './run-keeper.js';
import { wordsOf } from './words-of.js';
import type { Work } from './work.js';

/** Rows of the journal that one statement forgets. */
const FORGOTTEN_AT_ONCE = 5000;
/** Runs, each with all its lines. */
const RUNS_AT_ONCE = 20;
/** About 100 MB, and a day: reading everything is what a connector does once a day anyhow. */
const BOUNDS: JournalBounds = { rows: 1_000_000, seconds: 86_400 };

/** Whatever there is to do for a connector, under its lease: one writer, however many workers. What is done is in rows; nothing is remembered. */
@Injectable()
export class SyncRunner {
  private readonly open = new Map<SyncTargetId, { readonly made: string; readonly foreign: ForeignInventory }>();

  constructor(
    private readonly db: Database,
    private readonly leases: LeaseService,
    private readonly envelope: Envelope,
    private readonly dues: SyncDueStore,
    private readonly runs: SyncRunStore,
    private readonly conflicts: SyncConflictStore,
    private readonly installations: SyncInstallationStore,
    private readonly journal: SyncJournal,
    private readonly full: FullRun,
    private readonly incremental: IncrementalRun,
    private readonly keeper: RunKeeper,
    @Inject(FOREIGN_INVENTORIES) private readonly inventories: ForeignInventories,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Connectors that something is to be done for now. */
  due(): Promise<SyncTargetId[]> {
    return this.db.inTransaction(SCOPE, (tx) => this.dues.due(tx, Object.keys(this.inventories) as InventoryConnectorKind[]));
  }

  /** @returns at once when somebody else is at it. A failure is kept with the connector, which is tried again later. */
  async run(id: SyncTargetId, signal: AbortSignal): Promise<void> {
    await this.leases.withLease(`sync:${id}`, async (held) => {
      const { target, installation } = await this.db.inTransaction(SCOPE, async (tx) => ({
        target: await this.dues.target(tx, id),
        installation: await this.installations.id(tx),
      }));
      if (!target || !this.inventories[target.kind]) return;
      try {
        await this.attend(held, target, installation, AbortSignal.any([signal, held.signal]));
      } catch (error) {
        if (held.signal.aborted || signal.aborted) throw error;
        this.log.warn('sync.failed', { target: target.slug, error });
        await held.inTransaction(SCOPE, (tx) => this.dues.postpone(tx, id, wordsOf(error)));
      }
    });
  }

  /**
   * What every connector has read is forgotten. One that is switched off, was never read or is too far behind is not waited for: it reads everything when it
   * comes back.
   */
  async forgetJournal(bounds = BOUNDS, signal?: AbortSignal): Promise<void> {
    for (const slug of await this.db.inTransaction(SCOPE, (tx) => this.dues.giveUpOn(tx, bounds)))
      this.log.warn('sync.too_far_behind', { target: slug });
    for (let isMore = true; isMore && signal?.aborted !== true; )
      isMore = await this.db.inTransaction(SCOPE, async (tx) => {
        const end = await this.journal.end(tx); // Before it is asked who waits: whoever begins to meanwhile reads what was there until now.
        return (await this.journal.forget(tx, (await this.dues.slowest(tx)) ?? end, FORGOTTEN_AT_ONCE)) === FORGOTTEN_AT_ONCE;
      });
  }

  /** Runs and conflicts that are too old to be of use, of every connector, whatever ended them. */
  async forgetRuns(signal?: AbortSignal): Promise<void> {
    for (const past of [this.runs, this.conflicts])
      for (let isMore = true; isMore && signal?.aborted !== true; )
        isMore = await this.db.inTransaction(SCOPE, (tx) => past.forgetOld(tx, RUNS_AT_ONCE));
  }

  /** The same while the connector is the same: an adapter knows its own writes again, and what it was told of the release. */
  private foreignOf(target: Target, installation: string): ForeignInventory {
    const { id, kind, slug: name, url, tlsPins, settings, sealedSecret } = target;
    const made = digest({ kind, name, url, tlsPins, settings, secret: sealedSecret.toString('base64') });
    const known = this.open.get(id);
    if (known?.made === made) return known.foreign;
    const factory = this.inventories[kind] as ForeignInventoryFactory;
    const secret = this.envelope.open(connectorSecretContext(id), sealedSecret);
    const foreign = withOwnMarks(factory({ name, url, secret, tlsSpkiSha256: tlsPins, settings }), installation);
    this.open.set(id, { made, foreign });
    return foreign;
  }

  private async attend(held: HeldLease, target: Target, installation: string, signal: AbortSignal): Promise<void> {
    const { open, isElsewhere } = await held.inTransaction(SCOPE, async (tx) => {
      if (target.isNew) await this.dues.hear(tx, target.id);
      return { open: await this.runs.open(tx, target.id), isElsewhere: await this.dues.isCursorOfElsewhere(tx, target.journal) };
    });
    const told = await this.incremental.told({ held }, target);
    const isTold = told.journal.length + told.hints.length > 0;
    if (open.length === 0 && !isElsewhere && !isTold && !target.isScanDue && !target.isFeedDue && !target.isRecheckDue) return;
    const { foreign, capabilities } = await this.reach(held, target, installation, open, signal);
    const work: Work = { held, target, foreign, signal, capabilities };
    if (!capabilities.isSingleWriter) return this.doAll(work, open, isElsewhere);
    // Two connectors to one such system take turns.
    await this.leases.withLease(`sync-at:${target.url}`, (at) =>
      this.doAll({ ...work, signal: AbortSignal.any([signal, at.signal]) }, open, isElsewhere),
    );
  }

  /** Whoever asked for a run is told that there is nobody there, or that with these settings nobody can be spoken to. */
  private async reach(
    held: HeldLease,
    target: Target,
    installation: string,
    open: readonly OpenRun[],
    signal: AbortSignal,
  ): Promise<Pick<Work, 'foreign' | 'capabilities'>> {
    try {
      const foreign = this.foreignOf(target, installation);
      const capabilities = await foreign.probe(signal);
      for (const [kind, lack] of capabilities.lacking ?? []) this.log.debug('sync.kind_lacking', { target: target.slug, kind, lack });
      for (const warning of capabilities.warnings ?? []) this.log.warn('sync.warned', { target: target.slug, warning });
      return { foreign, capabilities };
    } catch (error) {
      const asked = open.filter(({ phase }) => phase === 'WANTED' || phase === 'PLANNING');
      if (!signal.aborted) for (const { id } of asked) await this.keeper.fail({ held, target }, id, error);
      throw error;
    }
  }

  private async doAll(work: Work, open: readonly OpenRun[], isElsewhere: boolean): Promise<void> {
    const { held, target, capabilities } = work;
    for (const run of open) await this.full.goOn(work, run);
    if (target.isFeedDue) await this.incremental.readFeed(work);
    const now = await held.inTransaction(SCOPE, async (tx) => {
      if (isElsewhere) {
        await this.dues.forgetElsewhere(tx);
        await this.dues.wantScan(tx, target.id);
      }
      return this.dues.target(tx, target.id);
    });
    if (now?.isScanDue === true) await this.full.begin({ ...work, target: now });
    else if (now) await this.catchUp({ ...work, target: now });
    if (now?.isRecheckDue === true) await this.incremental.retry({ ...work, target: now });
    await held.inTransaction(SCOPE, (tx) => this.dues.works(tx, target.id, capabilities.version));
  }

  private async catchUp(work: Work): Promise<void> {
    // What is to be read completely needs no journal of before.
    for (let now: Target | undefined = work.target; now?.isScanDue === false; ) {
      const target: Target = now;
      if (!(await this.incremental.run({ ...work, target }, await this.incremental.told(work, target)))) return;
      work.signal.throwIfAborted();
      now = await work.held.inTransaction(SCOPE, (tx) => this.dues.target(tx, target.id));
    }
  }
}
