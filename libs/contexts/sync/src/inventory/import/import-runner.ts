import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ReconcilerRegistry } from '#contexts/events';
import { Database, Envelope, type HeldLease, LeaseService, LOGGER, type Logger, systemScope } from '#platform';
import { connectorSecretContext, FOREIGN_INVENTORIES, type ForeignInventories } from '../../runner/foreign-inventories.js';
import { wordsOf } from '../../runner/words-of.js';
import { SyncDueStore, type Target } from '../../store/sync-due.store.js';
import { ImportStore, type WantedImport } from './import.store.js';
import { ImportPlanner } from './import-planner.js';
import { idleRuleNotes } from './idle-rule-notes.js';
import { type ImportCounts, type ImportRequest, InventoryImport } from './inventory-import.js';

const SCOPE = systemScope('import');
const EVERY_MS = 2000;

/** Imports that were asked for, under the lease of their connector: nothing is written there meanwhile. One that a crash interrupts is gone on with. */
@Injectable()
export class ImportRunner implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly leases: LeaseService,
    private readonly envelope: Envelope,
    private readonly store: ImportStore,
    private readonly dues: SyncDueStore,
    private readonly imports: InventoryImport,
    private readonly planner: ImportPlanner,
    private readonly reconcilers: ReconcilerRegistry,
    @Inject(FOREIGN_INVENTORIES) private readonly inventories: ForeignInventories,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'inventory-import', everyMs: EVERY_MS, run: (signal) => this.runDue(signal) });
  }

  async runDue(signal: AbortSignal): Promise<void> {
    for (const wanted of await this.db.inTransaction(SCOPE, (tx) => this.store.open(tx, Object.keys(this.inventories)))) {
      signal.throwIfAborted();
      await this.leases.withLease(`sync:${wanted.targetId}`, async (held) => {
        const target = await held.inTransaction(SCOPE, (tx) => this.dues.target(tx, wanted.targetId));
        if (target) await this.run(wanted, target, held, AbortSignal.any([signal, held.signal]));
      });
    }
  }

  private async run(wanted: WantedImport, target: Target, held: HeldLease, signal: AbortSignal): Promise<void> {
    this.log.info('import.begun', { target: target.slug, importId: wanted.id });
    let counts: ImportCounts = {};
    let error: string | null = null;
    try {
      const request = await this.requestOf(wanted, target, held, signal);
      if (wanted.planSeconds === null) {
        await held.inTransaction(SCOPE, (tx) => this.store.begin(tx, wanted.id));
        counts = await this.imports.adoptFrom(request, signal);
      } else ({ counts, rest: error } = await this.planner.plan(wanted, wanted.planSeconds, request, held, signal));
    } catch (cause) {
      if (signal.aborted) throw cause;
      error = wordsOf(cause);
      this.log.warn('import.failed', { target: target.slug, importId: wanted.id, error: cause });
    }
    await held.inTransaction(SCOPE, async (tx) => {
      if (wanted.planSeconds !== null) return this.store.finishPlan(tx, wanted.id, counts, error);
      await this.store.note(tx, wanted.id, idleRuleNotes(await this.store.idleRules(tx, wanted.id)));
      await this.store.finish(tx, wanted.id, counts, error);
      // What was taken is proposed for adoption by the next complete run, which marks it there.
      await this.dues.wantScan(tx, wanted.targetId);
    });
    this.log.info('import.ended', { target: target.slug, importId: wanted.id, counts, error });
  }

  private async requestOf(wanted: WantedImport, target: Target, held: HeldLease, signal: AbortSignal): Promise<ImportRequest> {
    const factory = this.inventories[target.kind];
    if (!factory) throw new Error(`nothing here speaks to ${target.kind}`);
    const secret = this.envelope.open(connectorSecretContext(target.id), target.sealedSecret);
    const { slug, url, tlsPins, settings } = target;
    const source = factory({ name: slug, url, secret, tlsSpkiSha256: tlsPins, settings });
    const { kinds } = await source.probe(signal);
    const fabricId = await held.inTransaction(SCOPE, (tx) => this.store.fabricOf(tx, wanted.spaceId));
    if (fabricId === undefined) throw new Error('the address space is gone');
    const { spaceId, elsewhere, ownerId: tenantId, pools } = wanted;
    return {
      source,
      kinds: new Set(kinds.keys()),
      places: { source: slug, fabricId, spaceId, elsewhere, tenantId, pools },
      links: {
        known: (tx, kind, remoteIds) => this.store.known(tx, wanted.targetId, kind, remoteIds),
        link: (tx, kind, localId, { remoteId }) => this.store.taken(tx, wanted, kind, remoteId, localId),
      },
      told: (tx, notTaken) => this.store.note(tx, wanted.id, notTaken),
      inTransaction: (work) => held.inTransaction(SCOPE, work),
    };
  }
}
