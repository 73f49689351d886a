/** The table of promises names tests that exist: a promise without one is none. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
const tests = join(import.meta.dirname, '../../../../test');
/** What takes a minute stands apart. */
const places = ['contract/*.medium.spec.ts', 'long/*.long.spec.ts'].map((place) => join(tests, place));

interface Citation {
  readonly promise: string;
  readonly spec: string;
  readonly title: string;
}

const rows = [...readme.matchAll(/^\| (\d+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, number, , shown]) => ({
  promise: number ?? '',
  shown: shown ?? '',
}));
const citations: readonly Citation[] = rows.flatMap(({ promise, shown }) =>
  shown.split(';').flatMap((part) => {
    const spec = /^\s*(eos-\w+):/.exec(part)?.[1] ?? '';
    return [...part.matchAll(/\*([^*]+)\*/g)].map(([, title]) => ({ promise, spec, title: title ?? '' }));
  }),
);

describe('the promises of the simulated switch', () => {
  it('are twenty-five, and each names a test', () => {
    expect(rows.map(({ promise }) => Number(promise))).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect(rows.filter(({ promise }) => !citations.some((one) => one.promise === promise))).toEqual([]);
  });

  it.each(citations)('$promise is shown by $spec: $title', ({ spec, title }) => {
    const file = places.map((place) => place.replace('*', spec)).find((name) => existsSync(name)) ?? '';
    const text = readFileSync(file, 'utf8');
    const titles = [...text.matchAll(/(?:it|describe)(?:\.\w+\([\s\S]*?\]\s*(?:as const)?\s*\))?\(\s*['`](.+?)['`],/g)].map(
      ([, name]) => name ?? '',
    );
    expect(titles.filter((name) => name.includes(title))).not.toEqual([]);
  });
});
