import { Inject, Injectable } from '@nestjs/common';
import type { SyncRunId } from '#engines/kernel';
import { printPlan, stopText, SYNC_LIMITS, type SyncLimits } from '#engines/reconcile';
import { Envelope, type HeldLease, LOGGER, type Logger, type Secret, systemScope, type Tx } from '#platform';
import type { DesiredDns } from '../desired/dns-records.js';
import type { DnsZones } from '../ports/index.js';
import { connectorSecretContext } from '../runner/foreign-inventories.js';
import { RunEnding } from '../runner/run-ending.js';
import { type RunChange, type RunState, type SyncTarget, SyncStore } from '../store/sync.store.js';
import { type StoppedRun, SyncRunStore } from '../store/sync-run.store.js';
import { type DnsSettings, parseDnsSettings } from './dns-settings.js';
import { countsOf, digestOf, GONE_BY, lineWords, sameChange, stateOf, unpublishedLines, withheldWords } from './run-lines.js';
import { isOfScan, plannedLines, planZone, type ZonePlan } from './zone-plan.js';
import { ZoneKeeper } from './zone-keeper.js';
import type { ZoneOwner } from './zone-owner.js';
import { stopsAfter } from './zone-stops.js';
import { writeZone } from './zone-write.js';

export const DNS_ZONES = Symbol('DnsZonesFactory');
/** How a process speaks to a name server. */
export type DnsZonesFactory = (server: {
  readonly url: string;
  readonly apiKey: Secret;
  /** Empty: the certificates of the machine decide. */
  readonly tlsSpkiSha256: readonly string[];
  /** Whose record sets are written there, and whose may be taken over: what stands behind `id=` in the comment of a record set. */
  readonly ownerId: string;
  readonly formerOwnerIds: readonly string[];
  /** Calls off: nothing more is asked or sent. What was sent already is still waited for. */
  readonly signal: AbortSignal;
}) => DnsZones;

const SCOPE = systemScope('sync');
/** So often in a row a name server may fail before a person is asked again for what was approved. */
const PATIENCE = 5;

/** What a run knows when it begins, of one snapshot. */
export interface NamesWork {
  readonly held: HeldLease;
  /** The lease is lost, or whoever runs this stops: what is under way is called off, and whoever comes next finds it as a dead execution leaves it. */
  readonly signal: AbortSignal;
  readonly target: SyncTarget;
  readonly revision: number;
  readonly desired: DesiredDns;
}

interface Planned {
  readonly plans: readonly ZonePlan[];
  /** Zones of which it is not known what stands there, in sentences. */
  readonly failed: readonly string[];
}

