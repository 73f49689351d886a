/**
 * Lines that are the same on many devices: made once, read again once, and put into the text of every device that has them. What a piece
 * may look at is named field by field, and nothing else is in the type that its makers see: two devices whose fields are the same objects
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

/** Of which the lines and what they have to say were made; read again when the first device is given it. */
export class Template {
  isRead = false;

  constructor(
    /** Blanks before its first line; no line has fewer. */
    readonly depth: number,
    /** Whole lines, without the end of the last one. In two where there is a gap. */
    readonly text: readonly [string] | readonly [string, string],
    /** What it has to say, from its own first line down. */
    readonly outline: readonly OutlineEntry[],
  ) {}
}

/** A template in its place. */
export class Piece {
  readonly text: string;

  constructor(
    readonly template: Template,
    /** What stands in the gap, where there is one. */
    readonly value: string | null,
  ) {
    const [before, after] = template.text;
    this.text = after === undefined ? before : `${before}${value}${after}`;
  }

  equals(other: Piece): boolean {
    return this === other || (this.template === other.template && this.value === other.value);
  }
}

/** Stands in the gap while a template is made; no identifier of a device has an @. */
export const GAP = '@gap@';

export interface PieceOf<View> {
  /** Blanks before its lines in the finished text. */
  readonly depth: number;
  /** Without those blanks. */
  readonly text: (view: View) => readonly string[];
  /** Stated a second time, from numbers and addresses alone. */
  readonly outline: (view: View) => readonly OutlineEntry[];
}

/** Kept for each anchor: VLANs differ from domain to domain, and a fabric with more domains makes its pieces more than once. */
const VARIANTS = 8;

interface Variant {
  readonly values: readonly unknown[];
  readonly template: Template;
  readonly piece: Piece | null;
}

/**
 * @param anchor a field whose object the devices share; what was made goes when nobody has that object any more.
 * @param fields all else that the lines are made of, compared by identity.
 * @param gap a field that is written and never looked at; an identifier without blanks.
 */
export function piece<T extends object>() {
  return <Anchor extends keyof T, Field extends keyof T, Gap extends keyof T = never>(
    anchor: Anchor,
    fields: readonly Field[],
    of: PieceOf<Pick<T, Anchor | Field | Gap>>,
    gap: Gap | null = null,
  ): ((source: T) => Piece) => {
    const made = new WeakMap<object, Variant[]>();
    return (source) => {
      const key = source[anchor] as object;
      let variants = made.get(key);
      if (variants === undefined) made.set(key, (variants = []));
      let variant = variants.find(({ values }) => fields.every((field, position) => source[field] === values[position]));
      if (variant === undefined) {
        const template = templateOf(of, gap === null ? source : { ...source, [gap]: GAP });
        variant = { values: fields.map((field) => source[field]), template, piece: gap === null ? new Piece(template, null) : null };
        variants.unshift(variant);
        if (variants.length > VARIANTS) variants.pop();
      }
      return variant.piece ?? new Piece(variant.template, gap === null ? null : String(source[gap]));
    };
  };
}

function templateOf<View>({ depth, text, outline }: PieceOf<View>, view: View): Template {
  const blanks = ' '.repeat(depth);
  const whole = text(view)
    .map((line) => `${blanks}${line}`)
    .join('\n');
  const [before = '', after, ...more] = whole.split(GAP);
  if (more.length > 0) throw new Error('a piece has one gap');
  return new Template(depth, after === undefined ? [before] : [before, after], outline(view));
}
