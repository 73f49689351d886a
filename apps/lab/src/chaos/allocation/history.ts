/** What the journals of all processes together say about each allocation. Pure. */
import type { Entry } from './journal.js';

/** One allocation, as those who were told of it know it. Times in milliseconds. */
export interface Life {
  readonly id: string;
  readonly key: string;
  readonly values: ReadonlySet<string>;
  /** Since when somebody has known it for sure. */
  readonly from: number;
  /** Until when nobody but its holders could have ended it; infinite: it must be there still. */
  readonly until: number;
  /** It carried something when it was released: its value rests after `until`. */
  readonly rests: boolean;
  /** Somebody was told that it is released. */
  readonly isReleased: boolean;
}

export interface History {
  readonly lives: ReadonlyMap<string, Life>;
  readonly keys: ReadonlySet<string>;
  /** Answers that gave something new. */
  readonly given: number;
  /** Answers that were given before. */
  readonly repeated: number;
  readonly refusals: ReadonlyMap<string, number>;
  readonly unanswered: number;
}

interface Draft {
  key: string;
  readonly values: Set<string>;
  from: number;
  expiresAt: number;
  isBound: boolean;
  releaseSent: number;
  isReleased: boolean;
}

export function historyOf(entries: readonly Entry[]): History {
  const drafts = new Map<string, Draft>();
  const keys = new Set<string>();
  const refusals = new Map<string, number>();
  let [repeated, unanswered] = [0, 0];
  for (const entry of entries) {
    switch (entry.is) {
      case 'asked':
        keys.add(entry.key);
        break;
      case 'given':
        if (entry.replayed) repeated += 1;
        learn(drafts, entry);
        break;
      case 'refused':
        refusals.set(entry.code, (refusals.get(entry.code) ?? 0) + 1);
        break;
      case 'unanswered':
        unanswered += 1;
        break;
      default:
        break;
    }
  }
  // What was done with an allocation is in other journals than what gave it, now and then.
  for (const entry of entries) if ('id' in entry) follow(drafts.get(entry.id), entry);
  const lives = new Map([...drafts].map(([id, draft]) => [id, lifeOf(id, draft)]));
  return { lives, keys, given: drafts.size, repeated, refusals, unanswered };
}

function learn(drafts: Map<string, Draft>, { id, key, value, at, expiresAt }: Extract<Entry, { is: 'given' }>): void {
  const draft = drafts.get(id) ?? {
    key,
    values: new Set<string>(),
    from: at,
    expiresAt: 0,
    isBound: false,
    releaseSent: Number.POSITIVE_INFINITY,
    isReleased: false,
  };
  draft.values.add(value);
  // An id that was given for two keys has two keys' worth of trouble.
  if (draft.key !== key) draft.values.add(`for ${key}`);
  draft.from = Math.min(draft.from, at);
  if (expiresAt === null) draft.isBound = true;
  else draft.expiresAt = Math.max(draft.expiresAt, expiresAt);
  drafts.set(id, draft);
}

function follow(draft: Draft | undefined, entry: Entry): void {
  if (!draft) return;
  if (entry.is === 'bound') draft.isBound = true;
  if (entry.is === 'extended') draft.expiresAt = Math.max(draft.expiresAt, entry.expiresAt);
  if (entry.is === 'releasing') draft.releaseSent = Math.min(draft.releaseSent, entry.at);
  if (entry.is === 'released') draft.isReleased = true;
}

function lifeOf(id: string, { key, values, from, expiresAt, isBound, releaseSent, isReleased }: Draft): Life {
  const end = isBound ? Number.POSITIVE_INFINITY : expiresAt;
  return { id, key, values, from, until: Math.min(end, releaseSent), rests: isBound && releaseSent < Number.POSITIVE_INFINITY, isReleased };
}
