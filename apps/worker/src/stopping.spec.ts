import { PATIENCE_MS, STOP_WITHIN_MS, UNDO_WITHIN_MS } from './stopping.js';

describe('a process that is told to end', () => {
  it('has time left when its last undoing has had all of its own: nothing is cut off in the middle of a request', () => {
    expect(UNDO_WITHIN_MS).toBeGreaterThanOrEqual(2_000);
    expect(PATIENCE_MS + UNDO_WITHIN_MS).toBeLessThan(STOP_WITHIN_MS);
  });
});
