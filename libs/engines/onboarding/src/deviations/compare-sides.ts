/** What Trame would say and what the device says, line by line: the pairs that say the same thing otherwise, and what only one of them says. */
import type { FactNode } from '#engines/reconcile';
import type { Language, SaidLine } from './language.js';

export interface Pair {
  /** Headers as Trame writes them; where Trame has no such section, as the device has them. */
  readonly section: readonly string[];
  readonly path: readonly string[];
  /** A line, or a header with all that is below it. */
  readonly trame: string | null;
  readonly running: string | null;
  /** Of a line that the device says only because Trame's line is a longer one: that line. */
  readonly with?: string;
  /** False in a section that Trame has no part in. */
  readonly isOurs: boolean;
}

const CONTEXT = /^switchport default mode /;

/** Pairs of which `trame` is null are said by the device alone. */
export function compareSides(language: Language, rendered: string, running: FactNode): readonly Pair[] {
  const wanted = language.factsOf(rendered);
  // What silence means depends on lines that Trame leaves to the device.
  const context = [...running.children.keys()].filter((text) => CONTEXT.test(text)).join('\n');
  return new Sides(language, language.factsOf(rendered, context), running).section(language.lines(rendered), [], [], wanted, running);
}

class Sides {
  constructor(
    private readonly language: Language,
    private readonly wantedRoot: FactNode,
    private readonly runningRoot: FactNode,
  ) {}

  /** @param lines of one section, as rendered */
  section(
    lines: readonly SaidLine[],
    section: readonly string[],
    path: readonly string[],
    wanted: FactNode,
    running: FactNode,
  ): readonly Pair[] {
    const extra = new Map(
      [...running.children].filter(
        ([text]) => !wanted.children.has(text) && !this.isMeant(this.wantedRoot, path, text, running.children.get(text)),
      ),
    );
    const pairs: Pair[] = [];
    for (const line of lines) {
      const missing = line.facts.filter(
        (fact) => !running.children.has(fact) && !this.isMeant(this.runningRoot, path, fact, wanted.children.get(fact)),
      );
      if (missing.length > 0) pairs.push(...this.otherwise(line, missing, wanted, running, extra));
      else pairs.push(...this.inside(line, section, path, wanted, running));
    }
    for (const fact of extra.values()) pairs.push(...this.alone(section, path, fact, isOfKnownNeighbor(wanted, fact.text)));
    return pairs;
  }

  private inside(
    line: SaidLine,
    section: readonly string[],
    path: readonly string[],
    wanted: FactNode,
    running: FactNode,
  ): readonly Pair[] {
    const [header = line.text] = line.facts;
    const [left, right] = [wanted.children.get(header), running.children.get(header)];
    if (left === undefined || right === undefined || (line.below.length === 0 && right.children.size === 0)) return [];
    return this.section(line.below, [...section, line.text], [...path, header], left, right);
  }

  /** A line that says several things goes as a whole; what the device has of it is said again. */
  private otherwise(
    line: SaidLine,
    missing: readonly string[],
    wanted: FactNode,
    running: FactNode,
    extra: Map<string, FactNode>,
  ): readonly Pair[] {
    const { section, path, text } = line;
    const rivals = missing.flatMap((fact) => {
      const key = wanted.children.get(fact)?.key;
      const rival = line.below.length > 0 ? undefined : [...extra.values()].find((other) => other.key === key && other.children.size === 0);
      if (rival !== undefined) extra.delete(rival.text);
      return rival === undefined ? [] : [rival.text];
    });
    const stays = line.facts.filter((fact) => !missing.includes(fact) && running.children.has(fact));
    const [first = null, ...more] = [...rivals, ...stays];
    return [
      { section, path, trame: text, running: first, isOurs: true },
      ...more.map((fact) => ({ section, path, trame: null, running: fact, with: text, isOurs: true })),
    ];
  }

  private alone(section: readonly string[], path: readonly string[], fact: FactNode, isOurs: boolean): readonly Pair[] {
    const below = [...fact.children.values()].flatMap((child) => this.alone([...section, fact.text], [...path, fact.text], child, false));
    if (below.length === 0 && this.language.isIdle(path, fact.text)) return [];
    return [{ section, path, trame: null, running: fact.text, isOurs }, ...below];
  }

  private isMeant(silent: FactNode, path: readonly string[], text: string, fact: FactNode | undefined): boolean {
    return (fact === undefined || fact.children.size === 0) && this.language.isMeantBy(silent, path, text);
  }
}

/** What is said of a neighbor is ours where the neighbor is. */
function isOfKnownNeighbor(wanted: FactNode, text: string): boolean {
  const subject = /^(?:no )?(neighbor \S+ )/.exec(text)?.[1];
  return subject === undefined || [...wanted.children.keys()].some((line) => line.startsWith(subject) || line.startsWith(`no ${subject}`));
}
