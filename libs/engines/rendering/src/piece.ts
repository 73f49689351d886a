/**
 * Lines that are the same on many devices: made once, read again once, and put into the text of every device that has them. What they are
 * made of is named field by field, and nothing else is in the type that their maker sees: two devices whose fields are the same objects
 * cannot have different lines. A piece may have a gap for one value of the device itself (its route distinguisher), which is a word
 * without blanks: no word can open or close a block.
 */

/** A line, or several that were made once for many devices: they stand where they are put, at the depth that they were made for. */
export type Line = string | Piece;

/** `block` = the heads that lead to the line, joined by ` > `; `key` = the line, or its first words where a value follows, or a piece. */
export interface OutlineEntry {
  readonly block: string;
  readonly key: Line;
}

/** Stands in the gap while a template is made; no identifier of a device has an @. */
export const GAP = '@gap@';

export class Template {
  /** Whether a device was given it already; before that it is read again. */
  isRead = false;
  readonly before: string;
  /** Null where there is no gap. */
  readonly after: string | null;

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
    const [before = '', after = null, ...more] = lines
      .map((line) => `${blanks}${line}`)
      .join('\n')
      .split(GAP);
    if (more.length > 0) throw new Error('a piece has one gap');
    this.before = before;
    this.after = after;
  }

  get text(): string {
    return this.after === null ? this.before : `${this.before}${GAP}${this.after}`;
  }
}

/** A template in its place. */
export class Piece {
  /** Whole lines, without the end of the last one. */
  readonly text: string;

  /** @param value what stands in the gap; null where the template has none. */
  constructor(
    readonly template: Template,
    readonly value: string | null = null,
  ) {
    this.text = template.after === null ? template.before : `${template.before}${value}${template.after}`;
  }

  equals(other: Piece): boolean {
    return this === other || (this.template === other.template && this.value === other.value);
  }
}

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
