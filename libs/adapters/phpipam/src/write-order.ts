import type { ForeignWrite, WriteOutcome } from '#contexts/sync/ports';

/**
 * In order, but subnets that others lie in are made before those, and deleted after them: phpIPAM finds no parent that comes later, and takes
 * what lies in a subnet with it. @returns outcomes in the order of the writes.
 */
export async function writeOrder(
  writes: readonly ForeignWrite[],
  act: (write: ForeignWrite) => Promise<WriteOutcome>,
): Promise<readonly WriteOutcome[]> {
  const outcomes = new Map<number, WriteOutcome>();
  const lengthOf = (at: number): number => {
    const write = writes[at];
    const prefix = write?.verb === 'CREATE' ? write.fields['prefix'] : null;
    return typeof prefix === 'string' ? Number(prefix.slice(prefix.indexOf('/') + 1)) : 0;
  };
  const creates = writes.flatMap(({ verb }, at) => (verb === 'CREATE' ? [at] : [])).sort((a, b) => lengthOf(a) - lengthOf(b) || a - b);
  let next = 0;
  for (const [at, { verb }] of writes.entries()) {
    const due = verb === 'CREATE' ? (creates[next++] ?? at) : at;
    outcomes.set(due, await act(writes[due] as ForeignWrite));
  }
  // What was in the way of deleting may be gone by now.
  for (let isMoving = true; isMoving; ) {
    isMoving = false;
    for (const [at, write] of writes.entries()) {
      const outcome = outcomes.get(at);
      if (
        write.verb !== 'DELETE' ||
        outcome === undefined ||
        !('refused' in outcome) ||
        !outcome.refused.includes('would be deleted with it')
      )
        continue;
      const again = await act(write);
      outcomes.set(at, again);
      if (!('refused' in again)) isMoving = true;
    }
  }
  return writes.map((_write, at) => outcomes.get(at) as WriteOutcome);
}
