import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { eventually } from '../../../test/support/eventually.js';
import { Supervisor } from './supervisor.js';

let directory: string;
beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-supervisor-'));
});
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

/** A program that notes its starts in a file. */
function program(name: string, body: string) {
  const [file, starts] = [path.join(directory, `${name}.mjs`), path.join(directory, `${name}.starts`)];
  fs.writeFileSync(file, `import fs from 'node:fs';\nfs.appendFileSync(${JSON.stringify(starts)}, process.pid + '\\n');\n${body}\n`);
  const pids = (): number[] => (fs.existsSync(starts) ? fs.readFileSync(starts, 'utf8').trim().split('\n').map(Number) : []);
  const said: string[] = [];
  return { supervisor: new Supervisor({ name, file, env: {} }, (line) => said.push(line)), pids, said };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a supervised program', () => {
  it('is started again when it was killed', async () => {
    const { supervisor, pids, said } = program('killed', 'setInterval(() => {}, 1000);');
    supervisor.start();
    const [first] = await eventually(pids, (found) => found.length === 1);
    process.kill(first as number, 'SIGKILL');
    const [, second] = await eventually(pids, (found) => found.length === 2);
    expect(said).toEqual(['killed ended (SIGKILL); it is started again in 200 ms']);
    await supervisor.stop();
    expect(isAlive(second as number)).toBe(false);
  });

  it('is started less and less often when it keeps dying', async () => {
    const { supervisor, pids, said } = program('dying', 'process.exit(3);');
    supervisor.start();
    await eventually(pids, (found) => found.length === 3);
    await supervisor.stop();
    expect(said.slice(0, 2)).toEqual([
      'dying ended (exit 3); it is started again in 200 ms',
      'dying ended (exit 3); it is started again in 400 ms',
    ]);
    const count = pids().length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(pids()).toHaveLength(count);
  });

  it('may end in its own time when it is stopped', async () => {
    const done = path.join(directory, 'graceful.done');
    const { supervisor, pids } = program(
      'graceful',
      `setInterval(() => {}, 1000); process.on('SIGTERM', () => setTimeout(() => { fs.writeFileSync(${JSON.stringify(done)}, ''); process.exit(0); }, 300));`,
    );
    supervisor.start();
    await eventually(pids, (found) => found.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100)); // Until it listens.
    await supervisor.stop();
    expect(fs.existsSync(done)).toBe(true);
  });
});
