import assert from 'node:assert/strict';
import { type NumberRange, PoolAdminService, type PoolChange } from '#contexts/numbering';
import { Vni } from '#engines/kernel';
import { refusalOf } from '../refusal-of.js';
import type { NumberChoices } from './number-choices.js';
import { contains, type ModelPool, overlaps, valuesOf } from './number-model.js';
import type { Choice, StepOf } from './number-steps.js';

/** Changes pools while they are in use, in the product and in the model, and compares what is refused. */
export class NumberAdministrator {
  private readonly pools: PoolAdminService;

  constructor(private readonly choices: NumberChoices) {
    this.pools = choices.world.get(PoolAdminService);
  }

  async rebuild({ pool }: StepOf<'rebuild'>): Promise<void> {
    await this.choices.world.system((tx) => tx.sql('SELECT number_rebuild($1)', [this.choices.pool(pool).id]));
  }

  async addRange(step: StepOf<'addRange'>): Promise<void> {
    const [pool, range] = [this.choices.pool(step.pool), this.range(step)];
    const others = this.choices.model.pools.flatMap(({ ranges }) => ranges);
    const refused =
      range.first < 1 || range.last > Vni.max ? 'INVALID_VALUE' : others.some((other) => overlaps(other, range)) ? 'OVERLAPS' : undefined;
    if (await this.update(pool, { addRanges: [range] }, refused, step.isStale)) pool.ranges.push(range);
  }

  async removeRange(step: StepOf<'removeRange'>): Promise<void> {
    const [pool, range] = [this.choices.pool(step.pool), this.range(step)];
    const isUsed = this.choices.model.rows.some(({ value }) => contains(range, value) && pool.ranges.some((one) => contains(one, value)));
    const home = pool.ranges.find((one) => contains(one, range.first) && contains(one, range.last));
    const refused = range.first < 1 || range.last > Vni.max ? 'INVALID_VALUE' : isUsed ? 'IN_USE' : home ? undefined : 'INVALID_VALUE';
    if (!(await this.update(pool, { removeRanges: [range] }, refused, step.isStale)) || !home) return;
    const rest = [
      { first: home.first, last: range.first - 1 },
      { first: range.last + 1, last: home.last },
    ];
    pool.ranges = [...pool.ranges.filter((one) => one !== home), ...rest.filter(({ first, last }) => first <= last)];
  }

  async exclude(step: StepOf<'exclude'>): Promise<void> {
    const [pool, range] = [this.choices.pool(step.pool), this.range(step)];
    const refused =
      range.first < 1 || range.last > Vni.max
        ? 'INVALID_VALUE'
        : pool.exclusions.some((other) => overlaps(other, range))
          ? 'OVERLAPS'
          : undefined;
    const exclusion = { ...range, reason: 'old core' };
    if (await this.update(pool, { exclude: [exclusion] }, refused, step.isStale)) pool.exclusions.push(exclusion);
  }

  async include({ pool: chosen, which }: StepOf<'include'>): Promise<void> {
    const pool = this.choices.pool(chosen);
    const exclusion = pool.exclusions[which % Math.max(1, pool.exclusions.length)];
    const first = exclusion?.first ?? this.choices.window.first;
    if (await this.update(pool, { include: [first] }, exclusion ? undefined : 'INVALID_VALUE', false))
      pool.exclusions = pool.exclusions.filter((one) => one !== exclusion);
  }

  async settings({ pool: chosen, strategy, quarantineSeconds }: StepOf<'settings'>): Promise<void> {
    const pool = this.choices.pool(chosen);
    if (!(await this.update(pool, { strategy, quarantineSeconds }, undefined, false))) return;
    Object.assign(pool, { strategy, quarantineSeconds });
    // Where a rotation begins is the product's choice, if it is a number at all; from then on it is followed.
    const row = await this.choices.world.system((tx) =>
      tx.one<{ cursor: string }>('SELECT cursor FROM number_pool_state WHERE pool_id = $1', [pool.id]),
    );
    pool.cursor = Number(row?.cursor);
  }

  async quota({ pool: chosen, tenant, max }: StepOf<'quota'>): Promise<void> {
    const [pool, whose] = [this.choices.pool(chosen), this.choices.tenant(tenant)];
    await this.choices.world.system((tx) => this.pools.setQuota(tx, pool.id, whose, max));
    if (max === null) pool.quotas.delete(whose);
    else pool.quotas.set(whose, max);
  }

  async restrict({ pool: chosen, tenants }: StepOf<'restrict'>): Promise<void> {
    const pool = this.choices.pool(chosen);
    const to = tenants.map((tenant) => this.choices.tenant(tenant));
    if (await this.update(pool, { tenants: to }, undefined, false)) pool.tenants = to;
  }

  /** @returns whether it was done. */
  private async update(pool: ModelPool, change: PoolChange, refused: string | undefined, isStale: boolean): Promise<boolean> {
    const work = this.choices.world.system((tx) => this.pools.update(tx, pool.id, isStale ? pool.version - 1 : pool.version, change));
    const refusal = await refusalOf(work);
    assert.equal(refusal?.code, isStale ? 'VERSION_CONFLICT' : refused);
    if (refusal) return false;
    pool.version += 1;
    assert.equal((await work).version, pool.version);
    return true;
  }

  private range({ from, size }: { from: Choice; size: number }): NumberRange {
    const first = this.choices.window.first + (from % this.choices.window.count);
    return { first, last: valuesOf({ first, last: first + size - 1 }).at(-1) as number };
  }
}
