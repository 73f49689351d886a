import { judge, type Verdict } from '../thresholds.js';
import type { RolloutBenchReport } from './rollout-bench.js';

const THRESHOLDS = [
  { figure: 'seconds', asked: '100 devices, ten at a time, no soak: ≤ 60 s.', atMost: 60 },
  { figure: 'touchedAfterCanaryFault', asked: 'Halt after a canary fault: 0 devices beyond the wave.', atMost: 0 },
  { figure: 'driftFoundAfterCollections', asked: 'Drift of one hand edit is found in the next collection.', atMost: 1 },
  { figure: 'writesOfNothing', asked: 'A deployment of nothing costs no write on any device.', atMost: 0 },
];

/** None for a smaller fabric: what was asked was not asked of it. */
export function rolloutVerdicts(report: RolloutBenchReport): Verdict[] {
  if (report.devices < 100) return [];
  const { seconds, touchedAfterCanaryFault, driftFoundAfterCollections, writesOfNothing } = report;
  return judge({ seconds, touchedAfterCanaryFault, driftFoundAfterCollections, writesOfNothing }, THRESHOLDS);
}

export function rolloutJson(report: RolloutBenchReport): string {
  const verdicts = rolloutVerdicts(report);
  const missed = verdicts.filter(({ holds }) => !holds).map(({ figure }) => figure);
  return JSON.stringify({ ...report, isJudged: verdicts.length > 0, holds: missed.length === 0, missed });
}

export function rolloutTable(report: RolloutBenchReport): string {
  return [
    `${report.devices} devices taken over in ${report.takeoverSeconds} s; one plan over all of them rolled out in ${report.seconds} s`,
    `a canary that fails: the plan ended ${report.endOfFaultyPlan}, ${report.touchedAfterCanaryFault} other devices were touched`,
    `a rollout of nothing: ${report.writesOfNothing} writes${report.isNothingPlanned ? '; asked for a plan, there is none' : ''}`,
    `one edit by hand: found after ${report.driftFoundAfterCollections} collections`,
    ...rolloutVerdicts(report).map(
      ({ figure, measured, atMost, holds, asked }) => `${holds ? 'holds' : 'MISSED'}  ${figure} ${measured} (≤ ${atMost})  ${asked}`,
    ),
    '',
  ].join('\n');
}
