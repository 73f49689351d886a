/** One thing that two files of the same kind say differently. */
export interface Difference {
  /** `missing`: wanted and not there; `extra`: there and not wanted; `order`: the same lines in a sequence that means something else. */
  readonly kind: 'missing' | 'extra' | 'order';
  /** The heads that lead to the line, joined by ` > `; empty at the top. */
  readonly context: string;
  readonly line: string;
}

/** What a file says: statements in any order, and sequences where the order is part of the meaning. */
export interface Meaning {
  /** `context` + line break + line. */
  readonly statements: ReadonlySet<string>;
  readonly sequences: ReadonlyMap<string, readonly string[]>;
}

export function compareMeanings(expected: Meaning, actual: Meaning): readonly Difference[] {
  const lacking = (one: Meaning, other: Meaning): string[] => [...one.statements].filter((statement) => !other.statements.has(statement));
  const differences = [
    ...lacking(expected, actual).map((statement) => difference('missing', statement)),
    ...lacking(actual, expected).map((statement) => difference('extra', statement)),
  ];
  if (differences.length > 0) return differences;
  return [...expected.sequences].flatMap(([name, wanted]) => {
    const present = actual.sequences.get(name) ?? [];
    return wanted.join('\n') === present.join('\n')
      ? []
      : [{ kind: 'order' as const, context: name, line: `${wanted.join(' | ')}, not ${present.join(' | ')}` }];
  });
}

function difference(kind: 'missing' | 'extra', statement: string): Difference {
  const at = statement.indexOf('\n');
  return { kind, context: statement.slice(0, at), line: statement.slice(at + 1) };
}
