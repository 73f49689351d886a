import { hasMoreValues } from './json-values.js';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('the values of a document', () => {
  it.each([
    ['{},{},{}', 4, true],
    ['[[[[[[[]]]]]]]', 6, true],
    ['[1,2,3,4,5,6]', 6, false],
    ['{"a":1,"b":[2,3]}', 4, false],
    ['{"a":1,"b":[2,3]}', 3, true],
    // Whatever stands in texts is no value.
    ['["a,b,c,[,{,\\",,,\\\\","ü,,,,,,"]', 2, false],
    ['["\\\\",1,2,3,4,5,6,7]', 4, true],
    ['"never ends ,,,,,,,,,,,,,,,', 2, false],
  ])('of %s are more than %i: %s', (text, most, isMore) => {
    expect(hasMoreValues(bytes(text), most)).toBe(isMore);
  });

  it('are counted in thirty megabytes sooner than these are read', () => {
    const text = bytes(`["${'x'.repeat(32 * 1024 * 1024)}"]`);
    const begun = performance.now();
    expect(hasMoreValues(text, 1000)).toBe(false);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
