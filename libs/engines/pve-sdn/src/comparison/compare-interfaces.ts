/**
 * interfaces(5): two files are equal when each interface has the same options. `_` and `-` are the same in the name of an option;
 * addresses and hooks apply in their order, all else is a set.
 */
import { compareMeanings, type Difference, type Meaning } from './difference.js';

/** Values that are lists of words without an order. */
const WORD_LISTS = /^(?:bridge-ports|ovs-ports|ovs-options|bridge-vids)$/;
const ORDERED = /^(?:address|up|post-up|pre-up|down|post-down|pre-down)$/;

export function compareInterfaces(expected: string, actual: string): readonly Difference[] {
  return compareMeanings(meaning(expected), meaning(actual));
}

function meaning(text: string): Meaning {
  const statements = new Set<string>();
  const sequences = new Map<string, string[]>();
  let context = '';
  for (const line of text.replace(/\\\n/g, ' ').split('\n')) {
    const words = line.trim().split(/\s+/);
    const [head = '', ...rest] = words;
    if (head === '') continue;
    if (head.startsWith('#')) {
      if (head.startsWith('#version:')) statements.add(`\n${line.trim()}`);
    } else if (head === 'auto' || head.startsWith('allow-')) {
      for (const name of rest) statements.add(`\n${head} ${name}`);
    } else if (head === 'iface') {
      context = words.join(' ');
      statements.add(`\n${context}`);
    } else {
      addOption(statements, sequences, context, head.replaceAll('_', '-'), rest);
    }
  }
  return { statements, sequences };
}

function addOption(
  statements: Set<string>,
  sequences: Map<string, string[]>,
  context: string,
  key: string,
  words: readonly string[],
): void {
  const value = words.join(' ');
  if (WORD_LISTS.test(key)) for (const word of words) statements.add(`${context}\n${key} ${word}`);
  else statements.add(`${context}\n${key} ${value}`);
  if (!ORDERED.test(key)) return;
  const name = `${context} > ${key}`;
  sequences.set(name, [...(sequences.get(name) ?? []), value]);
}
