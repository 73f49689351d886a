/** Texts in order; those between two are found without looking at the rest. */
export class SortedKeys {
  private readonly keys: string[] = [];

  add(key: string): void {
    const last = this.keys.at(-1);
    if (last === undefined || last < key) this.keys.push(key);
    else this.keys.splice(this.at(key), 0, key);
  }

  remove(key: string): void {
    const at = this.at(key);
    if (this.keys[at] === key) this.keys.splice(at, 1);
  }

  /** From `from` (included) to `to` (not included). */
  between(from: string, to: string): readonly string[] {
    return this.keys.slice(this.at(from), this.at(to));
  }

  countBetween(from: string, to: string): number {
    return this.at(to) - this.at(from);
  }

  /** Where the first key is that is not before this one. */
  private at(key: string): number {
    let [low, high] = [0, this.keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
