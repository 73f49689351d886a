import { DomainError } from '#engines/kernel';
import { failureOf } from './failure.js';

describe('a failure that is written down', () => {
  it('is a text that the database takes, whatever the device said', () => {
    const said = `no\0 ${'x'.repeat(495)}\u{1f600}`;
    expect(failureOf(new DomainError('INVALID_VALUE', said, {})).message).toBe(`no\u{fffd} ${'x'.repeat(495)}\u{fffd}`);
    expect(failureOf('\0').message).toBe('\u{fffd}');
  });
});
