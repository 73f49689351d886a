/** What people wrote for people, on either side: none of it may go without somebody being able to see what became of it. */
export interface Edit {
  /** Unique in the run. */
  readonly text: string;
  readonly side: 'OURS' | 'THEIRS';
  /** Of the object: its mark. */
  readonly mark: string;
  readonly field: string;
  readonly at: string;
}

export class Edits {
  private readonly last = new Map<string, Edit>();
  private serial = 0;
  /** By side. */
  readonly counts = { OURS: 0, THEIRS: 0 };

  /** @returns words that nobody wrote before. */
  words(side: Edit['side']): string {
    return `${side === 'OURS' ? 'ours' : 'theirs'}-${++this.serial}`;
  }

  /** What the same side wrote there before is its own matter. */
  wrote(edit: Omit<Edit, 'at'>): void {
    this.counts[edit.side]++;
    this.last.set(keyOf(edit), { ...edit, at: new Date().toISOString() });
  }

  /** Nobody knows whether it was written: neither that nor what was there before can be asked for. */
  mayHaveWritten(edit: Pick<Edit, 'side' | 'mark' | 'field'>): void {
    this.last.delete(keyOf(edit));
  }

  /** The object was deleted or lost by a person, and what was written into it with it. */
  void(mark: string, side: Edit['side']): void {
    for (const [key, edit] of this.last) if (edit.mark === mark && edit.side === side) this.last.delete(key);
  }

  get standing(): readonly Edit[] {
    return [...this.last.values()];
  }
}

const keyOf = ({ side, mark, field }: Pick<Edit, 'side' | 'mark' | 'field'>): string => `${side} ${mark} ${field}`;
