import { canonicalJson, digest, Ip, reverseName, storableText } from '#engines/kernel';
import type { DesiredDns, OutsideZones, Withheld } from '../desired/dns-records.js';
import type { RunCounts } from '../domain/sync-run.js';
import type { RunChange, RunState } from '../store/sync.store.js';
import { NO_COUNTS } from '../store/sync-run.store.js';

/** Where only forward zones are listed, every address has a line: those of the first show what is missing. */
const SHOWN = 200;
/** In words of the connector, which are short. */
const NAMED = 5;
/** Of what a name server says. */
const LONGEST_WORDS = 500;
/** Words with others' in them as they are kept in a line: a record set, a mark or an answer may have megabytes. */
export const lineWords = (words: string): string =>
  storableText(words.length > LONGEST_WORDS ? `${words.slice(0, LONGEST_WORDS - 1)}…` : words);
export const GONE_BY = 'it would be another now, or nothing: the next run looks at it';

const WITHHELD: Readonly<Record<Withheld['reason'], string>> = {
  TOO_LONG: 'with the prefix of its subnet the name is longer than 253 octets',
  OF_ANOTHER_TENANT: 'another tenant has this name',
};

/** What is published nowhere: names and addresses that no zone of the list holds, so that nobody can ask for them, and names that are withheld. */
export function unpublishedLines({ outside, withheld }: Pick<DesiredDns, 'outside' | 'withheld'>, ttl: number): RunChange[] {
  return [
    ...firstOf(outside, (of) => outsideLine(of, ttl), 'no zone of the connector holds these names and addresses'),
    ...firstOf(withheld, (of) => withheldLine(of, ttl), 'these names are withheld, too'),
  ];
}

/** The same of names that are withheld, for whoever asks how the connector is: one sentence, or none. */
export function withheldWords(withheld: readonly Withheld[]): string[] {
  if (withheld.length === 0) return [];
  const named = withheld.slice(0, NAMED).map(({ called, address, reason }) => `${called} of ${address} (${WITHHELD[reason]})`);
  const more = withheld.length - named.length;
  return [`names are withheld: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`];
}

function outsideLine({ name, address, missing }: OutsideZones, ttl: number): RunChange {
  const isName = missing === 'FORWARD_ZONE';
  return {
    zone: '',
    verb: 'CREATE',
    key: isName ? forwardKey(name, address) : `${reverseName(address)}/ptr`,
    after: { ttl, records: [isName ? address : `${name}.`] },
    reason: isName ? 'no zone of the connector holds this name' : 'no reverse zone of the connector holds this address',
  };
}

const withheldLine = ({ called, address, reason }: Withheld, ttl: number): RunChange => ({
  zone: '',
  verb: 'CREATE',
  key: forwardKey(called, address),
  after: { ttl, records: [address] },
  reason: WITHHELD[reason],
});

const forwardKey = (name: string, address: Ip): string => `${name}/${Ip.family(address) === 4 ? 'a' : 'aaaa'}`;

function firstOf<Of>(all: readonly Of[], line: (of: Of) => RunChange, reason: string): RunChange[] {
  const more = all.length - SHOWN;
  const rest: RunChange[] = more > 0 ? [{ zone: '', verb: 'CREATE', key: `${more} more`, reason }] : [];
  return [...all.slice(0, SHOWN).map(line), ...rest];
}

/** The same change as one that a person has seen. */
export const sameChange = ({ zone, verb, key, before, after }: RunChange): string =>
  canonicalJson({ zone, verb, key, before: before ?? null, after: after ?? null });

/** Of what waits for a person; where nothing waits, of all lines. */
export function digestOf(lines: readonly RunChange[]): string {
  const held = lines.filter(({ isHeld }) => isHeld);
  return digest((held.length > 0 ? held : lines).map(sameChange));
}

/** What was done; of what was only shown nothing. */
export function countsOf(lines: readonly RunChange[], read: Pick<RunCounts, 'read' | 'unchanged'>): RunCounts {
  const done = lines.filter(({ reason, isOnlyShown }) => reason === undefined && isOnlyShown !== true);
  const count = (...verbs: readonly string[]): number => done.filter(({ verb }) => verbs.includes(verb)).length;
  return {
    ...NO_COUNTS,
    ...read,
    created: count('CREATE', 'CREATE_ZONE'),
    updated: count('UPDATE'),
    deleted: count('DELETE'),
    skipped: lines.filter(({ reason }) => reason !== undefined).length,
  };
}

export function stateOf(lines: readonly RunChange[], left: number): Exclude<RunState, 'BLOCKED_BY_GUARD'> {
  if (left === 0) return 'SUCCEEDED';
  return lines.some(({ reason, verb }) => reason === undefined && verb !== 'KEEP') ? 'PARTIAL' : 'FAILED';
}
