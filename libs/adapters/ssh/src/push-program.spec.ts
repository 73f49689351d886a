import { spawnSync } from 'node:child_process';
import { INSTALL_COMMAND, PUSH_PROGRAM, PUSH_PROGRAM_PATH, PUSH_PROGRAM_SHA256 } from './push-program.js';

describe('the push program', () => {
  it('is what a POSIX shell reads', () => {
    const checked = spawnSync('sh', ['-n'], { input: PUSH_PROGRAM, encoding: 'utf8' });
    expect(checked).toMatchObject({ status: 0, stderr: '' });
  });

  it('is stored under its own digest and only when it arrived whole', () => {
    expect(PUSH_PROGRAM_PATH).toContain(PUSH_PROGRAM_SHA256.slice(0, 16));
    expect(INSTALL_COMMAND).toContain(`"${PUSH_PROGRAM_SHA256}  $part" | sha256sum -c`);
  });

  it('refuses anything but numbers behind the verb', () => {
    const run = (...args: string[]): number | null => spawnSync('sh', ['-s', '--', ...args], { input: PUSH_PROGRAM }).status;
    expect(run('apply', '1; reboot', '5')).toBe(64);
    expect(run('apply', '-1', '5')).toBe(64);
    expect(run('apply', '1', '')).toBe(64);
  });

  it('counts the time to confirm by a clock that nobody sets', () => {
    const timer = PUSH_PROGRAM.slice(PUSH_PROGRAM.indexOf('\n  watch)'), PUSH_PROGRAM.indexOf('\n  boot)'));
    expect(timer).toContain('due=$(($(uptime_s) + seconds))');
    expect(timer).not.toMatch(/\b(?:date|stat|EPOCHSECONDS)\b|-nt|-ot/);
    expect(PUSH_PROGRAM).toMatch(/uptime_s\(\) \{ read -r uptime rest < \/proc\/uptime;/);
  });
});
