import type { Measured, Row } from './bench.js';
import type { Spread } from './statistics.js';
import { type Figures, nested, type Verdict } from './thresholds.js';

export interface Report {
  readonly measured: readonly Measured[];
  readonly verdicts: readonly Verdict[];
  readonly isQuick: boolean;
  /** Of the database. */
  readonly settings: Readonly<Record<string, string>>;
}

export const holds = ({ verdicts }: Report): boolean => verdicts.every((verdict) => verdict.holds);

/** One line for machines: the figures, how far the rounds of each lie apart, and whether it holds. */
export function jsonLine(report: Report): string {
  const figures = allFigures(report.measured);
  const rounded = Object.fromEntries(Object.entries(figures).map(([place, value]) => [place, significant(value)]));
  const repeatability = report.measured
    .flatMap(({ rows }) => rows)
    .map(({ scenario, what, callers, rate, ratio }) => ({
      scenario,
      what,
      callers,
      rate: spreadOfThree(rate),
      ...(ratio && { ratio: spreadOfThree(ratio) }),
    }));
  const missed = report.verdicts.filter((verdict) => !verdict.holds).map(({ figure }) => figure);
  return JSON.stringify({
    ...nested(rounded),
    holds: holds(report),
    missed,
    quick: report.isQuick,
    settings: report.settings,
    repeatability,
  });
}

export const allFigures = (measured: readonly Measured[]): Figures =>
  Object.assign({}, ...measured.map(({ figures }) => figures)) as Figures;

const significant = (value: number): number => Number(value.toPrecision(4));
const spreadOfThree = ({ min, median, max }: Spread): number[] => [min, median, max].map(significant);

/** The same for people: the number of callers against the rate, then what was asked and what was measured. */
export function table(report: Report): string {
  const rows = report.measured.flatMap((measured) => measured.rows);
  const verdicts = report.verdicts.map(({ figure, asked, atLeast, atMost, measured, holds: isKept }) => [
    isKept ? 'holds' : 'MISSED',
    figure,
    measured === undefined ? 'not measured' : String(significant(measured)),
    atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`,
    asked,
  ]);
  return [
    aligned([
      ['scenario', 'what', 'callers', 'per second: min', 'median', 'max', 'ratio: min', 'median', 'max', 'p50 ms', 'p99 ms'],
      ...rows.map(cells),
    ]),
    '',
    aligned([['', 'figure', 'measured', 'wanted', 'asked'], ...verdicts]),
    '',
  ].join('\n');
}

function cells({ scenario, what, callers, rate, ratio, p50ms, p99ms }: Row): string[] {
  const whole = (value: number): string => String(Math.round(value));
  const two = (value: number): string => value.toFixed(2);
  const ratios = ratio ? [two(ratio.min), two(ratio.median), two(ratio.max)] : ['', '', ''];
  return [
    scenario,
    what,
    whole(callers),
    whole(rate.min),
    whole(rate.median),
    whole(rate.max),
    ...ratios,
    two(p50ms.median),
    two(p99ms.median),
  ];
}

/** Columns as wide as their widest cell; numbers to the right. */
function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_cell, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isNumeric = widths.map((_width, column) => lines.slice(1).every((line) => /^[\d.]*$/.test(line[column] ?? '')));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
