import { type Fqdn, isDomainError } from '#engines/kernel';
import { type ActualItem, type Brakes, type Change, checkBrakes, type Item, makePlan, type Plan, type Target } from '#engines/reconcile';
import { crashPoint } from '#platform';
import type { ConnectorMode } from '../domain/connector.js';
import type { DnsZones, RrsetValue } from '../ports/index.js';
import type { RunChange } from '../store/sync.store.js';
import type { DnsSettings } from './dns-settings.js';

/** A plan that would delete nearly all that we own in a large zone waits for a person: that is a fault of ours more often than a wish. */
const BRAKES: Brakes = { maxDeleteRatio: 0.9, minObjects: 100 };
const FOREIGN = 'the record set is not ours';
/** Questions after a change, for each zone: enough to see whether the server serves what it stored. */
const ASKED = 5;

export interface ZoneOutcome {
  readonly plan: Plan<RrsetValue>;
  readonly changes: readonly RunChange[];
  /** Why the deletes wait for a person. */
  readonly held: string | null;
  /** What waits for others: record sets of theirs, words of the server, a person. */
  readonly left: readonly string[];
  /** What the name server answers differently, or not at all. */
  readonly warnings: readonly string[];
}

/** Brings one zone to what is desired; in OBSERVE it is only said what that would take. @throws DomainError of the server when it is not known what stands there now. */
export async function runZone(
  server: DnsZones,
  name: string,
  zone: Fqdn,
  desired: readonly Item<RrsetValue>[],
  settings: DnsSettings,
  mode: ConnectorMode,
): Promise<ZoneOutcome> {
  const target = server.zone(
    zone,
    desired.map((item) => item.key),
  );
  const { actual, isNew } = await read(server, target, zone, settings, mode);
  const plan: Plan<RrsetValue> = makePlan({ subject: `${name}/${zone}`, desired, actual });
  const held = heldBack(plan);
  // New names do not wait for a decision about old ones.
  const safe = held === null ? plan : { ...plan, changes: plan.changes.filter((change) => change.verb !== 'DELETE') };
  if (mode === 'OBSERVE') return shown(plan, zone, isNew, held);
  const refused = new Map((await target.apply(safe)).map(({ key, reason }) => [key, reason]));
  crashPoint('sync.zone_written');
  const reasonOf = ({ verb, key }: Change<RrsetValue>): string | undefined =>
    verb === 'FOREIGN' ? FOREIGN : verb === 'DELETE' && held !== null ? held : refused.get(key);
  const answers = await ask(
    server,
    settings,
    plan.changes.filter((change) => change.verb !== 'KEEP' && reasonOf(change) === undefined),
  );
  const changes = plan.changes.flatMap((change): RunChange[] => {
    const [reason, answered] = [reasonOf(change), answers.get(change.key)?.words];
    return change.verb === 'KEEP'
      ? []
      : [{ ...lineOf(zone, change), ...(reason === undefined ? {} : { reason }), ...(answered === undefined ? {} : { answered }) }];
  });
  const foreign = plan.changes.filter((change) => change.verb === 'FOREIGN').map(({ key }): [string, string] => [key, FOREIGN]);
  return {
    plan,
    changes: isNew ? [{ zone, verb: 'CREATE_ZONE', key: zone }, ...changes] : changes,
    held,
    left: [...[...refused, ...foreign].map(([key, reason]) => `${key}: ${reason}`), ...(held === null ? [] : [held])],
    warnings: [...answers].filter(([, { isAsWritten }]) => !isAsWritten).map(([key, { words }]) => `${key}: ${words}`),
  };
}

/** What a person would decide about is in `left` as it is where it is written. */
function shown(plan: Plan<RrsetValue>, zone: Fqdn, isNew: boolean, held: string | null): ZoneOutcome {
  const lines = plan.changes.flatMap((change): RunChange[] => {
    const reason = change.verb === 'FOREIGN' ? FOREIGN : change.verb === 'DELETE' ? held : null;
    return change.verb === 'KEEP' ? [] : [{ ...lineOf(zone, change), ...(reason === null ? { isOnlyShown: true } : { reason }) }];
  });
  const made: RunChange[] = isNew ? [{ zone, verb: 'CREATE_ZONE', key: zone, isOnlyShown: true }] : [];
  return { plan, changes: [...made, ...lines], held, left: [], warnings: [] };
}

const lineOf = (zone: Fqdn, { verb, key, before, after }: Change<RrsetValue>): RunChange => ({
  zone,
  verb,
  key,
  ...(before === null ? {} : { before }),
  ...(after === null ? {} : { after }),
});

async function read(
  server: DnsZones,
  target: Target<RrsetValue>,
  zone: Fqdn,
  { createZones }: DnsSettings,
  mode: ConnectorMode,
): Promise<{ actual: readonly ActualItem<RrsetValue>[]; isNew: boolean }> {
  try {
    return { actual: await target.read(), isNew: false };
  } catch (error) {
    if (createZones === null || !isDomainError(error) || error.code !== 'ZONE_MISSING') throw error;
  }
  if (mode === 'OBSERVE') return { actual: [], isNew: true };
  await server.createZone(zone, createZones);
  return { actual: await target.read(), isNew: true };
}

/** What is written is not yet served by every server. An answer changes nothing: it is told. */
async function ask(
  server: DnsZones,
  { dnsAddress }: DnsSettings,
  written: readonly Change<RrsetValue>[],
): Promise<Map<string, { words: string; isAsWritten: boolean }>> {
  const answers = new Map<string, { words: string; isAsWritten: boolean }>();
  if (dnsAddress === null) return answers;
  for (const { key, after } of written.slice(0, ASKED)) {
    try {
      const records = await server.ask(dnsAddress, key);
      answers.set(key, {
        words: records.join(' ') || 'no such record',
        isAsWritten: records.join(' ') === (after?.records ?? []).join(' '),
      });
    } catch (error) {
      if (!isDomainError(error)) throw error;
      answers.set(key, { words: error.message, isAsWritten: false });
      break; // It will not answer the next question either.
    }
  }
  return answers;
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
