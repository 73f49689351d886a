import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import ts from 'typescript';

/** The logger as a process of its own has it: what matters is what is on stderr when the process is gone. */
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-logger-'));

beforeAll(() => {
  for (const name of ['logger', 'line-sink']) {
    const source = fs.readFileSync(path.join(import.meta.dirname, `${name}.ts`), 'utf8');
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true };
    fs.writeFileSync(path.join(directory, `${name}.js`), ts.transpileModule(source, { compilerOptions }).outputText);
  }
  fs.writeFileSync(path.join(directory, 'package.json'), '{"type":"module"}');
  fs.symlinkSync(path.resolve('node_modules'), path.join(directory, 'node_modules'));
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

/** Runs statements in which `log` is a logger. */
function said(statements: string): { events: string[] } {
  const script = `import { createLogger } from './logger.js';\nconst log = createLogger('info');\n${statements}`;
  fs.writeFileSync(path.join(directory, 'run.js'), script);
  const { stderr } = spawnSync(process.execPath, ['run.js'], { cwd: directory, encoding: 'utf8' });
  const events = stderr.split('\n').flatMap((line) => (line.startsWith('{') ? [(JSON.parse(line) as { event: string }).event] : []));
  return { events };
}

describe('what a process has logged', () => {
  const lines = "for (let n = 0; n < 5; n++) log.info('line ' + n);";
  const all = ['line 0', 'line 1', 'line 2', 'line 3', 'line 4'];

  it.each([
    ['has nothing more to do', ''],
    ['exits', 'process.exit(3);'],
    ['dies of an exception', "throw new Error('enough');"],
    ['exits after an error', "log.error('line 5'); process.exit(1);"],
  ])('is all there, in order, when it %s', (_what, end) => {
    expect(said(lines + end).events.slice(0, 5)).toEqual(all);
  });

  it('is in the order of the process, whichever logger said it', () => {
    expect(said("const other = createLogger('info'); log.info('a'); other.info('b'); other.error('c'); log.info('d');").events).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
  });

  it('is all there when it is more than one write takes', () => {
    const { events } = said("for (let n = 0; n < 3000; n++) log.info('line', { n });\nprocess.exit(0);");
    expect(events).toHaveLength(3000);
  });

  it('leaves while the process goes on', () => {
    const { events } = said("log.info('early'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300);");
    expect(events).toEqual(['early']);
  });

  it('leaves at once when it is a warning, with what was said before', () => {
    const busy = 'const end = performance.now() + 300; while (performance.now() < end); process.kill(process.pid, "SIGKILL");'; // No timer runs.
    expect(said(`log.info('before'); log.warn('now'); ${busy}`).events).toEqual(['before', 'now']);
    expect(said(`log.info('before'); ${busy}`).events).toEqual([]);
  });

  it('is nothing below its level', () => {
    expect(said("log.debug('quiet');").events).toEqual([]);
  });
});
