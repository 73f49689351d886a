// `npm run chaos`, short: real processes are killed and connections are cut while others ask. At the same time: each waits for half of its own.
// Longer, and that the check finds an allocator that is wrong: test/long/chaos.long.spec.ts.
import { CompiledChaos } from './compiled-chaos.js';
import { expectDeathsPutRight, expectNothingGivenTwice, expectOrdersKept, WITHIN_MS } from './promises.js';

let chaos: CompiledChaos;
beforeAll(() => {
  chaos = new CompiledChaos();
});
afterAll(() => chaos?.remove());

describe('what was promised', { timeout: WITHIN_MS + 20_000 }, () => {
  it.concurrent('to callers of four processes is never given twice, whoever is killed', () => expectNothingGivenTwice(chaos, 5));

  it.concurrent('to orders comes to its end, once, with every device at what was asked, whatever breaks', () => expectOrdersKept(chaos, 5));

  it.concurrent('by workers that die while a change goes live leaves nothing that another one does not put right', () =>
    expectDeathsPutRight(chaos, ['push.confirmed']));
});
