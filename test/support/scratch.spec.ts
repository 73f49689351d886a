import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeAbandoned, scratchDirectory, scratchRoot } from './scratch.js';

describe('directories of tests', () => {
  let roots: readonly string[];
  beforeEach(() => {
    roots = ['one', 'two'].map((name) => fs.mkdtempSync(path.join(os.tmpdir(), `scratch-${name}-`)));
  });
  afterEach(() => {
    for (const root of roots) fs.rmSync(root, { recursive: true, force: true });
  });

  it("of processes that are no more are removed, wherever they are, and nobody else's", () => {
    const { pid: dead } = spawnSync(process.execPath, ['--version']);
    const [one = '', two = ''] = roots;
    const abandoned = [path.join(one, `trame-test-${dead}-aaaaaa`), path.join(two, `trame-pg-${dead}-bbbbbb`)];
    const others = [path.join(one, `trame-lab-${dead}-x`), path.join(two, 'trame-pg-without'), path.join(two, `of-trame-test-${dead}-x`)];
    for (const directory of [...abandoned, ...others]) fs.mkdirSync(path.join(directory, 'pgdata'), { recursive: true });
    const own = [scratchDirectory('test', one), scratchDirectory('pg', two)];
    removeAbandoned([...roots, path.join(one, 'not-there')]);
    expect([...abandoned, ...others, ...own].filter((directory) => fs.existsSync(directory))).toEqual([...others, ...own]);
  });

  it('are on a disk where memory is short, whatever a file system in memory says that it has free', () => {
    expect(scratchRoot(2 ** 30)).toBe(os.tmpdir());
  });
});
