import { judge, nested, THRESHOLDS } from './thresholds.js';

const measured = Object.fromEntries(THRESHOLDS.map(({ figure, atLeast, atMost }) => [figure, atLeast ?? atMost ?? 0]));

describe('the verdict', () => {
  it('holds exactly at what was asked', () => {
    expect(judge(measured).filter(({ holds }) => !holds)).toEqual([]);
  });

  it.each(
    THRESHOLDS.map(({ figure, atLeast, atMost }) => [figure, (atLeast ?? atMost ?? 0) * (atLeast === undefined ? 1.01 : 0.99)] as const),
  )('does not hold when %s is a little worse', (figure, worse) => {
    expect(judge({ ...measured, [figure]: worse }).filter(({ holds }) => !holds)).toMatchObject([{ figure, measured: worse }]);
  });

  it('does not hold for what was not measured', () => {
    const { single: _single, ...rest } = measured;
    expect(judge(rest).filter(({ holds }) => !holds)).toMatchObject([{ figure: 'single', measured: undefined }]);
    expect(judge({ ...measured, single: Number.NaN }).filter(({ holds }) => !holds)).toMatchObject([{ figure: 'single' }]);
  });
});

describe('figures', () => {
  it('stand where their names say', () => {
    expect(nested({ graphql32: 0.9, 'inProcess.32': 2, 'inProcess.p99ms128': 7 })).toEqual({
      graphql32: 0.9,
      inProcess: { 32: 2, p99ms128: 7 },
    });
  });
});
