/**
 * Lines that are the same on many devices: made once, read again once, and put into the text of every device that has them. What they are
 * made of is named field by field, and nothing else is in the type that their maker sees: two devices whose fields are the same objects
 * cannot have different lines. A piece may have a gap for one value of the device itself (its route distinguisher), which is a word
 * without blanks: no word can open or close a block.
 */
import { bytesOf } from '#engines/kernel';

/** A line, or several that were made once for many devices: they stand where they are put, at the depth that they were made for. */
export type Line = string | Piece;

/** `block` = the heads that lead to the line, joined by ` > `; `key` = the line, or its first words where a value follows, or a piece. */
export interface OutlineEntry {
  readonly block: string;
  readonly key: Line;
}

/** Stands in a gap while a template is made; no identifier of a device has an @. */
export const GAP = '@gap@';

export class Template {
  /** Whether a device was given it already; before that it is read again. */
  isRead = false;
  /** What stands before, between and after the gaps: whole lines, without the end of the last one. */
  readonly parts: readonly string[];

  /**
   * @param depth blanks before its lines in the finished text
   * @param lines without those blanks
   * @param outline what they have to say, stated a second time from numbers and addresses alone
   */
  constructor(
    readonly depth: number,
    lines: readonly string[],
    readonly outline: readonly OutlineEntry[],
  ) {
    const blanks = ' '.repeat(depth);
    this.parts = lines
      .map((line) => `${blanks}${line}`)
      .join('\n')
      .split(GAP);
  }
}

/** Templates of one depth, one after the other, with their gaps filled. */
export class Piece {
  /** Whether its templates were read again, and its values are words. */
  isRead = false;

  /**
   * @param values of all gaps, in their order
   * @param separator line between two templates; blank or a comment
   */
  constructor(
    readonly templates: readonly Template[],
    readonly values: readonly string[] = [],
    readonly separator: string | null = null,
  ) {}

  private made: string | null = null;
  private bytes: Uint8Array | null = null;
  private isAsked = false;

  /** Whole lines, without the end of the last one. */
  get text(): string {
    return (this.made ??= this.make());
  }

  /** For whoever counts its bytes. A piece that is asked for again is one of many devices: its bytes are kept. */
  get countable(): string | Uint8Array {
    if (this.isAsked) return (this.bytes ??= bytesOf(this.text));
    this.isAsked = true;
    return this.text;
  }

  /** One for several that stand one after the other with the same separator: their texts are not made again. */
  static joined(pieces: readonly Piece[], separator: string | null): Piece {
    const [only] = pieces;
    if (only && pieces.length === 1) return only;
    const piece = new Piece(
      pieces.flatMap(({ templates }) => templates),
      pieces.flatMap(({ values }) => values),
      separator,
    );
    piece.made = pieces.map(({ text }) => text).join(betweenOf(separator));
    return piece;
  }

  private make(): string {
    const between = betweenOf(this.separator);
    const { templates, values } = this;
    // As long as it gets: a list that grows is copied, and there is one for each switch and group.
    const text = new Array<string>(2 * (templates.length + values.length));
    let [next, at] = [0, 0];
    for (const { parts } of templates) {
      text[at] = at > 0 ? between : '';
      text[at + 1] = parts[0] as string;
      at += 2;
      for (let gap = 1; gap < parts.length; gap++) {
        text[at++] = String(values[next++]);
        text[at++] = parts[gap] as string;
      }
    }
    return text.join('');
  }
}

const betweenOf = (separator: string | null): string => (separator === null ? '\n' : `\n${separator}\n`);

/** No piece where there is nothing to say: an empty one would be a blank line. */
export const pieceOf = (templates: readonly Template[], values: readonly string[] = [], separator: string | null = null): Piece[] =>
  templates.length > 0 ? [new Piece(templates, values, separator)] : [];

/** Kept for each anchor: VLANs differ from domain to domain, and a fabric with more domains makes its pieces more than once. */
const VARIANTS = 8;

/**
 * What is made of these fields of a source, once for all sources that have the same ones.
 * @param anchor a field whose object many sources share; what was made goes when nobody has that object any more.
 * @param fields all else that it is made of, compared by identity.
 */
export function shared<T extends object>() {
  return <Anchor extends keyof T, Field extends keyof T, V>(
    anchor: Anchor,
    fields: readonly Field[],
    make: (view: Pick<T, Anchor | Field>) => V,
  ): ((source: T) => V) => {
    const made = new WeakMap<object, { readonly of: T; readonly value: V }[]>();
    return (source) => {
      const key = source[anchor] as object;
      let variants = made.get(key);
      if (variants === undefined) made.set(key, (variants = []));
      for (const variant of variants) if (areSame(fields, source, variant.of)) return variant.value;
      const value = make(source);
      variants.unshift({ of: source, value });
      if (variants.length > VARIANTS) variants.pop();
      return value;
    };
  };
}

function areSame<T>(fields: readonly (keyof T)[], a: T, b: T): boolean {
  if (a === b) return true;
  for (const field of fields) if (a[field] !== b[field]) return false;
  return true;
}
