/** What two configurations say differently, as facts with the sections they are in; never as lines of text. */
import { canonicalConfig } from './canonical-config.js';
import type { FactNode } from './fact-node.js';
import type { Dialect, SectionPath } from './dialect.js';

/**
 * `missing`: wanted and not there. `extra`: there and not wanted. `changed`: another value of the same thing.
 * `reordered`: the same lines, in a section whose lines work in the order written.
 */
export type DifferenceKind = 'missing' | 'extra' | 'changed' | 'reordered';

export interface ConfigDifference {
  readonly kind: DifferenceKind;
  /** Headers above the line, outermost first. */
  readonly path: SectionPath;
  /** Canonical line, with secrets as fingerprints; null where one side has none. */
  readonly wanted: string | null;
  readonly found: string | null;
}

/** One fact: a line and where it stands. */
export interface ConfigFact {
  readonly path: SectionPath;
  readonly text: string;
}

/** @returns empty exactly when both mean the same to the device, in whatever order, spelling or grouping they are written. */
export function compareConfigs(dialect: Dialect, wanted: string, found: string): readonly ConfigDifference[] {
  return compareFacts(dialect, canonicalConfig(dialect, wanted), canonicalConfig(dialect, found));
}

/** The same for configurations that were read before. */
export function compareFacts(dialect: Dialect, wanted: FactNode, found: FactNode): readonly ConfigDifference[] {
  return new Comparison(dialect, wanted, found).section([], wanted, found);
}

/** Every line and header of a configuration that says something, defaults included; an empty port says nothing. */
export function configFacts(dialect: Dialect, text: string): readonly ConfigFact[] {
  return factsBelow(dialect, [], canonicalConfig(dialect, text));
}

function factsBelow(dialect: Dialect, path: SectionPath, section: FactNode): readonly ConfigFact[] {
  return [...section.children.values()].flatMap((fact) => {
    const below = factsBelow(dialect, [...path, fact.text], fact);
    return below.length === 0 && dialect.isHardware(path, fact.text) ? [] : [{ path, text: fact.text }, ...below];
  });
}

class Comparison {
  constructor(
    private readonly dialect: Dialect,
    private readonly wantedRoot: FactNode,
    private readonly foundRoot: FactNode,
  ) {}

  section(path: SectionPath, wanted: FactNode, found: FactNode): readonly ConfigDifference[] {
    const surplus = [...found.children.values()].filter(({ text }) => !wanted.children.has(text));
    const rivals = new Map(surplus.map((fact) => [fact.key, fact]));
    const left = new Set(surplus);
    const differences: ConfigDifference[] = [];
    for (const fact of wanted.children.values()) {
      const same = found.children.get(fact.text);
      const rival = rivals.get(fact.key);
      if (same !== undefined) {
        differences.push(...this.section([...path, fact.text], fact, same));
      } else if (rival === undefined) {
        differences.push(...this.onOneSide('missing', path, fact));
      } else {
        rivals.delete(fact.key);
        left.delete(rival);
        differences.push(...this.changed(path, fact, rival));
      }
    }
    for (const fact of left) differences.push(...this.onOneSide('extra', path, fact));
    if (differences.length === 0) differences.push(...this.order(path, wanted, found));
    return differences;
  }

  private changed(path: SectionPath, wanted: FactNode, found: FactNode): readonly ConfigDifference[] {
    return [
      { kind: 'changed', path, wanted: this.dialect.masked(wanted.text), found: this.dialect.masked(found.text) },
      ...this.section([...path, wanted.text], wanted, found),
    ];
  }

  /** What the other side means without saying it is no difference. */
  private onOneSide(kind: 'missing' | 'extra', path: SectionPath, fact: FactNode): readonly ConfigDifference[] {
    if (fact.children.size === 0 && this.dialect.isMeantBy(kind === 'missing' ? this.foundRoot : this.wantedRoot, path, fact.text))
      return [];
    const below = [...fact.children.values()].flatMap((line) => this.onOneSide(kind, [...path, fact.text], line));
    if (below.length === 0 && this.dialect.isHardware(path, fact.text)) return [];
    const text = this.dialect.masked(fact.text);
    return [{ kind, path, wanted: kind === 'missing' ? text : null, found: kind === 'extra' ? text : null }, ...below];
  }

  private order(path: SectionPath, wanted: FactNode, found: FactNode): readonly ConfigDifference[] {
    const header = path.at(-1);
    if (header === undefined || !this.dialect.isOrdered(path.slice(0, -1), header)) return [];
    const [left, right] = [[...wanted.children.keys()], [...found.children.keys()]];
    const at = left.findIndex((text, i) => text !== right[i]);
    return at < 0 ? [] : [{ kind: 'reordered', path, wanted: left[at] ?? null, found: right[at] ?? null }];
  }
}
