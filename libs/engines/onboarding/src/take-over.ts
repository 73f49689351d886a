/** One device: what Trame would write for it, what it says, and every difference between the two as a value. */
import type { AdoptedFacts, AdoptedName, Deviation, DeviceIntent, KeptLine } from '#engines/intent';
import type { FactNode } from '#engines/reconcile';
import { FRR_PATH, INTERFACES_PATH, renderDevice, RUNNING_CONFIG_PATH } from '#engines/rendering';
import { nameOf, togetherWithRedistribution } from './deviations/catalogue.js';
import { compareSides, type Pair } from './deviations/compare-sides.js';
import { orderOfStanzas } from './deviations/order-of-stanzas.js';
import { type Language, languageOf, type SaidLine } from './deviations/language.js';
import { linesIn, subjectOf } from './deviations/subject-of.js';

/** A configuration of a device that Trame would write. */
export interface Source {
  readonly path: string;
  readonly kind: Language['kind'];
  readonly text: string;
  readonly isExcerpt: boolean;
}

export const PATH_OF: Readonly<Record<Language['kind'], string>> = { eos: RUNNING_CONFIG_PATH, frr: FRR_PATH, interfaces: INTERFACES_PATH };

export interface TakenOver {
  readonly adopted: AdoptedFacts;
  /** Lines that Trame would write into sections that were not shown. */
  readonly unseen: readonly string[];
}

/** @param intent with the names of the device, and no deviation yet */
export function takeOver(intent: DeviceIntent, sources: readonly Source[], names: readonly AdoptedName[]): TakenOver {
  const deviations: Deviation[] = [];
  const kept: KeptLine[] = [];
  const unseen: string[] = [];
  for (const source of sources) {
    const language = languageOf(source.kind);
    const running = language.factsOf(source.text);
    const written = renderedText(intent, source.path);
    const said = language.lines(written);
    const own: Deviation[] = [];
    for (const pair of compareSides(language, written, running)) {
      if (source.isExcerpt && isUnseen(pair, running)) unseen.push(pair.trame ?? '');
      else sort(source, said, { ...pair, isOurs: pair.isOurs && written !== '' }, own, kept); // a file that Trame does not write has no deviation
    }
    deviations.push(...togetherWithRedistribution(grouped(own).map((one) => withCover(one, said))));
  }
  const taken: AdoptedFacts = { names, deviations, kept };
  const orders = sources.flatMap((source) =>
    source.kind === 'interfaces' ? orderOfStanzas(source, renderedText({ ...intent, adopted: taken }, source.path)) : [],
  );
  return { adopted: { ...taken, deviations: [...deviations, ...orders] }, unseen };
}

export function renderedText(intent: DeviceIntent, path: string): string {
  return renderDevice(intent).find((artefact) => artefact.path === path)?.content ?? '';
}

/** Of a device that was shown in part, a section that is not there may be there all the same. */
const isUnseen = ({ section, trame, running }: Pair, facts: FactNode): boolean =>
  section.length === 0 && trame !== null && running === null && !facts.children.has(trame);

function sort({ kind, path }: Source, said: readonly SaidLine[], pair: Pair, deviations: Deviation[], kept: KeptLine[]): void {
  const named = nameOf(kind, pair);
  const { section, trame, running } = pair;
  const subject = trame === null ? subjectOf(said, pair) : undefined;
  const more = subject === undefined ? {} : { with: subject };
  if (named === undefined) kept.push({ path, section, text: running ?? '', ...more });
  else deviations.push({ ...named, path, edits: [{ section, trame, running, ...more }] });
}

/** FRR has one way to make targets for all its VNIs: with the next VNI, or other numbers for one of these, Trame's way is needed. */
function withCover(deviation: Deviation, said: readonly SaidLine[]): Deviation {
  const section = deviation.edits[0]?.section;
  if (deviation.code !== 'AUTOMATIC_TARGETS' || section === undefined) return deviation;
  const below = ({ text, below: lines }: SaidLine): string[] => [text, ...lines.flatMap(below).map((line) => `${text} / ${line}`)];
  const vnis = linesIn(said, section).filter(({ text }) => text.startsWith('vni '));
  return { ...deviation, covers: { section, word: 'vni', lines: vnis.flatMap(below) } };
}

/** One value for all lines about one thing: it is taken away as a whole. */
function grouped(deviations: readonly Deviation[]): readonly Deviation[] {
  const byKey = new Map<string, Deviation>();
  for (const one of deviations) {
    const key = `${one.path}\n${one.code}\n${one.subject}`;
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? one : { ...known, edits: [...known.edits, ...one.edits] });
  }
  return [...byKey.values()];
}
