/** Differences of configurations as drift shows them: a section that only one side has is one thing, with all that is below it. */
import { interfacesFacts } from '#engines/adoption';
import {
  canonicalConfig,
  compareFacts,
  type ConfigDifference,
  type Dialect,
  eosDialect,
  type FactNode,
  frrDialect,
} from '#engines/reconcile';
import type { Artefact } from '#engines/rendering';

export interface DriftLine {
  readonly kind: ConfigDifference['kind'];
  readonly section: readonly string[];
  readonly intended: string | null;
  readonly observed: string | null;
}

const STEP = '   ';

/** How a text of a device is read. */
export interface DriftLanguage {
  readonly dialect: Dialect;
  facts(text: string): FactNode;
  /** What one line says below these headers; a header says itself first. */
  factsOfLine(path: readonly string[], line: string): readonly string[];
}

const ofDialect = (dialect: Dialect): DriftLanguage => ({
  dialect,
  facts: (text) => canonicalConfig(dialect, text),
  factsOfLine: (path, line) => dialect.expandLine(path, line),
});
/** interfaces(5) has facts of its own, whose order means nothing; ifupdown2 3.0 has one default that we write out. */
const interfaces: DriftLanguage = {
  dialect: { ...frrDialect, isMeantBy: (_, path, text) => path.length === 1 && text === 'vxlan-port 4789', isHardware: () => false },
  facts: interfacesFacts,
  factsOfLine: ([header], line) =>
    header === undefined
      ? [...interfacesFacts(line).children.keys()]
      : [...(interfacesFacts(`${header}\n${line}`).children.get(header)?.children.keys() ?? [])],
};
const LANGUAGES: Readonly<Partial<Record<Artefact['format'], DriftLanguage>>> = {
  eos: ofDialect(eosDialect),
  frr: ofDialect(frrDialect),
  ifupdown: interfaces,
  ifupdown2: interfaces,
};

/** Undefined for what is no configuration of lines. */
export const driftLanguage = (format: Artefact['format']): DriftLanguage | undefined => LANGUAGES[format];

/** @returns empty exactly when both mean the same to the device. */
export function driftLines(dialect: Dialect, intended: FactNode, observed: FactNode): readonly DriftLine[] {
  const lines: DriftLine[] = [];
  let open: { readonly kind: DriftLine['kind']; readonly path: readonly string[] } | undefined;
  for (const { kind, path, wanted, found } of compareFacts(dialect, intended, observed)) {
    const text = wanted ?? found ?? '';
    const last = lines.at(-1);
    if (last !== undefined && open !== undefined && open.kind === kind && isBelow(open.path, path)) {
      const line = `\n${STEP.repeat(path.length - open.path.length + 1)}${text}`;
      lines[lines.length - 1] =
        kind === 'missing' ? { ...last, intended: last.intended + line } : { ...last, observed: last.observed + line };
      continue;
    }
    open = kind === 'missing' || kind === 'extra' ? { kind, path: [...path, text] } : undefined;
    lines.push({ kind, section: path.map((header) => dialect.masked(header)), intended: wanted, observed: found });
  }
  return lines;
}

const isBelow = (header: readonly string[], path: readonly string[]): boolean =>
  path.length >= header.length && header.every((text, i) => path[i] === text);

/** The facts below these headers; undefined where there is no such section. Headers and lines with secrets are found by their fingerprints. */
export function sectionAt(dialect: Dialect, root: FactNode, section: readonly string[]): FactNode | undefined {
  return section.reduce<FactNode | undefined>((node, header) => node && childSaying(dialect, node, header), root);
}

export const childSaying = (dialect: Dialect, node: FactNode, text: string): FactNode | undefined =>
  node.children.get(text) ?? [...node.children.values()].find((child) => dialect.masked(child.text) === text);

/** Does a configuration say this line there? Of a section its header counts. */
export function says(dialect: Dialect, root: FactNode, section: readonly string[], text: string): boolean {
  const node = sectionAt(dialect, root, section);
  return node !== undefined && childSaying(dialect, node, text.split('\n')[0] ?? '') !== undefined;
}

/** The lines of an item, each with the headers above it; `section` stands above the first. */
export function blockLines(
  section: readonly string[],
  block: string,
): readonly { readonly section: readonly string[]; readonly text: string }[] {
  const headers: string[] = [];
  return block.split('\n').map((line) => {
    const text = line.trimStart();
    const depth = (line.length - text.length) / STEP.length;
    headers.splice(depth, headers.length, text);
    return { section: [...section, ...headers.slice(0, depth)], text };
  });
}
