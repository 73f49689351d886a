import { OF_NEWER_RELEASE } from '../preload/settings.js';
import { pushesOfOlderReleases } from './pushes-of-older-releases.js';

const AT = Date.parse('2026-01-01T12:00:00Z');
const times = [{ from: AT, to: AT + 9000 }];
const attempt = (process: string, seconds: number) => ({ device: 'leaf1', process, from: AT + seconds * 1000 });

describe('pushes while the database belongs to a newer release', () => {
  it('are told of whoever is not of it, also where it was of it a moment ago', () => {
    const attempts = [attempt('worker-1', 5), attempt(`worker-2${OF_NEWER_RELEASE}`, 5), attempt('worker-2', 6)];
    expect(pushesOfOlderReleases(attempts, times)).toEqual([
      'worker-1 on leaf1 at 2026-01-01T12:00:05.000Z',
      'worker-2 on leaf1 at 2026-01-01T12:00:06.000Z',
    ]);
  });

  it('are nobody’s fault before, just after it has begun, and afterwards', () => {
    expect(
      pushesOfOlderReleases(
        [-1, 2, 9, 20].map((seconds) => attempt('worker-1', seconds)),
        times,
      ),
    ).toEqual([]);
    expect(pushesOfOlderReleases([attempt('', 5)], times)).toHaveLength(1);
    expect(pushesOfOlderReleases([attempt('worker-1', 60)], [{ from: AT, to: Number.POSITIVE_INFINITY }])).toHaveLength(1);
  });
});
