import { ExternalRef, IdempotencyKey } from '#engines/kernel';

describe("a caller's key", () => {
  it('is printable ASCII without blanks, up to its length', () => {
    for (const [kind, length] of [
      [IdempotencyKey, 128],
      [ExternalRef, 64],
    ] as const) {
      for (const text of ['a', 'ORD-2026/17', '~'.repeat(length)]) expect(kind.parse(text)).toBe(text);
      for (const value of ['', 'a b', 'a\n', 'a\u0000', 'é', 'x'.repeat(length + 1), 7, null])
        expect(() => kind.parse(value), JSON.stringify(value)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
    }
  });
});
