import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AddressingService } from '#contexts/addressing';
import { FabricService } from '#contexts/fabric';
import { type FabricId, Fqdn, isDomainError, Slug, type SyncTargetId } from '#engines/kernel';
import { type Brakes, checkBrakes, type Item, makePlan, type Plan, printPlan } from '#engines/reconcile';
import {
  crashPoint,
  Database,
  Envelope,
  LeaseService,
  LOGGER,
  type Logger,
  newId,
  SealedColumns,
  type Secret,
  systemScope,
  type Tx,
} from '#platform';
import { dnsRecords } from './desired/dns-records.js';
import type { DnsZones, RrsetValue } from './ports/index.js';
import { type RunChange, type RunState, type SyncTarget, SyncStore } from './store/sync.store.js';

export const DNS_ZONES = Symbol('DnsZonesFactory');
/** How a process speaks to a name server. */
export type DnsZonesFactory = (server: { readonly url: string; readonly apiKey: Secret }) => DnsZones;

const SCOPE = systemScope('sync');
/** A plan that would delete nearly all that we own in a large zone waits for a person: that is a fault of ours more often than a wish. */
const BRAKES: Brakes = { maxDeleteRatio: 0.9, minObjects: 100 };
const FOREIGN = 'the record set is not ours';
const secretContext = (id: SyncTargetId): string => `sync-target/${id}/secret`;

/** Keeps the name servers at what the fabric says. Driven by the fabric's revision, so that nothing is missed when a signal is. */
@Injectable()
export class SyncService implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly leases: LeaseService,
    private readonly envelope: Envelope,
    private readonly columns: SealedColumns,
    private readonly store: SyncStore,
    private readonly fabric: FabricService,
    private readonly addressing: AddressingService,
    @Inject(DNS_ZONES) private readonly dnsZones: DnsZonesFactory,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.columns.add({ table: 'sync_target', key: 'id', column: 'sealed_secret', context: (id) => secretContext(id as SyncTargetId) });
  }

  async createTarget(
    tx: Tx,
    target: { fabricId: FabricId; slug: string; url: string; apiKey: Secret; zones: readonly string[]; ttlSeconds?: number },
  ): Promise<SyncTargetId> {
    const id = newId<SyncTargetId>();
    await this.store.insertTarget(tx, {
      id,
      fabricId: target.fabricId,
      slug: Slug.parse(target.slug),
      kind: 'POWERDNS',
      url: target.url,
      sealedSecret: this.envelope.seal(secretContext(id), target.apiKey),
      zones: target.zones.map((zone) => Fqdn.parse(zone)),
      ttlSeconds: target.ttlSeconds ?? 300,
    });
    return id;
  }

  /** All targets that are behind; one that fails does not stop the others. */
  async runDue(): Promise<void> {
    for (const id of await this.db.inTransaction(SCOPE, (tx) => this.store.due(tx))) await this.run(id);
  }

  /** One target, under its lease: PowerDNS duplicates records when two write to a zone at once. */
  async run(id: SyncTargetId): Promise<void> {
    await this.leases.withLease(`sync:${id}`, async () => {
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
      if (!read || read.target.settledRevision >= read.revision) return;
      const { target, revision, names } = read;
      const runId = await this.db.inTransaction(SCOPE, (tx) => this.store.beginRun(tx, id));
      crashPoint('sync.begun');
      const desired = dnsRecords(
        names.map((name) => ({ ...name, ttlSeconds: target.ttlSeconds })),
        target.zones,
      );
      for (const outside of desired.outside) this.log.warn('dns.name_outside_zones', { target: target.slug, ...outside });
      const outcome = await this.apply(target, desired.zones);
      await this.db.inTransaction(SCOPE, async (tx) => {
        await this.store.endRun(tx, runId, outcome.state, outcome.changes, outcome.error);
        await (outcome.error === null ? this.store.settle(tx, id, revision) : this.store.postpone(tx, id, outcome.error));
      });
      crashPoint('sync.settled');
      this.log.info('sync.run_ended', { target: target.slug, state: outcome.state, changes: outcome.changes.length, error: outcome.error });
    });
  }

  private async apply(
    target: SyncTarget,
    desired: ReadonlyMap<Fqdn, readonly Item<RrsetValue>[]>,
  ): Promise<{ state: RunState; changes: RunChange[]; error: string | null }> {
    const server = this.dnsZones({ url: target.url, apiKey: this.envelope.open(secretContext(target.id), target.sealedSecret) });
    const changes: RunChange[] = [];
    const errors: string[] = [];
    let isBlocked = false;
    for (const zone of target.zones) {
      const items = desired.get(zone) ?? [];
      try {
        const zoneTarget = server.zone(
          zone,
          items.map((item) => item.key),
        );
        const plan: Plan<RrsetValue> = makePlan({ subject: `${target.slug}/${zone}`, desired: items, actual: await zoneTarget.read() });
        this.log.debug('sync.planned', { target: target.slug, zone, plan: printPlan(plan) });
        const held = heldBack(plan);
        isBlocked ||= held !== null;
        // New names do not wait for a decision about old ones.
        const safe = held === null ? plan : { ...plan, changes: plan.changes.filter((change) => change.verb !== 'DELETE') };
        const refused = new Map((await zoneTarget.apply(safe)).map(({ key, reason }) => [key, reason]));
        crashPoint('sync.zone_written');
        for (const change of plan.changes) {
          const reason = change.verb === 'FOREIGN' ? FOREIGN : change.verb === 'DELETE' && held !== null ? held : refused.get(change.key);
          if (change.verb !== 'KEEP')
            changes.push({ zone, verb: change.verb, key: change.key, ...(reason === undefined ? {} : { reason }) });
        }
        errors.push(...[...refused].map(([key, reason]) => `${key}: ${reason}`), ...(held === null ? [] : [held]));
        errors.push(...plan.changes.filter((change) => change.verb === 'FOREIGN').map((change) => `${change.key}: ${FOREIGN}`));
      } catch (error) {
        errors.push(`${zone}: ${error instanceof Error ? error.message : String(error)}`);
        this.log.warn('sync.zone_failed', { target: target.slug, zone, error });
      }
    }
    const state: RunState =
      errors.length === 0
        ? 'SUCCEEDED'
        : isBlocked
          ? 'BLOCKED_BY_GUARD'
          : changes.some((change) => change.reason === undefined)
            ? 'PARTIAL'
            : 'FAILED';
    return { state, changes, error: errors.length === 0 ? null : errors.join('; ') };
  }
}

/** Why the deletes of a plan wait for a person; null where they need not. */
function heldBack(plan: Plan<RrsetValue>): string | null {
  try {
    checkBrakes(plan, BRAKES);
    return null;
  } catch (error) {
    if (isDomainError(error) && error.code === 'BRAKES_HIT') return error.message;
    throw error;
  }
}
