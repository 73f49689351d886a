import { inside } from './debian-root.js';
import { installNetBox, NEWEST_NETBOX } from './index.js';

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
    vi.stubEnv('PIP_INDEX_URL', 'https://pypi.example/simple');
    vi.stubEnv('DATABASE_URL', 'postgresql://secret@db.example/trame');
    try {
      const line = inside('/srv/other', ['/bin/true'], { NETBOX_ROOT: '/srv/netbox' });
      expect(line).toEqual(
        expect.arrayContaining([
          '--root=/srv/other',
          '--kill-child',
          'NETBOX_ROOT=/srv/netbox',
          'PIP_INDEX_URL=https://pypi.example/simple',
        ]),
      );
      expect(line.join(' ')).not.toContain('secret');
      expect(line.at(-1)).toBe('/bin/true');
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
