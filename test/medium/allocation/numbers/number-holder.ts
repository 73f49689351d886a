import assert from 'node:assert/strict';
import { type AllocationState, type NumberAllocation, NumberAllocationService, NumberingService } from '#contexts/numbering';
import { type AllocationId, IdempotencyKey, type TenantId } from '#engines/kernel';
import { type Scope, systemScope, tenantScope } from '#platform';
import { refusalOf } from '../refusal-of.js';
import { CODE_OF, HOLD_SECONDS, type NumberChoices } from './number-choices.js';
import type { ModelPool, ModelRow, Refusal } from './number-model.js';
import type { Choice, StepOf } from './number-steps.js';

const SYSTEM = systemScope('model');

interface Change {
  readonly which: Choice;
  readonly generation: 'right' | 'stale' | 'none';
  readonly byOther: boolean;
  readonly allowed: readonly AllocationState[];
  /** Why it is refused although everything about the allocation itself is right. */
  readonly refused?: string | undefined;
}

/** Does with numbers what holders do, and time, in the product and in the model. */
export class NumberHolder {
  private readonly numbers: NumberAllocationService;
  private readonly orders: NumberingService;

  constructor(private readonly choices: NumberChoices) {
    this.numbers = choices.world.get(NumberAllocationService);
    this.orders = choices.world.get(NumberingService);
  }

  async bind({ which, generation, byOther }: StepOf<'bind' | 'extend' | 'release'>): Promise<void> {
    await this.change({ which, generation, byOther, allowed: ['HELD'] }, (row, seen, scope) => {
      const work = this.numbers.bind(scope, row.id, seen, `vm/${seen}`);
      return { work, after: () => Object.assign(row, { state: 'BOUND', holder: `vm/${seen}`, generation: row.generation + 1 }) };
    });
  }

  async extend({ which, generation, byOther }: StepOf<'bind' | 'extend' | 'release'>): Promise<void> {
    await this.change({ which, generation, byOther, allowed: ['HELD'] }, (row, seen, scope) => ({
      work: this.numbers.extend(scope, row.id, seen, HOLD_SECONDS),
      after: () => undefined,
    }));
  }

  async transfer({ which, generation, tenant }: StepOf<'transfer'>): Promise<void> {
    const to = this.choices.tenant(tenant);
    const row = this.choices.row(which);
    if (!row) return;
    await this.change(
      {
        which,
        generation,
        byOther: false,
        allowed: ['HELD', 'BOUND'],
        refused: this.choices.model.canGo(row, to) ? undefined : 'IDEMPOTENCY_KEY_REUSED',
      },
      (_row, seen) => ({
        work: this.numbers.transfer(SYSTEM, row.id, seen, { tenantId: to, holder: 'moved' }),
        after: () => Object.assign(row, { tenant: to, holder: 'moved', generation: row.generation + 1 }),
      }),
    );
  }

  async release({ which, generation, byOther }: StepOf<'bind' | 'extend' | 'release'>): Promise<void> {
    const row = this.choices.row(which);
    if (!row) return;
    const seen = generation === 'none' ? null : generation === 'stale' ? row.generation - 1 : row.generation;
    const work = this.numbers.release(tenantScope(byOther ? this.choices.other(row.tenant) : row.tenant, 'model'), row.id, seen);
    const refusal = await refusalOf(work);
    if (byOther) return assert.equal(refusal?.code, 'NOT_FOUND');
    if (row.state === 'QUARANTINED') assert.equal(refusal, undefined);
    else if (row.holderKind !== 'external') return assert.equal(refusal?.code, 'IN_USE');
    else if (generation === 'stale')
      return assert.deepEqual(refusal, { code: 'VERSION_CONFLICT', facts: { currentVersion: row.generation } });
    else assert.equal(refusal, undefined);
    this.choices.model.release(row);
    this.compareAllocation(await work, this.choices.model.rows.includes(row) ? row : undefined);
  }

  async giveBack({ which, isUnused }: StepOf<'giveBack'>): Promise<void> {
    const claimed = this.choices.model.rows.filter(({ holderKind }) => holderKind !== 'external');
    const row = claimed[which % Math.max(1, claimed.length)];
    if (!row) return;
    await this.choices.world.system((tx) => (isUnused ? this.orders.free(tx, [row.id]) : this.orders.quarantine(tx, [row.id])));
    this.choices.model.release(row, isUnused);
  }

