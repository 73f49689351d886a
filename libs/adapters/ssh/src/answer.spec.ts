import { decodeAnswer, encodeAnswer } from './answer.js';

describe('the answer of a host', () => {
  it('comes back as it was sent, whatever the octets', () => {
    const parts = new Map([
      ['interfaces', { status: 0, text: 'auto lo\n@frr 0 3\nü\n' }],
      ['frr', { status: 1, text: '' }],
    ]);
    expect(decodeAnswer(encodeAnswer(parts))).toEqual(parts);
  });

  it.each([
    ['bash: command not found\n', /unexpected answer: "bash/],
    ['@frr 0 10\nshort', /ends 5 octets early/],
    ['@frr 0', /unexpected answer/],
  ])('is refused when it is something else: %j', (octets, words) => {
    expect(() => decodeAnswer(Buffer.from(octets))).toThrow(words);
  });
});
