import fc from 'fast-check';
import { checkFabric, compileFabric } from '#engines/intent';
import { randomFabric } from '#engines/intent/testing';
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const told = (findings: ReturnType<typeof checkFabric>) =>
  findings.map(({ severity, code, path, message }) => `${severity} ${code} ${path}: ${message}`);
describe('a fabric that is well-formed', () => {
  it('is compiled without remark', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const snapshot = randomFabric(number);
        expect(told(checkFabric(snapshot))).toEqual([]);
        compileFabric(snapshot);
      }),
      { numRuns: 300 },
    );
  });
});
