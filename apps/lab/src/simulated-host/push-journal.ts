/** Who did what on a simulated host, and when: the evidence that no two pushes overlapped. */
import { appendFileSync } from 'node:fs';

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

/**
 * Pushes of different executions that a device let work at the same time. An execution works from its first to its last
 * successful change; what the device refused (an older fence, the lock) changed nothing and does not count.
 */
export function overlappingPushes(entries: readonly JournalEntry[]): PushOverlap[] {
  const spans = new Map<string, { device: string; fence: number; from: number; to: number }>();
  for (const { device, fence, verb, status, startedAt, endedAt } of entries) {
    if (!CHANGES.has(verb) || status !== 0) continue;
    const span = spans.get(`${device} ${fence}`);
    spans.set(`${device} ${fence}`, {
      device,
      fence,
      from: Math.min(span?.from ?? startedAt, startedAt),
      to: Math.max(span?.to ?? endedAt, endedAt),
    });
  }
  const ordered = [...spans.values()].sort((a, b) => a.from - b.from);
  return ordered.flatMap((first, index) =>
    ordered
      .slice(index + 1)
      .filter((second) => second.device === first.device && second.from < first.to)
      .map((second): PushOverlap => ({ device: first.device, fences: [first.fence, second.fence] })),
  );
}
