/**
 * After the renderers: what a device that was adopted says otherwise, it goes on saying, until somebody takes the value out of the model. A
 * deviation that fits nothing any more does nothing.
 */
import type { AdoptedEdit, AdoptedFacts, AdoptedName, DeviceIntent } from '#engines/intent';
import type { Draft, Format } from '../artefact.js';
import { blockAt, findBlock, insert, parseBlocks, printBlocks, type TextBlock } from './text-block.js';

/** Files that are ours from the first line to the last: what else stood there has to be in them. Elsewhere it is on the device, untouched. */
const WHOLE_FILES: ReadonlySet<Format> = new Set(['frr']);

export function honourAdopted({ adopted }: Pick<DeviceIntent, 'adopted'>, draft: Draft): Draft {
  if (adopted === undefined) return draft;
  const root = parseBlocks(draft.text.map(renamer(adopted.names)));
  for (const edit of editsOf(adopted, draft)) apply(draft.format, root, edit);
  return { ...draft, text: printBlocks(root) };
}

function editsOf({ deviations, kept }: AdoptedFacts, { path, format }: Draft): readonly AdoptedEdit[] {
  const ours = deviations.filter((deviation) => deviation.path === path).flatMap(({ edits }) => edits);
  if (!WHOLE_FILES.has(format)) return ours;
  const beside = kept.filter((line) => line.path === path).map(({ section, text }) => ({ section, trame: null, running: text }));
  return [...ours, ...beside];
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
  insert(format, parent, running, ...(at < 0 ? [] : [at]));
}

/** With the word that leaves its mode. */
function remove(block: TextBlock, at: number): void {
  const isMode = /^exit(?:-|$)/.test(block.children[at + 1]?.text ?? '');
  block.children.splice(at, isMode ? 2 : 1);
}