  /** One transaction: what is over here is over for no other sequence. */
  async sweep({ which, limit }: StepOf<'sweep'>): Promise<void> {
    const resting = this.choices.model.rows.filter(({ state }) => state !== 'BOUND');
    const over = [...new Set(which.flatMap((choice) => resting[choice % Math.max(1, resting.length)] ?? []))];
    const ids = over.map(({ id }) => id);
    const shift = (sign: '+' | '-'): string =>
      `UPDATE number_allocation SET expires_at = expires_at ${sign} interval '1 year', reusable_at = reusable_at ${sign} interval '1 year' WHERE id = ANY($1)`;
    const left = await this.choices.world.system(async (tx) => {
      await tx.run(shift('-'), [ids]);
      assert.equal(await this.orders.sweep(tx, limit), Math.min(limit, over.length));
      const rows = await tx.sql<{ id: AllocationId }>('SELECT id FROM number_allocation WHERE id = ANY($1)', [ids]);
      await tx.run(shift('+'), [ids]);
      return rows.map(({ id }) => id);
    });
    assert.equal(left.length, Math.max(0, over.length - limit));
    for (const row of over) if (!left.includes(row.id)) this.choices.model.drop(row);
  }

  async adopt({ pool: chosen, tenant: whose, values, key }: StepOf<'adopt'>): Promise<void> {
    const [pool, tenant] = [this.choices.pool(chosen), this.choices.tenant(whose)];
    const numbers = values.map((value, n) => ({
      value: this.choices.value(value),
      key: IdempotencyKey.parse(this.choices.key(n === 0 ? key : null)),
    }));
    const before = [...this.choices.model.rows];
    const [adopted, refused] = this.adoptInModel(pool, tenant, numbers);
    const work = this.numbers.adopt(SYSTEM, pool.id, tenant, numbers);
    const refusal = await refusalOf(work);
    assert.equal(refusal?.code, refused && CODE_OF[refused]);
    if (refused) return void (this.choices.model.rows = before);
    const answer = await work;
    assert.deepEqual(
      answer.map(({ value }) => value),
      [...new Set(adopted.map(({ value }) => value))].sort((a, b) => a - b),
    );
    // What was there already keeps its id.
    for (const row of adopted) {
      const { id } = answer.find(({ value }) => value === row.value) as NumberAllocation;
      if (before.includes(row)) assert.equal(id, row.id);
      else Object.assign(row, { id });
    }
  }

  private adoptInModel(
    pool: ModelPool,
    tenant: TenantId,
    numbers: readonly { value: number; key: string }[],
  ): [ModelRow[], Refusal | undefined] {
    const adopted: ModelRow[] = [];
    for (const { value, key } of numbers) {
      const args = `adopted ${pool.id} ${value}`;
      const [same] = this.choices.model.ofKey(tenant, key);
      if (same && same.args !== args) return [[], 'KEY_REUSED'];
      if (same) {
        adopted.push(same);
        continue;
      }
      if (!pool.configured().includes(value)) return [[], 'OUT_OF_RANGE'];
      const was = this.choices.model.holderOf(value);
      if (was && was.state !== 'QUARANTINED') return [[], 'TAKEN'];
      if (was) this.choices.model.drop(was);
      this.choices.model.rows.push({
        ord: 0,
        id: '' as AllocationId,
        pool,
        tenant,
        value,
        key,
        args,
        state: 'BOUND',
        generation: 1,
        holderKind: 'external',
        holder: null,
      });
      adopted.push(this.choices.model.rows.at(-1) as ModelRow);
    }
    return [adopted, undefined];
  }

  private async change(
    { which, generation, byOther, allowed, refused }: Change,
    change: (row: ModelRow, seen: number, scope: Scope) => { work: Promise<NumberAllocation>; after: () => unknown },
  ): Promise<void> {
    const row = this.choices.row(which);
    if (!row) return;
    const isStale = generation === 'stale';
    const scope = tenantScope(byOther ? this.choices.other(row.tenant) : row.tenant, 'model');
    const { work, after } = change(row, isStale ? row.generation - 1 : row.generation, scope);
    const refusal = await refusalOf(work);
    if (byOther) return assert.equal(refusal?.code, 'NOT_FOUND');
    if (row.holderKind !== 'external') return assert.equal(refusal?.code, 'IN_USE');
    if (isStale) return assert.deepEqual(refusal, { code: 'VERSION_CONFLICT', facts: { currentVersion: row.generation } });
    if (!allowed.includes(row.state as AllocationState)) return assert.equal(refusal?.code, 'INVALID_STATE');
    assert.equal(refusal?.code, refused);
    if (refused) return;
    after();
    this.compareAllocation(await work, row);
  }

  private compareAllocation(actual: NumberAllocation | undefined, row: ModelRow | undefined): void {
    if (!row || !actual) return assert.equal(actual, row);
    const { id, poolId, tenantId, value, state, generation, key, holderKind, holder, expiresAt, reusableAt } = actual;
    assert.deepEqual(
      { id, poolId, tenantId, value, state, generation, key, holderKind, holder, isHeld: expiresAt !== null, rests: reusableAt !== null },
      {
        id: row.id,
        poolId: row.pool.id,
        tenantId: row.tenant,
        value: row.value,
        state: row.state,
        generation: row.generation,
        key: row.key,
        holderKind: row.holderKind,
        holder: row.holder,
        isHeld: row.state === 'HELD',
        rests: row.state === 'QUARANTINED',
      },
    );
  }
}
