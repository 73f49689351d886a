import type { SyncRunId, SyncTargetId } from '#engines/kernel';
import type { Fields, FieldValue, Ref } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { SyncLinkStore } from '../store/sync-link.store.js';

/** Of pages of a thousand objects this is a few dozen; a run of a million would hold no more. */
const KNOWN_AT_ONCE = 20_000;

const isRef = (value: FieldValue | string | Ref): value is Ref => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTheirs = ({ id }: Ref): boolean => id.startsWith('~');

function* refsOf(fields: Fields): Iterable<Ref> {
  for (const value of Object.values(fields)) {
    if (isRef(value)) yield value;
    else if (Array.isArray(value)) for (const element of value as readonly (string | Ref)[]) if (isRef(element)) yield element;
  }
}

function mapRefs(fields: Fields, map: (ref: Ref) => Ref): Fields {
  const mapped = (value: FieldValue): FieldValue => {
    if (isRef(value)) return map(value);
    return Array.isArray(value) ? (value as readonly (string | Ref)[]).map((element) => (isRef(element) ? map(element) : element)) : value;
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, mapped(value)]));
}

/** Ids of theirs as ids of ours and back, through the links. What is not linked keeps its `~` and equals nothing of ours. */
export class References {
  private readonly ours = new Map<string, string>();

  constructor(
    private readonly links: SyncLinkStore,
    private readonly targetId: SyncTargetId,
    /** What it is about to link counts as linked. */
    private readonly runId: () => SyncRunId | null,
  ) {}

  /** One question for each kind that is referred to and not known yet. */
  async learn(tx: Tx, objects: readonly Fields[]): Promise<void> {
    const asked = new Map<string, Set<string>>();
    for (const fields of objects)
      for (const ref of refsOf(fields))
        if (isTheirs(ref) && !this.ours.has(keyOf(ref))) asked.set(ref.kind, (asked.get(ref.kind) ?? new Set()).add(ref.id.slice(1)));
    for (const [kind, remoteIds] of asked) {
      const found = await this.links.localIdsOf(tx, this.targetId, this.runId(), kind, [...remoteIds]);
      if (this.ours.size + found.size > KNOWN_AT_ONCE) this.ours.clear();
      for (const [remoteId, localId] of found) this.ours.set(keyOf({ kind, id: `~${remoteId}` }), localId);
    }
  }

  /** Only what was learnt is known. */
  toOurs(fields: Fields): Fields {
    return mapRefs(fields, (ref) => (isTheirs(ref) ? { kind: ref.kind, id: this.ours.get(keyOf(ref)) ?? ref.id } : ref));
  }

  /** @param runId what this run is about to link counts as linked. @returns for each of them the same with ids of theirs, and what has none there yet. */
  async toTheirs(
    tx: Tx,
    objects: readonly Fields[],
    runId: SyncRunId | null = null,
  ): Promise<{ readonly fields: Fields; readonly missing: Ref | null }[]> {
    const asked = new Map<string, Set<string>>();
    for (const fields of objects)
      for (const ref of refsOf(fields)) if (!isTheirs(ref)) asked.set(ref.kind, (asked.get(ref.kind) ?? new Set()).add(ref.id));
    const theirs = new Map<string, string>();
    for (const [kind, localIds] of asked)
      for (const [localId, remoteId] of await this.links.remoteIdsOf(tx, this.targetId, runId, kind, [...localIds]))
        theirs.set(keyOf({ kind, id: localId }), `~${remoteId}`);
    return objects.map((fields) => {
      const missing = [...refsOf(fields)].find((ref) => !isTheirs(ref) && !theirs.has(keyOf(ref))) ?? null;
      return { fields: mapRefs(fields, (ref) => ({ kind: ref.kind, id: theirs.get(keyOf(ref)) ?? ref.id })), missing };
    });
  }
}

const keyOf = ({ kind, id }: Ref): string => `${kind} ${id}`;
