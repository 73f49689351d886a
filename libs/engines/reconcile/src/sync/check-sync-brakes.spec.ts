import { checkSyncBrakes, SYNC_LIMITS, type SyncCounts, type SyncLimits } from './check-sync-brakes.js';

const QUIET: SyncCounts = {
  kind: 'prefix',
  known: 100,
  seen: 150,
  seenBefore: 150,
  seenOurs: 100,
  seenOursBefore: 100,
  isComplete: true,
  deletes: 0,
  updates: 0,
  joins: 0,
  unlinks: 0,
  guarded: 0,
};
const stopsOf = (counts: Partial<SyncCounts>, limits: Partial<SyncLimits> = {}) =>
  checkSyncBrakes([{ ...QUIET, ...counts }], { ...SYNC_LIMITS, ...limits });
const codes = (...args: Parameters<typeof stopsOf>) => stopsOf(...args).map(({ code }) => code);

it.each<Partial<SyncCounts>>([
  {},
  { known: 0, seen: 0, seenBefore: null },
  { known: 0, seen: 0, seenBefore: 0 },
  { deletes: 10 },
  { known: 1000, seen: 1000, deletes: 25 },
  { known: 9, deletes: 9, updates: 9, unlinks: 9 },
  { updates: 30 },
  { unlinks: 10 },
  { seen: 120 },
  { seen: 1_000_000 },
  { seenOurs: 80 },
  { known: 3, seenOurs: 2, seenOursBefore: 3 },
  { seenOursBefore: null, seenOurs: 0 },
  { known: 0, joins: 100, updates: 30 },
  { known: 100, joins: 300, updates: 90 },
])('a run goes on with %j', (counts) => {
  expect(stopsOf(counts)).toEqual([]);
});

it.each<[Partial<SyncCounts>, string[]]>([
  [{ deletes: 11 }, ['DELETE_SHARE']],
  [{ known: 1000, seen: 1000, deletes: 26 }, ['DELETES']],
  [{ known: 9, deletes: 26 }, ['DELETES']],
  [{ known: 10, deletes: 2 }, ['DELETE_SHARE']],
  [{ updates: 31 }, ['UPDATE_SHARE']],
  [{ unlinks: 11 }, ['UNLINK_SHARE']],
  [{ seen: 119 }, ['SHRUNK']],
  [{ seen: 1_000_000, seenOurs: 79 }, ['OURS_SHRUNK']],
  [{ known: 3, seenOurs: 1, seenOursBefore: 3 }, ['OURS_SHRUNK']],
  [{ seen: 125, seenOurs: 75 }, ['OURS_SHRUNK']],
  [{ seen: 100, seenBefore: 100, seenOurs: 60 }, ['OURS_SHRUNK']],
  [{ seen: 60, seenBefore: 100, seenOurs: 60, seenOursBefore: 100 }, ['SHRUNK']],
  [{ known: 0, joins: 100, updates: 31 }, ['UPDATE_SHARE']],
  [{ known: 100, joins: 100, updates: 31 }, ['UPDATE_SHARE']],
  [{ isComplete: false }, ['INCOMPLETE_SCAN']],
  [{ seen: 0 }, ['NO_ROWS', 'SHRUNK']],
  [{ known: 1, seen: 0, seenBefore: null }, ['NO_ROWS']],
  [{ known: 0, seen: 0, seenBefore: 1 }, ['NO_ROWS', 'SHRUNK']],
  [{ guarded: 1 }, ['GUARDED']],
  [{ seen: 60, deletes: 40, updates: 60 }, ['SHRUNK', 'DELETES', 'DELETE_SHARE', 'UPDATE_SHARE']],
])('a run with %j stops for %j', (counts, expected) => {
  expect(codes(counts)).toEqual(expected);
});

it('tells the figures of a stop', () => {
  expect(stopsOf({ deletes: 11 })).toEqual([{ code: 'DELETE_SHARE', kind: 'prefix', count: 11, of: 100, limit: 0.1 }]);
  expect(stopsOf({ seen: 90 })).toEqual([{ code: 'SHRUNK', kind: 'prefix', count: 60, of: 150, limit: 0.2 }]);
});

it('looks at each kind by itself: many of one do not hide few of another', () => {
  const stops = checkSyncBrakes(
    [
      { ...QUIET, kind: 'ipAddress', known: 100_000, seen: 100_000 },
      { ...QUIET, kind: 'vrf', deletes: 20 },
    ],
    SYNC_LIMITS,
  );
  expect(stops.map(({ kind, code }) => [kind, code])).toEqual([['vrf', 'DELETE_SHARE']]);
});

it.each(['known', 'seen', 'seenOurs', 'seenOursBefore', 'joins', 'seenBefore', 'deletes', 'updates', 'unlinks', 'guarded'] as const)(
  'stops where %s is no count',
  (field) => {
    for (const value of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY]) expect(codes({ [field]: value })).toEqual(['UNCOUNTED']);
  },
);

it.each(['maxDeleteRatio', 'maxUpdateRatio', 'maxDeletes', 'maxShrinkRatio'] as const)('stops where %s is no number', (limit) => {
  expect(codes({}, { [limit]: Number.NaN })).not.toEqual([]);
});

it('asks for shares everywhere where the least number of objects is no number', () => {
  expect(codes({ known: 2, deletes: 1 }, { minKnown: Number.NaN })).toEqual(['DELETE_SHARE']);
});
