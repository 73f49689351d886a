/** Places of a model: which lines of a section they hold, and what they write. */
import type { FactNode } from '#engines/reconcile';
import type { Part } from './part.js';
import { phrase, type Phrase } from './phrase.js';

/** A line to be written, with the lines below it. */
export interface WrittenLine {
  readonly text: string;
  readonly children: readonly WrittenLine[];
  /** A section even while it is empty: it is written apart. */
  readonly isSection: boolean;
}

/** `REFUSED`: the command is known, its value is not one that the model can hold. */
export type Reading = 'TAKEN' | 'REFUSED' | 'OTHER';

export interface Collector<T> {
  take(fact: FactNode): Reading;
  value(): T;
}

export interface Field<T> {
  /** First words of its commands, without `no`. */
  readonly words: readonly string[];
  collect(): Collector<T>;
  write(value: T, withKept: boolean): readonly WrittenLine[];
}

export const line = (text: string): WrittenLine => ({ text, children: [], isSection: false });

const isLine = (fact: FactNode): boolean => fact.children.size === 0 && !fact.isVerbatim;

/** Empty for a command that begins with its value. */
const firstWord = (text: string): string => text.replace(/^no /, '').split(' ', 1)[0] as string;

/** A command that stands once, with its value; null where nothing is said. A second one is not taken. */
export function one<T extends string | number | boolean | object>(command: Phrase<T>): Field<T | null> {
  return {
    words: [firstWord(command.head)],
    collect() {
      let held: T | null = null;
      return {
        take(fact) {
          if (!isLine(fact)) return 'OTHER';
          const value = held === null ? command.read(fact.text) : undefined;
          if (value === undefined) return command.isIn(fact.text) ? 'REFUSED' : 'OTHER';
          held = value;
          return 'TAKEN';
        },
        value: () => held,
      };
    },
    write: (value) => (value === null ? [] : [line(command.write(value))]),
  };
}

/** `X` or `no X`; null where neither is said. */
export function toggle(head: string): Field<boolean | null> {
  return {
    words: [firstWord(head)],
    collect() {
      let held: boolean | null = null;
      return {
        take(fact) {
          const isOn = fact.text === head;
          if (!isLine(fact) || held !== null || !(isOn || fact.text === `no ${head}`)) return 'OTHER';
          held = isOn;
          return 'TAKEN';
        },
        value: () => held,
      };
    },
    write: (value) => (value === null ? [] : [line(value ? head : `no ${head}`)]),
  };
}

/** A command that may stand several times. */
export function many<T>(command: Phrase<T>): Field<readonly T[]> {
  return {
    words: [firstWord(command.head)],
    collect() {
      const held: T[] = [];
      return {
        take(fact) {
          const value = isLine(fact) ? command.read(fact.text) : undefined;
          if (value === undefined) return isLine(fact) && command.isIn(fact.text) ? 'REFUSED' : 'OTHER';
          held.push(value);
          return 'TAKEN';
        },
        value: () => held,
      };
    },
    write: (values) => values.map((value) => line(command.write(value))),
  };
}

/** A list that EOS prints in one line; one fact a member. @param print all members as the device prints them */
export function members<T>(command: Phrase<T>, print: (values: readonly T[]) => string): Field<readonly T[]> {
  return { ...many(command), write: (values) => (values.length === 0 ? [] : [line(`${command.head} ${print(values)}`)]) };
}

/** What is below a header; made by `body`. */
export interface BodyGrammar<B> {
  collect(): Collector<B>;
  write(value: B, withKept: boolean): readonly WrittenLine[];
}

export interface SectionOf<H, B> {
  readonly head: H;
  readonly body: B;
}

/** Sections of one kind, in the order in which they were found. */
export function sections<H, B>(command: Phrase<H>, grammar: BodyGrammar<B>): Field<readonly SectionOf<H, B>[]> {
  return {
    words: [firstWord(command.head)],
    collect() {
      const held: { readonly head: H; readonly collector: Collector<B> }[] = [];
      return {
        take(fact) {
          const head = fact.isVerbatim ? undefined : command.read(fact.text);
          if (head === undefined) return command.isIn(fact.text) ? 'REFUSED' : 'OTHER';
          held.push({ head, collector: filled(grammar, fact) });
          return 'TAKEN';
        },
        value: () => held.map(({ head, collector }) => ({ head, body: collector.value() })),
      };
    },
    write: (values, withKept) =>
      values.map(({ head, body }) => ({ text: command.write(head), children: grammar.write(body, withKept), isSection: true })),
  };
}

/** A section that stands once. */
export function section<B>(head: string, grammar: BodyGrammar<B>): Field<B | null> {
  const all = sections(phrase(head), grammar);
  return {
    words: all.words,
    collect() {
      const collector = all.collect();
      return { take: (fact) => (fact.text === head ? collector.take(fact) : 'OTHER'), value: () => collector.value()[0]?.body ?? null };
    },
    write: (value, withKept) => (value === null ? [] : all.write([{ head: true, body: value }], withKept)),
  };
}

function filled<B>(grammar: BodyGrammar<B>, fact: FactNode): Collector<B> {
  const collector = grammar.collect();
  for (const below of fact.children.values()) collector.take(below);
  return collector;
}

/**
 * Lines about several subjects, side by side in one section: `neighbor X …`. A line of which the body takes nothing is not taken.
 * @param head the word in front of the subject
 */
export function grouped<S, B>(head: string, subject: Part<S>, grammar: BodyGrammar<B>): Field<readonly SectionOf<S, B>[]> {
  return {
    words: [head],
    collect() {
      const held = new Map<string, { readonly head: S; readonly collector: Collector<B> }>();
      return {
        take(fact) {
          const [, no = '', name = '', rest = ''] = new RegExp(`^(no )?${head} (\\S+) (.+)$`).exec(fact.text) ?? [];
          const taken = isLine(fact) && rest !== '' ? subject.take([name], 0) : undefined;
          if (taken === undefined || subject.say(taken.value).join(' ') !== name) return 'OTHER';
          const known = held.get(name) ?? { head: taken.value, collector: grammar.collect() };
          const reading = known.collector.take({ ...fact, text: `${no}${rest}` });
          if (reading === 'TAKEN') held.set(name, known);
          return reading;
        },
        value: () => [...held.values()].map(({ head: name, collector }) => ({ head: name, body: collector.value() })),
      };
    },
    write: (values, withKept) =>
      values.flatMap((value) =>
        grammar.write(value.body, withKept).map(({ text }) => {
          const prefix = `${head} ${subject.say(value.head).join(' ')}`;
          return line(text.startsWith('no ') ? `no ${prefix} ${text.slice(3)}` : `${prefix} ${text}`);
        }),
      ),
  };
}
