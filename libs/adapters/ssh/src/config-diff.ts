import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/**
 * How much may differ for a difference line by line: it takes the square of that. A device may say anything, and the process has other things
 * to do; what is more different than this nobody reads line by line.
 */
const LIMITS = { maxEditLength: 2_000, timeout: 300 };

/** Lines: a plan is read by people, and kept. */
const MOST_SHOWN = 20_000;

/** Unified diff of one file for people; empty when nothing changes. null stands for "does not exist". */
export function configDiff(path: string, before: string | null, after: string | null): string {
  if (before === after) return '';
  const names = [before === null ? '/dev/null' : path, after === null ? '/dev/null' : path] as const;
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY, ...LIMITS };
  const patch = createTwoFilesPatch(...names, before ?? '', after ?? '', undefined, undefined, options);
  return patch ?? replacedWhole(names, before ?? '', after ?? '');
}

/** Also a difference, and not the shortest one. */
function replacedWhole([from, to]: readonly [string, string], before: string, after: string): string {
  const [gone, come] = [linesOf(before, '-'), linesOf(after, '+')];
  if (gone.length + come.length > MOST_SHOWN) {
    const words = `# ${gone.length} lines become ${come.length}: too different to be shown line by line`;
    return [`--- ${from}`, `+++ ${to}`, words, ''].join('\n');
  }
  return [`--- ${from}`, `+++ ${to}`, `@@ -${rangeOf(gone)} +${rangeOf(come)} @@`, ...gone, ...come, ''].join('\n');
}

const rangeOf = (lines: readonly string[]): string => (lines.length === 0 ? '0,0' : `1,${lines.length}`);

function linesOf(text: string, sign: '-' | '+'): string[] {
  if (text === '') return [];
  const lines = text.replace(/\n$/, '').split('\n');
  const [last = ''] = text.endsWith('\n') ? [] : ['\n\\ No newline at end of file'];
  return lines.map((line, at) => `${sign}${line}${at === lines.length - 1 ? last : ''}`);
}
