import { Envelope } from './envelope.js';
import { Secret } from './secret.js';

const envelope = (byte: number) => new Envelope(new Secret(Buffer.alloc(32, byte).toString('base64')));

describe('secrets at rest', () => {
  it('opens in its own row and nowhere else', () => {
    const sealed = envelope(1).seal('device/a', new Secret('hunter2'));
    expect(envelope(1).open('device/a', sealed).reveal()).toBe('hunter2');
    expect(sealed.toString('latin1')).not.toContain('hunter2');
    for (const attempt of [
      () => envelope(1).open('device/b', sealed),
      () => envelope(2).open('device/a', sealed),
      () => envelope(1).open('device/a', sealed.subarray(0, 20)),
    ]) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'SECRET_UNREADABLE' }));
    }
  });
});
