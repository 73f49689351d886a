const EVERY_MS = 60_000;

export interface UnprovenFields {
  /** Messages since it was told the last time. */
  readonly count: number;
  /** By connector; those of none together. */
  readonly connectors: Readonly<Record<string, number>>;
}

/** Messages that proved nothing are as many as anybody likes: the first is told at once, those that follow once a minute. */
export class UnprovenCount {
  private readonly counts = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly say: (fields: UnprovenFields) => void) {}

  /** @param connector null: there is none of that name. What nobody has is not kept, it may be any text. */
  add(connector: string | null): void {
    const name = connector ?? '(none)';
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    if (this.timer !== undefined) return;
    this.tell();
    this.timer = setTimeout(() => this.goOn(), EVERY_MS).unref();
  }

  /** What was not told yet, if anything. */
  tell(): void {
    const connectors = Object.fromEntries(this.counts);
    const count = [...this.counts.values()].reduce((all, one) => all + one, 0);
    this.counts.clear();
    if (count > 0) this.say({ count, connectors });
  }

  private goOn(): void {
    this.timer = this.counts.size > 0 ? setTimeout(() => this.goOn(), EVERY_MS).unref() : undefined;
    this.tell();
  }
}
