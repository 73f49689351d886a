import type { SyncTargetId } from '#engines/kernel';
import { type GatheredHint, HintGatherer } from './hint-gatherer.js';

const TARGET = 'one' as SyncTargetId;
const OTHER = 'other' as SyncTargetId;
const hint = (remoteId: string): GatheredHint => ({ kind: 'prefix', remoteId });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What was written, statement by statement; each takes so long. */
function gatherer(tookMs = 5, fails: () => boolean = () => false) {
  const written: string[] = [];
  const gathered = new HintGatherer(async (targetId, hints) => {
    await new Promise((resolve) => setTimeout(resolve, tookMs));
    if (fails()) throw new Error('away');
    written.push(`${targetId}: ${hints.map(({ remoteId }) => remoteId).join(' ')}`);
  });
  return { gathered, written };
}

describe('hints that are gathered', () => {
  it('are written at once where nothing is being written, and those that come meanwhile together', async () => {
    const { gathered, written } = gatherer();
    const said = ['1', '2', '3', '2'].map((id) => gathered.say(TARGET, hint(id)));
    said.push(gathered.say(OTHER, hint('1')));
    await vi.advanceTimersByTimeAsync(50);
    await Promise.all(said);
    expect(written).toEqual(['one: 1', 'one: 2 3', 'other: 1']);
  });

  it('of one object are few rows in a storm, and the last word of it is written', async () => {
    const { gathered, written } = gatherer();
    const said: Promise<void>[] = [];
    for (let ms = 0; ms < 1000; ms++) {
      for (let n = 0; n < 10; n++) said.push(gathered.say(TARGET, hint('1')));
      await vi.advanceTimersByTimeAsync(1);
    }
    const before = written.length;
    const last = gathered.say(TARGET, hint('1'));
    await vi.advanceTimersByTimeAsync(500);
    await Promise.all([...said, last]);
    expect(said).toHaveLength(10_000);
    expect(written.length).toBeLessThanOrEqual(12);
    expect(written.length).toBeGreaterThan(before);
  });

  it('of different objects, one after the other, do not wait', async () => {
    const { gathered, written } = gatherer(1);
    for (let n = 0; n < 50; n++) {
      const said = gathered.say(TARGET, hint(String(n)));
      await vi.advanceTimersByTimeAsync(2);
      await said;
    }
    expect(written).toHaveLength(50);
  });

  it('that could not be written are told to all who said them, and said again are written', async () => {
    let isAway = true;
    const { gathered, written } = gatherer(5, () => isAway);
    const said = [gathered.say(TARGET, hint('1')), gathered.say(TARGET, hint('1'))].map((each) => expect(each).rejects.toThrow('away'));
    await vi.advanceTimersByTimeAsync(200);
    await Promise.all(said);
    isAway = false;
    const again = gathered.say(TARGET, hint('1'));
    await vi.advanceTimersByTimeAsync(20);
    await again;
    expect(written).toEqual(['one: 1']);
  });
});
