/** A section as a typed value: named fields, and what none of them holds, kept as it is. */
import type { FactNode } from '#engines/reconcile';
import { type BodyGrammar, type Collector, type Field, line, type Reading, type WrittenLine } from './field.js';

/** A line, or a section, that the model has no place for. */
export interface KeptFact {
  readonly fact: FactNode;
  /** `REFUSED`: we know the command and its value is none that a device could have meant, or none that we hold. */
  readonly reason: 'UNKNOWN' | 'REFUSED';
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

export type BodyOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never } & {
  readonly kept: readonly KeptFact[];
};

/** @param fields in the order in which EOS prints them. */
export function body<F extends Fields>(fields: F): BodyGrammar<BodyOf<F>> {
  return sectionBody(fields, true);
}

/** As `body`, for what `grouped` holds: a line that no field takes goes back to the section around. */
export function groupBody<F extends Fields>(fields: F): BodyGrammar<BodyOf<F>> {
  return sectionBody(fields, false);
}

function sectionBody<F extends Fields>(fields: F, keeps: boolean): BodyGrammar<BodyOf<F>> {
  const entries = Object.entries(fields);
  const empty = entries.map(([, field]) => field.collect().value());
  return {
    collect(): Collector<BodyOf<F>> {
      const collectors = new Map<number, Collector<unknown>>();
      const collector = (position: number): Collector<unknown> | undefined => {
        const made = collectors.get(position) ?? entries[position]?.[1].collect();
        if (made !== undefined) collectors.set(position, made);
        return made;
      };
      const kept: KeptFact[] = [];
      return {
        take(fact) {
          const reading = offer(candidates(entries, fact.text), collector, fact);
          if (reading !== 'TAKEN' && keeps) kept.push({ fact, reason: reading === 'REFUSED' ? 'REFUSED' : 'UNKNOWN' });
          return reading;
        },
        value: () => {
          const values = Object.fromEntries(entries.map(([name], i) => [name, collectors.has(i) ? collectors.get(i)?.value() : empty[i]]));
          return { ...values, kept } as unknown as BodyOf<F>;
        },
      };
    },
    write: (value, withKept) => [
      ...entries.flatMap(([name, field]) => field.write(value[name as keyof F], withKept)),
      ...(withKept ? value.kept.map(({ fact }) => asWritten(fact)) : []),
    ],
  };
}

const indices = new WeakMap<readonly (readonly [string, Field<unknown>])[], Map<string, number[]>>();

/** Positions of the fields that could hold a line: those with its first word. */
function candidates(entries: readonly (readonly [string, Field<unknown>])[], text: string): readonly number[] {
  let index = indices.get(entries);
  if (index === undefined) {
    index = new Map();
    for (const [position, [, field]] of entries.entries()) {
      for (const first of new Set(field.words)) index.set(first, [...(index.get(first) ?? []), position]);
    }
    indices.set(entries, index);
  }
  const positive = text.startsWith('no ') ? text.slice(3) : text;
  return [...(index.get(positive.split(' ', 1)[0] as string) ?? []), ...(index.get('') ?? [])];
}

function offer(positions: readonly number[], collector: (position: number) => Collector<unknown> | undefined, fact: FactNode): Reading {
  let isKnown = false;
  for (const position of positions) {
    const reading = collector(position)?.take(fact) ?? 'OTHER';
    if (reading === 'TAKEN') return 'TAKEN';
    isKnown ||= reading === 'REFUSED';
  }
  return isKnown ? 'REFUSED' : 'OTHER';
}

/** As it was said; what stood in a list stands by itself. */
function asWritten(fact: FactNode): WrittenLine {
  return { ...line(fact.command), children: [...fact.children.values()].map(asWritten), isSection: fact.children.size > 0 };
}
