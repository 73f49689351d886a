import type { SyncTargetId } from '#engines/kernel';
import type { InventoryKind } from './inventory/kinds.js';

export interface GatheredHint {
  readonly kind: InventoryKind;
  readonly remoteId: string;
}

/** The same object is not written down again sooner: whoever reads it again sees all that was said until then. */
const AGAIN_AFTER_MS = 100;
/** Of one statement. */
const AT_ONCE = 500;

interface Waiting extends GatheredHint {
  readonly key: string;
  readonly targetId: SyncTargetId;
  readonly dueAt: number;
  readonly answer: Promise<void>;
  settle(error?: unknown): void;
}

/**
 * A storm about one object is one row now and then, whatever comes: what is said while something is being written waits for the next statement, and
 * what is said of one object within a tenth of a second is said once. Whoever said it has its answer when it is written; nothing is kept here beyond that.
 */
export class HintGatherer {
  private readonly waiting = new Map<string, Waiting>();
  private readonly writtenAt = new Map<string, number>();
  private isWriting = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly write: (targetId: SyncTargetId, hints: readonly GatheredHint[]) => Promise<void>) {}

  /** Resolves when it is written. @throws what the writing threw. */
  say(targetId: SyncTargetId, { kind, remoteId }: GatheredHint): Promise<void> {
    const key = `${targetId} ${kind} ${remoteId}`;
    const known = this.waiting.get(key);
    if (known) return known.answer;
    const dueAt = (this.writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) + AGAIN_AFTER_MS;
    let settle: Waiting['settle'] = () => undefined;
    const answer = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.waiting.set(key, { key, targetId, kind, remoteId, dueAt, answer, settle });
    void this.goOn();
    return answer;
  }

  /** One writer; what is not due yet waits for the timer. */
  private async goOn(): Promise<void> {
    if (this.isWriting) return;
    this.isWriting = true;
    for (let batch = this.take(); batch.length > 0; batch = this.take()) await this.writeDown(batch);
    this.isWriting = false;
    clearTimeout(this.timer);
    const next = Math.min(...[...this.waiting.values()].map(({ dueAt }) => dueAt));
    if (this.waiting.size > 0) this.timer = setTimeout(() => void this.goOn(), Math.max(1, next - performance.now()));
  }

  /** What is due, of one connector. */
  private take(): Waiting[] {
    const now = performance.now();
    const due = [...this.waiting.values()].filter(({ dueAt }) => dueAt <= now);
    const batch = due.filter(({ targetId }) => targetId === due[0]?.targetId).slice(0, AT_ONCE);
    for (const [key, at] of this.writtenAt) if (at + AGAIN_AFTER_MS <= now) this.writtenAt.delete(key);
    for (const { key } of batch) {
      this.waiting.delete(key);
      this.writtenAt.set(key, now); // Whatever is said from here on is for the next time.
    }
    return batch;
  }

  private async writeDown(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.write(batch[0]?.targetId as SyncTargetId, batch);
      for (const { settle } of batch) settle();
    } catch (error) {
      for (const { key, settle } of batch) {
        this.writtenAt.delete(key);
        settle(error ?? new Error('it was not written'));
      }
    }
  }
}
