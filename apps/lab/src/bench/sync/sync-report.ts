import { judge, type Verdict } from '../thresholds.js';
import type { SyncBenchReport } from './sync-bench.js';

const NOOP = 'No-op run over 100,000 objects: ≤ 120 reads, 0 writes, memory flat (paged), ≤ 60 s on 2 cores.';
const NAMES = '10,000 DNS records first published in ≤ 30 PATCHes, then 0 for no change.';
const THRESHOLDS = [
  { figure: 'noopReads', asked: NOOP, atMost: 120 },
  { figure: 'noopWrites', asked: NOOP, atMost: 0 },
  { figure: 'seconds', asked: NOOP, atMost: 60 },
  // What V8 needs to have pages and throw them away; the objects alone, all in memory, would be more than this.
  { figure: 'rssGrowthMb', asked: NOOP, atMost: 80 },
  { figure: 'oneChangeSeconds', asked: 'One change visible in the target ≤ 2 s.', atMost: 2 },
  { figure: 'facadeP99Ms', asked: 'Façade allocation p99 ≤ 50 ms with 16 clients.', atMost: 50 },
  { figure: 'dnsPatchesFirst', asked: NAMES, atMost: 30 },
  { figure: 'dnsPatches', asked: NAMES, atMost: 0 },
];

/** None for fewer objects: what was asked was not asked of them. */
export function syncVerdicts(report: SyncBenchReport): Verdict[] {
  if (report.objects < 99_000) return [];
  const { noopReads, noopWrites, seconds, rssGrowthMb, oneChangeSeconds, facadeP99Ms, dnsPatchesFirst, dnsPatches } = report;
  return judge({ noopReads, noopWrites, seconds, rssGrowthMb, oneChangeSeconds, facadeP99Ms, dnsPatchesFirst, dnsPatches }, THRESHOLDS);
}

export function syncJson(report: SyncBenchReport): string {
  const verdicts = syncVerdicts(report);
  const missed = verdicts.filter(({ holds }) => !holds).map(({ figure }) => figure);
  return JSON.stringify({ ...report, isJudged: verdicts.length > 0, holds: missed.length === 0, missed });
}

export function syncTable(report: SyncBenchReport): string {
  return [
    `${report.objects} objects written in ${report.exportSeconds} s, ${report.exportRssMb} MiB at most`,
    `a run of nothing, by a worker that has done nothing else: ${report.noopReads} reads, ${report.noopWrites} writes, ${report.seconds} s, ${report.rssMb} MiB (${report.rssGrowthMb} more than before it; another one ${report.rssGrowthAgainMb} more than that)`,
    `one change was there after ${report.oneChangeSeconds} s`,
    `façade, 16 clients: p99 ${report.facadeP99Ms} ms, ${report.facadePerSecond} addresses a second`,
    `DNS (${report.dnsServer}): ${report.dnsRecords} records in ${report.dnsPatchesFirst} PATCHes and ${report.dnsSeconds} s, then ${report.dnsPatches} in ${report.dnsNoopSeconds} s`,
    ...syncVerdicts(report).map(
      ({ figure, measured, atMost, holds, asked }) => `${holds ? 'holds' : 'MISSED'}  ${figure} ${measured} (≤ ${atMost})  ${asked}`,
    ),
    '',
  ].join('\n');
}
