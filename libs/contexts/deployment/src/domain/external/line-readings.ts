/** Texts that no dialect of ours is spoken in, read as facts all the same: enough to say what differs, and never to command. */
import { type FactNode, frrDialect } from '#engines/reconcile';
import type { Artefact } from '#engines/rendering';
import type { DriftLanguage } from '../drift-lines.js';

const fact = (text: string, key = text): FactNode => ({ text, key, command: text, children: new Map(), isVerbatim: false });

function put(parent: FactNode, text: string, key = text): FactNode {
  const known = parent.children.get(text);
  if (known !== undefined) return known;
  const child = fact(text, key);
  parent.children.set(text, child);
  return child;
}

/**
 * Comware says a secret after one of these words, plain or in a code that can be turned back, and where it ends differs by command: all that
 * follows is left out.
 */
const COMWARE_SECRET =
  /^((?:.*?\s)?(?:(?:password|passphrase|secret|key|key-string|pre-shared-key|securityname|community)(?:\s+(?:read|write|authentication|accounting|authorization))?(?:\s+(?:simple|cipher|hash))?|simple|cipher|hash|authentication-mode\s+(?:md5|sha\S*|hmac\S*)|privacy-mode\s+\S+)\s+)\S.*$/;
const comwareMasked = (text: string): string => text.replace(COMWARE_SECRET, '$1«secret»');

/** Nothing has a meaning that is not said, but what `isMeantBy` names. */
const language = (
  facts: (text: string) => FactNode,
  isMeantBy: (text: string) => boolean = () => false,
  masked: (text: string) => string = (text) => text,
): DriftLanguage => ({
  dialect: {
    ...frrDialect,
    isMeantBy: (_, _path, text) => isMeantBy(text),
    isHardware: (path, text) => path.length === 0 && text.startsWith('interface '),
    isOrdered: () => false,
    masked,
  },
  facts,
  factsOfLine: (_, line) => [line],
});

const VLAN_LIST = /^(vlan|port trunk permit vlan) (\d+(?: to \d+)?(?: \d+(?: to \d+)?)*)$/;

/** HP Comware prints lists of VLANs as it likes, broken after ten ranges: each VLAN is a fact. What is indented is below the line before. */
function comwareFacts(text: string): FactNode {
  const root = fact('');
  let section = root;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line === '#' || line === 'return') continue;
    const parent = /^\s/.test(raw) ? section : root;
    const [, head, list] = VLAN_LIST.exec(line) ?? [];
    const made =
      head === undefined || list === undefined ? [put(parent, line)] : vlansOf(list).map((vlan) => put(parent, `${head} ${vlan}`));
    if (parent === root) section = made[0] ?? root;
  }
  return root;
}

/** `2 to 4 10`: 2, 3, 4, 10. */
function vlansOf(list: string): readonly number[] {
  return [...list.matchAll(/(\d+)(?: to (\d+))?/g)].flatMap(([, first, last]) => {
    const [from, to] = [Number(first), Math.min(4094, Number(last ?? first))];
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  });
}

/** hostname.if(5): a line is a line, `#` begins a remark. */
function plainFacts(text: string): FactNode {
  const root = fact('');
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim().replace(/\s+/g, ' ');
    if (line !== '' && !line.startsWith('#')) put(root, line);
  }
  return root;
}

/** Every value by its place, `/l2vnis/0/vni: 10001`: neither the order of keys nor blanks are a difference. */
function jsonFacts(text: string): FactNode {
  const root = fact('');
  const walk = (at: string, value: unknown): void => {
    if (Array.isArray(value)) {
      put(root, `${at}: ${value.length} entries`, at);
      for (const [index, one] of value.entries()) walk(`${at}/${index}`, one);
    } else if (typeof value === 'object' && value !== null) for (const [key, one] of Object.entries(value)) walk(`${at}/${key}`, one);
    else put(root, `${at}: ${JSON.stringify(value)}`, at);
  };
  try {
    walk('', JSON.parse(text));
  } catch {
    put(root, 'no JSON');
  }
  return root;
}

/** Comware 7 says it of every port; nobody configured it. */
const PRINTED_OF_EVERY_PORT = (text: string): boolean => text === 'port link-mode bridge';

const READINGS: Readonly<Partial<Record<Artefact['format'], DriftLanguage>>> = {
  comware: language(comwareFacts, PRINTED_OF_EVERY_PORT, comwareMasked),
  'hostname.if': language(plainFacts),
  json: language(jsonFacts),
  ansible: language(jsonFacts),
};

/** Undefined for what is compared byte by byte. */
export const lineReading = (format: Artefact['format']): DriftLanguage | undefined => READINGS[format];
