import { createTestDatabase } from '../../../../test/support/database.js';
import { jsonLine, table } from './report.js';
import { runBench } from './run-bench.js';
import { QUICK } from './sizes.js';

const silent = (): void => undefined;

describe('npm run bench', () => {
  it('measures on a Postgres of its own that keeps what it commits, and tells figures, their range and a verdict', async () => {
    const sizes = { ...QUICK, rounds: 5, roundMs: 50 };
    const report = await runBench({ quick: true, scenarios: ['single'], databaseUrl: undefined, say: silent, sizes });
    const line = JSON.parse(jsonLine(report)) as Record<string, unknown>;
    expect(line).toMatchObject({
      single: expect.any(Number),
      holds: expect.any(Boolean),
      quick: true,
      settings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' },
      repeatability: [
        { scenario: 'single', what: 'floor', callers: 1, rate: [expect.any(Number), expect.any(Number), expect.any(Number)] },
        { scenario: 'single', what: 'one request alone', callers: 1, ratio: [expect.any(Number), expect.any(Number), expect.any(Number)] },
      ],
    });
    expect(line['missed']).toEqual(line['holds'] ? [] : ['single']);
    expect(report.verdicts.map(({ figure }) => figure)).toEqual(['single']);
    expect(table(report)).toMatch(/one request alone/);
    expect(table(report)).toMatch(/≤ 2\.5/);
  });

  it('refuses a server that may lose what it commits: no floor could be measured on it', async () => {
    const { url, drop } = await createTestDatabase(); // Of the tests' own server, which does not wait for the disk.
    try {
      const bench = runBench({ quick: true, scenarios: ['single'], databaseUrl: url, say: silent });
      await expect(bench).rejects.toThrow(/may lose what it commits: fsync=off/);
    } finally {
      await drop();
    }
  });
});
