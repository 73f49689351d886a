/** Pages of what can be had by whole lists only: a list is read once, and handed out page by page. */
import type { ForeignObject, ForeignPage } from '#contexts/sync/ports';

export interface Parts {
  /** In ascending order: sections, subnets, or 0 for a table that is one list. */
  readonly all: (signal: AbortSignal) => Promise<readonly number[]>;
  /** Of one of them. */
  readonly read: (part: number, signal: AbortSignal) => Promise<readonly ForeignObject[]>;
}

/** Requests of one page: subnets without addresses are many. */
const PARTS_AT_ONCE = 200;
const END = Number.MAX_SAFE_INTEGER;

export class PartPager {
  private parts: readonly number[] | null = null;
  private held: { readonly part: number; readonly objects: readonly ForeignObject[] } | null = null;

  constructor(
    private readonly source: Parts,
    private readonly pageSize: number,
  ) {}

  /** @param after part and id that were the last, `3.154`. */
  async page(after: string | null, signal: AbortSignal): Promise<ForeignPage> {
    if (after === null) [this.parts, this.held] = [null, null];
    this.parts ??= await this.source.all(signal);
    const [from, last] = after === null ? [-1, 0] : after.split('.').map((text) => (text === 'end' ? END : Number(text)));
    const due = this.parts.filter((part) => part >= (from ?? -1));
    const objects: ForeignObject[] = [];
    for (const [at, part] of due.entries()) {
      const rest = (await this.objectsOf(part, signal)).filter(({ remoteId }) => part !== from || Number(remoteId) > (last ?? 0));
      const room = this.pageSize - objects.length;
      objects.push(...rest.slice(0, room));
      if (rest.length > room) return { objects, next: `${part}.${objects.at(-1)?.remoteId ?? 0}`, total: null };
      const isLast = at === due.length - 1;
      if (!isLast && (objects.length >= this.pageSize || at + 1 >= PARTS_AT_ONCE)) return { objects, next: `${part}.end`, total: null };
    }
    const total = this.parts.length === 1 && this.parts[0] === 0 ? (this.held?.objects.length ?? 0) : null;
    [this.parts, this.held] = [null, null];
    return { objects, next: null, total };
  }

  private async objectsOf(part: number, signal: AbortSignal): Promise<readonly ForeignObject[]> {
    if (this.held?.part === part) return this.held.objects;
    this.held = null;
    const objects = [...(await this.source.read(part, signal))].sort((a, b) => a.order - b.order);
    this.held = { part, objects };
    return objects;
  }
}
