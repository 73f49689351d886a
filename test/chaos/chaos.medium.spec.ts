// `npm run chaos`, short: real processes are killed and connections are cut while others order.
// Longer, and the other scenarios: test/long/chaos.long.spec.ts.
import { CompiledChaos } from './compiled-chaos.js';
import { expectOrdersKept, WITHIN_MS } from './promises.js';

let chaos: CompiledChaos;
beforeAll(() => {
  chaos = new CompiledChaos();
});
afterAll(() => chaos?.remove());

it(
  'to orders is kept what was promised: each comes to its end, once, with every device at what was asked, whatever breaks',
  {
    timeout: WITHIN_MS + 20_000,
  },
  () => expectOrdersKept(chaos, 5),
);
