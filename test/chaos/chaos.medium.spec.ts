// `npm run chaos`, short: real processes are killed and connections are cut while others ask.
import { CompiledChaos } from './compiled-chaos.js';

const WITHIN_MS = 150_000;
let chaos: CompiledChaos;
beforeAll(() => {
  chaos = new CompiledChaos();
});
afterAll(() => chaos?.remove());

describe('callers of four processes', { timeout: WITHIN_MS + 20_000 }, () => {
  it('are never given a value twice, whoever is killed', async () => {
    const { result, code, said } = await chaos.run(['--scenario', 'allocation', '--seconds', '8', '--seed', '7'], WITHIN_MS);
    expect({ ...result, said }).toMatchObject({ duplicates: 0, leaks: 0, keysWithTwoValues: 0, violations: 0, holds: true });
    expect(code).toBe(0);
    expect(result['kills']).toBeGreaterThan(0);
    expect(result['terminated']).toBeGreaterThan(0);
    expect(result['allocations']).toBeGreaterThan(100);
  });

  it('are given values twice by an allocator that looks first and takes then, and the check finds it', async () => {
    const { result, code } = await chaos.run(['--scenario', 'allocation', '--naive', '--seconds', '2', '--seed', '7'], WITHIN_MS);
    expect(result).toMatchObject({ naive: true, holds: false });
    expect(result['duplicates']).toBeGreaterThan(0);
    expect(code).toBe(1);
  });
});

describe('orders', { timeout: WITHIN_MS + 20_000 }, () => {
  it('that were acknowledged end, once, with every device at what was asked, whatever breaks', async () => {
    const { result, said } = await chaos.run(['--seconds', '10', '--seed', '7'], WITHIN_MS);
    const promised = { lost: 0, doubled: 0, overlaps: 0, unleased: 0, offIntent: 0, leaked: 0, selfExits: 0 };
    expect({ ...result, said }).toMatchObject(promised);
    expect(result['acked']).toBeGreaterThan(0);
  });
});

describe('workers', { timeout: WITHIN_MS + 20_000 }, () => {
  // All places: npm run chaos -- --scenario crash-points
  it('that die while a change goes live leave nothing that another one does not put right', async () => {
    const points = ['push.applied', 'push.confirmed'];
    const { result, said } = await chaos.run(['--scenario', 'crash-points', '--seconds', '60', '--points', ...points], WITHIN_MS);
    const promised = { unreached: [], doubled: 0, overlaps: 0, unleased: 0, orphans: 0, offIntent: 0, flagged: [], selfExits: 0 };
    expect({ ...result, said }).toMatchObject(promised);
    expect([...(result['walked'] as string[])].sort()).toEqual([...points].sort());
  });
});
