import { PUSH_EXIT } from '#adapters/ssh';
import { type JournalEntry, overlappingPushes, pushSpans } from './push-journal.js';

const entry = (fence: number, verb: string, status: number, startedAt: number, endedAt: number): JournalEntry => ({
  device: 'host1',
  connection: 1,
  verb,
  fence,
  startedAt,
  endedAt,
  status,
});

describe('pushes in the journal of a host', () => {
  it('are at work while they apply, also what ends in their being undone', () => {
    const undone = entry(1, 'apply', PUSH_EXIT.applyFailedAndUndone, 20, 60);
    expect(pushSpans([entry(1, 'stage', PUSH_EXIT.done, 10, 15), undone])).toEqual([{ device: 'host1', fence: 1, from: 10, to: 60 }]);
    expect(overlappingPushes([undone, entry(2, 'stage', PUSH_EXIT.done, 50, 55)])).toEqual([{ device: 'host1', fences: [1, 2] }]);
  });

  it.each([PUSH_EXIT.undoUnproven, PUSH_EXIT.storageFailed, PUSH_EXIT.noSuchPush])('count when they failed with %i', (status) => {
    expect(overlappingPushes([entry(1, 'apply', status, 20, 60), entry(2, 'apply', PUSH_EXIT.done, 30, 40)])).toHaveLength(1);
  });

  it.each([PUSH_EXIT.badRequest, PUSH_EXIT.staleFence])('do not count where they were turned away with %i', (status) => {
    expect(pushSpans([entry(1, 'apply', status, 20, 60)])).toEqual([]);
  });

  it('do not begin with an older one that cannot be undone and is left to its timer', () => {
    const older = [entry(1, 'apply', PUSH_EXIT.done, 10, 20), entry(1, 'timer', PUSH_EXIT.done, 40, 40)];
    const newer = [entry(2, 'recover', PUSH_EXIT.undoUnproven, 30, 31), entry(2, 'stage', PUSH_EXIT.done, 50, 51)];
    expect(overlappingPushes([...older, ...newer])).toEqual([]);
    expect(overlappingPushes([...older, entry(2, 'stage', PUSH_EXIT.done, 30, 31), ...newer])).toHaveLength(1);
  });

  it('are those that change something, and of their own host', () => {
    expect(pushSpans([entry(1, 'inspect', PUSH_EXIT.done, 1, 2), entry(1, 'verify', PUSH_EXIT.done, 3, 4)])).toEqual([]);
    const [first, second] = [entry(1, 'apply', PUSH_EXIT.done, 10, 20), { ...entry(2, 'apply', PUSH_EXIT.done, 15, 25), device: 'host2' }];
    expect(overlappingPushes([first, second])).toEqual([]);
  });
});
