import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describeWith, missing } from '../../../../test/support/describe-with.js';
import { eventually } from '../../../../test/support/eventually.js';
import { installNetBox, installPowerDns, NEWEST_NETBOX } from './index.js';
import { beside, inside, InsideProcess, NotToBeHad, run } from './inside.js';

const quiet = (): void => undefined;

describe('a NetBox from packages', () => {
  it.each(['4.6.4', '4.7', '5.0.0', '4.7.3; true', ''])('is a release that there is, which %j is not', async (release) => {
    await expect(installNetBox(release, quiet)).rejects.toThrow(/is no release of NetBox on PyPI: 4\.7\.0 and later/);
  });

  it('is said to be missing what it needs, where this machine lacks it', async () => {
    const getuid = vi.spyOn(process, 'getuid').mockReturnValue(1000);
    try {
      await expect(installNetBox(NEWEST_NETBOX, quiet)).rejects.toThrow(/^no NetBox can run here: needs root on Linux/);
    } finally {
      getuid.mockRestore();
    }
  });
});

describe('a program of another Debian', () => {
  it('sees where packages come from, and nothing else of our environment', () => {
    vi.stubEnv('PIP_INDEX_URL', 'https://user:hidden@pypi.example/simple');
    vi.stubEnv('DATABASE_URL', 'postgresql://secret@db.example/trame');
    try {
      const { argv, env } = inside('/srv/other', ['/bin/true'], { env: { NETBOX_ROOT: '/srv/netbox' } });
      expect(env).toMatchObject({ NETBOX_ROOT: '/srv/netbox', PIP_INDEX_URL: 'https://user:hidden@pypi.example/simple' });
      expect(JSON.stringify(env)).not.toContain('secret');
      expect(argv).toEqual(expect.arrayContaining(['--root=/srv/other', '--kill-child']));
      expect(argv.join(' '), 'what every account of the machine may read').not.toContain('hidden');
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('what is fetched', () => {
  it('is of one other Debian', async () => {
    await expect(installPowerDns('bookworm', quiet)).rejects.toThrow('there is no PowerDNS of bookworm to install: trixie is what can be');
  });

  it.each([
    ['E: Failed getting release file http://mirror.example/dists/trixie/Release', true],
    ['ERROR: No matching distribution found for netbox==4.7.99', true],
    ['error: command gcc failed with exit code 1', false],
  ])('and ends with %j is somebody else’s fault: %s', async (words, isAway) => {
    const failing = run({ argv: ['/bin/sh', '-c', 'echo "$WORDS" >&2; exit 3'], env: { WORDS: words, PATH: '/bin:/usr/bin' } });
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain(words);
    expect(error instanceof NotToBeHad).toBe(isAway);
  });
});

describeWith({ missing: missing({ root: true }) }, 'as root, a program in namespaces of its own', () => {
  const waiting = ['/bin/sh', '-c', 'sleep 300 & echo begun; wait'];
  const commands = { root: beside(waiting), nobody: inside('/', waiting, { isNobody: true }) };

  it.each(['root', 'nobody'] as const)('as %s, ends when it is stopped, and so does what it started', async (account) => {
    const started = new InsideProcess(commands[account]);
    await eventually(
      () => started.lastWords,
      (words) => words === 'begun\n',
    );
    await started.stop(); // When nothing holds its output any more.
    expect(started.isRunning).toBe(false);
  });

  it.each(['root', 'nobody'] as const)('as %s, ends with us, and so does what it started, however we end', async (account) => {
    const [program, ...args] = commands[account].argv;
    const script = `const child = require('node:child_process').spawn(${JSON.stringify(program)}, ${JSON.stringify(args)}, { stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.once('data', () => console.log(child.pid));
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const outside = Number(said.toString());
    const within = Number(readFileSync(`/proc/${outside}/task/${outside}/children`, 'utf8'));
    const areThere = (): boolean[] => [outside, within].map((pid) => existsSync(`/proc/${pid}`));
    expect(areThere()).toEqual([true, true]);
    parent.kill('SIGKILL');
    await eventually(areThere, (there) => !there.includes(true));
  });
});
