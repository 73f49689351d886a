/** Abbreviations as EOS takes them on a terminal: each word as short as it is clear. eAPI does so only with `autoComplete`. */
import type { Syntax } from './syntax.js';

export class AmbiguousWord extends Error {
  constructor(
    readonly at: number,
    readonly word: string,
  ) {
    super(`Ambiguous command (at token ${at}: '${word}')`);
  }
}

/** @returns undefined when none of the commands can be meant. @throws AmbiguousWord */
export function completeWords(syntaxes: readonly Syntax[], words: readonly string[]): readonly string[] | undefined {
  let meant = syntaxes;
  const complete: string[] = [];
  for (const [place, word] of words.entries()) {
    const choices = new Set(meant.flatMap((syntax) => (syntax.at(place)?.choices ?? []).filter((choice) => choice.startsWith(word))));
    const isValue = (syntax: Syntax): boolean => syntax.at(place)?.choices.length === 0 && syntax.at(place)?.accepts(word) === true;
    if (choices.size > 1 && !choices.has(word)) throw new AmbiguousWord(place, word);
    const chosen = choices.has(word) ? word : [...choices][0];
    meant = meant.filter((syntax) => (chosen === undefined ? isValue(syntax) : syntax.at(place)?.choices.includes(chosen) === true));
    if (meant.length === 0) return undefined;
    complete.push(chosen ?? word);
  }
  return complete;
}