/** A run for a name server: planned and kept as a whole, then written zone by zone, but for what waits for a person. */
@Injectable()
export class NamesRun {
  constructor(
    private readonly store: SyncStore,
    private readonly runs: SyncRunStore,
    private readonly ending: RunEnding,
    private readonly envelope: Envelope,
    private readonly keeper: ZoneKeeper,
    @Inject(DNS_ZONES) private readonly dnsZones: DnsZonesFactory,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Everything is looked at; in OBSERVE and in a dry run it is only shown. */
  async complete(work: NamesWork, run: { id: SyncRunId; isDryRun: boolean; maxDeleteRatio: number | null }): Promise<void> {
    const { held, target, desired } = work;
    const limits = run.maxDeleteRatio === null ? SYNC_LIMITS : { ...SYNC_LIMITS, maxDeleteRatio: run.maxDeleteRatio };
    const { plans, failed } = await this.plan(work, target.zones, limits);
    const guards = plans.flatMap(({ stops }) => stops.map(stopText));
    const outside = unpublishedLines(desired, target.ttlSeconds);
    const planned = [...plans.flatMap(plannedLines), ...outside];
    const digest = failed.length > 0 && guards.length === 0 ? null : digestOf(planned);
    await held.inTransaction(SCOPE, (tx) => this.store.planned(tx, run.id, { lines: planned, guards, digest }));
    // Where much is missing the rows stay what a later reading is measured by, until a person says that it is right.
    const whole = plans.filter(({ stops }) => !stops.some(isOfScan));
    if (!run.isDryRun) await this.keeper.looked(held, target, whole);
    const isOnlyShown = run.isDryRun || target.mode === 'OBSERVE';
    const written = isOnlyShown ? { lines: planned, failed: [] } : await this.write(work, plans);
    const lines = isOnlyShown ? planned : [...written.lines, ...outside];
    const trouble = [...failed, ...written.failed];
    const left = isOnlyShown ? [] : leftOf(written.lines);
    await this.end(work, run, {
      state: guards.length > 0 ? 'BLOCKED_BY_GUARD' : stateOf(written.lines, trouble.length + left.length),
      lines,
      isOnlyShown,
      plans,
      failed: trouble,
      left,
      guards,
      digest,
    });
  }

  /** What a person has seen and approved, and nothing else; what would be another change by now is not made. */
  async approved(work: NamesWork, id: SyncRunId): Promise<void> {
    const { held, target } = work;
    const stored = await held.inTransaction(SCOPE, (tx) => this.store.lines(tx, id));
    const meant = new Map(stored.flatMap((line) => (line.isHeld ? [[sameChange(line), line] as const] : [])));
    await held.inTransaction(SCOPE, (tx) => this.runs.setPhase(tx, id, 'APPLYING'));
    if (target.mode === 'OBSERVE') return this.askAgain(work, id, stored, 'the connector is in OBSERVE: nothing is written there');
    const zones = target.zones.filter((zone) => stored.some((line) => line.isHeld && line.zone === zone));
    const { plans, failed } = await this.plan(work, zones, SYNC_LIMITS);
    const seen = plans.map((zonePlan) => asApproved(zonePlan, stored));
    await this.keeper.looked(held, target, seen);
    const written = await this.write(work, plans, (line) => meant.has(sameChange(line)));
    const outcome = new Map(written.lines.map((line) => [sameChange(line), line]));
    const unknown = [...failed, ...written.failed];
    const isRead = (zone: string): boolean =>
      !written.unknown.has(zone) && (plans.some((of) => of.zone === zone) || !zones.some((of) => of === zone));
    const lines = stored.map((line): RunChange => {
      if (!line.isHeld || !isRead(line.zone)) return line;
      const { isHeld: _held, reason: _reason, ...change } = line;
      return outcome.get(sameChange(line)) ?? { ...change, reason: GONE_BY, isStale: true };
    });
    if (unknown.length > 0 && target.failures < PATIENCE) return this.goOnLater(work, id, lines, unknown.join('; '));
    if (unknown.length > 0) return this.askAgain(work, id, lines, unknown.join('; '));
    const waiting = [...lines.filter(({ isStale }) => isStale), ...written.lines.filter(({ reason }) => reason !== undefined)];
    await held.inTransaction(SCOPE, async (tx) => {
      await this.store.keepLines(tx, id, lines);
      const error = waiting.length > 0 ? `${waiting.length} of its lines were not carried out` : null;
      await this.runs.end(tx, id, waiting.length > 0 ? 'PARTIAL' : 'SUCCEEDED', countsOf(lines, readOf(plans)), error);
      await this.store.lookAgain(tx, target.id);
      // What it could not read itself is in its stops, waits still, and is no news when it is read.
      const waits = await this.runs.stoppedNames(tx, target.id);
      if (waits) await this.runs.decided(tx, waits.id, zones);
      if (!(await this.runs.stoppedNames(tx, target.id))) await this.ending.tell(tx, 'sync.resumed', target, id, {});
    });
    this.log.info('sync.run_ended', { target: target.slug, runId: id, approved: meant.size, left: waiting.length });
  }

  /** The name server does not answer: what was approved is not lost, and goes on when it is tried again. */
  private async goOnLater({ held, target }: NamesWork, id: SyncRunId, lines: readonly RunChange[], error: string): Promise<void> {
    await held.inTransaction(SCOPE, async (tx) => {
      await this.store.keepLines(tx, id, lines);
      await this.store.postpone(tx, target.id, error);
    });
  }

  private async askAgain({ held, target }: NamesWork, id: SyncRunId, lines: readonly RunChange[], error: string): Promise<void> {
    await held.inTransaction(SCOPE, async (tx) => {
      await this.store.keepLines(tx, id, lines);
      await this.runs.askAgain(tx, id);
      await this.runs.end(tx, id, 'BLOCKED_BY_GUARD', countsOf(lines, { read: 0, unchanged: 0 }), error);
      await this.store.postpone(tx, target.id, error);
      const { guards, digest } = (await this.runs.byId(tx, id)) ?? { guards: [], digest: null };
      await this.ending.tell(tx, 'sync.stopped', target, id, { guards, digest });
    });
  }

  private async plan({ target, desired, signal }: NamesWork, zones: SyncTarget['zones'], limits: SyncLimits): Promise<Planned> {
    const owner = await this.keeper.owner(target);
    const [server, settings] = this.open(target, owner, signal);
    const plans: ZonePlan[] = [];
    const failed: string[] = [];
    for (const zone of zones) {
      signal.throwIfAborted();
      try {
        const wish = {
          server,
          settings,
          limits,
          claims: this.keeper.claims(target, owner, zone),
          zone,
          name: target.slug,
          desired: desired.zones.get(zone) ?? [],
        };
        const zonePlan = await planZone({ ...wish, published: await this.keeper.published(target, zone) });
        this.log.debug('sync.planned', { target: target.slug, zone, plan: printPlan(zonePlan.plan) });
        plans.push(zonePlan);
      } catch (error) {
        signal.throwIfAborted();
        failed.push(`${zone}: ${wordsOf(error)}`);
        this.log.warn('sync.zone_failed', { target: target.slug, zone, error });
      }
    }
    return { plans, failed };
  }

  /** @param isMeant of the lines of the plans; absent: all that wait for nobody. */
  private async write(
    { held, target, signal }: NamesWork,
    plans: readonly ZonePlan[],
    isMeant?: (line: RunChange) => boolean,
  ): Promise<{ lines: RunChange[]; failed: string[]; unknown: ReadonlySet<string> }> {
    const [server, settings] = this.open(target, await this.keeper.owner(target), signal);
    const [lines, failed, unknown]: [RunChange[], string[], Set<string>] = [[], [], new Set()];
    for (const zonePlan of plans) {
      const planned = plannedLines(zonePlan);
      const wanted = planned.filter((line) => (isMeant ? isMeant(line) : line.isOnlyShown));
      const isWanted = new Set(wanted.map(({ key }) => key));
      const isZoneMade = !zonePlan.isNew || wanted.some(({ verb }) => verb === 'CREATE_ZONE');
      const rest = isMeant ? [] : planned.filter(({ isOnlyShown }) => isOnlyShown !== true);
      signal.throwIfAborted();
      try {
        const notes = this.keeper.notes(held, target, zonePlan.zone);
        const writing = { server, settings, notes, isMeant: (change: { key: string }) => isWanted.has(change.key) };
        if (isZoneMade) lines.push(...(await this.keeper.alone(target, zonePlan.zone, () => writeZone(zonePlan, writing), signal)));
        lines.push(...rest);
      } catch (error) {
        signal.throwIfAborted();
        const words = lineWords(wordsOf(error));
        failed.push(`${zonePlan.zone}: ${words}`);
        unknown.add(zonePlan.zone);
        lines.push(
          ...wanted.map(({ isOnlyShown: _shown, ...line }) => ({ ...line, reason: `not known what came of it: ${words}` })),
          ...rest,
        );
        this.log.warn('sync.zone_failed', { target: target.slug, zone: zonePlan.zone, error });
      }
    }
    const gone = lines.filter(({ verb, reason, isHeld }) => verb === 'DELETE' && reason === undefined && !isHeld);
    await this.keeper.gaveUp(target, [...new Set(gone.map(({ zone }) => zone))]);
    return { lines, failed, unknown };
  }

  private async end(work: NamesWork, run: { id: SyncRunId; isDryRun: boolean }, ended: Ended): Promise<void> {
    const { held, target, revision, desired } = work;
    const { state, lines, isOnlyShown, plans, failed, left, guards } = ended;
    const answers = lines.filter(({ isOtherwise }) => isOtherwise).map(({ key, answered }) => `${key}: ${answered}`);
    const otherwise = answers.length > 0 ? [`the name server answers otherwise than was written: ${answers.join('; ')}`] : [];
    const told = [...left, ...otherwise, ...withheldWords(desired.withheld)];
    const error = [...failed, ...left].join('; ') || null;
    const stoppedAnew = await held.inTransaction(SCOPE, async (tx) => {
      const waited = await this.runs.stoppedNames(tx, target.id);
      if (!isOnlyShown) await this.store.keepLines(tx, run.id, lines);
      await this.runs.end(tx, run.id, state, countsOf(lines, readOf(plans)), error);
      await this.runs.forgetShownNames(tx, target.id);
      if (run.isDryRun) return false;
      if (failed.length === 0) await this.store.settle(tx, target, revision, told.join('; ') || null);
      else await this.store.postpone(tx, target.id, failed.join('; '));
      if (await this.runs.forgetRepeated(tx, { id: run.id, targetId: target.id })) {
        if (failed.length === 0) await this.store.stepBack(tx, target.id);
        return false;
      }
      return this.tell(tx, target, run.id, ended, waited);
    });
    for (const words of answers) this.log.warn('sync.answered_otherwise', { target: target.slug, warning: words });
    if (stoppedAnew) this.log.warn('sync.stopped', { target: target.slug, runId: run.id, guards });
    this.log.info('sync.run_ended', { target: target.slug, runId: run.id, state, changes: lines.length, error });
  }

  /** What waits already is not told a second time. @returns whether it was stopped for something new. */
  private async tell(tx: Tx, target: SyncTarget, id: SyncRunId, ended: Ended, waited: StoppedRun | null): Promise<boolean> {
    const waits = await this.runs.stoppedNames(tx, target.id);
    if (waits === null && waited !== null) await this.ending.tell(tx, 'sync.resumed', target, id, {});
    if (waits?.id !== id) return false;
    const { guards, digest, plans } = ended;
    const unread = target.zones.filter((zone) => !plans.some((of) => of.zone === zone));
    const { stops, isNews } = stopsAfter(waited?.stops ?? {}, stopsOf(plans), unread);
    await this.runs.keepStops(tx, id, stops);
    if (isNews) await this.ending.tell(tx, 'sync.stopped', target, id, { guards, digest });
    return isNews;
  }

  private open(target: SyncTarget, owner: ZoneOwner, signal: AbortSignal): [DnsZones, DnsSettings] {
    const apiKey = this.envelope.open(connectorSecretContext(target.id), target.sealedSecret);
    const who = { ownerId: owner.id, formerOwnerIds: owner.formerIds };
    return [this.dnsZones({ url: target.url, apiKey, tlsSpkiSha256: target.tlsPins, ...who, signal }), parseDnsSettings(target.settings)];
  }
}

interface Ended {
  readonly state: RunState;
  readonly lines: readonly RunChange[];
  /** They are what was planned, and are kept already. */
  readonly isOnlyShown: boolean;
  readonly plans: readonly ZonePlan[];
  readonly failed: readonly string[];
  /** What waits for others, and is looked at again by itself. */
  readonly left: readonly string[];
  readonly guards: readonly string[];
  readonly digest: string | null;
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const leftOf = (lines: readonly RunChange[]): string[] =>
  lines.flatMap(({ key, reason, isHeld }) => (reason === undefined || isHeld ? [] : [`${key}: ${reason}`]));
const readOf = (plans: readonly ZonePlan[]): { read: number; unchanged: number } => ({
  read: plans.reduce((all, { seen }) => all + seen, 0),
  unchanged: plans.reduce((all, { plan }) => all + plan.changes.filter(({ verb }) => verb === 'KEEP').length, 0),
});

/** What is missing and was not approved to be made again stays what a later reading is measured by: an approval of deletes says nothing of a loss since. */
function asApproved(
  { zone, plan, published, reading }: ZonePlan,
  stored: readonly RunChange[],
): Parameters<ZoneKeeper['looked']>[2][number] {
  const said = new Set(stored.filter((line) => line.isHeld && line.zone === zone).map(({ key }) => key));
  const unsaid = new Set(plan.changes.flatMap(({ verb, key }) => (verb === 'CREATE' && !said.has(key) ? [key] : [])));
  return { zone, published, reading: { ...reading, gone: reading.gone.filter((key) => !unsaid.has(key)) } };
}

const stopsOf = (plans: readonly ZonePlan[]): Parameters<typeof stopsAfter>[1] =>
  Object.fromEntries(
    plans.flatMap((plan) => {
      const held = plannedLines(plan).filter(({ isHeld }) => isHeld).length;
      return held === 0 ? [] : [[plan.zone, { codes: [...new Set(plan.stops.map(({ code }) => code))], held }]];
    }),
  );
