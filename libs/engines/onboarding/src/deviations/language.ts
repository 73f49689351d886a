/** What is common to the dialects that can be read back: a text as facts, a rendered text line by line, and what silence means. */
import { interfacesFacts } from '#engines/adoption';
import { canonicalConfig, type ConfigNode, type Dialect, eosDialect, type FactNode, frrDialect, parseConfig } from '#engines/reconcile';
import type { DocumentKind } from '../documents/imported-file.js';

/** One line of a rendered text, as it is written and as what it says. */
export interface SaidLine {
  /** Headers above, as written. */
  readonly section: readonly string[];
  readonly text: string;
  /** Headers above, canonical. */
  readonly path: readonly string[];
  /** What the line says, canonical; a header says itself. */
  readonly facts: readonly string[];
  readonly below: readonly SaidLine[];
}

export interface Language {
  readonly kind: Extract<DocumentKind, 'eos' | 'frr' | 'interfaces'>;
  /** Several texts are laid over one another. */
  factsOf(...texts: readonly string[]): FactNode;
  lines(text: string): readonly SaidLine[];
  /** A configuration that does not have this line means it all the same. */
  isMeantBy(silent: FactNode, path: readonly string[], text: string): boolean;
  /** Hardware is there without being configured. */
  isIdle(path: readonly string[], text: string): boolean;
}

const ofDialect = (kind: 'eos' | 'frr', dialect: Dialect): Language => ({
  kind,
  factsOf: (...texts) => canonicalConfig(dialect, ...texts),
  lines: (text) => parseConfig(text).flatMap((node) => said(dialect, [], [], node)),
  isMeantBy: (silent, path, text) => dialect.isMeantBy(silent, path, text),
  isIdle: (path, text) => dialect.isHardware(path, text),
});

function said(dialect: Dialect, section: readonly string[], path: readonly string[], node: ConfigNode): readonly SaidLine[] {
  const text = node.text.trim();
  if (node.kind !== 'command' || dialect.isClosing(text)) return [];
  const facts = dialect.expandLine(path, text);
  const [header = text] = facts;
  const below = node.children.flatMap((child) => said(dialect, [...section, text], [...path, header], child));
  return [{ section, text, path, facts, below }];
}

/** ifupdown2 3.0: what it does where nothing is said. */
const IFUPDOWN2_DEFAULTS = /^vxlan-port 4789$/;
/** It goes by the name of the interface, not by its method. */
const LOOPBACK = 'method inet loopback';

const interfaces: Language = {
  kind: 'interfaces',
  factsOf: (...texts) => interfacesFacts(texts.join('\n')),
  lines: interfaceLines,
  isMeantBy: (_, path, text) => path.length === 1 && (IFUPDOWN2_DEFAULTS.test(text) || (path[0] === 'iface lo' && text === LOOPBACK)),
  isIdle: () => false,
};

/** Rendered by us: one option a line, below the header of its stanza. */
function interfaceLines(text: string): readonly SaidLine[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s*#/.test(line));
  const roots: SaidLine[] = [];
  for (const line of lines) {
    const trimmed = line.trim();
    const open = roots.at(-1);
    if (/^\s/.test(line) && open !== undefined) {
      const header = open.facts[0] ?? '';
      const facts = [...(interfacesFacts(`${header}\n${trimmed}`).children.get(header)?.children.keys() ?? [])];
      (open.below as SaidLine[]).push({ section: [open.text], text: trimmed, path: [header], facts, below: [] });
    } else {
      roots.push({ section: [], text: trimmed, path: [], facts: [...interfacesFacts(trimmed).children.keys()], below: [] });
    }
  }
  return roots;
}

const LANGUAGES = { eos: ofDialect('eos', eosDialect), frr: ofDialect('frr', frrDialect), interfaces };

export const languageOf = (kind: Language['kind']): Language => LANGUAGES[kind];
