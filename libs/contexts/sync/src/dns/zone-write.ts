import { isDomainError } from '#engines/kernel';
import type { Change } from '#engines/reconcile';
import { crashPoint } from '#platform';
import type { DnsZones, RrsetValue } from '../ports/index.js';
import type { RunChange } from '../store/sync.store.js';
import type { DnsSettings } from './dns-settings.js';
import { lineOf, type ZonePlan, zoneLine } from './zone-plan.js';

/** Questions after a change, for each zone: enough to see whether the server serves what it stored. */
const ASKED = 5;

export interface ZoneWriting {
  readonly server: DnsZones;
  readonly settings: DnsSettings;
  /** What is to be written of the plan. */
  readonly isMeant: (change: Change<RrsetValue>) => boolean;
  /** Keys of which the server gave another answer than it should the last time. */
  readonly otherwise: ReadonlySet<string>;
}

/**
 * @returns a line for each change that is meant, with why it was not written where it was not, and one for what is still answered otherwise.
 * @throws DomainError of the server when it is not known what was written.
 */
export async function writeZone(
  { zone, target, plan, isNew }: ZonePlan,
  { server, settings, isMeant, otherwise }: ZoneWriting,
): Promise<RunChange[]> {
  const changes = plan.changes.filter((change) => isWrite(change) && isMeant(change));
  const isMade = isNew && settings.createZones !== null;
  if (isMade) await server.createZone(zone, settings.createZones);
  const refused = new Map((await target.apply({ ...plan, changes })).map(({ key, reason }) => [key, reason]));
  crashPoint('sync.zone_written');
  const written = changes.filter(({ key }) => !refused.has(key)).slice(0, ASKED);
  const again = plan.changes.filter(({ verb, key }) => verb === 'KEEP' && otherwise.has(key)).slice(0, ASKED);
  const answers = await ask(server, settings, [...again, ...written]);
  const isWrong = ({ key }: Change<RrsetValue>): boolean => answers.get(key)?.isOtherwise === true;
  return [
    ...(isMade ? [zoneLine(zone)] : []),
    ...[...changes, ...again.filter(isWrong)].map((change): RunChange => {
      const reason = refused.get(change.key);
      return { ...lineOf(zone, change), ...(reason === undefined ? answers.get(change.key) : { reason }) };
    }),
  ];
}

const isWrite = ({ verb }: Pick<Change<RrsetValue>, 'verb'>): boolean => verb === 'DELETE' || verb === 'UPDATE' || verb === 'CREATE';

/** What is written is not yet served by every server. An answer changes nothing: it is told. */
async function ask(
  server: DnsZones,
  { dnsAddress }: DnsSettings,
  written: readonly Change<RrsetValue>[],
): Promise<Map<string, Pick<RunChange, 'answered' | 'isOtherwise'>>> {
  const answers = new Map<string, Pick<RunChange, 'answered' | 'isOtherwise'>>();
  if (dnsAddress === null) return answers;
  for (const { key, after } of written) {
    try {
      const records = await server.ask(dnsAddress, key);
      const isAsWritten = records.join(' ') === (after?.records ?? []).join(' ');
      answers.set(key, { answered: records.join(' ') || 'no such record', ...(isAsWritten ? {} : { isOtherwise: true }) });
    } catch (error) {
      if (!isDomainError(error)) throw error;
      answers.set(key, { answered: error.message, isOtherwise: true });
      break; // It will not answer the next question either.
    }
  }
  return answers;
}
