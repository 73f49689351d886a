import { PAGE_SIZE } from './chunks.js';

/**
 * How many objects of a list are asked for at once. Whoever may write there may fill a field of his object with as much as NetBox takes, and a thousand of
 * those are more than is taken in one answer: then fewer are asked for, and after each page that came twice as many again.
 */
export class PageSizes {
  private readonly sizes = new Map<string, number>();

  /** 1 to `PAGE_SIZE`. */
  of(path: string): number {
    return this.sizes.get(path) ?? PAGE_SIZE;
  }

  /** @returns false: it was a single one. */
  halve(path: string): boolean {
    const size = this.of(path);
    this.sizes.set(path, Math.max(1, Math.floor(size / 2)));
    return size > 1;
  }

  grow(path: string): void {
    this.sizes.set(path, Math.min(PAGE_SIZE, this.of(path) * 2));
  }
}
