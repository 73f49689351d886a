import { type Fqdn, isDomainError } from '#engines/kernel';
import {
  type ActualItem,
  type Change,
  checkSyncBrakes,
  type Item,
  makePlan,
  type Plan,
  type Stop,
  type StopCode,
  stopText,
  type SyncCounts,
  type SyncLimits,
} from '#engines/reconcile';
import type { DnsZones, RrsetValue, ServedRrset, ZoneTarget } from '../ports/index.js';
import type { RunChange } from '../store/sync.store.js';
import type { DnsSettings } from './dns-settings.js';
import { unclaimedLines, type ZoneClaims } from './judge-rrsets.js';
import { lineWords } from './run-lines.js';
import { measureOf, type PublishedZone, readPublished, type ZoneReading } from './published-zone.js';

/** What it takes to bring one zone to what is desired; making it writes nothing. */
export interface ZonePlan {
  readonly zone: Fqdn;
  readonly target: ZoneTarget;
  readonly plan: Plan<RrsetValue>;
  /** The zone itself is to be made. */
  readonly isNew: boolean;
  /** Record sets that were read. */
  readonly seen: number;
  readonly published: PublishedZone;
  readonly reading: ZoneReading;
  /** Why a name that is wanted is not written: what stands there is not ours. */
  readonly whyNot: (key: string) => string;
  /** Marked as we did before, and no name of ours. */
  readonly unclaimed: readonly ServedRrset[];
  /** Why changes of it wait for a person; none that would hold nothing. */
  readonly stops: readonly Stop[];
}

export interface ZoneWish {
  readonly server: DnsZones;
  /** Of the connector. */
  readonly name: string;
  readonly zone: Fqdn;
  readonly desired: readonly Item<RrsetValue>[];
  readonly settings: DnsSettings;
  readonly limits: SyncLimits;
  readonly claims: ZoneClaims;
  readonly published: PublishedZone;
}

/** @throws DomainError of the server when it is not known what stands there now. */
export async function planZone({ server, name, zone, desired, settings, limits, claims, published }: ZoneWish): Promise<ZonePlan> {
  const target = server.zone(zone, [...desired.map(({ key }) => key), ...published.sets.keys()]);
  const { served, isNew } = await read(target, settings);
  const { actual, unclaimed } = await claims.judge(served, desired);
  const marks = new Map(served.map(({ key, markedBy }) => [key, markedBy]));
  const whyNot = (key: string): string => claims.whyNot(marks.get(key));
  const plan: Plan<RrsetValue> = makePlan({ subject: `${name}/${zone}`, desired, actual });
  const reading = readPublished(published, actual, desired);
  const stops = stopsOf({ zone, plan, reading, published, actual }, limits);
  return { zone, target, plan, isNew, seen: actual.length, published, reading, whyNot, unclaimed, stops };
}

function stopsOf(
  {
    zone,
    plan: { changes },
    reading,
    published,
    actual,
  }: Pick<ZonePlan, 'zone' | 'plan' | 'reading' | 'published'> & { readonly actual: readonly ActualItem<RrsetValue>[] },
  limits: SyncLimits,
): readonly Stop[] {
  const ours = actual.filter(({ owned }) => owned).length;
  const measure = measureOf(published, actual);
  const { unremembered } = reading;
  const counts: SyncCounts = {
    kind: zone,
    known: Math.max(ours, measure.seenOursBefore),
    seen: actual.length,
    seenBefore: null,
    ...measure,
    isComplete: true,
    // What is not remembered waits in any case, and gives up no other.
    deletes: changes.filter(({ verb, key }) => verb === 'DELETE' && !unremembered.has(key)).length,
    updates: changes.filter(isOtherAnswer).length,
    joins: 0,
    unlinks: 0,
    guarded: 0,
  };
  const strange: Stop = { code: 'UNREMEMBERED', kind: zone, count: unremembered.size, of: ours, limit: 0 };
  const stops = [...checkSyncBrakes([counts], limits), ...(unremembered.size > 0 ? [strange] : [])];
  return stops.filter(({ code }) => changes.some((change) => holds(code, change, reading)));
}

/** Much is missing there: then nothing of the zone is written, for what made it go may still be at it. */
export const isOfScan = ({ code }: Stop): boolean => !OF_CHANGES.has(code);
const OF_CHANGES: ReadonlySet<StopCode> = new Set<StopCode>(['DELETES', 'DELETE_SHARE', 'UPDATE_SHARE', 'UNREMEMBERED']);

/** Why a person says first whether this is meant; undefined: it is written. */
function heldBy({ stops, reading }: Pick<ZonePlan, 'stops' | 'reading'>, change: Change<RrsetValue>): string | undefined {
  const words = stops.filter(({ code }) => holds(code, change, reading)).map(stopText);
  return words.length === 0 ? undefined : words.join('; ');
}

/** The lines of a zone before anything is written; `isOnlyShown` are those that a run would write. */
export function plannedLines(zonePlan: ZonePlan): RunChange[] {
  const { zone, plan, isNew, whyNot, unclaimed, stops } = zonePlan;
  const lines = plan.changes.flatMap((change): RunChange[] => {
    if (change.verb === 'KEEP') return [];
    if (change.verb === 'FOREIGN') return [{ ...lineOf(zone, change), reason: lineWords(whyNot(change.key)) }];
    const held = heldBy(zonePlan, change);
    return [{ ...lineOf(zone, change), ...(held === undefined ? { isOnlyShown: true } : { reason: held, isHeld: true }) }];
  });
  const wide = stops.filter(isOfScan).map(stopText).join('; ');
  const made: RunChange = { ...zoneLine(zone), ...(wide === '' ? { isOnlyShown: true } : { reason: wide, isHeld: true }) };
  return [...(isNew ? [made] : []), ...lines, ...unclaimedLines(zone, unclaimed)];
}

export const zoneLine = (zone: Fqdn): RunChange => ({ zone, verb: 'CREATE_ZONE', key: zone });

export const lineOf = (zone: Fqdn, { verb, key, before, after }: Change<RrsetValue>): RunChange => ({
  zone,
  verb,
  key,
  ...(before === null ? {} : { before }),
  ...(after === null ? {} : { after }),
});

/** Deletes wait where there are too many of them, changes where there are; new names do not wait for a decision about old ones. */
function holds(code: StopCode, change: Change<RrsetValue>, { unremembered }: Pick<ZoneReading, 'unremembered'>): boolean {
  if (code === 'UNREMEMBERED') return change.verb === 'DELETE' && unremembered.has(change.key);
  if (code === 'DELETES' || code === 'DELETE_SHARE') return change.verb === 'DELETE';
  if (code === 'UPDATE_SHARE') return isOtherAnswer(change);
  return change.verb === 'DELETE' || change.verb === 'UPDATE' || change.verb === 'CREATE';
}

/** Another TTL alone is what a person said of the connector or a subnet, and sends nobody elsewhere. */
const isOtherAnswer = ({ verb, before, after }: Change<RrsetValue>): boolean =>
  verb === 'UPDATE' && JSON.stringify(before?.records) !== JSON.stringify(after?.records);

async function read(target: ZoneTarget, { createZones }: DnsSettings): Promise<{ served: readonly ServedRrset[]; isNew: boolean }> {
  try {
    return { served: await target.read(), isNew: false };
  } catch (error) {
    if (createZones === null || !isDomainError(error) || error.code !== 'ZONE_MISSING') throw error;
    return { served: [], isNew: true };
  }
}
