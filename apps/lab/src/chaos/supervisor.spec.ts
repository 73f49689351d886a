import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processEnv } from './process-env.js';
import { Supervisor } from './supervisor.js';
import { pause } from './timing.js';

it('one process may have two things wrong with it', () => {
  expect(processEnv({ A: '1', B: '1' }, { NODE_OPTIONS: '--import=a', B: '2' }, { NODE_OPTIONS: '--import=b' })).toEqual({
    A: '1',
    B: '2',
    NODE_OPTIONS: '--import=a --import=b',
  });
  expect(processEnv({ A: '1' }, {})).toEqual({ A: '1' });
});

describe('a process that is kept', () => {
  const directory = mkdtempSync(join(tmpdir(), 'trame-supervisor-'));
  const supervisor = new Supervisor(directory);
  afterAll(async () => {
    await supervisor.stop();
    rmSync(directory, { recursive: true });
  });
  const starts = (): string[] => readFileSync(join(directory, 'one.log'), 'utf8').split('\n').filter(Boolean);
  const untilStarts = async (count: number): Promise<void> => {
    for (const deadline = Date.now() + 20_000; starts().length < count && Date.now() < deadline; ) await pause(20);
  };

  it('is what it was made, whoever kills it, until it is mended; what is for one start is for one start', async () => {
    const script = `console.log(process.env.RELEASE + ' ' + (process.env.ONCE ?? '')); setInterval(() => {}, 1000)`;
    supervisor.keep({ name: 'one', command: process.execPath, args: ['-e', script], env: { RELEASE: 'older' } });
    await untilStarts(1);
    supervisor.restartAs('one', { RELEASE: 'newer' });
    await untilStarts(2);
    supervisor.restartWith('one', { ONCE: 'once' });
    await untilStarts(3);
    supervisor.signal('one', 'SIGKILL');
    await untilStarts(4);
    supervisor.mend('one');
    await untilStarts(5);
    expect(starts().map((line) => line.trim())).toEqual(['older', 'newer', 'newer once', 'newer', 'older']);
    expect(supervisor.selfExits).toEqual([]);
  });

  it('is to die once: by its own hand, and then it is as it was', async () => {
    const script = `console.log(process.env.DIE ?? 'lives'); if (process.env.DIE) process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000)`;
    supervisor.keep({ name: 'two', command: process.execPath, args: ['-e', script], env: {} });
    expect(supervisor.isAnyArmed).toBe(false);
    supervisor.restartToDie('two', { DIE: 'dies' });
    expect(supervisor.isAnyArmed).toBe(true);
    for (const deadline = Date.now() + 20_000; supervisor.isAnyArmed && Date.now() < deadline; ) await pause(20);
    expect({ isArmed: supervisor.isAnyArmed, crashes: supervisor.crashes('two'), selfExits: supervisor.selfExits }).toEqual({
      isArmed: false,
      crashes: 1,
      selfExits: [],
    });
  });
});
