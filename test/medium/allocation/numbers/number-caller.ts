import assert from 'node:assert/strict';
import { NumberAllocationService, NumberingService } from '#contexts/numbering';
import { type AllocationId, DomainError, IdempotencyKey } from '#engines/kernel';
import { newId, systemScope, tenantScope } from '#platform';
import type { RefusalAnswer } from '../refusal-of.js';
import { CODE_OF, HOLD_SECONDS, type NumberChoices } from './number-choices.js';
import type { ModelRequest, Planned, Refusal } from './number-model.js';
import type { Ask, StepOf, Take } from './number-steps.js';

const SYSTEM = systemScope('model');

/** What was answered: rows, or the refusal. */
interface Answer extends Partial<RefusalAnswer> {
  readonly outcome: 'OK' | 'REPLAYED' | 'REFUSED';
  readonly rows: readonly { readonly id: AllocationId; readonly value: number }[];
}
type Asked = ModelRequest & { readonly door: Take['door'] | 'batch' };

/** Asks the product and the model for the same numbers, and compares what they say. */
export class NumberCaller {
  private readonly asked: Asked[] = [];
  private readonly numbers: NumberAllocationService;
  private readonly orders: NumberingService;

  constructor(private readonly choices: NumberChoices) {
    this.numbers = choices.world.get(NumberAllocationService);
    this.orders = choices.world.get(NumberingService);
  }

  async take(step: StepOf<'take'>): Promise<void> {
    const request = this.request(step, step.door, step);
    if (!request) return;
    const planned = this.plan(request);
    const answer = await this.send(request);
    const [same] = planned.outcome === 'REPLAYED' ? planned.rows : [];
    // An order that asks for a certain number again wants that one.
    if (same && request.door === 'order' && request.prefer !== null && request.prefer !== same.value)
      return assert.equal(answer.code, 'ALREADY_EXISTS');
    this.compare(request, planned, answer, true);
  }

  /** All requests of one turn travel together; those for a key that is under way travel with the next batch. */
  async crowd({ asks }: StepOf<'crowd'>): Promise<void> {
    const requests = asks.flatMap((ask) => this.request(ask, 'service') ?? []).filter(({ count }) => count === 1);
    const seen = new Set<string>();
    const [first, second]: [Asked[], Asked[]] = [[], []];
    for (const request of requests) {
      const identity = `${request.tenant} ${request.key}`;
      if (!seen.has(identity)) first.push(request);
      else if (!second.some(({ tenant, key }) => tenant === request.tenant && key === request.key)) second.push(request);
      seen.add(identity);
    }
    const answers = new Map<Asked, Answer>();
    await Promise.all([...first, ...second].map(async (request) => answers.set(request, await this.send(request))));
    this.compareBatch(first, answers);
    this.compareBatch(second, answers);
  }

  async batch({ asks }: StepOf<'batch'>): Promise<void> {
    const requests: Asked[] = [];
    for (const request of asks.flatMap((ask) => this.request(ask, 'batch') ?? []))
      if (!requests.some(({ tenant, key }) => tenant === request.tenant && key === request.key)) requests.push(request);
    if (requests.length === 0) return;
    const column = <T>(of: (request: Asked) => T): T[] => requests.map(of);
    const pools = column(({ pool }) => pool.id);
    const rows = await this.choices.world.db.call<{ i: number; outcome: string; allocation_id: AllocationId | null; value: string | null }>(
      SYSTEM,
      'number_allocate(scope.role, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
      [
        [...new Set(pools)].sort(),
        [...new Set(column(({ tenant }) => tenant))],
        column(() => 'model'),
        pools,
        column(({ tenant }) => tenant),
        column(({ key }) => key),
        column(({ args }) => args),
        column(() => newId()),
        column(({ prefer }) => prefer),
        column(({ isHeld }) => (isHeld ? HOLD_SECONDS : null)),
        column(() => null),
        column(() => null),
      ],
    );
    assert.deepEqual(
      rows.map(({ i }) => i).sort((a, b) => a - b),
      requests.map((_, n) => n + 1),
    );
    const answers = new Map<Asked, Answer>();
    for (const { i, outcome, allocation_id: id, value } of rows)
      answers.set(
        requests[i - 1] as Asked,
        outcome === 'OK' || outcome === 'REPLAYED'
          ? { outcome, rows: [{ id: id as AllocationId, value: Number(value) }] }
          : { outcome: 'REFUSED', rows: [], code: CODE_OF[outcome as Refusal] },
      );
    this.compareBatch(requests, answers);
  }

  private compareBatch(requests: readonly Asked[], answers: ReadonlyMap<Asked, Answer>): void {
    // The database serves the plain ones first, and judges quotas by who stands in the queue.
    const plain = requests.filter((request) => this.choices.model.isPlain(request));
    const isNew = plain.map((request) => this.choices.model.ofKey(request.tenant, request.key).length === 0);
    const given = new Map<string, number>();
    for (const [n, request] of plain.entries()) {
      const payer = `${request.tenant} ${request.pool.id}`;
      const [before, got] = [
        isNew.slice(0, n).filter((is, m) => is && `${plain[m]?.tenant} ${plain[m]?.pool.id}` === payer).length,
        given.get(payer) ?? 0,
      ];
      const answer = answers.get(request) as Answer;
      this.compare(request, this.plan(request, before - got), answer, false);
      if (answer.outcome === 'OK') given.set(payer, got + 1);
    }
    for (const request of requests)
      if (!plain.includes(request)) this.compare(request, this.plan(request), answers.get(request) as Answer, false);
  }

