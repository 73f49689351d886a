/** Running-configs of EOS: each is read into typed values, written again, and compared; then digits are changed, and must be missed. */
import type { ConformanceKind, Sampling } from './conformance-kind.js';
import { type EosFile, eosFiles } from './eos-files.js';
import { judgeMutants, type MutantVerdict } from './eos-mutants.js';
import { type RoundTrip, roundTrip } from './eos-round-trip.js';

const EXPECTS = 'running-configs of EOS (.cfg, .conf, .txt …), in folders of any depth';

/** A comparison that misses more changes than this is no comparison. */
const LEAST_SHARE = 0.995;

export const eos: ConformanceKind = {
  expects: EXPECTS,
  run(directory, sampling) {
    const results = eosFiles(directory, EXPECTS).map((file) => judge(file, sampling));
    const mutants = results.flatMap((result) => result.mutants);
    const missed = mutants.filter(({ isReported }) => !isReported);
    const sum = (count: (result: Result) => number): number => results.reduce((total, result) => total + count(result), 0);
    const figures = {
      files: results.length,
      roundTripped: sum(({ trip }) => (trip.differences.length === 0 ? 1 : 0)),
      factsOwned: sum(({ trip }) => trip.owned),
      factsKept: sum(({ trip }) => trip.kept.length),
      factsLost: sum(({ trip }) => trip.lost.length),
      mutation: mutants.length === 0 ? 1 : (mutants.length - missed.length) / mutants.length,
      mutants: mutants.length,
      seed: sampling.seed,
    };
    const holds = figures.roundTripped === figures.files && figures.factsLost === 0 && figures.mutation >= LEAST_SHARE;
    return { figures: { ...figures, mutation: Number(figures.mutation.toFixed(5)) }, holds, text: report(results, figures) };
  },
};

interface Result {
  readonly name: string;
  readonly trip: RoundTrip;
  readonly mutants: readonly MutantVerdict[];
}

const judge = ({ name, text }: EosFile, sampling: Sampling): Result => ({
  name,
  trip: roundTrip(text),
  mutants: judgeMutants(name, text, sampling),
});

function report(results: readonly Result[], figures: Readonly<Record<string, number>>): string {
  const table = Object.entries(figures).map(([name, value]) => `${name.padEnd(12)} ${Number(value.toFixed(5))}`);
  const broken = results
    .filter(({ trip }) => trip.differences.length + trip.lost.length > 0)
    .flatMap(({ name, trip }) => [
      '',
      `${name}: comes back otherwise`,
      ...trip.differences.map(({ kind, path, wanted, found }) => `  ${kind} ${path.join(' / ')}: ${wanted ?? '–'} → ${found ?? '–'}`),
      ...trip.lost.map((fact) => `  lost ${fact}`),
    ]);
  const missed = results.flatMap(({ name, mutants }) =>
    mutants.filter(({ isReported }) => !isReported).map(({ line, before, after }) => `  ${name}:${line + 1}  ${before}  →  ${after}`),
  );
  const kept = mostKept(results).map(([what, count]) => `  ${String(count).padStart(6)}  ${what}`);
  return [...table, ...broken, ...titled('changes that nobody told', missed), ...titled('kept most often', kept), ''].join('\n');
}

const titled = (title: string, lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : ['', title, ...lines]);

/** Kept facts by what they say, numbers left out: what to teach the model next. */
function mostKept(results: readonly Result[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const fact of results.flatMap(({ trip }) => trip.kept)) {
    const what = fact
      .replace(/\d+/g, '#')
      .split(' / ')
      .map((part) => part.split(' ').slice(0, 3).join(' '))
      .join(' / ');
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, 20);
}
