// `npm run chaos`, short: real processes are killed and connections are cut while others ask. At the same time: each waits for half of its own.
// That the check finds an allocator that is wrong: check-history.spec.ts, and npm run chaos -- --scenario allocation --naive.
import { CompiledChaos } from './compiled-chaos.js';

const WITHIN_MS = 150_000;
let chaos: CompiledChaos;
beforeAll(() => {
  chaos = new CompiledChaos();
});
afterAll(() => chaos?.remove());

describe('what was promised', { timeout: WITHIN_MS + 20_000 }, () => {
  it.concurrent('to callers of four processes is never given twice, whoever is killed', async () => {
    const { result, code, said } = await chaos.run(['--scenario', 'allocation', '--seconds', '5', '--seed', '7'], WITHIN_MS);
    expect({ ...result, said }).toMatchObject({ duplicates: 0, leaks: 0, keysWithTwoValues: 0, violations: 0, holds: true });
    expect(code).toBe(0);
    expect(result['kills']).toBeGreaterThan(0);
    expect(result['terminated']).toBeGreaterThan(0);
    expect(result['allocations']).toBeGreaterThan(100);
  });

  it.concurrent('to orders comes to its end, once, with every device at what was asked, whatever breaks', async () => {
    const { result, said } = await chaos.run(['--seconds', '5', '--seed', '7'], WITHIN_MS);
    const promised = { lost: 0, doubled: 0, overlaps: 0, unleased: 0, offIntent: 0, leaked: 0, selfExits: 0 };
    expect({ ...result, said }).toMatchObject(promised);
    expect(result['acked']).toBeGreaterThan(0);
  });

  // All places: npm run chaos -- --scenario crash-points
  it.concurrent('by workers that die while a change goes live leaves nothing that another one does not put right', async () => {
    const points = ['push.applied', 'push.confirmed'];
    const { result, said } = await chaos.run(['--scenario', 'crash-points', '--seconds', '60', '--points', ...points], WITHIN_MS);
    const promised = { unreached: [], doubled: 0, overlaps: 0, unleased: 0, orphans: 0, offIntent: 0, flagged: [], selfExits: 0 };
    expect({ ...result, said }).toMatchObject(promised);
    expect([...(result['walked'] as string[])].sort()).toEqual([...points].sort());
  });
});
