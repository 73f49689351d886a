import { spawnSync } from 'node:child_process';
import { loadConfig } from '../config/config.js';
import { armCrashPoint, CRASH_POINTS, crashPoint, parseCrashOrder } from './crash-point.js';

const killed = vi.spyOn(process, 'kill').mockReturnValue(true);
afterEach(() => {
  armCrashPoint(null);
  killed.mockClear();
});

const environment = (at?: string) => ({
  DATABASE_URL: 'postgres://127.0.0.1/trame',
  TRAME_KEK: Buffer.alloc(32, 1).toString('base64'),
  TRAME_TOKEN_PEPPER: Buffer.alloc(32, 2).toString('base64'),
  ...(at === undefined ? {} : { TRAME_CRASH_AT: at }),
});

describe('a crash point', () => {
  it('kills the process at the passing that was asked for, and at no other place', () => {
    armCrashPoint(parseCrashOrder('push.applied:3') ?? null);
    for (const point of CRASH_POINTS) if (point !== 'push.applied') crashPoint(point);
    crashPoint('push.applied');
    crashPoint('push.applied');
    expect(killed).not.toHaveBeenCalled();
    crashPoint('push.applied');
    expect(killed.mock.calls).toEqual([[process.pid, 'SIGKILL']]);
    crashPoint('push.applied');
    expect(killed).toHaveBeenCalledTimes(1);
  });

  it('does nothing unless somebody asked for it', () => {
    for (const point of CRASH_POINTS) crashPoint(point);
    expect(killed).not.toHaveBeenCalled();
    expect(loadConfig(environment()).TRAME_CRASH_AT).toBeUndefined();
  });

  it('is named in the environment, with or without its passing', () => {
    expect(loadConfig(environment('relay.added')).TRAME_CRASH_AT).toEqual({ name: 'relay.added', passing: 1 });
    expect(loadConfig(environment('push.staged:12')).TRAME_CRASH_AT).toEqual({ name: 'push.staged', passing: 12 });
  });

  it.each(['push.lunch', 'push.applied:0', 'push.applied:', 'push.applied:x', ' push.applied'])(
    'that does not exist (%s) is refused at the start, with those that do',
    (at) => {
      expect(() => loadConfig(environment(at))).toThrow(new RegExp(`TRAME_CRASH_AT.*${CRASH_POINTS.join(', ').replaceAll('.', '\\.')}`));
    },
  );

  it('leaves nothing of what comes behind it', () => {
    const program = `process.stdout.write('before'); process.kill(process.pid, 'SIGKILL'); require('fs').writeSync(1, 'behind')`;
    const { signal, stdout } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    expect({ signal, stdout }).toEqual({ signal: 'SIGKILL', stdout: 'before' });
  });
});
