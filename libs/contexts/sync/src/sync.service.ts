import { type BeforeApplicationShutdown, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AddressingService } from '#contexts/addressing';
import { FabricService } from '#contexts/fabric';
import type { SyncTargetId } from '#engines/kernel';
import { crashPoint, Database, LeaseService, LOGGER, type Logger, SealedColumns, systemScope } from '#platform';
import { dnsRecords } from './desired/dns-records.js';
import { NamesRun, type NamesWork } from './dns/names-run.js';
import { SyncStore } from './store/sync.store.js';
import { type OpenRun, SyncRunStore } from './store/sync-run.store.js';
import { connectorSecretContext } from './runner/foreign-inventories.js';
import { wordsOf } from './runner/words-of.js';
import { endedWithin, UnderWay } from './under-way.js';

const SCOPE = systemScope('sync');

type Holding = Pick<NamesWork, 'held' | 'signal'>;

/** Keeps the name servers at what the fabric and its names say. Driven by what is noted with each change, so that nothing is missed when a signal is. */
@Injectable()
export class SyncService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly ending = new AbortController();
  private readonly underWay = new UnderWay();

  constructor(
    private readonly db: Database,
    private readonly leases: LeaseService,
    private readonly columns: SealedColumns,
    private readonly store: SyncStore,
    private readonly runs: SyncRunStore,
    private readonly names: NamesRun,
    private readonly fabric: FabricService,
    private readonly addressing: AddressingService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.columns.add({
      table: 'sync_target',
      key: 'id',
      column: 'sealed_secret',
      context: (id) => connectorSecretContext(id as SyncTargetId),
    });
  }

  /** What is under way ends, or is called off, before the database goes. */
  async beforeApplicationShutdown(): Promise<void> {
    this.ending.abort(new Error('the process is stopping'));
    await this.ended();
  }

  /** Resolves when nothing is under way, also what `runDue` did not wait for. */
  ended(): Promise<void> {
    return this.underWay.ended();
  }

  /**
   * All targets that are behind, each by itself: one that fails is tried again later each time, one that is slow goes on, and neither stops the others.
   * @param withinMs nobody waits longer for those that are slow. @param signal whoever runs this stops: it calls off what is under way.
   * @throws the first failure of those that ended by then.
   */
  async runDue(withinMs?: number, signal?: AbortSignal): Promise<void> {
    const due = await this.db.inTransaction(SCOPE, async (tx) => {
      await this.store.lookAfterLate(tx);
      return this.store.due(tx);
    });
    const stop = this.stopOf(signal);
    if (stop.aborted) return;
    const failures: unknown[] = [];
    let isOver = false;
    const begun = this.underWay.begin(due, (id) =>
      this.attend(id, stop).catch((error: unknown) => {
        if (isOver || stop.aborted) this.log.warn('sync.interrupted', { targetId: id, error });
        else failures.push(error);
      }),
    );
    await endedWithin(begun, withinMs);
    isOver = true;
    if (failures.length > 0) throw failures[0];
  }

  private readonly stopOf = (signal?: AbortSignal): AbortSignal => AbortSignal.any([this.ending.signal, ...(signal ? [signal] : [])]);

  /** What is called off has not failed: whoever comes next is at it at once. */
  private async attend(id: SyncTargetId, stop: AbortSignal): Promise<void> {
    try {
      await this.run(id, stop);
    } catch (error) {
      if (stop.aborted) throw error;
      await this.db.inTransaction(SCOPE, (tx) => this.store.postpone(tx, id, wordsOf(error)));
      throw error;
    }
  }

  /**
   * One target, under its lease: PowerDNS duplicates records when two write to a zone at once. First what a person asked for or approved, and what a dead
   * execution has left; then what is due.
   * @param stop calls it off between two zones, and two requests. @throws its reason.
   */
  async run(id: SyncTargetId, stop = this.stopOf()): Promise<void> {
    await this.leases.withLease(`sync:${id}`, async (held) => {
      const holding: Holding = { held, signal: AbortSignal.any([stop, held.signal]) };
      for (const run of await this.db.inTransaction(SCOPE, (tx) => this.runs.open(tx, id))) await this.goOn(holding, id, run);
      const read = await this.read(holding, id);
      if (!read || (read.target.settledRevision >= read.revision && !read.target.isDue)) return;
      const trigger = read.target.settledRevision < read.revision ? 'CHANGE' : (read.target.why ?? 'TIMER');
      const runId = await this.db.inTransaction(SCOPE, (tx) => this.runs.insert(tx, { targetId: id, trigger, phase: 'PLANNING' }));
      crashPoint('sync.begun');
      await this.names.complete(read, { id: runId, isDryRun: false, maxDeleteRatio: null });
      crashPoint('sync.settled');
    });
  }

  private async goOn(holding: Holding, id: SyncTargetId, run: OpenRun): Promise<void> {
    holding.signal.throwIfAborted();
    const isApproved = run.approvedBy !== null;
    if (!isApproved && run.trigger !== 'PERSON') return this.db.inTransaction(SCOPE, (tx) => this.store.died(tx, run.id));
    const read = await this.read(holding, id);
    if (!read) return; // It was switched off: it waits until it is switched on.
    await (isApproved ? this.names.approved(read, run.id) : this.names.complete(read, run));
  }

  /** Of one snapshot: what is committed meanwhile is for the next run. */
  private async read(holding: Holding, id: SyncTargetId): Promise<NamesWork | undefined> {
    const read = await this.db.inTransaction(
      SCOPE,
      async (tx) => {
        const target = await this.store.target(tx, id);
        if (!target) return undefined;
        const { revision } = await this.fabric.settings(tx, target.fabricId);
        return { target, revision, names: await this.addressing.names(tx, target.fabricId) };
      },
      { isolation: 'REPEATABLE READ' },
    );
    if (!read) return undefined;
    const { target, revision, names } = read;
    const desired = dnsRecords(
      names.names.map((name) => ({ ...name, ttlSeconds: name.ttlSeconds ?? target.ttlSeconds })),
      target.zones,
      names.withheld,
    );
    for (const withheld of names.withheld) this.log.warn('dns.name_withheld', { target: target.slug, ...withheld });
    const [first] = desired.outside;
    if (first) this.log.warn('dns.name_outside_zones', { target: target.slug, count: desired.outside.length, ...first });
    return { ...holding, target, revision, desired };
  }
}
