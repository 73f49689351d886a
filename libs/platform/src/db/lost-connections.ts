import type { Pool, PoolClient } from 'pg';

/**
 * Whoever has a connection of the pool at hand and asks nothing just now does not hear that the server ended it: pg makes an event of that, and an
 * `error` that nobody listens for ends the process. The next question over that connection fails and says why, which is soon enough.
 */
export function surviveLostConnections(pool: Pool): void {
  const known = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => {
    if (known.has(client)) return;
    known.add(client);
    client.on('error', () => undefined);
  });
}
