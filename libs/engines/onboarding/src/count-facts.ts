/** Where each fact of an imported file comes back from, and what does not come back. */
import { readEos, readFrr, readInterfaces, writeEos, writeFrr, writeInterfaces } from '#engines/adoption';
import type { DeviceIntent, KeptLine } from '#engines/intent';
import { compareFacts, eosDialect, type FactNode, frrDialect } from '#engines/reconcile';
import { type Language, languageOf } from './deviations/language.js';
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
  const { lone, sections } = textOf(source, written, adopted?.kept ?? []);
  const back = language.factsOf(lone, written, sections);
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

/** What stays on the device beside what Trame writes; frr.conf is written with it, where it is written at all. Behind a stanza, a line of none would be an option of it. */
function textOf({ kind, path }: Source, written: string, kept: readonly KeptLine[]): { readonly lone: string; readonly sections: string } {
  const ours = kept.filter((line) => line.path === path && (kind !== 'frr' || written === ''));
  const isLone = ({ section, text }: KeptLine): boolean =>
    section.length === 0 && !text.startsWith('iface ') && !text.startsWith('mapping ');
  const print = (lines: readonly KeptLine[]): string =>
    lines.flatMap(({ section, text }) => [...section, text].map((line, depth) => ' '.repeat(depth * STEP) + line)).join('\n');
  return { lone: print(ours.filter(isLone)), sections: print(ours.filter((line) => !isLone(line))) };
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
