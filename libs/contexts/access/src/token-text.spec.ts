import { newTokenText, parseTokenText } from './token-text.js';

describe('the text of a token', () => {
  it('has a prefix for scanners, an id, 43 characters of secret and a checksum', () => {
    expect(newTokenText().text).toMatch(/^trame_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
  });

  it('gives back what it was made of', () => {
    const made = newTokenText();
    expect(parseTokenText(made.text)).toEqual(made);
  });

  it('is never made twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => newTokenText().text)).size).toBe(1000);
  });

  it('is refused with any one character changed', () => {
    const { text } = newTokenText();
    for (let i = 0; i < text.length; i++) {
      const changed = text.slice(0, i) + (text[i] === 'x' ? 'y' : 'x') + text.slice(i + 1);
      expect(parseTokenText(changed), changed).toBeUndefined();
    }
  });

  it.each([
    '',
    'trame_live_',
    'x'.repeat(73),
    ` ${newTokenText().text}`,
    `${newTokenText().text}\n`,
    newTokenText().text.replace('live', 'test'),
  ])('is not %j', (text) => {
    expect(parseTokenText(text)).toBeUndefined();
  });
});
