// What `npm test` ends with, on runs that are made for it.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const PASSES = "it('passes', () => expect(1).toBe(1));\n";

interface Ended {
  readonly code: number | null;
  readonly lastLine: string | undefined;
  readonly output: string;
}

/** Files of a scratch project, run by `tools/test.mjs` as `npm test` does. */
function run(files: Readonly<Record<string, string>>, options: { ci?: boolean; config?: string } = {}): Ended {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-count-'));
  try {
    const config = `export default { test: { globals: true, pool: 'forks', maxWorkers: 1, ${options.config ?? ''} } };\n`;
    for (const [name, text] of Object.entries({ 'vitest.config.mjs': config, 'package.json': '{"type":"module"}', ...files })) {
      fs.writeFileSync(path.join(root, name), text);
    }
    const { CI: _ci, VITEST: _vitest, ...env } = process.env;
    const child = spawnSync(process.execPath, [path.join(REPOSITORY, 'tools/test.mjs'), '--root', root], {
      cwd: REPOSITORY,
      env: options.ci ? { ...env, CI: 'true' } : env,
      encoding: 'utf8',
    });
    const output = child.stdout + child.stderr;
    return { code: child.status, lastLine: child.stdout.split('\n').filter(Boolean).at(-1), output };
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

describe('npm test ends with the count, alone on its line', () => {
  it('of all files, and succeeds where nothing failed', () => {
    const { code, lastLine } = run({ 'a.spec.js': PASSES, 'b.spec.js': `${PASSES}it.skip('later', () => undefined);\n` });
    expect({ code, lastLine }).toEqual({ code: 0, lastLine: '2 passed, 0 failed, 1 skipped' });
  });

  it('and fails with a failed test', () => {
    const { code, lastLine } = run({ 'a.spec.js': `${PASSES}it('fails', () => expect(1).toBe(2));\n` });
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
  });

  it('and counts a set-up that failed, whose tests never ran', () => {
    const { code, lastLine } = run({ 'a.spec.js': `beforeAll(() => { throw new Error('no'); });\n${PASSES}` });
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '0 passed, 1 failed, 1 skipped' });
  });

  it('and counts a file that cannot be read', () => {
    const { code, lastLine } = run({ 'a.spec.js': 'this is no program;\n', 'b.spec.js': PASSES });
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
  });

  it('and counts an error that no test caught', () => {
    const unhandled = "it('passes', async () => { Promise.reject(new Error('lost')); await new Promise((r) => setImmediate(r)); });\n";
    const { code, lastLine } = run({ 'a.spec.js': unhandled });
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
  });

  it('and counts a run that could not start', () => {
    const { code, lastLine } = run(
      { 'a.spec.js': PASSES, 'setup.js': "export default () => { throw new Error('no server'); };\n" },
      { config: "globalSetup: ['setup.js']" },
    );
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '0 passed, 1 failed, 0 skipped' });
  });
});

describe('a skipped test', () => {
  const skips = (reason: string): Record<string, string> => ({
    'a.spec.js': `${PASSES}describe.skip('the lab [needs ${reason}]', () => { it('pings', () => undefined); });\n`,
  });

  it.each(['root', 'Debian package frr (/usr/bin/vtysh)', 'a kernel with vxlan, root'])(
    'fails the run in CI when it is for want of %s',
    (reason) => {
      const { code, lastLine, output } = run(skips(reason), { ci: true });
      expect({ code, lastLine }).toEqual({ code: 1, lastLine: '1 passed, 1 failed, 1 skipped' });
      expect(output).toContain(`skipped: the lab [needs ${reason}] > pings`);
    },
  );

  it('is told with its reason in CI, and allowed, when CI cannot help it', () => {
    const { code, lastLine, output } = run(skips('a kernel with vxlan'), { ci: true });
    expect({ code, lastLine }).toEqual({ code: 0, lastLine: '1 passed, 0 failed, 1 skipped' });
    expect(output).toContain('skipped: the lab [needs a kernel with vxlan] > pings');
  });

  it('is allowed elsewhere', () => {
    expect(run(skips('root'))).toMatchObject({ code: 0, lastLine: '1 passed, 0 failed, 1 skipped' });
  });
});
