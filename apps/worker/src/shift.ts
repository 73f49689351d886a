import { Database, isOfThisRelease, type Logger } from '#platform';

/** What a worker does while it is at work. */
export interface Work {
  /** @param reason given to what is under way: it is to end now; without one it may end by itself. Resolves when nothing is under way any more. */
  stop(reason?: Error): Promise<void>;
}

/**
 * A worker works only while the database has exactly the schema of its release. A newer release that has migrated it means something else by
 * its rows, and an older worker would take devices back to what it knows: it stands down, says so, and goes on when the schema is its own again.
 */
export class Shift {
  private work: Work | undefined;
  private isOver = false;
  private isSaid = false;

  constructor(
    private readonly db: Database,
    private readonly begin: () => Work,
    private readonly log: Logger,
  ) {}

  /** Looks once, and does what follows from it. Where the database does not answer nothing does. */
  async look(): Promise<void> {
    const gap = await this.db.schemaGap();
    if (!gap || this.isOver) return;
    if (!isOfThisRelease(gap)) return this.standDown(gap);
    this.work ??= this.begin();
    this.isSaid = false;
  }

  async end(reason?: Error): Promise<void> {
    this.isOver = true;
    await this.work?.stop(reason);
  }

  private async standDown(gap: object): Promise<void> {
    const { work } = this;
    if (!this.isSaid) this.log.error('worker.stands_down', { ...gap });
    this.isSaid = true;
    this.work = undefined;
    await work?.stop(new Error('the database belongs to another release'));
  }
}
