import { Inject, Injectable } from '@nestjs/common';
import { digest, type SyncTargetId } from '#engines/kernel';
import { Database, Envelope, type HeldLease, LeaseService, LOGGER, type Logger } from '#platform';
import type { InventoryConnectorKind } from '../domain/connector.js';
import { SyncJournal } from '../inventory/sync-journal.js';
import type { ForeignCapabilities, ForeignInventory } from '../ports/index.js';
import { SyncDueStore, type Target } from '../store/sync-due.store.js';
import { type OpenRun, SyncRunStore } from '../store/sync-run.store.js';
import {
  connectorSecretContext,
  FOREIGN_INVENTORIES,
  type ForeignInventories,
  type ForeignInventoryFactory,
} from './foreign-inventories.js';
import { FullRun } from './full-run.js';
import { IncrementalRun } from './incremental-run.js';
import { SCOPE } from './run-context.js';
import { RunKeeper } from './run-keeper.js';
import { wordsOf } from './words-of.js';
import type { Work } from './work.js';

/** Rows of the journal that one statement forgets. */
const FORGOTTEN_AT_ONCE = 5000;

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
      const target = await this.db.inTransaction(SCOPE, (tx) => this.dues.target(tx, id));
      if (!target || !this.inventories[target.kind]) return;
      try {
        await this.attend(held, target, this.foreignOf(target), AbortSignal.any([signal, held.signal]));
      } catch (error) {
        if (held.signal.aborted || signal.aborted) throw error;
        this.log.warn('sync.failed', { target: target.slug, error });
        await held.inTransaction(SCOPE, (tx) => this.dues.postpone(tx, id, wordsOf(error)));
      }
    });
  }

  /** What every connector has read is forgotten; one that is switched off is not waited for, it reads everything when it comes back. */
  async forgetJournal(): Promise<void> {
    await this.db.inTransaction(SCOPE, async (tx) => {
      const upTo = (await this.dues.slowest(tx)) ?? (await this.journal.end(tx));
      await this.journal.forget(tx, upTo, FORGOTTEN_AT_ONCE);
    });
  }

  /** The same while the connector is the same: an adapter knows its own writes again, and what it was told of the release. */
  private foreignOf(target: Target): ForeignInventory {
    const { id, kind, slug: name, url, tlsPins, settings, sealedSecret } = target;
    const made = digest({ kind, name, url, tlsPins, settings, secret: sealedSecret.toString('base64') });
    const known = this.open.get(id);
    if (known?.made === made) return known.foreign;
    const factory = this.inventories[kind] as ForeignInventoryFactory;
    const secret = this.envelope.open(connectorSecretContext(id), sealedSecret);
    const foreign = factory({ name, url, secret, tlsSpkiSha256: tlsPins, settings });
    this.open.set(id, { made, foreign });
    return foreign;
  }

  private async attend(held: HeldLease, target: Target, foreign: ForeignInventory, signal: AbortSignal): Promise<void> {
    const { open, isElsewhere } = await held.inTransaction(SCOPE, async (tx) => ({
      open: await this.runs.open(tx, target.id),
      isElsewhere: await this.dues.isCursorOfElsewhere(tx, target.journal),
    }));
    const told = await this.incremental.told({ held }, target);
    const isTold = told.journal.length + told.hints.length > 0;
    if (open.length === 0 && !isElsewhere && !isTold && !target.isScanDue && !target.isFeedDue) return;
    const capabilities = await this.probe(held, target, foreign, open, signal);
    const work: Work = { held, target, foreign, signal, capabilities };
    if (!capabilities.isSingleWriter) return this.doAll(work, open, isElsewhere);
    // Two connectors to one such system take turns.
    await this.leases.withLease(`sync-at:${target.url}`, (at) =>
      this.doAll({ ...work, signal: AbortSignal.any([signal, at.signal]) }, open, isElsewhere),
    );
  }

  /** Whoever asked for a run is told that there is nobody there. */
  private async probe(
    held: HeldLease,
    target: Target,
    foreign: ForeignInventory,
    open: readonly OpenRun[],
    signal: AbortSignal,
  ): Promise<ForeignCapabilities> {
    try {
      const capabilities = await foreign.probe(signal);
      for (const [kind, lack] of capabilities.lacking ?? []) this.log.debug('sync.kind_lacking', { target: target.slug, kind, lack });
      for (const warning of capabilities.warnings ?? []) this.log.warn('sync.warned', { target: target.slug, warning });
      return capabilities;
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
      if (isElsewhere) await this.dues.forgetElsewhere(tx);
      return this.dues.target(tx, target.id);
    });
    if (now?.isScanDue === true || isElsewhere) await this.full.begin(work);
    else if (now) await this.catchUp({ ...work, target: now });
    await held.inTransaction(SCOPE, (tx) => this.dues.works(tx, target.id, capabilities.version));
  }

  private async catchUp(work: Work): Promise<void> {
    for (let now: Target | undefined = work.target; now; ) {
      const target: Target = now;
      if (!(await this.incremental.run({ ...work, target }, await this.incremental.told(work, target)))) return;
      work.signal.throwIfAborted();
      now = await work.held.inTransaction(SCOPE, (tx) => this.dues.target(tx, target.id));
    }
  }
}
