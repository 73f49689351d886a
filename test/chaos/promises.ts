// What every run of `npm run chaos` must end with, short (npm test) and long (npm run test:lab).
import type { CompiledChaos } from './compiled-chaos.js';

export const WITHIN_MS = 150_000;
/** What is left undone is tried again later each time: settling takes longer than breaking. */
export const SYNC_WITHIN_MS = 240_000;

/** Callers of four processes ask for numbers while processes are killed and connections are cut. */
export async function expectNothingGivenTwice(chaos: CompiledChaos, seconds: number): Promise<void> {
  const { result, code, said } = await chaos.run(['--scenario', 'allocation', '--seconds', String(seconds), '--seed', '7'], WITHIN_MS);
  expect({ ...result, said }).toMatchObject({ duplicates: 0, leaks: 0, keysWithTwoValues: 0, violations: 0, holds: true });
  expect(code).toBe(0);
  expect(result['kills']).toBeGreaterThan(0);
  expect(result['terminated']).toBeGreaterThan(0);
  expect(result['allocations']).toBeGreaterThan(100);
}

/** Networks are ordered and retired while everything breaks. */
export async function expectOrdersKept(chaos: CompiledChaos, seconds: number): Promise<void> {
  const { result, said } = await chaos.run(['--seconds', String(seconds), '--seed', '7'], WITHIN_MS);
  const promised = { lost: 0, doubled: 0, overlaps: 0, unleased: 0, offIntent: 0, leaked: 0, selfExits: 0 };
  expect({ ...result, said }).toMatchObject(promised);
  expect(result['acked']).toBeGreaterThan(0);
}

/** A worker dies once at each of the places; all there are: npm run chaos -- --scenario crash-points. */
export async function expectDeathsPutRight(chaos: CompiledChaos, points: readonly string[]): Promise<void> {
  const { result, said } = await chaos.run(['--scenario', 'crash-points', '--seconds', '60', '--points', ...points], WITHIN_MS);
  const promised = { unreached: [], doubled: 0, overlaps: 0, unleased: 0, orphans: 0, offIntent: 0, flagged: [], selfExits: 0 };
  expect({ ...result, said }).toMatchObject(promised);
  expect([...(result['walked'] as string[])].sort()).toEqual([...points].sort());
}

/** A NetBox is kept right while workers die, the line is bad, and people work on both sides of it. */
export async function expectInventoryKept(chaos: CompiledChaos, seconds: number): Promise<void> {
  const { result, said } = await chaos.run(['--scenario', 'sync', '--seconds', String(seconds), '--seed', '7'], SYNC_WITHIN_MS);
  expect({ ...result, said }).toMatchObject({ twins: 0, foreign: 0, wrong: 0, lostEdits: 0, unlisted: 0, selfExits: 0, ok: true });
  expect(result['objects']).toBeGreaterThan(20);
}
