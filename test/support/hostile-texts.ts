/** Texts that a device may answer with and nobody writes: whoever reads texts of devices must read these in about the time of any other one. */
const of = (size: number, piece: string): string => piece.repeat(Math.ceil(size / piece.length)).slice(0, size);

export const hostileTexts = (size: number): readonly (readonly [string, string])[] => [
  ['blank lines', of(size, '\n')],
  ['carriage returns', of(size, '\r')],
  ['blanks', of(size, ' ')],
  ['blanks before each end of line', of(size, ' \n')],
  ['one word', of(size, 'a')],
  ['one word of words', of(size, 'keysecretpassword')],
  ['words that come to nothing', of(size, 'key secret password ')],
  ['one line of words', of(size, 'a ')],
  ['a user without end', `username ${of(size, 'a')}`],
  ['a line with a number without end', `ntp authentication-key ${of(size, '1')}`],
  ['brackets that nobody closes', of(size, '[')],
  ['braces that nobody closes', of(size, '{"a":')],
  ['quotation marks', of(size, '"')],
  ['marks of an end', of(size, '!\n')],
  ['depth', Array.from({ length: Math.ceil(Math.sqrt(size)) }, (_, depth) => `${' '.repeat(depth)}x`).join('\n')],
];

/** As people write it, of that size. */
export const usualText = (size: number): string =>
  of(size, 'interface Ethernet1\n   description uplink\n   no switchport\n!\nrouter bgp 65051\n   neighbor 10.0.0.1 remote-as 65051\n!\n');

const best = (work: () => unknown): number =>
  Math.min(
    ...Array.from({ length: 3 }, () => {
      const begun = performance.now();
      work();
      return performance.now() - begun;
    }),
  );

/**
 * How many times as long it takes with one text as with another, both of them read now, on this machine as busy as it is. Reading that is
 * quadratic in some hundred thousand characters is thousands of times slower.
 */
export const timesAsLong = (read: (text: string) => unknown, text: string, than: string): number =>
  best(() => read(text)) /
  Math.max(
    1,
    best(() => read(than)),
  );
