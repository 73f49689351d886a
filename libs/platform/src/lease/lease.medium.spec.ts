import { openTestDatabase } from '../../../../test/support/open-database.js';
import { createLogger } from '../log/logger.js';
import { LeaseService } from './lease.service.js';

describe('a lease', () => {
  it.each([
    ['has ended', () => Promise.resolve()],
    ['has failed', () => Promise.reject(new Error('it failed'))],
  ])('that is given back because the work under it %s calls off what is left of that work', async (_how, work) => {
    const { db, close } = await openTestDatabase([]);
    const leases = new LeaseService(db, createLogger('silent'), 3);
    let left: AbortSignal | undefined;
    await leases
      .withLease('fabric:x', ({ signal }) => {
        left = signal;
        expect(signal.aborted).toBe(false);
        return work();
      })
      .catch(() => undefined);
    expect(left?.aborted).toBe(true);
    expect(await leases.withLease('fabric:x', () => Promise.resolve('the next one'))).toEqual({ result: 'the next one' });
    await close();
  });
});
