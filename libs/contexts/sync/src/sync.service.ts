import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AddressingService } from '#contexts/addressing';
import { FabricService } from '#contexts/fabric';
import { type FabricId, type Fqdn, Slug, type SyncTargetId } from '#engines/kernel';
import { type Item, printPlan } from '#engines/reconcile';
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
import { parseDnsSettings } from './dns/dns-settings.js';
import { parseZone } from './dns/zone-name.js';
import { runZone } from './dns/zone-run.js';
import type { DnsZones, RrsetValue } from './ports/index.js';
import type { RunCounts } from './domain/sync-run.js';
import { type RunChange, type RunState, type SyncTarget, SyncStore } from './store/sync.store.js';
import { NO_COUNTS } from './store/sync-run.store.js';

export const DNS_ZONES = Symbol('DnsZonesFactory');
/** How a process speaks to a name server. */
export type DnsZonesFactory = (server: {
  readonly url: string;
  readonly apiKey: Secret;
  /** Empty: the certificates of the machine decide. */
  readonly tlsSpkiSha256: readonly string[];
}) => DnsZones;

const SCOPE = systemScope('sync');
const secretContext = (id: SyncTargetId): string => `sync-target/${id}/secret`;

/** Keeps the name servers at what the fabric and its names say. Driven by what is noted with each change, so that nothing is missed when a signal is. */
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
      zones: target.zones.map(parseZone),
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
      if (!read || (read.target.settledRevision >= read.revision && !read.target.isDue)) return;
      const { target, revision, names } = read;
      const runId = await this.db.inTransaction(SCOPE, (tx) => this.store.beginRun(tx, id));
      crashPoint('sync.begun');
      const desired = dnsRecords(
        names.names.map((name) => ({ ...name, ttlSeconds: name.ttlSeconds ?? target.ttlSeconds })),
        target.zones,
      );
      for (const withheld of names.withheld) this.log.warn('dns.name_withheld', { target: target.slug, ...withheld });
      for (const outside of desired.outside) this.log.warn('dns.name_outside_zones', { target: target.slug, ...outside });
      const outcome = await this.apply(target, desired.zones);
      const [state, left, failed] = [stateOf(outcome), outcome.left.join('; ') || null, outcome.failed.join('; ') || null];
      const error = [...outcome.failed, ...outcome.left].join('; ') || null;
      await this.db.inTransaction(SCOPE, async (tx) => {
        await this.store.endRun(tx, runId, state, { changes: outcome.changes, counts: countsOf(outcome.changes), error });
        await (failed === null ? this.store.settle(tx, target, revision, left) : this.store.postpone(tx, id, failed));
      });
      crashPoint('sync.settled');
      this.log.info('sync.run_ended', { target: target.slug, state, changes: outcome.changes.length, error });
    });
  }

  private async apply(target: SyncTarget, desired: ReadonlyMap<Fqdn, readonly Item<RrsetValue>[]>): Promise<Outcome> {
    const apiKey = this.envelope.open(secretContext(target.id), target.sealedSecret);
    const server = this.dnsZones({ url: target.url, apiKey, tlsSpkiSha256: target.tlsPins });
    const settings = parseDnsSettings(target.settings);
    const outcome = { changes: [] as RunChange[], left: [] as string[], failed: [] as string[], isHeld: false };
    for (const zone of target.zones) {
      try {
        const { plan, changes, held, left, warnings } = await runZone(
          server,
          target.slug,
          zone,
          desired.get(zone) ?? [],
          settings,
          target.mode,
        );
        this.log.debug('sync.planned', { target: target.slug, zone, plan: printPlan(plan) });
        outcome.changes.push(...changes);
        outcome.left.push(...left);
        outcome.isHeld ||= held !== null;
        for (const warning of warnings) this.log.warn('sync.answered_otherwise', { target: target.slug, zone, warning });
      } catch (error) {
        outcome.failed.push(`${zone}: ${error instanceof Error ? error.message : String(error)}`);
        this.log.warn('sync.zone_failed', { target: target.slug, zone, error });
      }
    }
    return outcome;
  }
}

interface Outcome {
  readonly changes: readonly RunChange[];
  /** What waits for others, and is looked at again by itself. */
  readonly left: readonly string[];
  /** Zones of which it is not known what stands there. */
  readonly failed: readonly string[];
  readonly isHeld: boolean;
}

/** What was done; in OBSERVE nothing. */
function countsOf(changes: readonly RunChange[]): RunCounts {
  const done = changes.filter(({ reason, isOnlyShown }) => reason === undefined && isOnlyShown !== true);
  const count = (...verbs: readonly string[]): number => done.filter(({ verb }) => verbs.includes(verb)).length;
  return {
    ...NO_COUNTS,
    created: count('CREATE', 'CREATE_ZONE'),
    updated: count('UPDATE'),
    deleted: count('DELETE'),
    skipped: changes.filter(({ reason }) => reason !== undefined).length,
  };
}

function stateOf({ changes, left, failed, isHeld }: Outcome): RunState {
  if (left.length === 0 && failed.length === 0) return 'SUCCEEDED';
  if (isHeld) return 'BLOCKED_BY_GUARD';
  return changes.some((change) => change.reason === undefined) ? 'PARTIAL' : 'FAILED';
}
