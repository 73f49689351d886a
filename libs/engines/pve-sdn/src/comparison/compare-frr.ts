/**
 * frr.conf: a set of lines, each under the heads that it stands below. Lists and maps with numbers carry their order in the lines;
 * access lists without numbers apply in the order of the file.
 */
import { compareMeanings, type Difference, type Meaning } from './difference.js';

const MODE_ENDS = /^(?:exit|exit-vrf|exit-address-family|end)$/;
const UNNUMBERED = /^((?:ipv6 )?access-list \S+) (?!seq )/;

export function compareFrr(expected: string, actual: string): readonly Difference[] {
  return compareMeanings(meaning(expected), meaning(actual));
}

function meaning(text: string): Meaning {
  const statements = new Set<string>();
  const sequences = new Map<string, string[]>();
  const open: { depth: number; line: string }[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim().replace(/\s+/g, ' ');
    if (line === '' || line.startsWith('!') || MODE_ENDS.test(line)) continue;
    const depth = raw.length - raw.trimStart().length;
    while ((open.at(-1)?.depth ?? -1) >= depth) open.pop();
    statements.add(`${open.map((one) => one.line).join(' > ')}\n${line}`);
    const [, list] = UNNUMBERED.exec(line) ?? [];
    if (list !== undefined) sequences.set(list, [...(sequences.get(list) ?? []), line]);
    open.push({ depth, line });
  }
  return { statements, sequences };
}
