import { isDomainError } from '#engines/kernel';
import type { Change } from '#engines/reconcile';
import { crashPoint } from '#platform';
import type { DnsZones, RrsetValue } from '../ports/index.js';
import type { RunChange } from '../store/sync.store.js';
import type { DnsSettings } from './dns-settings.js';
import { lineWords } from './run-lines.js';
import { lineOf, type ZonePlan, zoneLine } from './zone-plan.js';

/** Questions after a change, for each zone: enough to see whether the server serves what it stored. */
const ASKED = 5;
/** And about what it answered otherwise before: until all is right. */
const ASKED_AGAIN = 50;

/** What is kept of a zone while it is written, so that whoever dies in between leaves a row too many and never one too few. */
export interface ZoneNotes {
  /** Before anything is sent. */
  sending(changes: readonly Change<RrsetValue>[]): Promise<void>;
  /** All was answered. @param changes that are there, as was read back; none where it is not known which are. */
  sent(changes: readonly Change<RrsetValue>[]): Promise<void>;
  /** @param answers by key, whether the server answers otherwise than was written. */
  answered(answers: ReadonlyMap<string, boolean>): Promise<void>;
}

export interface ZoneWriting {
  readonly server: DnsZones;
  readonly settings: DnsSettings;
  /** What is to be written of the plan. */
  readonly isMeant: (change: Change<RrsetValue>) => boolean;
  readonly notes: ZoneNotes;
}

/**
 * @returns a line for each change that is meant, with why it was not written where it was not, and one for what is still answered otherwise.
 * @throws DomainError of the server when it is not known what was written.
 */
export async function writeZone(
  { zone, target, plan, isNew, published: { sets } }: ZonePlan,
  { server, settings, isMeant, notes }: ZoneWriting,
): Promise<RunChange[]> {
  const changes = plan.changes.filter((change) => isWrite(change) && isMeant(change));
  const isMade = isNew && settings.createZones !== null;
  if (isMade) await server.createZone(zone, settings.createZones);
  await notes.sending(changes);
  const refusals = await target.apply({ ...plan, changes }).catch(async (error: unknown) => {
    if (isAnswer(error)) await notes.sent([]);
    throw error;
  });
  const refused = new Map(refusals.map(({ key, reason }) => [key, lineWords(reason)]));
  crashPoint('sync.zone_written');
  const written = changes.filter(({ key }) => !refused.has(key));
  await notes.sent(written);
  const again = plan.changes.filter(({ verb, key }) => verb === 'KEEP' && sets.get(key)?.answersOtherwise === true).slice(0, ASKED_AGAIN);
  const asked = [...again, ...written.slice(0, ASKED)];
  const answers = await ask(server, settings, asked);
  const isWrong = ({ key }: Change<RrsetValue>): boolean => answers.get(key)?.isOtherwise === true;
  const news = asked.filter((change) => answers.has(change.key) && isWrong(change) !== (sets.get(change.key)?.answersOtherwise ?? false));
  await notes.answered(new Map(news.map((change) => [change.key, isWrong(change)])));
  return [
    ...(isMade ? [zoneLine(zone)] : []),
    ...[...changes, ...again.filter(isWrong)].map((change): RunChange => {
      const reason = refused.get(change.key);
      return { ...lineOf(zone, change), ...(reason === undefined ? answers.get(change.key) : { reason }) };
    }),
  ];
}

/** It said no, and was sent one request after the other: nothing is under way any more. What stands there is for the next reading. */
const isAnswer = (error: unknown): boolean => isDomainError(error) && ANSWERS.has(error.code);
const ANSWERS: ReadonlySet<string> = new Set(['DNS_REFUSED', 'DNS_UNAUTHORIZED', 'ZONE_MISSING']);

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
      answers.set(key, { answered: lineWords(records.join(' ')) || 'no such record', ...(isAsWritten ? {} : { isOtherwise: true }) });
    } catch (error) {
      if (!isDomainError(error)) throw error;
      answers.set(key, { answered: lineWords(error.message), isOtherwise: true });
      break; // It will not answer the next question either.
    }
  }
  return answers;
}
