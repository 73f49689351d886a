import { SETTLED_BELOW } from '#contexts/events';
import { type Database, systemScope } from '#platform';

const WAITS = 50;
const WAIT_MS = 10;

/**
 * A transaction of a neighbour's database that is just ending hides the end of the journal for a moment: until what was written is to be read. One that is
 * open in this database hides it for good, and is not waited for.
 */
export async function untilHeard(db: Database): Promise<void> {
  for (let left = WAITS; left > 0; left--) {
    const hidden = await db.inTransaction(systemScope('test'), (tx) =>
      tx.sql(`SELECT 1 FROM sync_journal WHERE xid >= ${SETTLED_BELOW} LIMIT 1`),
    );
    if (hidden.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}
