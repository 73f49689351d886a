/**
 * interfaces(5) as facts: stanzas of one interface laid together, one spelling of each option, one fact for each member of a list. What
 * ifupdown2 and classic ifupdown read alike is the same fact; where they differ, ifupdown2 is meant.
 */
import type { FactNode } from '#engines/reconcile';
import { canonicalOptions, type Option } from './options.js';

/** Words that begin a stanza; every other line belongs to the stanza above it. */
const STANZA = /^(auto|allow-\S+|no-auto-down|no-scripts|iface|mapping|template|source|source-directory|rename)(?=\s|$)/;

export const beginsStanza = (line: string): boolean => STANZA.test(line);

interface OpenStanza {
  readonly header: string;
  readonly methods: string[];
  readonly options: Option[];
}

/** Never throws. @param text one file, or several that are read together */
export function interfacesFacts(text: string): FactNode {
  const root = fact('', '');
  const stanzas = new Map<string, OpenStanza>();
  const lone: string[] = [];
  let open: OpenStanza | null = null;
  for (const said of logicalLines(text)) {
    const keyword = STANZA.exec(said)?.[1];
    const line = keyword === undefined ? said : said.replace(/\\+(?=\s|$)/g, '').trim();
    if (keyword === undefined) {
      if (open === null) lone.push(line);
      else open.options.push(optionOf(line));
    } else {
      open = keyword === 'iface' || keyword === 'mapping' ? stanzaOf(stanzas, line) : null;
      if (open === null) for (const single of singles(keyword, line)) lone.push(single);
    }
  }
  for (const line of lone) put(root, fact(line, line));
  for (const { header, methods, options } of stanzas.values()) {
    const section = put(root, fact(header, header));
    for (const method of methods) put(section, fact(method, method));
    for (const { key, value } of canonicalOptions(options, header.startsWith('iface '))) put(section, fact(`${key} ${value}`.trim(), key));
  }
  return root;
}

/** Lines without comments, with those joined that end in a backslash. Blanks at their edges are gone. */
function logicalLines(text: string): readonly string[] {
  const lines: string[] = [];
  let begun = '';
  for (const raw of text.split(/\r?\n/)) {
    const line = begun + raw;
    if (/^\s*#/.test(line)) {
      begun = ''; // a comment ends with its line
      continue;
    }
    if (line.endsWith('\\')) {
      begun = `${line.slice(0, -1).trimEnd()} `;
      continue;
    }
    begun = '';
    if (stripped(line) !== '') lines.push(stripped(line));
  }
  return stripped(begun) === '' ? lines : [...lines, stripped(begun)];
}

/** A backslash before a blank joins nothing, and would when the blank is gone. */
const stripped = (text: string): string => text.trim().replace(/[\s\\]*\\$/, '');

function stanzaOf(stanzas: Map<string, OpenStanza>, line: string): OpenStanza {
  const [keyword, name, ...rest] = line.split(/\s+/) as [string, ...string[]];
  const isIface = keyword === 'iface' && name !== undefined;
  const header = isIface ? `iface ${name}` : line;
  const known = stanzas.get(header) ?? { header, methods: [], options: [] };
  stanzas.set(header, known);
  if (isIface && rest.length > 0) known.methods.push(...methodOf(rest));
  return known;
}

/** ifupdown2 gives addresses to an interface of whatever method; only these do something themselves. */
function methodOf(words: readonly string[]): readonly string[] {
  const [family = '', method = ''] = words;
  const isPlain = words.length === 2 && /^inet6?$/.test(family) && /^(?:static|manual)$/.test(method);
  return isPlain ? [] : [`method ${words.join(' ')}`];
}

/** `auto lo eth0` stands for two lines. */
function singles(keyword: string, line: string): readonly string[] {
  const words = line.split(/\s+/).slice(1);
  return /^(?:auto|allow-)/.test(keyword) && words.length > 0 ? words.map((word) => `${keyword} ${word}`) : [line.replace(/\s+/g, ' ')];
}

function optionOf(line: string): Option {
  const [, key = line, value = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
  return { key, value };
}

function fact(text: string, key: string): FactNode {
  return { text, key, command: text, children: new Map(), isVerbatim: false };
}

function put(parent: FactNode, child: FactNode): FactNode {
  const known = parent.children.get(child.text);
  if (known !== undefined) return known;
  parent.children.set(child.text, child);
  return child;
}
