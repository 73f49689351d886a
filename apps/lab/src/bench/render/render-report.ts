import type { Spread } from '../statistics.js';
import { judge, type Verdict } from '../thresholds.js';
import type { RenderReport } from './render-bench.js';

const ASKED = '202 leafs × 1,000 networks: ≤ 5 ms per device in the median, compile included, linear in devices × networks.';
const FOLLOWED = 'One changed network on 100 leafs: only the affected artefacts are rendered again, ≤ 100 ms.';

/** Linear: between the smallest and the largest fabric caches are missed more often, and nothing else may grow. */
const THRESHOLDS = [
  { figure: 'msPerDevice', asked: ASKED, atMost: 5 },
  { figure: 'growth', asked: ASKED, atMost: 1.5 },
  { figure: 'incrementalMs', asked: FOLLOWED, atMost: 100 },
];

/** None for smaller fabrics: what was asked was not asked of them. */
export function renderVerdicts(report: RenderReport): Verdict[] {
  if (report.devices < 202 || report.networks < 1000) return [];
  const { msPerDevice, growth, incrementalMs } = report;
  return judge({ msPerDevice: msPerDevice.median, growth, incrementalMs: incrementalMs.median }, THRESHOLDS);
}

const significant = (value: number): number => Number(value.toPrecision(4));
const three = ({ min, median, max }: Spread): number[] => [min, median, max].map(significant);

/** One line for machines: the figures are medians, `repeatability` has min, median and max of each. */
export function renderJson(report: RenderReport): string {
  const verdicts = renderVerdicts(report);
  const spreads = Object.entries(report).filter(
    (entry): entry is [string, Spread] => typeof entry[1] === 'object' && !Array.isArray(entry[1]),
  );
  return JSON.stringify({
    devices: report.devices,
    networks: report.networks,
    ...Object.fromEntries(spreads.map(([name, spread]) => [name, significant(spread.median)])),
    growth: significant(report.growth),
    incrementalDevices: report.incrementalDevices,
    lines: report.lines,
    bytes: report.bytes,
    floorRatio: significant(report.msPerDevice.median / report.floorMsPerDevice.median),
    incrementalRatio: significant(report.wholeMs.median / report.incrementalMs.median),
    perUnit: report.perUnit.map((unit) => ({ ...unit, microseconds: significant(unit.microseconds) })),
    digest: report.digest,
    isJudged: verdicts.length > 0,
    holds: verdicts.every(({ holds }) => holds),
    missed: verdicts.filter(({ holds }) => !holds).map(({ figure }) => figure),
    repeatability: Object.fromEntries(spreads.map(([name, spread]) => [name, three(spread)])),
  });
}

export function renderTable(report: RenderReport): string {
  const milliseconds = (name: string, { min, median, max }: Spread): string =>
    `${name.padEnd(44)} ${[min, median, max].map((value) => value.toFixed(2).padStart(9)).join('')}`;
  return [
    `${report.devices} leafs × ${report.networks} networks: ${report.lines} lines, ${report.bytes} bytes, ${report.digest.slice(0, 12)}`,
    `${'ms'.padEnd(44)} ${['min', 'median', 'max'].map((name) => name.padStart(9)).join('')}`,
    milliseconds('per leaf, checked, compiled and rendered', report.msPerDevice),
    milliseconds('  the same, of the processor', report.cpuMsPerDevice),
    milliseconds('  and read out as bytes', report.readMsPerDevice),
    milliseconds('  where every second one is a Debian host', report.mixedMsPerDevice),
    milliseconds('  joining and hashing the same lines alone', report.floorMsPerDevice),
    milliseconds(`one network changed, ${report.incrementalDevices} devices rendered`, report.incrementalMs),
    milliseconds('  the same, of the processor', report.incrementalCpuMs),
    milliseconds('  and read out as bytes', report.incrementalReadMs),
    milliseconds('  from facts that were all read again', report.incrementalReadAgainMs),
    milliseconds('  one network more, or less', report.incrementalAddedMs),
    milliseconds('  the whole instead', report.wholeMs),
    ...report.perUnit.map(
      ({ devices, networks, microseconds }) => `${devices} × ${networks}: ${microseconds.toFixed(2)} µs for each network on each leaf`,
    ),
    `growth ${report.growth.toFixed(2)}`,
    ...renderVerdicts(report).map(
      ({ figure, measured, atMost, holds, asked }) =>
        `${holds ? 'holds' : 'MISSED'}  ${figure} ${measured?.toFixed(2)} (≤ ${atMost})  ${asked}`,
    ),
    '',
  ].join('\n');
}
