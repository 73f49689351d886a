import { SYNC_LIMITS, type Stop } from './check-sync-brakes.js';
import { printSyncPlan, stopText } from './print-sync-plan.js';
import type { SyncChange } from './sync-change.js';

const change = (rest: Partial<SyncChange>): SyncChange => ({
  seq: 1,
  action: 'CREATE',
  kind: 'prefix',
  localId: 'a',
  remoteId: null,
  label: '10.20.0.0/24',
  before: {},
  after: {},
  pull: {},
  replaced: {},
  successorOf: null,
  overwritten: [],
  ...rest,
});
const DIGEST = '0123456789abcdef';

it('shows a plan to people: counts, each change, what is written there, taken over here and overwritten', () => {
  const changes = [
    change({ after: { prefix: '10.20.0.0/24', status: 'active' } }),
    change({
      action: 'UPDATE',
      label: '10.20.1.0/24',
      before: { status: 'reserved', tags: ['a'] },
      after: { status: 'active', tags: ['a', 'b'] },
      pull: { description: 'web' },
      overwritten: ['status'],
    }),
    change({ action: 'DEPRECATE', label: '10.20.2.0/24', after: { status: 'deprecated' } }),
    change({ action: 'DELETE', label: '10.20.3.0/24' }),
    change({ action: 'UNLINK', label: '10.20.4.0/24' }),
  ];
  expect(
    printSyncPlan('netbox', changes, DIGEST),
  ).toBe(`netbox: 1 to create, 1 to change, 1 to delete, 1 to mark as going away, 1 to unlink (plan 0123456789ab)
+ prefix 10.20.0.0/24
    prefix: none → "10.20.0.0/24"
    status: none → "active"
~ prefix 10.20.1.0/24
    description ← "web"
    status: "reserved" → "active" (overwrites)
    tags: ["a"] → ["a","b"]
(-) prefix 10.20.2.0/24 (to mark as going away)
- prefix 10.20.3.0/24
! prefix 10.20.4.0/24 (to unlink)
`);
});

it('says that there is nothing to do', () => {
  expect(printSyncPlan('netbox', [], DIGEST)).toBe('netbox: nothing to do (plan 0123456789ab)\n');
});

it('says first why a plan waits', () => {
  const stop: Stop = { code: 'SHRUNK', kind: 'prefix', count: 60, of: 150, limit: SYNC_LIMITS.maxShrinkRatio };
  expect(printSyncPlan('netbox', [], DIGEST, [stop])).toMatch(/^stopped: prefix: 60 of 150 rows are missing there, 20 % may be\n/);
  expect(stopText({ ...stop, code: 'DELETES', count: 26, limit: 25 })).toBe('prefix: 26 would be deleted, 25 may be');
});

it('shows what could deceive a reader as escapes', () => {
  const printed = printSyncPlan('netbox', [change({ label: 'a\u001b[2J\nDELETE', after: { name: '\u202Eevil' } })], DIGEST);
  expect(printed).toContain('a\\u{1b}[2J\\u{a}DELETE');
  expect(printed).toContain('\\u{202e}evil');
});
