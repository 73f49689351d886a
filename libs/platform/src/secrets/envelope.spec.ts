import { createCipheriv, randomBytes } from 'node:crypto';
import { Envelope } from './envelope.js';
import { Secret } from './secret.js';

const key = (byte: number): Secret => new Secret(Buffer.alloc(32, byte).toString('base64'));
const envelope = (byte: number, ...previous: number[]) => new Envelope(key(byte), previous.map(key));
const unreadable = expect.objectContaining({ code: 'SECRET_UNREADABLE' });

/** As releases before the key's id sealed. */
function sealedWithoutId(byte: number, context: string, text: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32, byte), nonce, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(`trame|v1|${context}`));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([1]), nonce, cipher.getAuthTag(), body]);
}

describe('secrets at rest', () => {
  it('opens in its own row and nowhere else', () => {
    const sealed = envelope(1).seal('device/a', new Secret('hunter2'));
    expect(envelope(1).open('device/a', sealed).reveal()).toBe('hunter2');
    expect(sealed.toString('latin1')).not.toContain('hunter2');
    for (const attempt of [
      () => envelope(1).open('device/b', sealed),
      () => envelope(2).open('device/a', sealed),
      () => envelope(1).open('device/a', sealed.subarray(0, 30)),
    ]) {
      expect(attempt).toThrow(unreadable);
    }
  });

  it('opens with any key that is still kept, and is sealed with the present one', () => {
    const before = envelope(1).seal('device/a', new Secret('hunter2'));
    expect(envelope(2, 3, 1).open('device/a', before).reveal()).toBe('hunter2');
    const after = envelope(2, 1).seal('device/a', new Secret('hunter2'));
    expect(after.subarray(0, 9)).toEqual(envelope(2).header);
    expect(after.subarray(0, 9)).not.toEqual(before.subarray(0, 9));
    expect(envelope(2).open('device/a', after).reveal()).toBe('hunter2');
    expect(() => envelope(1).open('device/a', after)).toThrow(unreadable);
    expect(envelope(1, 2).open('device/a', after).reveal()).toBe('hunter2');
  });

  it('from before keys had names opens with whichever it was', () => {
    const old = sealedWithoutId(7, 'device/a', 'hunter2');
    expect(envelope(7).open('device/a', old).reveal()).toBe('hunter2');
    expect(envelope(2, 3, 7).open('device/a', old).reveal()).toBe('hunter2');
    expect(() => envelope(2, 3).open('device/a', old)).toThrow(unreadable);
    expect(() => envelope(7).open('device/b', old)).toThrow(unreadable);
  });

  it('does not open when a bit of it was changed, wherever it is', () => {
    const sealed = envelope(1).seal('device/a', new Secret('hunter2'));
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => envelope(1, 2).open('device/a', changed)).toThrow(unreadable);
    }
  });
});
