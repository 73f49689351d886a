// Random sequences of everything that can be done to number pools, against a model that is plain to see. See model-seeds.ts for more seeds.
import assert from 'node:assert/strict';
import { NumberAllocationService, numberingEntities, NumberingModule, NumberingService, PoolAdminService } from '#contexts/numbering';
import { Vni } from '#engines/kernel';
import { tenantScope } from '#platform';
import { AllocationWorld } from './allocation-world.js';
import { expectSeeds, SEEDS, SEEDS_WITHIN_MS } from './model-seeds.js';
import { NumberCaller } from './numbers/number-caller.js';
import { NumberChoices } from './numbers/number-choices.js';
import { NumberHolder } from './numbers/number-holder.js';
import { NumberAdministrator } from './numbers/number-administrator.js';
import { NumberInspector } from './numbers/number-inspector.js';
import { ModelPool, NumberModel } from './numbers/number-model.js';
import { refusalOf } from './refusal-of.js';
import { type NumberSequence, type NumberStep, numberSequence } from './numbers/number-steps.js';

const AUDIT_EVERY = 8;
const MOST_KEYS = 500;

let world: AllocationWorld;
beforeAll(async () => {
  world = await AllocationWorld.open([NumberingModule], numberingEntities);
});
afterAll(() => world.close());

it(`number pools do what the model does, in ${SEEDS.length} random sequences`, { timeout: SEEDS_WITHIN_MS }, () =>
  expectSeeds(numberSequence, play),
);

async function play(sequence: NumberSequence): Promise<void> {
  const choices = await begin(sequence);
  const inspector = new NumberInspector(choices);
  const players = { caller: new NumberCaller(choices), holder: new NumberHolder(choices), administrator: new NumberAdministrator(choices) };
  for (const [n, step] of sequence.steps.entries()) {
    try {
      await playStep(step, players);
      await inspector.look();
      if (n % AUDIT_EVERY === AUDIT_EVERY - 1) await inspector.audit();
    } catch (error) {
      throw new Error(`step ${n}, ${step.step}: ${(error as Error).message}`, { cause: error });
    }
  }
  await inspector.audit();
  await end(choices.model, inspector);
}

interface Players {
  readonly caller: NumberCaller;
  readonly holder: NumberHolder;
  readonly administrator: NumberAdministrator;
}

async function playStep(step: NumberStep, { caller, holder, administrator }: Players): Promise<void> {
  switch (step.step) {
    case 'take':
      return caller.take(step);
    case 'crowd':
      return caller.crowd(step);
    case 'batch':
      return caller.batch(step);
    case 'bind':
    case 'extend':
    case 'release':
      return holder[step.step](step);
    case 'transfer':
      return holder.transfer(step);
    case 'giveBack':
      return holder.giveBack(step);
    case 'sweep':
      return holder.sweep(step);
    case 'adopt':
      return holder.adopt(step);
    case 'rebuild':
      return administrator.rebuild(step);
    case 'addRange':
      return administrator.addRange(step);
    case 'removeRange':
      return administrator.removeRange(step);
    case 'exclude':
      return administrator.exclude(step);
    case 'include':
      return administrator.include(step);
    case 'settings':
      return administrator.settings(step);
    case 'quota':
      return administrator.quota(step);
    case 'restrict':
      return administrator.restrict(step);
  }
}

/** Two pools of one space, the second right behind the first. */
async function begin({ size, place, pieces, strategies, quarantines }: NumberSequence): Promise<NumberChoices> {
  const unit = size === 'small' ? 3 : 45;
  const width = pieces.reduce((sum, { share, gap }, n) => sum + share * unit + (n < pieces.length - 1 ? gap : 0), 0);
  const first = { first: 1, middle: 8_000_000, last: Vni.max - width + 1 }[place];
  let at = first;
  const ranges = pieces.map(({ share, gap, pool }) => {
    const range = { first: at, last: at + share * unit - 1 };
    at = range.last + 1 + gap;
    return { pool, range };
  });
  const fabricId = await world.fabric();
  const make = async (which: 0 | 1): Promise<ModelPool> => {
    const slug = `p${world.next()}`;
    const own = ranges.filter(({ pool }) => pool === which).map(({ range }) => range);
    const [strategy, quarantineSeconds] = [strategies[which], quarantines[which]];
    const id = await world.system((tx) =>
      world
        .get(PoolAdminService)
        .create(tx, { fabricId, kind: which === 0 ? 'VNI' : 'L3VNI', slug, name: 'P', ranges: own, strategy, quarantineSeconds }),
    );
    return new ModelPool(id, slug, own, strategy, quarantineSeconds);
  };
  const pools = [await make(0), await make(1)];
  const keys = Array.from({ length: MOST_KEYS }, (_, n) => `k${n}`).map((key) => `${key}-${pools[0]?.slug}`);
  const hashes = await world.system((tx) =>
    tx.sql<{ key: string; hash: string }>('SELECT k AS key, hashtextextended(k, 0) AS hash FROM unnest($1::text[]) k', [keys]),
  );
  const hashOf = new Map(hashes.map(({ key, hash }) => [key, BigInt(hash)]));
  const model = new NumberModel(pools, (key) => hashOf.get(key) as bigint);
  // Some values around what is configured, too.
  return new NumberChoices(world, model, { first: Math.max(0, first - 4), count: width + 8 }, keys);
}

/** Whoever holds something gives it back; then everything is free, and the pools can go. */
async function end(model: NumberModel, inspector: NumberInspector): Promise<void> {
  const [numbers, orders, admin] = [world.get(NumberAllocationService), world.get(NumberingService), world.get(PoolAdminService)];
  const remove = (pool: ModelPool) => refusalOf(world.system((tx) => admin.remove(tx, pool.id)));
  for (const pool of model.pools) if (model.rows.some((row) => row.pool === pool)) assert.equal((await remove(pool))?.code, 'IN_USE');
  await world.system((tx) =>
    orders.free(
      tx,
      model.rows.filter(({ holderKind }) => holderKind !== 'external').map(({ id }) => id),
    ),
  );
  for (const { id, tenant, holderKind } of model.rows)
    if (holderKind === 'external') await numbers.release(tenantScope(tenant, 'model'), id, null);
  await world.system(async (tx) => {
    await tx.run(`UPDATE number_allocation SET reusable_at = now() - interval '1 second' WHERE pool_id = ANY($1)`, [
      model.pools.map(({ id }) => id),
    ]);
    await orders.sweep(tx, 100_000);
  });
  model.rows = [];
  await inspector.look();
  await inspector.audit();
  for (const pool of model.pools) assert.equal(await remove(pool), undefined);
}
