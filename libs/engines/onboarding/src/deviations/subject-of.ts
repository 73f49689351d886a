/** What a line that only the device says hangs on, of what Trame says: with that it goes. */
import type { Pair } from './compare-sides.js';
import type { SaidLine } from './language.js';

/** Modes that stand for a protocol or a family, and not for a network, a session or a link. */
const SHARED = /^(?:router (?!bgp \d+ vrf )|address-family )/;

/** @returns the first words of a line of Trame's, in the section or in one around it; undefined for what has nothing to do with any. */
export function subjectOf(
  said: readonly SaidLine[],
  { section, running, with: line }: Pick<Pair, 'section' | 'running' | 'with'>,
): string | undefined {
  if (line !== undefined) return line;
  const neighbor = /^(?:no )?(neighbor \S+) /.exec(running ?? '')?.[1];
  if (neighbor !== undefined && isSaid(said, section, neighbor)) return neighbor;
  const started = section.length > 0 ? undefined : /^(?:allow-\S+|no-auto-down|no-scripts) (\S+)$/.exec(running ?? '')?.[1];
  if (started !== undefined) return isWhole(`iface ${started}`) && isSaid(said, [], `iface ${started}`) ? `iface ${started}` : undefined;
  const own = section.findLastIndex((header, depth) => !SHARED.test(header) && isSaid(said, section.slice(0, depth), header));
  const header = section[own];
  return header !== undefined && isWhole(header) ? header : undefined;
}

/** What Trame says of lo comes in addition to the stanza of the distribution, which stays. */
export const isWhole = (stanza: string): boolean => !/^iface lo(?: |$)/.test(stanza);

export function linesIn(said: readonly SaidLine[], section: readonly string[]): readonly SaidLine[] {
  return section.reduce<readonly SaidLine[]>((lines, header) => lines.find(({ text }) => text === header)?.below ?? [], said);
}

function isSaid(said: readonly SaidLine[], section: readonly string[], words: string): boolean {
  const isThere = linesIn(said, section).some(({ text }) => `${text.replace(/^no /, '')} `.startsWith(`${words} `));
  return isThere || (section.length > 0 && isSaid(said, section.slice(0, -1), words));
}
