/**
 * The grammar of one command, written as EOS documents it: `neighbor <peer> remote-as = <asn>`.
 * Words stand for themselves, `a|b` for one of several, `<kind>` for a value (token.ts), `<line>` and `<addresses>` for the rest of the line;
 * a trailing `?` makes a word optional. Before `=` stands what the command is about: `no` needs no more than that,
 * and a second value replaces the first. Without `=` every value makes a line of its own.
 */
import { type TokenKind, tokenKinds } from './token.js';

interface SyntaxWord {
  readonly accept: TokenKind;
  /** The words that may stand here, where it is no value. */
  readonly choices: readonly string[];
  readonly isOptional: boolean;
  readonly isRest: boolean;
}

export interface Match {
  /** The whole line as EOS prints it. */
  readonly text: string;
  /** What the line is about; equal for two values of one setting. */
  readonly key: string;
  /** Words as EOS prints them. */
  readonly words: readonly string[];
}

/** How far a command was understood: `at` is the index of the first word that was not. */
export interface Mismatch {
  readonly at: number;
  readonly isIncomplete: boolean;
}

export class Syntax {
  private readonly words: readonly SyntaxWord[];
  private readonly keyLength: number;

  constructor(readonly source: string) {
    const parts = source.split(' ');
    const equals = parts.indexOf('=');
    this.words = parts.filter((part) => part !== '=').map(syntaxWord);
    this.keyLength = equals < 0 ? this.words.length : equals;
  }

  /** @param isNegated after `no` or `default` the value may be left out. */
  match(words: readonly string[], isNegated: boolean): Match | Mismatch {
    const printed: string[] = [];
    for (const [at, expected] of this.words.entries()) {
      const given = words[at];
      if (given === undefined) {
        const isEnough = expected.isOptional || (isNegated && at >= this.keyLength);
        return isEnough ? this.result(printed) : { at, isIncomplete: true };
      }
      const accepted = expected.accept(expected.isRest ? words.slice(at).join(' ') : given);
      if (accepted === undefined) return { at, isIncomplete: false };
      printed.push(accepted);
      if (expected.isRest) return this.result(printed);
    }
    return words.length > this.words.length ? { at: this.words.length, isIncomplete: false } : this.result(printed);
  }

  /** What may stand at this place: words of the command, or a value. Null behind its end. */
  at(place: number): { readonly choices: readonly string[]; accepts(word: string): boolean } | null {
    const expected = this.words[Math.min(place, this.words.length - 1)];
    if (expected === undefined || (place >= this.words.length && !expected.isRest)) return null;
    return { choices: expected.choices, accepts: (word) => expected.isRest || expected.accept(word) !== undefined };
  }

  private result(words: readonly string[]): Match {
    return { text: words.join(' '), key: words.slice(0, this.keyLength).join(' '), words };
  }
}

export const isMatch = (result: Match | Mismatch): result is Match => 'text' in result;

function syntaxWord(part: string): SyntaxWord {
  const isOptional = part.endsWith('?');
  const body = isOptional ? part.slice(0, -1) : part;
  if (body === '<line>') return { accept: (text) => (text.trim() === '' ? undefined : text.trim()), choices: [], isOptional, isRest: true };
  if (body === '<addresses>') return { accept: tokenKinds['addresses'] as TokenKind, choices: [], isOptional, isRest: true };
  const kind = /^<(.+)>$/.exec(body)?.[1];
  if (kind === undefined) {
    const choices = body.split('|');
    return { accept: (text) => (choices.includes(text) ? text : undefined), choices, isOptional, isRest: false };
  }
  const accept = tokenKinds[kind];
  if (accept === undefined) throw new Error(`grammar: no kind <${kind}>`);
  return { accept, choices: [], isOptional, isRest: false };
}
