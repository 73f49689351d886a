/** So many writes one after another of which none got through are no chance: whatever is in front takes no writes now. */
const MAX_IN_A_ROW = 5;

/**
 * Tells a write that never gets through (a firewall that dislikes a text in it) from a system that takes no writes at all. The one is refused and
 * the others go on; the other passes, and is an error that says so.
 */
export class WritePath {
  private inARow = 0;

  /** @param isOpen sends something that changes nothing, on the way that writes go: whether the system itself answers. */
  constructor(private readonly isOpen: () => Promise<boolean>) {}

  /** A write got through. */
  taken(): void {
    this.inARow = 0;
  }

  /** After a write that did not get through, again and again: whether it is about that one only. */
  async isOpenForOthers(): Promise<boolean> {
    this.inARow += 1;
    return this.inARow <= MAX_IN_A_ROW && (await this.isOpen());
  }
}
