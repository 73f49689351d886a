// `npm run chaos`, one scenario after the other, each with the machine for itself.
import { CompiledChaos } from '../chaos/compiled-chaos.js';
import {
  expectDeathsPutRight,
  expectInventoryKept,
  expectNothingGivenTwice,
  expectOrdersKept,
  SYNC_WITHIN_MS,
  WITHIN_MS,
} from '../chaos/promises.js';

let chaos: CompiledChaos;
beforeAll(() => {
  chaos = new CompiledChaos();
});
afterAll(() => chaos?.remove());

describe('what was promised, for longer', { timeout: WITHIN_MS + 20_000 }, () => {
  it('to callers of four processes is never given twice, whoever is killed', () => expectNothingGivenTwice(chaos, 8));

  it('is given twice by an allocator that looks first and takes then, and the check finds it', async () => {
    const { result, code } = await chaos.run(['--scenario', 'allocation', '--naive', '--seconds', '2', '--seed', '7'], WITHIN_MS);
    expect(result).toMatchObject({ naive: true, holds: false });
    expect(result['duplicates']).toBeGreaterThan(0);
    expect(code).toBe(1);
  });

  it('to orders comes to its end, once, with every device at what was asked, whatever breaks', () => expectOrdersKept(chaos, 10));

  it('by workers that die while a change goes live leaves nothing that another one does not put right', () =>
    expectDeathsPutRight(chaos, ['push.uncertain', 'push.applied', 'push.verified', 'push.confirmed']));

  it(
    'to a NetBox and to those who work in it is kept: nothing twice, nothing of others touched, no edit lost',
    () => expectInventoryKept(chaos, 8),
    SYNC_WITHIN_MS + 20_000,
  );
});
