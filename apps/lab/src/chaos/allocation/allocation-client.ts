import { isDomainError } from '#engines/kernel';
import type { Dice } from '../dice.js';
import type { Allocator, Given } from './allocator.js';
import type { Journal } from './journal.js';
import { type Kind, wishOf } from './wish-of.js';

/** Out of 100: most requests are new ones, three in ten repeat a key. */
const ACTS = { fresh: 42, twiceAtOnce: 8, common: 14, again: 26, act: 8, late: 2 } as const;
/** What it remembers to repeat, to release, and to release too late. */
const MEMORY = 300;
/** Every so many milliseconds all processes have one more key in common. */
const COMMON_EVERY_MS = 5;
const COMMON_WINDOW = 60;
const ACROSS_KEYS = 1_000_000_000;

interface Own extends Given {
  readonly kind: Kind;
}

/** Somebody who asks, repeats, binds, extends and releases, one thing after the other, and writes down what it was told. */
export class AllocationClient {
  private readonly keys: string[] = [];
  private readonly own: Own[] = [];
  private readonly gone: Own[] = [];
  private serial = 0;

  constructor(
    private readonly name: string,
    private readonly dice: Dice,
    private readonly allocator: Allocator,
    private readonly journal: Journal,
    /** Keys of a predecessor that was killed before it heard: asked for once more. */
    private readonly unanswered: string[],
  ) {}

  async run(ending: AbortSignal): Promise<void> {
    while (!ending.aborted) await this.next();
  }

  private async next(): Promise<void> {
    const left = this.unanswered.pop();
    if (left !== undefined) return this.ask(left);
    switch (this.dice.weighted(ACTS)) {
      case 'fresh':
        return this.ask(this.freshKey());
      case 'twiceAtOnce': {
        const key = this.freshKey();
        await Promise.all([this.ask(key), this.ask(key)]);
        return;
      }
      case 'common':
        return this.ask(`common-${(Math.floor(Date.now() / COMMON_EVERY_MS) % ACROSS_KEYS) - this.dice.integer(0, COMMON_WINDOW)}`);
      case 'again':
        return this.ask(this.keys.length > 0 ? this.dice.pick(this.keys) : this.freshKey());
      case 'act':
        return this.act();
      case 'late':
        return this.gone.length > 0 ? this.release(this.dice.pick(this.gone)) : undefined;
    }
  }

  private freshKey(): string {
    return `${this.name}-${++this.serial}`;
  }

  private async ask(key: string): Promise<void> {
    const wish = wishOf(key, this.allocator.kinds);
    this.journal.write({ is: 'asked', key });
    const given = await this.answer(key, () => this.allocator.allocate(key, wish));
    if (given === 'unanswered') return void this.unanswered.push(key);
    if (given === 'refused') return;
    const { id, value, replayed, expiresAt } = given;
    this.journal.write({ is: 'given', key, id, value, replayed, expiresAt: expiresAt?.getTime() ?? null });
    remember(this.keys, key, this.dice);
    remember(this.own, { ...given, kind: wish.kind }, this.dice);
  }

  /** With one of its own: what is held is bound or extended more often than not. */
  private async act(): Promise<void> {
    if (this.own.length === 0) return;
    const own = this.own.splice(this.dice.integer(0, this.own.length - 1), 1)[0] as Own;
    if (own.expiresAt === null || this.dice.chance(0.3)) return this.release(own);
    const { id, kind, generation } = own;
    const isBinding = this.dice.chance(0.5);
    this.journal.write({ is: isBinding ? 'binding' : 'extending', id });
    if (isBinding) {
      const bound = await this.answer(id, () => this.allocator.bind(kind, id, generation));
      if (bound !== undefined) return;
      this.journal.write({ is: 'bound', id });
      this.own.push({ ...own, generation: generation + 1, expiresAt: null });
    } else {
      const until = await this.answer(id, () => this.allocator.extend(kind, id, generation, 2));
      if (!(until instanceof Date)) return;
      this.journal.write({ is: 'extended', id, expiresAt: until.getTime() });
      this.own.push({ ...own, expiresAt: until });
    }
  }

  /** With the generation that it has seen, or without one. What it released it releases once more, much later. */
  private async release(own: Own): Promise<void> {
    const { id, kind, generation } = own;
    this.journal.write({ is: 'releasing', id });
    const released = await this.answer(id, () => this.allocator.release(kind, id, this.dice.chance(0.7) ? generation : null));
    if (released !== undefined) return;
    this.journal.write({ is: 'released', id });
    remember(this.gone, own, this.dice);
  }

  private async answer<T>(what: string, work: () => Promise<T>): Promise<T | 'refused' | 'unanswered'> {
    try {
      return await work();
    } catch (error) {
      if (isDomainError(error)) {
        this.journal.write({ is: 'refused', what, code: error.code });
        return 'refused';
      }
      // The connection was cut, or the server ended it: whether it was done nobody knows.
      const { code, message } = error as { code?: string; message?: string };
      this.journal.write({ is: 'unanswered', what: `${what}: ${code ?? ''} ${message ?? String(error)}` });
      return 'unanswered';
    }
  }
}

/** The newest and some older ones. */
function remember<T>(memory: T[], one: T, dice: Dice): void {
  if (memory.length < MEMORY) memory.push(one);
  else memory[dice.integer(0, MEMORY - 1)] = one;
}
