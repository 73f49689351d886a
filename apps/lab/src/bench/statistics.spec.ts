import { median, percentile, ratiosOf, spreadOf } from './statistics.js';

describe('what rounds say', () => {
  it('is their median, whatever their order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it('with their range', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
  });

  it('is nothing without rounds', () => {
    for (const ask of [median, spreadOf, (values: number[]) => percentile(values, 0.5)])
      expect(() => ask([])).toThrow('nothing was measured');
  });

  it('is a ratio for each round, and not a ratio of sums', () => {
    expect(ratiosOf([10, 200], [10, 100])).toEqual([1, 2]);
    expect(() => ratiosOf([1], [1, 2])).toThrow('1 rounds cannot be compared with 2');
  });
});

describe('a percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it('is a value that was measured', () => {
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile(hundred, 0)).toBe(1);
    expect(percentile([4], 0.99)).toBe(4);
  });
});
