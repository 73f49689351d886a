import { digestChanges, type SyncChange } from './sync-change.js';

const change = (rest: Partial<SyncChange> = {}): SyncChange => ({
  seq: 1,
  action: 'UPDATE',
  kind: 'vrf',
  localId: 'a',
  remoteId: '7',
  label: 'acme',
  before: { name: 'old' },
  after: { name: 'new' },
  pull: {},
  replaced: {},
  successorOf: null,
  overwritten: [],
  ...rest,
});

describe('the digest of a plan', () => {
  const changes = [change(), change({ localId: 'b' }), change({ localId: 'c', action: 'DELETE' })];

  it('is the same however the changes are cut into pages', () => {
    const whole = digestChanges(null, changes);
    expect(digestChanges(digestChanges(null, changes.slice(0, 1)), changes.slice(1))).toBe(whole);
    expect(digestChanges(digestChanges(digestChanges(null, []), changes.slice(0, 2)), changes.slice(2))).toBe(whole);
  });

  it('is another one with a change more, a change less, or in another order', () => {
    const digests = [changes, changes.slice(1), [...changes, change({ localId: 'd' })], [...changes].reverse(), []].map((of) =>
      digestChanges(null, of),
    );
    expect(new Set(digests).size).toBe(digests.length);
  });

  it.each<Partial<SyncChange>>([
    { action: 'DELETE' },
    { kind: 'prefix' },
    { localId: 'b' },
    { remoteId: '8' },
    { remoteId: null },
    { before: { name: 'older' } },
    { after: { name: 'newer' } },
    { after: {}, pull: { name: 'new' } },
    { replaced: { name: 'ours' } },
    { successorOf: 'before' },
    { overwritten: ['name'] },
  ])('is another one with %j', (rest) => {
    expect(digestChanges(null, [change(rest)])).not.toBe(digestChanges(null, [change()]));
  });

  it('is the same with another label or place, and with fields in another order', () => {
    const same = { before: { a: 1, b: 2 }, after: { a: 2, b: 3 } };
    const turned = { before: { b: 2, a: 1 }, after: { b: 3, a: 2 }, label: 'ACME', seq: 9 };
    expect(digestChanges(null, [change(turned)])).toBe(digestChanges(null, [change(same)]));
  });
});
