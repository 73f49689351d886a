/**
 * The third wall against injection: a rendered text is split into blocks again, and its set of (block, key) must be the one that the
 * intent asks for. The expected outline is made from numbers and addresses only, never from a label and never by the renderer.
 * A piece that many devices have is read again when the first of them is given it; after that it is known by identity, and has to stand
 * in the block where it is expected.
 */
import { DomainError } from '#engines/kernel';
import { GAP, type Line, type OutlineEntry, Piece, type Template } from './piece.js';

export type { OutlineEntry } from './piece.js';

const SEPARATOR = ' > ';
const PRINTABLE = /^[ -~]*$/;
const WORD = /^[!-~]+$/;
const COMMENT = /^ *!?$/;
/** A line deeper than a piece would hang on the piece's last line: nothing is expected there. */
const CLOSED = '\n';

/** Entries of one block and of what is nested in it. Pieces are expected in their order, lines in any. */
export function outline(block: readonly string[], keys: readonly Line[]): OutlineEntry[] {
  const path = block.join(SEPARATOR);
  return keys.map((key) => ({ block: path, key }));
}

/** A block with its head. */
export const section = (head: string, keys: readonly Line[]): OutlineEntry[] => [...outline([], [head]), ...outline([head], keys)];

/**
 * @throws DomainError RENDER_ESCAPE with the first line that nobody asked for, or the first key that is missing.
 * A line fits a key when it is the key, or continues it after a blank; each key fits one line.
 */
export function assertOutline(device: string, path: string, text: readonly Line[], expected: readonly OutlineEntry[]): void {
  const reader = new Reader(device, path, expected);
  for (const line of text) {
    if (line instanceof Piece) reader.piece(line);
    else for (const part of line.includes('\n') ? line.split('\n') : [line]) reader.line(part);
  }
  reader.end();
}

class Reader {
  /** How often a key is still expected, by block. */
  private readonly open = new Map<string, Map<string, number>>();
  private readonly pieces: { readonly block: string; readonly piece: Piece }[] = [];
  /** Template of the first of `pieces` that is expected next, and its first value. */
  private nextTemplate = 0;
  private nextValue = 0;
  private readonly heads: { readonly depth: number; readonly block: string }[] = [];

  constructor(
    private readonly device: string,
    private readonly path: string,
    expected: readonly OutlineEntry[],
    private readonly outermost = 0,
  ) {
    for (const { block, key } of expected) {
      if (typeof key !== 'string') {
        this.pieces.push({ block, piece: key });
        continue;
      }
      const keys = this.open.get(block);
      if (keys) keys.set(key, (keys.get(key) ?? 0) + 1);
      else this.open.set(block, new Map([[key, 1]]));
    }
    this.pieces.reverse();
  }

  line(line: string): void {
    if (!PRINTABLE.test(line)) throw this.escaped(line, 'holds a character that no device needs');
    const content = line.trimStart();
    if (content === '' || content.startsWith('!') || content.startsWith('#')) return;
    const depth = line.length - content.length;
    if (depth < this.outermost) throw this.escaped(line, 'is not in the intent');
    const block = this.blockAt(depth);
    if (!this.take(block, content)) throw this.escaped(line, 'is not in the intent');
    this.heads.push({ depth, block: block === '' ? content : `${block}${SEPARATOR}${content}` });
  }

  /** Each template of it has to be the one that is expected next, in this block and with these values. */
  piece(piece: Piece): void {
    const { templates, values } = piece;
    const depth = templates[0]?.depth ?? 0;
    if (!piece.isRead) this.readPiece(piece, depth);
    const block = this.blockAt(depth);
    let value = 0;
    for (let place = 0; place < templates.length; ) {
      const template = templates[place] as Template;
      const expected = this.pieces.at(-1);
      if (expected === undefined || expected.block !== block) throw this.misplaced(template);
      if (expected.piece === piece && place === 0 && this.nextTemplate === 0) {
        this.pieces.pop();
        break;
      }
      const gaps = template.parts.length - 1;
      if (expected.piece.templates[this.nextTemplate] !== template) throw this.misplaced(template);
      for (let gap = 0; gap < gaps; gap++) {
        if (values[value + gap] !== expected.piece.values[this.nextValue + gap]) throw this.misplaced(template);
      }
      place += 1;
      value += gaps;
      this.nextTemplate += 1;
      this.nextValue += gaps;
      if (this.nextTemplate === expected.piece.templates.length) {
        this.pieces.pop();
        [this.nextTemplate, this.nextValue] = [0, 0];
      }
    }
    this.heads.push({ depth, block: CLOSED });
  }

  end(): void {
    for (const [block, keys] of this.open) {
      for (const key of keys.keys()) throw this.escaped(`${block}${SEPARATOR}${key}`, 'is missing');
    }
    const expected = this.pieces.at(-1);
    const template = expected?.piece.templates[this.nextTemplate];
    if (expected && template) throw this.escaped(`${expected.block}${SEPARATOR}${firstLine(template).trim()}`, 'is missing');
  }

  private readPiece(piece: Piece, depth: number): void {
    const { templates, values, separator } = piece;
    if (separator !== null && !COMMENT.test(separator)) throw this.escaped(separator, 'is not in the intent');
    let gaps = 0;
    for (const template of templates) {
      if (template.depth !== depth) throw this.misplaced(template);
      if (!template.isRead) this.readTemplate(template);
      gaps += template.parts.length - 1;
    }
    const wrong = values.find((value) => !WORD.test(value));
    if (wrong !== undefined || values.length !== gaps) throw this.escaped(wrong ?? firstLine(templates[0]), 'is not one word for each gap');
    piece.isRead = true;
  }

  private readTemplate(template: Template): void {
    const reader = new Reader(this.device, this.path, template.outline, template.depth);
    for (const line of template.parts.join(GAP).split('\n')) reader.line(line);
    reader.end();
    template.isRead = true;
  }

  private misplaced(template: Template): DomainError<'RENDER_ESCAPE'> {
    return this.escaped(firstLine(template), 'is not in the intent');
  }

  private blockAt(depth: number): string {
    let head = this.heads.at(-1);
    while (head && head.depth >= depth) {
      this.heads.pop();
      head = this.heads.at(-1);
    }
    return head?.block ?? '';
  }

  private take(block: string, line: string): boolean {
    const keys = this.open.get(block);
    if (keys === undefined) return false;
    for (let key = line; key !== ''; key = key.slice(0, Math.max(0, key.lastIndexOf(' ')))) {
      const count = keys.get(key);
      if (count === undefined) continue;
      if (count === 1) keys.delete(key);
      else keys.set(key, count - 1);
      return true;
    }
    return false;
  }

  private escaped(line: string, problem: string): DomainError<'RENDER_ESCAPE'> {
    const shown = line.slice(0, 120).replace(/[^ -~]/g, '?');
    return new DomainError('RENDER_ESCAPE', `refused to hand out ${this.path} of ${this.device}: "${shown}" ${problem}`, {
      device: this.device,
      path: this.path,
      line: shown,
      problem,
    });
  }
}

const firstLine = (template: Template | undefined): string => template?.parts.join(GAP).split('\n')[0] ?? '';
