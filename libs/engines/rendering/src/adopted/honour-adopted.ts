/**
 * After the renderers: what a device that was adopted says otherwise, it goes on saying, until somebody takes the value out of the model, or
 * what it is about is there no longer. A deviation that fits nothing any more does nothing.
 */
import type { AdoptedEdit, AdoptedName, Deviation, DeviceIntent, KeptLine } from '#engines/intent';
import type { Draft, Format } from '../artefact.js';
import { withoutNeeded } from './definitions.js';
import { completeStanzas, isMethod, putInStanza, reorder } from './stanza-lines.js';
import { Standing } from './standing.js';
import { blockAt, findBlock, insert, parseBlocks, printBlocks, type TextBlock } from './text-block.js';

export function honourAdopted({ adopted }: Pick<DeviceIntent, 'adopted'>, draft: Draft): Draft {
  if (adopted === undefined) return draft;
  const text = draft.text.map(renamer(adopted.names));
  const kept = adopted.kept.filter(({ path }) => path === draft.path);
  const standing = new Standing(parseBlocks(text), kept);
  const deviations = adopted.deviations.filter((one) => one.path === draft.path && standing.holds(one));
  const root = parseBlocks(text);
  const edits = [...deviations.flatMap(({ edits: own }) => own), ...keptEdits(draft.format, standing.kept)];
  for (const edit of withoutNeeded(
    root,
    edits.filter((one) => standing.isAbout(one)),
  ))
    apply(draft.format, root, edit);
  if (draft.format === 'ifupdown2') finish(root, deviations, standing.kept);
  return { ...draft, text: printBlocks(draft.format, root) };
}

/**
 * frr.conf is ours from the first line to the last: what else stood there has to be in it. Of interfaces(5) we write whole stanzas, and what
 * else stood in one has to be in it. On a switch it is there, untouched.
 */
function keptEdits(format: Format, kept: readonly KeptLine[]): readonly AdoptedEdit[] {
  const ours = format === 'frr' ? kept : format === 'ifupdown2' ? kept.filter((line) => line.with !== undefined && !isMethod(line)) : [];
  return ours.map(({ section, text, with: words }) => ({
    section,
    trame: null,
    running: text,
    ...(words !== undefined && { with: words }),
  }));
}

function finish(root: TextBlock, deviations: readonly Deviation[], kept: readonly KeptLine[]): void {
  completeStanzas(
    root,
    kept.filter((line) => line.with !== undefined && isMethod(line)),
  );
  for (const { order } of deviations) if (order) reorder(root, order);
}

/** Whole names only: `vnet100` is no part of `vnet1000`. All at once: two loopbacks may have changed places. */
function renamer(names: readonly AdoptedName[]): (line: string) => string {
  if (names.length === 0) return (line) => line;
  const running = new Map(names.map((name) => [name.derived, name.running]));
  const literally = [...running.keys()].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const any = new RegExp(`(?<![\\w.-])(?:${literally.join('|')})(?![\\w-])`, 'g');
  return (line) => line.replace(any, (name) => running.get(name) ?? name);
}

function apply(format: Format, root: TextBlock, { section, trame, running }: AdoptedEdit): void {
  const block = findBlock(root, section);
  const at = block === undefined || trame === null ? -1 : block.children.findIndex(({ text }) => text === trame);
  if (block !== undefined && at >= 0) remove(block, at);
  if (running === null) return;
  if (trame !== null && at < 0) return; // Trame says something else by now
  const parent = block ?? blockAt(format, root, section);
  if (parent.children.some(({ text }) => text === running)) return;
  if (format === 'ifupdown2' && at < 0 && section.length > 0) putInStanza(parent, running);
  else insert(format, parent, running, ...(at < 0 ? [] : [at]));
}

/** With the word that leaves its mode. */
function remove(block: TextBlock, at: number): void {
  const isMode = /^exit(?:-|$)/.test(block.children[at + 1]?.text ?? '');
  block.children.splice(at, isMode ? 2 : 1);
}
