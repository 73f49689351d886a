/** Who did what on a simulated host, and when: the evidence that no two pushes overlapped. */
import { appendFileSync } from 'node:fs';
import { PUSH_EXIT } from '#adapters/ssh';

export interface JournalEntry {
  readonly device: string;
  /** Number of the SSH connection, counted per host. */
  readonly connection: number;
  readonly verb: string;
  /** 0 for verbs that carry none. */
  readonly fence: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Exit status that the host gave; 0: done. */
  readonly status: number;
}

export interface PushOverlap {
  readonly device: string;
  readonly fences: readonly [number, number];
}

const CHANGES: ReadonlySet<string> = new Set(['stage', 'apply', 'confirm', 'revert', 'recover', 'timer']);

export class PushJournal {
  private readonly entries: JournalEntry[] = [];

  /** @param file each entry is also appended there as one line of JSON, for a reader in another process. */
  constructor(private readonly file: string | null = null) {}

  add(entry: JournalEntry): void {
    this.entries.push(entry);
    if (this.file !== null) appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
  }

  all(): readonly JournalEntry[] {
    return this.entries;
  }
}

/** Milliseconds since the epoch. */
export interface PushSpan {
  readonly device: string;
  readonly fence: number;
  readonly from: number;
  readonly to: number;
}

/** Turned away at the door. Whatever else fails has been at work: what was applied and undone was live for a while. */
const TURNED_AWAY: ReadonlySet<number> = new Set([PUSH_EXIT.badRequest, PUSH_EXIT.staleFence, PUSH_EXIT.staleRevision]);

/** Whoever could not undo an older push has left it to that one's own timer, which is not at work beside him then. */
const isAtWork = ({ verb, status }: JournalEntry): boolean =>
  CHANGES.has(verb) && !TURNED_AWAY.has(status) && !(verb === 'recover' && status === PUSH_EXIT.undoUnproven);

/** An execution is at work on a device from its first to its last step that changes something, or tried to. */
export function pushSpans(entries: readonly JournalEntry[]): PushSpan[] {
  const spans = new Map<string, PushSpan>();
  for (const { device, fence, startedAt, endedAt } of entries.filter(isAtWork)) {
    const span = spans.get(`${device} ${fence}`);
    spans.set(`${device} ${fence}`, {
      device,
      fence,
      from: Math.min(span?.from ?? startedAt, startedAt),
      to: Math.max(span?.to ?? endedAt, endedAt),
    });
  }
  return [...spans.values()];
}

/** Pushes of different executions that a device let work at the same time. */
export function overlappingPushes(entries: readonly JournalEntry[]): PushOverlap[] {
  const ordered = pushSpans(entries).sort((a, b) => a.from - b.from);
  return ordered.flatMap((first, index) =>
    ordered
      .slice(index + 1)
      .filter((second) => second.device === first.device && second.from < first.to)
      .map((second): PushOverlap => ({ device: first.device, fences: [first.fence, second.fence] })),
  );
}
