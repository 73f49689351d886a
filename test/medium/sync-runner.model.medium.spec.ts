// Random sequences of what people do on both sides, of faults and of runs in between. See allocation/model-seeds.ts for more seeds.
import { expectSeeds, seedsOr } from './allocation/model-seeds.js';
import { SyncPlay } from './sync/sync-play.js';
import { syncSequence } from './sync/sync-steps.js';
import { SyncWorld } from './sync/sync-world.js';

const SEEDS = seedsOr('5');
/** A sequence is some fifteen runs of a second and less. */
const WITHIN_MS = 60_000 + SEEDS.length * 5_000;

let world: SyncWorld;
beforeAll(async () => {
  world = await SyncWorld.open();
});
afterAll(() => world.close());

it(
  `both sides come to rest with nothing lost, doubled or taken away from others, in ${SEEDS.length} random sequences`,
  { timeout: WITHIN_MS },
  () => expectSeeds(syncSequence, (sequence) => SyncPlay.play(world, sequence), SEEDS),
);
