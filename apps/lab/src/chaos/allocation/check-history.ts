/** Was anything given twice, lost, or kept by nobody? Pure: journals and rows in, findings out. */
import type { History, Life } from './history.js';

export interface StoredRow {
  readonly id: string;
  readonly key: string;
  readonly value: string;
  readonly state: 'HELD' | 'BOUND' | 'QUARANTINED';
}

export interface Findings {
  readonly duplicates: readonly string[];
  readonly keysWithTwoValues: readonly string[];
  readonly leaks: readonly string[];
  readonly lost: readonly string[];
}

/** @param rows everything that is stored after all holds and quarantines are over and were swept. @param quarantineMs of every pool. */
export function checkHistory({ lives, keys }: History, rows: readonly StoredRow[], quarantineMs: number): Findings {
  const all = [...lives.values()];
  const byId = new Map(rows.map((row) => [row.id, row]));
  const withValues = all.flatMap((life) => [...life.values].flatMap(unitsOf).map((unit) => ({ of: unit, life })));
  return {
    duplicates: [
      ...overlaps(withValues, ({ until, rests }) => until + (rests ? quarantineMs : 0)),
      ...repeated(rows.flatMap((row) => unitsOf(row.value).map((unit) => ({ of: unit, row })))),
    ],
    keysWithTwoValues: [
      ...all.filter(({ values }) => values.size > 1).map(({ id, values }) => `${id} is ${[...values].join(' and ')}`),
      ...overlaps(
        all.map((life) => ({ of: `key ${life.key}`, life })),
        ({ until }) => until,
      ),
    ],
    leaks: rows.flatMap((row) => leakOf(row, keys, lives.get(row.id))),
    lost: all.flatMap((life) => lossOf(life, byId.get(life.id))),
  };
}

/** A prefix is all of its blocks of 4 addresses: one that lies in another has them, too. */
export function unitsOf(value: string): string[] {
  const [, address, length] = /^([\d.]+)\/(\d+)$/.exec(value) ?? [];
  if (address === undefined || length === undefined) return [value];
  const first = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return Array.from({ length: 2 ** (30 - Number(length)) }, (_, n) => `block ${first + 4 * n}`);
}

/** Two lives of one thing that were lived at the same time. */
function overlaps(all: readonly { readonly of: string; readonly life: Life }[], until: (life: Life) => number): string[] {
  const byThing = new Map<string, Life[]>();
  for (const { of, life } of all) {
    const lives = byThing.get(of);
    if (lives) lives.push(life);
    else byThing.set(of, [life]);
  }
  const found: string[] = [];
  for (const [thing, lives] of byThing) {
    if (lives.length < 2) continue;
    let [last, ...others] = lives.sort((a, b) => a.from - b.from) as [Life, ...Life[]];
    for (const next of others) {
      if (next.from < until(last))
        found.push(`${thing} is ${last.id} from ${last.from} until ${until(last)}, and ${next.id} from ${next.from}`);
      if (until(next) > until(last)) last = next;
    }
  }
  return found;
}

function repeated(all: readonly { readonly of: string; readonly row: StoredRow }[]): string[] {
  const seen = new Map<string, StoredRow>();
  return all.flatMap(({ of, row }) => {
    const other = seen.get(of);
    seen.set(of, row);
    return other ? [`${of} is stored twice: ${other.id} and ${row.id}`] : [];
  });
}

function leakOf(row: StoredRow, keys: ReadonlySet<string>, life: Life | undefined): string[] {
  const what = `${row.value} (${row.id}, ${row.key})`;
  if (!keys.has(row.key)) return [`nobody asked for ${what}`];
  if (row.state !== 'BOUND') return [`${what} is ${row.state} although its time is over`];
  return life?.isReleased ? [`${what} was released and is there`] : [];
}

function lossOf(life: Life, row: StoredRow | undefined): string[] {
  if (life.until !== Number.POSITIVE_INFINITY) return [];
  const value = [...life.values].join();
  if (!row) return [`${value} (${life.id}, ${life.key}) was given, never released, and is gone`];
  return row.value === value && row.key === life.key && row.state === 'BOUND'
    ? []
    : [`${value} (${life.id}, ${life.key}) is stored as ${row.state} ${row.value} of ${row.key}`];
}
