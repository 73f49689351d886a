import { readChanges } from './change-feed.js';
import type { NetBoxAnswer, NetBoxQuery } from './netbox-client.js';

interface Change {
  readonly id: number;
  readonly seconds?: number;
  readonly type?: string;
  readonly action?: string;
  readonly request?: string;
  readonly message?: string;
}

/** A change log: what has been committed so far. */
class Log {
  readonly asked: NetBoxQuery[] = [];
  constructor(public changes: Change[]) {}

  get(_path: string, query: NetBoxQuery): Promise<NetBoxAnswer> {
    this.asked.push(query);
    const parameters = new URLSearchParams(query.map(([name, value]) => [name, value]));
    const from = Number(parameters.get('id__gte') ?? 0);
    const limit = Number(parameters.get('limit'));
    const sorted = this.changes
      .filter(({ id }) => id >= from)
      .sort((a, b) => (parameters.get('ordering') === '-id' ? b.id - a.id : a.id - b.id));
    const results = sorted
      .slice(0, limit)
      .map(({ id, seconds = id, type = 'ipam.prefix', action = 'update', request = 'theirs', message }) => ({
        id,
        time: new Date(1_780_000_000_000 + seconds * 1000).toISOString(),
        request_id: request,
        ...(message === undefined ? {} : { message }),
        action: { value: action, label: '' },
        changed_object_type: type,
        changed_object_id: id * 10,
      }));
    return Promise.resolve({ json: { count: sorted.length, next: sorted.length > limit ? 'http://…' : null, results }, etag: null });
  }

  since(cursor: string | null) {
    const isOwn = ({ requestId, message }: { requestId: string; message: string }) => requestId === 'ours' || message === 'we';
    return readChanges(this, cursor, isOwn, new AbortController().signal);
  }
}
const ids = ({ changed }: { changed: readonly { remoteId: string }[] }): number[] => changed.map(({ remoteId }) => Number(remoteId) / 10);

describe('the change log', () => {
  it('begins where it ends, also when it is empty', async () => {
    expect(await new Log([{ id: 5 }, { id: 9 }]).since(null)).toEqual({ changed: [], next: '9;', isMore: false, isGap: false });
    const empty = new Log([]);
    const { next } = await empty.since(null);
    empty.changes = [{ id: 1 }, { id: 2 }];
    expect(await empty.since(next)).toMatchObject({ changed: [{ remoteId: '10' }, { remoteId: '20' }], isGap: false });
  });

  it('tells each change of others once: not ours, not of what is not kept', async () => {
    const log = new Log([
      { id: 1 },
      { id: 2, request: 'ours' },
      { id: 3, message: 'we' },
      { id: 4, type: 'dcim.cable' },
      { id: 5, action: 'delete' },
    ]);
    const first = await log.since('1;');
    expect(first.changed).toEqual([{ kind: 'prefix', remoteId: '50', isDelete: true }]);
    expect(ids(await log.since(first.next))).toEqual([]);
  });

  it('finds what was committed late, below what was told already', async () => {
    const log = new Log([{ id: 1 }, { id: 2 }, { id: 5 }]);
    const first = await log.since('1;');
    expect(ids(first)).toEqual([2, 5]);
    log.changes.push({ id: 4 }, { id: 6 });
    const second = await log.since(first.next);
    expect(ids(second)).toEqual([4, 6]);
    log.changes.push({ id: 3 });
    const third = await log.since(second.next);
    expect(ids(third)).toEqual([3]);
    expect(ids(await log.since(third.next))).toEqual([]);
  });

  it('waits for a number that was left out only as long as a request may take', async () => {
    const log = new Log([{ id: 1 }, { id: 3, seconds: 3 }]);
    const first = await log.since('1;');
    log.changes.push({ id: 4, seconds: 400 });
    const second = await log.since(first.next);
    expect(second.next).toBe('4;');
    log.changes.push({ id: 2, seconds: 2 });
    expect(ids(await log.since(second.next))).toEqual([]);
  });

  it('goes on page by page', async () => {
    const log = new Log(Array.from({ length: 2500 }, (_, at) => ({ id: at + 1 })));
    const told: number[] = [];
    let cursor = '1;';
    for (let isMore = true; isMore; ) {
      const page = await log.since(cursor);
      told.push(...ids(page));
      ({ next: cursor, isMore } = page);
    }
    expect(told).toEqual(Array.from({ length: 2499 }, (_, at) => at + 2));
    expect(log.asked).toHaveLength(3);
  });

  it('says so when what was between cannot be told: pruned, or restored from a backup', async () => {
    const pruned = await new Log([{ id: 70 }, { id: 71 }]).since('5;');
    expect(pruned).toEqual({ changed: [], next: '71;', isMore: false, isGap: true });
    const log = new Log([{ id: 3 }]);
    const restored = await log.since('50;');
    expect(restored).toEqual({ changed: [], next: '3;', isMore: false, isGap: true });
    log.changes.push({ id: 4 });
    const again = await log.since(restored.next);
    expect([again.isGap, ids(again)]).toEqual([false, [4]]);
  });

  it.each(['', 'x', '-1;', '5;7', '5;7@x'])('refuses the cursor %j', async (cursor) => {
    await expect(new Log([]).since(cursor)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });

  it('out of order is an error', async () => {
    const log = new Log([]);
    const row = {
      time: '2026-05-01T10:00:00Z',
      request_id: 'r',
      action: { value: 'update' },
      changed_object_type: 'ipam.vrf',
      changed_object_id: 1,
    };
    log.get = () =>
      Promise.resolve({
        json: {
          count: 2,
          next: null,
          results: [
            { id: 9, ...row },
            { id: 8, ...row },
          ],
        },
        etag: null,
      });
    await expect(log.since('1;')).rejects.toMatchObject({ code: 'NETBOX_INCOMPLETE' });
  });
});