  /** In a batch one value is a run of its own, and the lowest. */
  private plan(request: Asked, ahead = 0): Planned {
    const isContiguous = request.isContiguous && (request.count > 1 || request.door === 'transaction');
    return this.choices.model.plan({ ...request, isContiguous }, ahead);
  }

  /** @param areFactsFresh nobody else changed anything between the refusal and its explanation. */
  private compare(request: Asked, planned: Planned, answer: Answer, areFactsFresh: boolean): void {
    if (planned.outcome === 'REPLAYED') {
      assert.equal(answer.outcome, 'REPLAYED', `instead: ${answer.code}`);
      const rows = planned.rows.map(({ id, value }) => ({ id, value }));
      return assert.deepEqual(answer.rows, request.door === 'transaction' || request.door === 'service' ? rows : rows.slice(0, 1));
    }
    if (planned.outcome === 'OK') {
      assert.equal(answer.outcome, 'OK', `instead: ${answer.code} ${JSON.stringify(answer.facts)}`);
      const values = answer.rows.map(({ value }) => value);
      if (planned.any === 0) assert.deepEqual(values, planned.values);
      else {
        const free = this.choices.model.free(request.pool);
        assert.equal(new Set(values).size, planned.any);
        for (const value of values) assert.ok(free.includes(value), `${value} is not free`);
      }
      return this.choices.model.grant(request, answer.rows);
    }
    assert.equal(answer.code, CODE_OF[planned.outcome]);
    if (!areFactsFresh || planned.outcome === 'NOT_FOUND' || planned.outcome === 'KEY_REUSED') return;
    const { pool, tenant } = request;
    const holder = planned.value === null ? undefined : this.choices.model.holderOf(planned.value);
    expect(answer.facts).toMatchObject({
      slug: pool.slug,
      free: this.choices.model.free(pool).length,
      ...(planned.outcome === 'QUOTA' && { room: Math.max(0, planned.value ?? 0) }),
      ...(planned.outcome === 'EXHAUSTED' && { largestFreeBlock: this.choices.model.largestFreeBlock(pool), wanted: request.count }),
      ...(['TAKEN', 'EXCLUDED', 'OUT_OF_RANGE'].includes(planned.outcome) && { value: planned.value }),
      ...(planned.outcome === 'TAKEN' && holder?.tenant === tenant && { state: holder.state, heldBy: holder.holder ?? holder.key }),
    });
    if (planned.outcome === 'TAKEN' && holder?.tenant !== tenant) assert.equal(answer.facts?.['heldBy'], undefined);
  }

  private async send({ door, pool, tenant, prefer, count, isContiguous, isPartial, isHeld, key }: Asked): Promise<Answer> {
    const scope = tenantScope(tenant, 'model');
    const preferred = prefer === null ? {} : { prefer };
    try {
      if (door === 'order') {
        const claim = { poolId: pool.id, tenantId: tenant, key, holder: 'network' as const, ...preferred };
        const {
          allocationId: id,
          value,
          replayed,
        } = await this.choices.world.db.inTransaction(scope, (tx) => this.orders.claim(tx, claim));
        return { outcome: replayed ? 'REPLAYED' : 'OK', rows: [{ id, value }] };
      }
      const request = {
        poolId: pool.id,
        tenantId: tenant,
        key: IdempotencyKey.parse(key),
        count,
        isContiguous,
        isPartial,
        ...preferred,
        ...(isHeld && { ttlSeconds: HOLD_SECONDS }),
      };
      const { allocations, replayed } = await (door === 'service'
        ? this.numbers.allocate(scope, request)
        : this.choices.world.db.inTransaction(scope, (tx) => this.numbers.allocateIn(tx, request)));
      return { outcome: replayed ? 'REPLAYED' : 'OK', rows: allocations.map(({ id, value }) => ({ id, value })) };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { outcome: 'REFUSED', rows: [], code: error.code, facts: error.facts };
    }
  }

  private request(ask: Ask, door: Asked['door'], more?: Pick<Take, 'count' | 'isContiguous' | 'isPartial'>): Asked | undefined {
    const earlier = this.asked.filter((one) => one.door === door);
    if (ask.again !== null && earlier.length > 0) return { ...(earlier[ask.again % earlier.length] as Asked) };
    const pool = this.choices.pool(ask.pool);
    const isOrder = door === 'order';
    const isHeld = ask.isHeld && !isOrder;
    const [count, isContiguous, isPartial] = more && !isOrder ? [more.count, more.isContiguous, more.isPartial] : [1, false, false];
    const prefer = ask.prefer === null ? null : this.choices.value(ask.prefer);
    const args = [pool.id, count, isContiguous, isPartial, prefer, isHeld];
    const request: Asked = {
      pool,
      tenant: this.choices.tenant(ask.tenant),
      key: this.choices.key(ask.key),
      count,
      isPartial,
      prefer,
      isHeld,
      door,
      isContiguous,
      holderKind: isOrder ? 'network' : 'external',
      args: isOrder ? `order ${pool.id}` : door === 'batch' ? `batch ${JSON.stringify(args)}` : JSON.stringify(args),
    };
    this.asked.push(request);
    return request;
  }
}
