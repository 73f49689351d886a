/** What of an adopted device still has a subject. Judged by what Trame says now, before anything of it is said otherwise. */
import type { AdoptedEdit, Deviation, KeptLine } from '#engines/intent';
import { findBlock, linesBelow, type TextBlock } from './text-block.js';

export class Standing {
  /** Those that stand by themselves, or with what Trame says. */
  readonly kept: readonly KeptLine[];

  constructor(
    private readonly said: TextBlock,
    kept: readonly KeptLine[],
  ) {
    this.kept = kept.filter((line) => line.with === undefined || this.isSaid(line.section, line.with));
  }

  /** A line in the place of another goes with that one; a line more goes with what it names, and with its section. */
  isAbout({ section, trame, with: words }: AdoptedEdit): boolean {
    if (trame !== null) return true;
    return words === undefined ? this.hasSection(section) : this.isSaid(section, words);
  }

  /** False once Trame says more, or something else, of what the deviation covers. */
  holds({ covers }: Deviation): boolean {
    if (covers === undefined) return true;
    const known = new Set(covers.lines);
    const block = findBlock(this.said, covers.section);
    return block === undefined || linesBelow(block, covers.word).every((line) => known.has(line));
  }

  /** Trame's, or one that something that is kept needs: it is made for it. */
  private hasSection(section: readonly string[]): boolean {
    if (findBlock(this.said, section) !== undefined) return true;
    return this.kept.some((line) => section.every((header, depth) => [...line.section, line.text][depth] === header));
  }

  /** In the section, or in one around it. */
  private isSaid(section: readonly string[], words: string): boolean {
    const lines = findBlock(this.said, section)?.children ?? [];
    const isThere = lines.some(({ text }) => `${text.replace(/^no /, '')} `.startsWith(`${words} `));
    return isThere || (section.length > 0 && this.isSaid(section.slice(0, -1), words));
  }
}
