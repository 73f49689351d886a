// Whoever sees a finding of the doctor finds it on the page.
import fs from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from './source-tree.js';

const read = (file: string): string => fs.readFileSync(path.join(REPOSITORY, file), 'utf8');
const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found as string);

const declared = fs
  .readdirSync(path.join(REPOSITORY, 'libs/contexts'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('-invariants.ts'))
  .flatMap((name) => all(read(path.join('libs/contexts', name)), /'((?:numbering|tenancy|addressing|fabric|deployment)\.[a-z-]+)'/g));

describe('the page of the doctor', () => {
  it('explains every invariant, each once, and none that there is not', () => {
    expect(declared.length).toBeGreaterThan(30);
    const rows = read('docs/operations/doctor.md')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const names = rows.flatMap((row) => all(row.split('|')[1] ?? '', /`([a-z]+\.[a-z-]+)`/g));
    expect(names.sort()).toEqual([...declared].sort());
  });
});
