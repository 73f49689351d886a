/** Unified diff of two configurations for people, each hunk under the section it is in. */

const CONTEXT = 3;

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
  /** Index of the line in the text before, or of the line that follows when it was added. */
  readonly at: number;
}

/** @returns empty when both texts are equal, else `--- before`, `+++ after` and hunks with three lines of context. */
export function diffText(before: string, after: string, labels = { before: 'before', after: 'after' }): string {
  if (before === after) return '';
  const [old, now] = [linesOf(before), linesOf(after)];
  const edits = editsOf(old, now);
  const hunks = hunksOf(edits).map((hunk) => [hunkHeader(hunk, edits, old), ...hunk.map(({ sign, line }) => sign + line)].join('\n'));
  return [`--- ${labels.before}`, `+++ ${labels.after}`, ...hunks, ''].join('\n');
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/**
 * Above this many changed lines nobody reads line by line: what differs is then shown as one block removed and one added. The
 * search for the shortest way costs the square of it, in time (some 20 ms here) and in memory, and whoever plans must stay responsive.
 */
const MOST_EDITS = 2000;

/** What is common at both ends is not searched: most changes of a configuration are in one place. */
function editsOf(old: readonly string[], now: readonly string[]): readonly Edit[] {
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const keep = (line: string, at: number): Edit => ({ sign: ' ', line, at });
  const [from, to] = [old.slice(head, old.length - tail), now.slice(head, now.length - tail)];
  return [
    ...old.slice(0, head).map((line, i) => keep(line, i)),
    ...(shortestEdits(from, to) ?? replaced(from, to)).map(({ sign, line, at }) => ({ sign, line, at: at + head })),
    ...old.slice(old.length - tail).map((line, i) => keep(line, old.length - tail + i)),
  ];
}

const replaced = (old: readonly string[], now: readonly string[]): readonly Edit[] => [
  ...old.map((line, at): Edit => ({ sign: '-', line, at })),
  ...now.map((line): Edit => ({ sign: '+', line, at: old.length })),
];

/**
 * Myers, "An O(ND) Difference Algorithm". A frontier says for each diagonal k = x - y how far x comes with d edits; it is kept for
 * every d, from diagonal -d - 1 on. @returns undefined when there are more than MOST_EDITS.
 */
function shortestEdits(old: readonly string[], now: readonly string[]): readonly Edit[] | undefined {
  if (old.length === 0 || now.length === 0) return replaced(old, now);
  const frontiers: Int32Array[] = [];
  const most = Math.min(MOST_EDITS, old.length + now.length);
  const frontier = new Int32Array(2 * most + 3);
  const middle = most + 1;
  for (let d = 0; d <= most; d += 1) {
    frontiers.push(frontier.slice(middle - d - 1, middle + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const [left, right] = [frontier[middle + k - 1] as number, frontier[middle + k + 1] as number];
      let x = k === -d || (k !== d && left < right) ? right : left + 1;
      while (x < old.length && x - k < now.length && old[x] === now[x - k]) x += 1;
      frontier[middle + k] = x;
      if (x >= old.length && x - k >= now.length) return walkBack(old, now, frontiers);
    }
  }
  return undefined;
}

function walkBack(old: readonly string[], now: readonly string[], frontiers: readonly Int32Array[]): readonly Edit[] {
  const edits: Edit[] = [];
  let [x, y] = [old.length, now.length];
  const keep = (): void => {
    x -= 1;
    y -= 1;
    edits.push({ sign: ' ', line: old[x] as string, at: x });
  };
  for (let d = frontiers.length - 1; d > 0; d -= 1) {
    const frontier = frontiers[d] as Int32Array;
    const k = x - y;
    const [left, right] = [frontier[k + d] as number, frontier[k + d + 2] as number];
    const isDown = k === -d || (k !== d && left < right);
    const [fromX, fromY] = isDown ? [right, right - k - 1] : [left, left - k + 1];
    while (x > fromX && y > fromY) keep();
    edits.push(isDown ? { sign: '+', line: now[--y] as string, at: x } : { sign: '-', line: old[--x] as string, at: x });
  }
  while (x > 0 && y > 0) keep();
  return edits.reverse();
}

function hunksOf(edits: readonly Edit[]): readonly (readonly Edit[])[] {
  const near = edits.map((_, i) => edits.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ sign }) => sign !== ' '));
  const hunks: Edit[][] = [];
  edits.forEach((edit, i) => {
    if (!near[i]) return;
    if (!near[i - 1]) hunks.push([]);
    hunks.at(-1)?.push(edit);
  });
  return hunks;
}

/** `@@ -12,7 +12,8 @@ router bgp 65051`: which section a line belongs to matters more than its number. */
function hunkHeader(hunk: readonly Edit[], edits: readonly Edit[], old: readonly string[]): string {
  const first = hunk[0] as Edit;
  const addedBefore = edits.slice(0, edits.indexOf(first)).filter(({ sign }) => sign !== '-').length;
  const count = (without: Edit['sign']): number => hunk.filter(({ sign }) => sign !== without).length;
  const changed = hunk.find(({ sign }) => sign !== ' ')?.at ?? first.at;
  const section = old.slice(0, changed).findLast((line) => /^[^\s!]/.test(line)) ?? '';
  const range = (start: number, length: number): string => `${length === 0 ? start : start + 1},${length}`;
  return `@@ -${range(first.at, count('+'))} +${range(addedBefore, count('-'))} @@ ${section}`.trimEnd();
}
