/** One digit changed in a section that we own: does the comparison tell, and does what is read back have the change? */
import { readEos, writeEos } from '#engines/adoption';
import { compareConfigs, compareFacts, type ConfigNode, eosDialect, parseConfig } from '#engines/reconcile';
import type { Sampling } from './conformance-kind.js';
import { canonical } from './eos-round-trip.js';

export interface Mutant {
  /** Index of the line in the file. */
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

export interface MutantVerdict extends Mutant {
  /** The comparison tells the original from the changed file, and from what is written after reading the changed file. */
  readonly isReported: boolean;
}

/** @returns fewer than asked where the file has fewer digits to change. */
export function judgeMutants(name: string, text: string, { seed, samples }: Sampling): readonly MutantVerdict[] {
  const original = canonical(text);
  const lines = text.split('\n');
  return sample(ownedDigits(text), samples, dice(`${seed}/${name}`)).map(({ line, column, shift }) => {
    const before = lines[line] as string;
    const other = (Number(before[column]) + shift) % 10;
    const after = before.slice(0, column) + other + before.slice(column + 1);
    const changed = [...lines.slice(0, line), after, ...lines.slice(line + 1)].join('\n');
    const [mutant, readBack] = [canonical(changed), canonical(writeEos(readEos(changed)))];
    const isReported =
      compareFacts(eosDialect, original, mutant).length > 0 &&
      compareFacts(eosDialect, original, readBack).length > 0 &&
      compareFacts(eosDialect, mutant, readBack).length === 0;
    return { line, before: before.trim(), after: after.trim(), isReported };
  });
}

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Change extends Place {
  /** Added to the digit, modulo ten: 1 to 9. */
  readonly shift: number;
}

/** Every digit of every line that belongs to a section, or is a line, that the model knows, and that says something. */
function ownedDigits(text: string): readonly Place[] {
  const places: Place[] = [];
  let line = 0;
  const visit = (node: ConfigNode, isOurs: boolean): void => {
    if (isOurs && node.kind !== 'separator') {
      for (const { index } of node.text.matchAll(/\d/g)) places.push({ line, column: node.indent + index });
    }
    line += 1 + node.block.length;
    for (const child of node.children) visit(child, isOurs);
  };
  for (const node of parseConfig(text)) visit(node, isOwned(node) && !isSilent(node, text));
  return places;
}

const isOwned = (node: ConfigNode): boolean => node.kind === 'command' && node.block.length === 0 && readEos(node.text).kept.length === 0;

/** A port that is set to what holds anyway: the file is the same without it, so the number in its header says nothing. */
function isSilent(node: ConfigNode, text: string): boolean {
  if (!node.text.startsWith('interface ') || node.children.length > 4) return false;
  const context = /^switchport default mode .*$/m.exec(text)?.[0] ?? '';
  const port = [node.text, ...node.children.map((child) => ` ${child.text}`)].join('\n');
  return compareConfigs(eosDialect, `${context}\n${port}`, context).length === 0;
}

function sample(places: readonly Place[], count: number, next: () => number): readonly Change[] {
  const left = [...places];
  const chosen: Change[] = [];
  while (chosen.length < count && left.length > 0) {
    const [place] = left.splice(Math.floor(next() * left.length), 1) as [Place];
    chosen.push({ ...place, shift: 1 + Math.floor(next() * 9) });
  }
  return chosen;
}

/** Numbers from 0 to 1 that depend on the text alone (Mulberry32 on an FNV-1a hash). */
function dice(text: string): () => number {
  let state = 2_166_136_261;
  for (const character of text) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 16_777_619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
