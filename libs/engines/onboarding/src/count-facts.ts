/** Where each fact of an imported file comes back from, and what does not come back. */
import { readEos, readFrr, readInterfaces, writeEos, writeFrr, writeInterfaces } from '#engines/adoption';
import type { DeviceIntent, KeptLine } from '#engines/intent';
import { compareFacts, eosDialect, type FactNode, frrDialect } from '#engines/reconcile';
import { type Language, languageOf } from './deviations/language.js';
import { reordered } from './deviations/order-of-stanzas.js';
import { isWhole } from './deviations/subject-of.js';
import { renderedText, type Source } from './take-over.js';

export interface FactCount {
  /** All that the file says, headers included. */
  readonly facts: number;
  /** Comes back from networks, sessions, links and what else the fabric is made of, as Trame writes it. */
  readonly model: number;
  /** Comes back from a named value of the device. */
  readonly deviations: number;
  /** Beside the model, and read into typed values all the same. */
  readonly values: number;
  /** Beside the model, kept as it is. */
  readonly kept: number;
  /** What the file says and the taken-over device would not, or the other way round. */
  readonly differences: readonly string[];
}

/** @param intent with all that was taken over */
export function countFacts(intent: DeviceIntent, source: Source): FactCount {
  const language = languageOf(source.kind);
  const running = language.factsOf(source.text);
  const { adopted, ...plain } = intent;
  const names = adopted?.names ?? [];
  const said = (facts: DeviceIntent): ReadonlySet<string> => factsBelow(language.factsOf(renderedText(facts, source.path)));
  const byModel = said({ ...plain, adopted: { names, deviations: [], kept: [] } });
  const byDeviations = said({ ...plain, adopted: { names, deviations: adopted?.deviations ?? [], kept: [] } });
  const typed = factsBelow(language.factsOf(typedText(source)));
  const all = [...factsBelow(running)];
  const rest = all.filter((fact) => !byDeviations.has(fact));
  const written = renderedText(intent, source.path);
  const back = afterwards(source, language, written, running, adopted?.kept ?? []);
  return {
    facts: all.length,
    model: all.filter((fact) => byModel.has(fact) && byDeviations.has(fact)).length,
    deviations: all.filter((fact) => !byModel.has(fact) && byDeviations.has(fact)).length,
    values: rest.filter((fact) => typed.has(fact)).length,
    kept: rest.filter((fact) => !typed.has(fact)).length,
    differences: differences(source, language, back, running),
  };
}

function typedText({ kind, text }: Source): string {
  if (kind === 'eos') return writeEos(readEos(text), 'without');
  return kind === 'frr' ? writeFrr(readFrr(text), 'without') : writeInterfaces(readInterfaces(text), 'without');
}

const STEP = 3;

/** What the device would have: what Trame writes, and what it leaves alone. */
function afterwards(source: Source, language: Language, written: string, running: FactNode, kept: readonly KeptLine[]): FactNode {
  if (source.kind === 'interfaces') return beside(language.factsOf(written), running);
  if (source.kind === 'frr') return written === '' ? running : language.factsOf(written); // the whole file, or none of it
  const print = ({ section, text }: KeptLine): string =>
    [...section, text].map((line, depth) => ' '.repeat(depth * STEP) + line).join('\n');
  const left = kept.filter(({ path }) => path === source.path);
  return language.factsOf(written, ...left.map(print)); // each a text of its own: what was said twice is not the last of two values
}

/** Stanzas of the fabric move into Trame's file as wholes, with what starts them; all others stay, and so does the one of lo. */
function beside(written: FactNode, running: FactNode): FactNode {
  const children = new Map(written.children);
  for (const [text, fact] of running.children) {
    const stanza = text.replace(/^(?:auto|allow-\S+|no-auto-down|no-scripts) (?=\S+$)/, 'iface ');
    if (isWhole(stanza) && written.children.has(stanza)) continue;
    const here = written.children.get(text);
    children.set(text, here === undefined ? fact : { ...fact, children: new Map([...fact.children, ...here.children]) });
  }
  return { ...written, children };
}

function differences({ kind, isExcerpt }: Source, language: Language, back: FactNode, running: FactNode): readonly string[] {
  const unseen = isExcerpt ? Array.from(back.children.keys()).filter((header) => !running.children.has(header)) : [];
  for (const header of unseen) back.children.delete(header);
  if (kind !== 'interfaces') {
    return compareFacts(kind === 'eos' ? eosDialect : frrDialect, back, running).map(({ path, wanted, found }) =>
      [...path, `${wanted === null ? 'nothing' : `"${wanted}"`} instead of ${found === null ? 'nothing' : `"${found}"`}`].join(' / '),
    );
  }
  const [left, right] = [factsBelow(back), factsBelow(running)];
  const isMeant = (silent: FactNode, fact: string): boolean =>
    language.isMeantBy(silent, fact.split(' / ').slice(0, -1), fact.split(' / ').at(-1) ?? '');
  return [
    ...[...left].filter((fact) => !right.has(fact) && !isMeant(running, fact)).map((fact) => `${fact} instead of nothing`),
    ...[...right].filter((fact) => !left.has(fact) && !isMeant(back, fact)).map((fact) => `nothing instead of ${fact}`),
    ...reordered(back, running).map(({ header, lines }) => `${header} / another order instead of ${lines.join(', ')}`),
  ];
}

function factsBelow(node: FactNode, path = ''): ReadonlySet<string> {
  const found = new Set<string>();
  for (const fact of node.children.values()) {
    found.add(path + fact.text);
    for (const below of factsBelow(fact, `${path}${fact.text} / `)) found.add(below);
  }
  return found;
}
