import { type BenchArguments, parseArguments, SCENARIO_NAMES } from './arguments.js';

function refusal(...args: string[]): string {
  let said = '';
  expect(() => parseArguments(args, (text) => (said += text))).toThrow();
  return said;
}
const parse = (...args: string[]): BenchArguments =>
  parseArguments(args, (text) => {
    throw new Error(text);
  });

describe('npm run bench --', () => {
  it('measures everything in full where nothing else is said', () => {
    expect(parse('allocation')).toEqual({ subject: 'allocation', json: false, quick: false, scenarios: SCENARIO_NAMES });
  });

  it('takes its flags in any order', () => {
    expect(parse('--quick', 'allocation', '--json')).toEqual({ subject: 'allocation', json: true, quick: true, scenarios: SCENARIO_NAMES });
    expect(parse('render', '--quick')).toMatchObject({ subject: 'render', quick: true });
    expect(parse('allocation', '--only', 'single', 'graphql')).toMatchObject({ scenarios: ['single', 'graphql'] });
  });

  it.each([
    [[], 'subject'],
    [['orders'], 'allocation, render'],
    [['allocation', '--only', 'everything'], 'in-process'],
    [['allocation', '--fast'], '--fast'],
  ])('says what it would have accepted instead of %j', (args, hint) => {
    expect(refusal(...args)).toContain(hint);
  });
});
