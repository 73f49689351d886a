/** A command: its first words, then its values. One statement for reading and writing. */
import type { Part } from './part.js';

export interface Phrase<T> {
  /** Empty for a command that begins with its value: the number of an entry. */
  readonly head: string;
  /** True when the line is this command, whatever its values. */
  isIn(text: string): boolean;
  /**
   * @param text canonical line
   * @returns undefined when it is another command, or when it would not be written as it was read: what this model cannot say
   * in the same words is not taken into it.
   */
  read(text: string): T | undefined;
  write(value: T): string;
}

export function phrase(head: string): Phrase<true>;
export function phrase<T>(head: string, values: Part<T>): Phrase<T>;
export function phrase<T>(head: string, values?: Part<T>): Phrase<T> | Phrase<true> {
  const isIn = (text: string): boolean => head === '' || text === head || (text.startsWith(head) && text[head.length] === ' ');
  if (values === undefined) return { head, isIn, read: (text) => (text === head ? true : undefined), write: () => head };
  const write = (value: T): string => [...(head === '' ? [] : [head]), ...values.say(value)].join(' ');
  return {
    head,
    isIn,
    read(text) {
      if (!isIn(text)) return undefined;
      const words = text === head ? [] : text.slice(head === '' ? 0 : head.length + 1).split(' ');
      const taken = values.take(words, 0);
      return taken !== undefined && taken.next === words.length && write(taken.value) === text ? taken.value : undefined;
    },
    write,
  };
}
