import { storableText } from '#engines/kernel';
import type { ForeignInventory, ForeignObject, ForeignWrite, WriteOutcome } from '../ports/index.js';
import type { InventoryKind } from '../inventory/kinds.js';

/** Their ids are made of what they are: `rt-65000:1` is one in every Trame. Ids of all other kinds are of one row in the world. */
const SAME_EVERYWHERE: ReadonlySet<InventoryKind> = new Set<InventoryKind>(['routeTarget', 'asn']);

/** Ids of ours have 70 characters at most. Who may write an object there may write anything into its mark, and an index takes no 100 kB. */
const LONGEST = 200;

/** Looks like no id of ours, and is written as it was read: without what says which Trame it is of. */
const AS_BEFORE = '@';

/** Is it the mark of this object as releases wrote it that did not say which Trame it is? Then it may be another Trame's as well: only who has a link knows. */
export const isMarkedBefore = (kind: InventoryKind, mark: string | null, localId: string): boolean =>
  SAME_EVERYWHERE.has(kind) && mark === localId + AS_BEFORE;

/**
 * The same system, where marks that another Trame would write, too, carry which one it is: `rt-65000:1@3f9c2a71`. What another Trame has marked is then
 * another owner's, and never taken for ours. The runner knows nothing of it.
 */
export function withOwnMarks(foreign: ForeignInventory, installation: string): ForeignInventory {
  const suffix = `@${installation}`;
  const outward = (kind: InventoryKind, mark: string): string => {
    if (!SAME_EVERYWHERE.has(kind)) return mark;
    return mark.endsWith(AS_BEFORE) ? mark.slice(0, -AS_BEFORE.length) : mark + suffix;
  };
  const inward = (kind: InventoryKind, object: ForeignObject): ForeignObject => {
    const { mark } = object;
    // Another owner's still: without a mark it would be there to be taken over.
    if (mark !== null && mark.length > LONGEST) return { ...object, mark: storableText(`${mark.slice(0, LONGEST)}…`) };
    if (mark === null || !SAME_EVERYWHERE.has(kind)) return object;
    // Whatever does not say that it is ours must not look like an id of ours.
    return { ...object, mark: mark.endsWith(suffix) ? mark.slice(0, -suffix.length) : mark + AS_BEFORE };
  };
  const all = (kind: InventoryKind, objects: readonly ForeignObject[]): ForeignObject[] => objects.map((object) => inward(kind, object));
  const sent = (kind: InventoryKind, write: ForeignWrite): ForeignWrite => {
    if (write.verb === 'MARK' && write.replaces !== undefined)
      return { ...write, mark: outward(kind, write.mark), replaces: outward(kind, write.replaces) };
    return 'mark' in write ? { ...write, mark: outward(kind, write.mark) } : write;
  };
  const answered = (kind: InventoryKind, outcome: WriteOutcome): WriteOutcome =>
    'done' in outcome && outcome.done ? { done: inward(kind, outcome.done) } : outcome;
  return {
    name: foreign.name,
    probe: (signal) => foreign.probe(signal),
    prepare: async (signal) => foreign.prepare?.(signal),
    ...(foreign.changedSince ? { changedSince: foreign.changedSince.bind(foreign) } : {}),
    ...(foreign.provenGone ? { provenGone: foreign.provenGone.bind(foreign) } : {}),
    scan: async (kind, after, signal) => {
      const page = await foreign.scan(kind, after, signal);
      return { ...page, objects: all(kind, page.objects) };
    },
    get: async (kind, remoteIds, signal) => all(kind, await foreign.get(kind, remoteIds, signal)),
    findMarked: async (kind, marks, signal) =>
      all(
        kind,
        await foreign.findMarked(
          kind,
          marks.map((mark) => outward(kind, mark)),
          signal,
        ),
      ),
    findAlike: async (kind, alike, signal) => all(kind, await foreign.findAlike(kind, alike, signal)),
    write: async (kind, writes, signal) => {
      const outcomes = await foreign.write(
        kind,
        writes.map((write) => sent(kind, write)),
        signal,
      );
      return outcomes.map((outcome) => answered(kind, outcome));
    },
  };
}
