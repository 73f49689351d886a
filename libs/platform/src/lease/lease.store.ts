/**
 * Mutual exclusion in Postgres: one row per resource, a holder per EXECUTION (never per process: a process that may
 * re-enter its own lease pushes twice at once) and a fencing number that only rises.
 */
import type { Tx } from '../db/tx.js';

export interface Lease {
  readonly resource: string;
  readonly holder: string;
  /** Strictly rising per resource; written on the device, so that an older execution is refused there too. */
  readonly fence: number;
}

export class LeaseStore {
  /** @returns undefined while somebody else holds it. */
  async acquire(tx: Tx, resource: string, holder: string, seconds: number): Promise<Lease | undefined> {
    const row = await tx.one<{ fence: string }>(
      `INSERT INTO lease AS l (resource, holder, fence, until) VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
       ON CONFLICT (resource) DO UPDATE SET holder = $2, fence = l.fence + 1, until = clock_timestamp() + make_interval(secs => $3)
       WHERE l.until < clock_timestamp() RETURNING fence`,
      [resource, holder, seconds],
    );
    return row && { resource, holder, fence: Number(row.fence) };
  }

  /** @returns false when the lease is not ours any more; the execution must stop at once. */
  async renew(tx: Tx, lease: Lease, seconds: number): Promise<boolean> {
    const touched = await tx.run(
      `UPDATE lease SET until = clock_timestamp() + make_interval(secs => $4) WHERE resource = $1 AND holder = $2 AND fence = $3 AND until > clock_timestamp()`,
      [lease.resource, lease.holder, lease.fence, seconds],
    );
    return touched === 1;
  }

  /** Locks the row for the rest of the transaction: what is written with it was written by the holder. */
  async isHeld(tx: Tx, lease: Lease): Promise<boolean> {
    const row = await tx.one(
      `SELECT 1 AS held FROM lease WHERE resource = $1 AND holder = $2 AND fence = $3 AND until > clock_timestamp() FOR UPDATE`,
      [lease.resource, lease.holder, lease.fence],
    );
    return row !== undefined;
  }

  async release(tx: Tx, lease: Lease): Promise<void> {
    await tx.run(`UPDATE lease SET until = clock_timestamp() WHERE resource = $1 AND holder = $2 AND fence = $3`, [
      lease.resource,
      lease.holder,
      lease.fence,
    ]);
  }
}
