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
  const edits = shortestEdits(old, now);
  const hunks = hunksOf(edits).map((hunk) => [hunkHeader(hunk, edits, old), ...hunk.map(({ sign, line }) => sign + line)].join('\n'));
  return [`--- ${labels.before}`, `+++ ${labels.after}`, ...hunks, ''].join('\n');
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** Myers, "An O(ND) Difference Algorithm": `frontiers[d][k]` is the furthest x on diagonal k with d edits. */
function shortestEdits(old: readonly string[], now: readonly string[]): readonly Edit[] {
  const frontiers: Map<number, number>[] = [];
  let frontier = new Map<number, number>([[1, 0]]);
  for (let d = 0; ; d += 1) {
    frontiers.push(new Map(frontier));
    const next = new Map(frontier);
    for (let k = -d; k <= d; k += 2) {
      let x = isDown(frontier, k, d) ? (frontier.get(k + 1) ?? 0) : (frontier.get(k - 1) ?? 0) + 1;
      while (x < old.length && x - k < now.length && old[x] === now[x - k]) x += 1;
      next.set(k, x);
      if (x >= old.length && x - k >= now.length) return walkBack(old, now, frontiers);
    }
    frontier = next;
  }
}

const isDown = (frontier: ReadonlyMap<number, number>, k: number, d: number): boolean =>
  k === -d || (k !== d && (frontier.get(k - 1) ?? -1) < (frontier.get(k + 1) ?? -1));

function walkBack(old: readonly string[], now: readonly string[], frontiers: readonly Map<number, number>[]): readonly Edit[] {
  const edits: Edit[] = [];
  let [x, y] = [old.length, now.length];
  const keep = (): void => {
    x -= 1;
    y -= 1;
    edits.push({ sign: ' ', line: old[x] as string, at: x });
  };
  for (let d = frontiers.length - 1; d > 0; d -= 1) {
    const frontier = frontiers[d] as Map<number, number>;
    const k = x - y;
    const from = isDown(frontier, k, d) ? k + 1 : k - 1;
    const fromX = frontier.get(from) ?? 0;
    while (x > fromX && y > fromX - from) keep();
    edits.push(from > k ? { sign: '+', line: now[--y] as string, at: x } : { sign: '-', line: old[--x] as string, at: x });
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
