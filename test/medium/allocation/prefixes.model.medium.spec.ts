// Random sequences of everything that can be done to prefix pools, IPv4 and IPv6, against a model that is plain to see. See model-seeds.ts.
import assert from 'node:assert/strict';
import {
  addressingEntities,
  AddressingModule,
  AddressingService,
  PrefixAllocationService,
  PrefixPoolAdminService,
} from '#contexts/addressing';
import { type Cidr, Ip } from '#engines/kernel';
import { tenantScope } from '#platform';
import { AllocationWorld } from './allocation-world.js';
import { expectSeeds, SEEDS, SEEDS_WITHIN_MS } from './model-seeds.js';
import { PrefixInspector } from './prefixes/prefix-inspector.js';
import { ModelPrefixPool, prefixAt, PrefixModel } from './prefixes/prefix-model.js';
import { PrefixPlayer } from './prefixes/prefix-player.js';
import { type PrefixSequence, prefixSequence, type PrefixStep } from './prefixes/prefix-steps.js';
import { refusalOf } from './refusal-of.js';

const AUDIT_EVERY = 8;
/** Four of 256 addresses. */
const COUNT = 1024;
const PLACES = {
  4: { first: 0n, middle: Ip.toBigInt('10.20.0.0' as Ip), last: 2n ** 32n - BigInt(COUNT) },
  6: { first: 2n ** 64n, middle: Ip.toBigInt('2001:db8::' as Ip), last: 2n ** 128n - BigInt(COUNT) },
} as const;

let world: AllocationWorld;
beforeAll(async () => {
  world = await AllocationWorld.open([AddressingModule], addressingEntities);
});
afterAll(() => world.close());

it(`prefix pools do what the model does, in ${SEEDS.length} random sequences`, { timeout: SEEDS_WITHIN_MS }, () =>
  expectSeeds(prefixSequence, play),
);

async function play(sequence: PrefixSequence): Promise<void> {
  const { family, place, steps } = sequence;
  const window = { family, first: PLACES[family][place], count: COUNT };
  const model = await begin(sequence, window.first);
  const inspector = new PrefixInspector(world, model);
  const player = new PrefixPlayer(world, model, window, model.pools[0]?.slug ?? '');
  for (const [n, step] of steps.entries()) {
    try {
      await playStep(step, player);
      await inspector.look();
      if (n % AUDIT_EVERY === AUDIT_EVERY - 1) await inspector.audit();
    } catch (error) {
      throw new Error(`step ${n}, ${step.step}: ${(error as Error).message}`, { cause: error });
    }
  }
  await inspector.audit();
  await end(model, inspector);
}

async function playStep(step: PrefixStep, player: PrefixPlayer): Promise<void> {
  switch (step.step) {
    case 'take':
      return player.take(step);
    case 'crowd':
      return player.crowd(step);
    case 'bind':
    case 'extend':
    case 'release':
      return player.held[step.step](step);
    case 'transfer':
      return player.transfer(step);
    case 'sweep':
      return player.sweep(step);
    case 'adopt':
      return player.adopt(step);
    case 'rebuild':
      return player.rebuild(step);
    case 'addRange':
      return player.addRange(step);
    case 'removeRange':
      return player.removeRange(step);
    case 'exclude':
      return player.exclude(step);
    case 'include':
      return player.include(step);
    case 'settings':
      return player.settings(step);
    case 'quota':
      return player.quota(step);
    case 'restrict':
      return player.restrict(step);
  }
}

/** Two pools of one space, with ranges that touch. */
async function begin({ family, ranges, smallest, strategies, quarantines }: PrefixSequence, first: bigint): Promise<PrefixModel> {
  const fabricId = await world.fabric();
  const width = family === 4 ? 32 : 128;
  const spaceId = await world.system((tx) =>
    world.get(AddressingService).createSpace(tx, { fabricId, slug: `s${world.next()}`, name: 'S' }),
  );
  const make = async (which: 0 | 1): Promise<ModelPrefixPool> => {
    const own = ranges.flatMap((range, n): Cidr[] =>
      range?.pool === which ? [prefixAt(family, first + BigInt(256 * n), width - range.hostBits)] : [],
    );
    const [slug, minLength, maxLength] = [`x${world.next()}`, width - 8, width - smallest];
    const [strategy, quarantineSeconds] = [strategies[which], quarantines[which]];
    const settings = { spaceId, slug, name: 'P', ranges: own, minLength, defaultLength: maxLength, maxLength, strategy, quarantineSeconds };
    const id = await world.system((tx) => world.get(PrefixPoolAdminService).create(tx, settings));
    return new ModelPrefixPool(id, slug, own, minLength, maxLength, strategy, quarantineSeconds);
  };
  return new PrefixModel([await make(0), await make(1)]);
}

/** Whoever has something gives it back; then everything is free, and the pools can go. */
async function end(model: PrefixModel, inspector: PrefixInspector): Promise<void> {
  const [prefixes, admin] = [world.get(PrefixAllocationService), world.get(PrefixPoolAdminService)];
  const remove = (pool: ModelPrefixPool) => refusalOf(world.system((tx) => admin.remove(tx, pool.id)));
  for (const pool of model.pools) if (model.rows.some((row) => row.pool === pool)) assert.equal((await remove(pool))?.code, 'IN_USE');
  for (const { id, tenant } of model.rows) await prefixes.release(tenantScope(tenant, 'model'), id, null);
  const ids = model.rows.map(({ id }) => id);
  await world.system(async (tx) => {
    await tx.run(`UPDATE prefix SET reusable_at = now() - interval '1 second' WHERE id = ANY($1) AND state = 'QUARANTINED'`, [ids]);
    await tx.sql('SELECT prefix_sweep(100000)');
  });
  model.rows = [];
  await inspector.look();
  await inspector.audit();
  for (const pool of model.pools) assert.equal(await remove(pool), undefined);
}
