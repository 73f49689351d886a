/** A rendered text as blocks by indentation, to be edited and printed again. Knows no command. */
import type { Format } from '../artefact.js';

export interface TextBlock {
  readonly text: string;
  readonly indent: number;
  readonly children: TextBlock[];
}

/** `!` separates in EOS and FRR; in interfaces(5) it is a word like any other. */
const isSeparator = (format: Format, { text, children }: TextBlock): boolean =>
  children.length === 0 && (text === '' || (text === '!' && format !== 'ifupdown2'));

export function parseBlocks(lines: readonly string[]): TextBlock {
  const root: TextBlock = { text: '', indent: -1, children: [] };
  const open = [root];
  for (const [at, line] of lines.entries()) {
    const text = line.trimStart();
    const block: TextBlock = { text, indent: line.length - text.length, children: [] };
    // A blank line stands where the next line stands.
    const next = text === '' ? (lines.slice(at).find((other) => other.trim() !== '') ?? '') : line;
    const depth = next.length - next.trimStart().length;
    while (open.length > 1 && (open.at(-1) as TextBlock).indent >= depth) open.pop();
    (open.at(-1) as TextBlock).children.push(block);
    if (text !== '' && !/^[!#]/.test(text)) open.push(block);
  }
  return root;
}

/** Separators that have nothing to separate any more are left out. */
export function printBlocks(format: Format, root: TextBlock): string[] {
  return root.children.flatMap((block, at) => {
    const next = root.children[at + 1];
    const isIdle = isSeparator(format, block) && (next === undefined ? root.indent >= 0 : isSeparator(format, next));
    return isIdle ? [] : [' '.repeat(block.indent) + block.text, ...printBlocks(format, block)];
  });
}

/** The block below these headers; made where it is not there. */
export function blockAt(format: Format, root: TextBlock, section: readonly string[]): TextBlock {
  return section.reduce((block, header) => {
    const found = block.children.find(({ text }) => text === header);
    return found ?? insert(format, block, header);
  }, root);
}

export function findBlock(root: TextBlock, section: readonly string[]): TextBlock | undefined {
  return section.reduce<TextBlock | undefined>((block, header) => block?.children.find(({ text }) => text === header), root);
}

/** What is said in the blocks that begin with a word, and in those below them, each line with the heads above it. */
export function linesBelow(block: TextBlock, word: string): readonly string[] {
  const below = ({ text, children }: TextBlock): string[] =>
    text === '' || /^[!#]/.test(text) ? [] : [text, ...children.flatMap(below).map((line) => `${text} / ${line}`)];
  return block.children.filter(({ text }) => text.startsWith(`${word} `)).flatMap(below);
}

/** Before the blocks that follow: a mode that was entered would take the line for one of its own. */
export function insert(format: Format, parent: TextBlock, text: string, at = placeIn(parent, text)): TextBlock {
  const made: TextBlock = { text, indent: parent.indent < 0 ? 0 : parent.indent + (STEP[format] ?? 2), children: [] };
  const closer = format === 'frr' ? closerOf(parent, text) : undefined;
  parent.children.splice(at, 0, made, ...(closer === undefined ? [] : [{ ...made, text: closer, children: [] }]));
  return made;
}

/** Blanks a level; only the dialects that can be read back are adopted. */
const STEP: Readonly<Partial<Record<Format, number>>> = { eos: 3, frr: 1, ifupdown2: 4 };

const MODE = /^(?:router |interface |vrf |route-map |address-family |vni \d+$|key chain |line vty|bfd$|segment-routing$|pbr-map |rpki$)/;

function placeIn(parent: TextBlock, text: string): number {
  if (MODE.test(text) || /^iface /.test(text)) return parent.children.length;
  const first = parent.children.findIndex(({ children, text: other }) => children.length > 0 || MODE.test(other));
  if (first < 0) return parent.children.length;
  const before = parent.children[first - 1];
  return before !== undefined && (/^!?$/.test(before.text) || before.text.startsWith('auto ')) ? first - 1 : first;
}

function closerOf(parent: TextBlock, text: string): string | undefined {
  if (!MODE.test(text) || (/^vni /.test(text) && !/ l2vpn evpn$/.test(parent.text))) return undefined;
  if (text.startsWith('address-family ')) return 'exit-address-family';
  if (text.startsWith('vni ')) return 'exit-vni';
  return /^vrf /.test(text) ? 'exit-vrf' : 'exit';
}
