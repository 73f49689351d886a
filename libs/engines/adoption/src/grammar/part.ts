/** Words of a command as typed values, in both directions: what a part takes it can say again. */

export interface Taken<T> {
  readonly value: T;
  /** Index of the first word that was not taken. */
  readonly next: number;
}

export interface Part<T> {
  /** @returns undefined when the words at that place are none of its values. */
  take(words: readonly string[], at: number): Taken<T> | undefined;
  say(value: T): readonly string[];
}

/** One word. @param parse undefined or an error = not one of its values. */
export function word<T>(parse: (text: string) => T | undefined, print: (value: T) => string = String): Part<T> {
  return {
    take(words, at) {
      const text = words[at];
      if (text === undefined) return undefined;
      try {
        const value = parse(text);
        return value === undefined ? undefined : { value, next: at + 1 };
      } catch {
        return undefined; // the value objects refuse by throwing; the line is then counted as one whose value was refused
      }
    },
    say: (value) => [print(value)],
  };
}

/** Nothing at all, or one value. */
export function maybe<T>(part: Part<T>): Part<T | null> {
  return {
    take: (words, at) => part.take(words, at) ?? { value: null, next: at },
    say: (value) => (value === null ? [] : part.say(value)),
  };
}

/** Words that stand there, or do not. */
export function flag(text: string): Part<boolean> {
  const expected = text.split(' ');
  return {
    take: (words, at) => {
      const value = expected.every((one, i) => words[at + i] === one);
      return { value, next: value ? at + expected.length : at };
    },
    say: (value) => (value ? expected : []),
  };
}

/** A value behind words that announce it. */
export function after<T>(text: string, part: Part<T>): Part<T> {
  const expected = text.split(' ');
  return {
    take: (words, at) => (expected.every((one, i) => words[at + i] === one) ? part.take(words, at + expected.length) : undefined),
    say: (value) => [...expected, ...part.say(value)],
  };
}

/** One of several texts, of one or more words. */
export function choice<const T extends string>(...texts: readonly T[]): Part<T> {
  const longestFirst = [...texts].sort((a, b) => b.length - a.length);
  return {
    take(words, at) {
      const value = longestFirst.find((text) => text.split(' ').every((one, i) => words[at + i] === one));
      return value === undefined ? undefined : { value, next: at + value.split(' ').length };
    },
    say: (value) => value.split(' '),
  };
}

/** At least one value, to the end of the line. */
export function list<T>(part: Part<T>): Part<readonly T[]> {
  return {
    take(words, at) {
      const values: T[] = [];
      for (let next = at; next < words.length; ) {
        const taken = part.take(words, next);
        if (taken === undefined) return undefined;
        values.push(taken.value);
        next = taken.next;
      }
      return values.length === 0 ? undefined : { value: values, next: words.length };
    },
    say: (values) => values.flatMap((value) => part.say(value)),
  };
}

/** Free text to the end of the line, blanks included. */
export const freeText: Part<string> = {
  take: (words, at) => (at < words.length ? { value: words.slice(at).join(' '), next: words.length } : undefined),
  say: (value) => value.split(' '),
};

export type ValuesOf<P> = { readonly [K in keyof P]: P[K] extends Part<infer T> ? T : never };

/** Several values one after the other, by name. */
export function parts<P extends Readonly<Record<string, Part<unknown>>>>(named: P): Part<ValuesOf<P>> {
  const entries = Object.entries(named);
  return {
    take(words, at) {
      const values: Record<string, unknown> = {};
      let next = at;
      for (const [name, part] of entries) {
        const taken = part.take(words, next);
        if (taken === undefined) return undefined;
        values[name] = taken.value;
        next = taken.next;
      }
      return { value: values as ValuesOf<P>, next };
    },
    say: (value) => entries.flatMap(([name, part]) => part.say(value[name as keyof P])),
  };
}
