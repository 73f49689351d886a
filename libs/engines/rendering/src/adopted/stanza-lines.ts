/** Lines that a device has more in a stanza of interfaces(5), so that ifupdown2 3.0 reads what it read before. */
import type { Deviation, KeptLine } from '#engines/intent';
import type { TextBlock } from './text-block.js';

const STEP = 4;
const METHOD = /^method /;
/** ifupdown2 takes the first line of these, and no other. */
const ONE_LINE = /^(bridge-ports|bridge-vids|bond-slaves|ovs-ports|ovs-bonds) /;

export const isMethod = ({ section, text }: KeptLine): boolean => section.length > 0 && METHOD.test(text);

/** Behind all others; a member of a list behind the other members. */
export function putInStanza(stanza: TextBlock, text: string): void {
  const list = ONE_LINE.exec(text)?.[0];
  const at = list === undefined ? -1 : stanza.children.findIndex((line) => line.text.startsWith(list));
  const line = stanza.children[at];
  if (list !== undefined && line !== undefined) {
    const member = text.slice(list.length);
    if (!line.text.split(' ').includes(member)) stanza.children[at] = { ...line, text: `${line.text} ${member}` };
    return;
  }
  stanza.children.push({ text, indent: stanza.indent + STEP, children: [] });
}

/** A method is said in the head of its stanza, and every further one in a stanza of its own. */
export function completeStanzas(root: TextBlock, methods: readonly KeptLine[]): void {
  for (const { section, text } of methods) {
    const at = root.children.findIndex((block) => `${block.text} `.startsWith(`${section[0]} `));
    const stanza = root.children[at];
    if (stanza === undefined) continue;
    const words = stanza.text.split(' ');
    const head = `${words.slice(0, 2).join(' ')} ${text.replace(METHOD, '')}`;
    if (words.length === 2) root.children[at] = { ...stanza, text: head };
    else root.children.splice(at, 0, { text: head, indent: stanza.indent, children: [] });
  }
}

/** What is there of these lines comes in their order; others stay where they are. */
export function reorder(root: TextBlock, { section, lines }: NonNullable<Deviation['order']>): void {
  const stanza = root.children.find(({ text }) => `${text} `.startsWith(`${section[0]} `));
  if (stanza === undefined) return;
  const places = stanza.children.flatMap(({ text }, at) => (lines.includes(text) ? [at] : []));
  const texts = lines.filter((line) => stanza.children.some(({ text }) => text === line));
  for (const [nth, at] of places.entries()) {
    const line = stanza.children[at];
    const text = texts[nth];
    if (line !== undefined && text !== undefined) stanza.children[at] = { ...line, text };
  }
}
