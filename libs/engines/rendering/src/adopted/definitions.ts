/** Definitions that are called by name. To take one away is right as long as nobody calls it: a map that is not there lets nothing pass. */
import type { AdoptedEdit } from '#engines/intent';
import { findBlock, type TextBlock } from './text-block.js';

const DEFINITION =
  /^(?:route-map|(?:ip|ipv6) prefix-list|(?:ip|bgp) (?:as-path access-list|(?:large-|ext)?community-list(?: \S+)?)|peer-filter) (\S+)/;

/**
 * The same edits without those that would take away a definition that a line which stays calls: the line may have come after the device was
 * taken over.
 */
export function withoutNeeded(root: TextBlock, edits: readonly AdoptedEdit[]): readonly AdoptedEdit[] {
  let gone = new Map(edits.flatMap((edit) => removed(root, edit)));
  if (gone.size === 0) return edits;
  const elsewhere = new Set(edits.filter(({ trame }) => trame !== null).flatMap((edit) => lineOf(root, edit)));
  for (;;) {
    const calls = callsOf(root, new Set([...elsewhere, ...gone.keys()]));
    const needed = [...gone].filter(([, { trame }]) => calls.has(DEFINITION.exec(trame ?? '')?.[1] ?? ''));
    if (needed.length === 0) return edits.filter((edit) => removed(root, edit).every(([block]) => gone.has(block)));
    gone = new Map([...gone].filter(([block]) => !needed.some(([other]) => other === block)));
    for (const [block] of needed) elsewhere.delete(block);
  }
}

function removed(root: TextBlock, edit: AdoptedEdit): readonly (readonly [TextBlock, AdoptedEdit])[] {
  if (edit.section.length > 0 || edit.running !== null || !DEFINITION.test(edit.trame ?? '')) return [];
  return lineOf(root, edit).map((block) => [block, edit]);
}

const lineOf = (root: TextBlock, { section, trame }: AdoptedEdit): readonly TextBlock[] =>
  findBlock(root, section)?.children.filter(({ text }) => text === trame) ?? [];

/** Every word of what stays; the name of a definition in its own head is no call. */
function callsOf(block: TextBlock, gone: ReadonlySet<TextBlock>): ReadonlySet<string> {
  const words = block.children.flatMap((child) => {
    if (gone.has(child)) return [];
    const own = DEFINITION.test(child.text) ? [] : child.text.split(' ');
    return [...own, ...callsOf(child, gone)];
  });
  return new Set(words);
}
