/** The whole template language: a renderer is a function from a slice of intent to lines. */
import type { Line } from './piece.js';

export type Part<L extends Line = string> = L | readonly Part<L>[] | null | false;

/** Flattens; null and false are left out. */
export function lines<L extends Line = string>(...parts: readonly Part<L>[]): L[] {
  const flat: L[] = [];
  append(flat, parts);
  return flat;
}

function append<L extends Line>(flat: L[], parts: readonly Part<L>[]): void {
  for (const part of parts) {
    if (part === null || part === false) continue;
    if (isList(part)) append(flat, part);
    else flat.push(part);
  }
}

const isList = <L extends Line>(part: L | readonly Part<L>[]): part is readonly Part<L>[] => Array.isArray(part);

/** Line by line, for those who look at text. */
export function withoutPieces(text: readonly Line[]): string[] {
  return text.flatMap((line) => (typeof line === 'string' ? [line] : line.text.split('\n')));
}

export function indent<L extends Line = string>(by: number, ...parts: readonly Part<L>[]): L[] {
  const blanks = ' '.repeat(by);
  return lines<L>(...parts).map((line) => (typeof line === 'string' ? (`${blanks}${line}` as L) : line));
}

/** A head, its body one step deeper, and a closing line where the dialect has one. */
export function block<L extends Line = string>(by: number, head: string, body: Part<L>, tail: string | null = null): (L | string)[] {
  const flat: (L | string)[] = indent<L | string>(by, body);
  flat.unshift(head);
  if (tail !== null) flat.push(tail);
  return flat;
}

/** Paragraphs with a separator line between them; empty ones are left out. */
export function paragraphs<L extends Line = string>(separator: string, parts: readonly (readonly L[])[]): (L | string)[] {
  const flat: (L | string)[] = [];
  for (const part of parts) {
    if (part.length === 0) continue;
    if (flat.length > 0) flat.push(separator);
    for (const line of part) flat.push(line);
  }
  return flat;
}
