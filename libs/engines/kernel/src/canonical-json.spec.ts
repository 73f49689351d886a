import fc from 'fast-check';
import { canonicalJson, digest } from '#engines/kernel';

describe('canonical JSON', () => {
  it('does not depend on the order of keys, at any depth', () => {
    expect(canonicalJson({ b: [{ y: 1, x: 2 }], a: null })).toBe('{"a":null,"b":[{"x":2,"y":1}]}');
    expect(digest({ b: 1, a: { d: 1, c: 2 } })).toBe(digest({ a: { c: 2, d: 1 }, b: 1 }));
  });

  it('does depend on the order of lists', () => {
    expect(digest([1, 2])).not.toBe(digest([2, 1]));
  });

  it('says the same as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

it('a digest of a text is that of its bytes', () => {
  expect(digest('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
