import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ReconcilerRegistry } from '#contexts/events';
import { Database, Envelope, type HeldLease, LeaseService, LOGGER, type Logger, systemScope } from '#platform';
import { connectorSecretContext, FOREIGN_INVENTORIES, type ForeignInventories } from '../../runner/foreign-inventories.js';
import { wordsOf } from '../../runner/words-of.js';
import { SyncDueStore, type Target } from '../../store/sync-due.store.js';
import { ImportStore, type WantedImport } from './import.store.js';
import { type ImportCounts, InventoryImport } from './inventory-import.js';

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
      counts = await this.take(wanted, target, held, signal);
    } catch (cause) {
      if (signal.aborted) throw cause;
      error = wordsOf(cause);
      this.log.warn('import.failed', { target: target.slug, importId: wanted.id, error: cause });
    }
    await held.inTransaction(SCOPE, async (tx) => {
      await this.store.finish(tx, wanted.id, counts, error);
      // What was taken is proposed for adoption by the next complete run, which marks it there.
      await this.dues.wantScan(tx, wanted.targetId);
    });
    this.log.info('import.ended', { target: target.slug, importId: wanted.id, counts, error });
  }

  private async take(wanted: WantedImport, target: Target, held: HeldLease, signal: AbortSignal): Promise<ImportCounts> {
    const factory = this.inventories[target.kind];
    if (!factory) throw new Error(`nothing here speaks to ${target.kind}`);
    const secret = this.envelope.open(connectorSecretContext(target.id), target.sealedSecret);
    const { slug, url, tlsPins, settings } = target;
    const source = factory({ name: slug, url, secret, tlsSpkiSha256: tlsPins, settings });
    const { kinds } = await source.probe(signal);
    const fabricId = await held.inTransaction(SCOPE, async (tx) => {
      await this.store.begin(tx, wanted.id);
      return this.store.fabricOf(tx, wanted.spaceId);
    });
    if (fabricId === undefined) throw new Error('the address space is gone');
    return this.imports.adoptFrom(
      {
        source,
        kinds: new Set(kinds.keys()),
        places: { source: slug, fabricId, spaceId: wanted.spaceId, tenantId: wanted.ownerId, pools: wanted.pools },
        links: {
          known: (tx, kind, remoteIds) => this.store.known(tx, wanted.targetId, kind, remoteIds),
          link: (tx, kind, localId, { remoteId }) => this.store.taken(tx, wanted, kind, remoteId, localId),
        },
        told: (tx, notTaken) => this.store.note(tx, wanted.id, notTaken),
        inTransaction: (work) => held.inTransaction(SCOPE, work),
      },
      signal,
    );
  }
}
