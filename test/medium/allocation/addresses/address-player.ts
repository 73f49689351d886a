import assert from 'node:assert/strict';
import { AddressAllocationService, type AddressRequest, SubnetService } from '#contexts/addressing';
import { type AddressSpaceId, DomainError, IdempotencyKey, Ip, type IpAddressId, type TenantId } from '#engines/kernel';
import { systemScope, tenantScope } from '#platform';
import type { AllocationWorld } from '../allocation-world.js';
import { HeldSteps, HOLD_SECONDS } from '../held-steps.js';
import { type RefusalAnswer, refusalOf } from '../refusal-of.js';
import type {
  AddressModel,
  AddressRefusal,
  AddressRow,
  Extent,
  ModelAddressRequest,
  ModelSubnet,
  PlannedAddresses,
} from './address-model.js';
import { runsOf } from './address-model.js';
import type { AddressAsk, AddressStepOf, AddressTake } from './address-steps.js';

const SYSTEM = systemScope('model');
const CODE_OF: Readonly<Record<AddressRefusal, string>> = {
  KEY_REUSED: 'IDEMPOTENCY_KEY_REUSED',
  NOT_FOUND: 'NOT_FOUND',
  QUOTA: 'QUOTA_EXCEEDED',
  EXHAUSTED: 'POOL_EXHAUSTED',
  OUT_OF_RANGE: 'OUT_OF_RANGE',
  EXCLUDED: 'OUT_OF_RANGE',
  DHCP: 'OUT_OF_RANGE',
  TAKEN: 'ALREADY_EXISTS',
};

/** Where the numbers of the model are in the world. */
export interface Ground {
  readonly family: 4 | 6;
  readonly spaceId: AddressSpaceId;
  /** The network address of each subnet. */
  readonly bases: ReadonlyMap<ModelSubnet, bigint>;
}

interface Answer extends Partial<RefusalAnswer> {
  readonly outcome: 'OK' | 'REPLAYED' | 'REFUSED';
  readonly rows: readonly { readonly id: IpAddressId; readonly address: number }[];
}
type Asked = ModelAddressRequest & { readonly door: AddressTake['door'] };

/** Asks the product and the model for the same addresses, does the same with them, and compares what they say. */
export class AddressPlayer {
  readonly held: HeldSteps<AddressRow>;
  private readonly asked: Asked[] = [];
  private readonly addresses: AddressAllocationService;
  private serial = 0;

  constructor(
    private readonly world: AllocationWorld,
    private readonly model: AddressModel,
    private readonly ground: Ground,
    private readonly name: string,
  ) {
    this.addresses = world.get(AddressAllocationService);
    this.held = new HeldSteps<AddressRow>({
      tenants: world.tenants,
      rows: () => model.rows,
      bind: (scope, { id }, generation, holder) => this.addresses.bind(scope, id, generation, holder),
      extend: (scope, { id }, generation, seconds) => this.addresses.extend(scope, id, generation, seconds),
      release: (scope, { id }, generation) => this.addresses.release(scope, id, generation),
      released: (row) => model.release(row),
    });
  }

  async take(step: AddressStepOf<'take'>): Promise<void> {
    const request = this.request(step, step.door, step);
    this.compare(request, this.model.plan(request), await this.send(request), true);
  }

  /** One batch: first those that take the next address, then the others. Each key once. */
  async crowd({ asks }: AddressStepOf<'crowd'>): Promise<void> {
    const requests: Asked[] = [];
    for (const ask of asks) {
      const request = this.request(ask, 'service');
      if (request.count === 1 && !requests.some(({ tenant, key }) => tenant === request.tenant && key === request.key))
        requests.push(request);
    }
    const answers = new Map<Asked, Answer>();
    await Promise.all(requests.map(async (request) => answers.set(request, await this.send(request))));
    const isPlain = (request: Asked): boolean => this.model.isPlain(request);
    for (const request of [...requests.filter(isPlain), ...requests.filter((request) => !isPlain(request))])
      this.compare(request, this.model.plan(request), answers.get(request) as Answer, false);
  }

  async transfer(touch: AddressStepOf<'transfer'>): Promise<void> {
    await this.held.change(touch, ['HELD', 'BOUND'], (row, seen, scope) => ({
      work: this.addresses.transfer(scope, row.id, seen, 'moved'),
      after: () => Object.assign(row, { holder: 'moved', generation: row.generation + 1 }),
    }));
  }

  /** One transaction: what is over here is over for no other sequence. */
  async sweep({ which, limit }: AddressStepOf<'sweep'>): Promise<void> {
    const resting = this.model.rows.filter(({ state }) => state !== 'BOUND');
    const over = [...new Set(which.flatMap((choice) => resting[choice % Math.max(1, resting.length)] ?? []))];
    const ids = over.map(({ id }) => id);
    const shift = (sign: '+' | '-'): string =>
      `UPDATE ip_address SET expires_at = expires_at ${sign} interval '1 year', reusable_at = reusable_at ${sign} interval '1 year' WHERE id = ANY($1)`;
    const left = await this.world.system(async (tx) => {
      await tx.run(shift('-'), [ids]);
      assert.equal((await tx.sql('SELECT address_sweep($1)', [limit])).length, Math.min(limit, over.length));
      const rows = await tx.sql<{ id: IpAddressId }>('SELECT id FROM ip_address WHERE id = ANY($1)', [ids]);
      await tx.run(shift('+'), [ids]);
      return rows.map(({ id }) => id);
    });
    assert.equal(left.length, Math.max(0, over.length - limit));
    for (const row of over) if (!left.includes(row.id)) this.model.drop(row);
  }

  async adopt({ subnet: chosen, at }: AddressStepOf<'adopt'>): Promise<void> {
    const subnet = this.subnet(chosen);
    const wanted = at.map((choice) => ({ number: this.number(subnet, choice), key: IdempotencyKey.parse(this.key(null)) }));
    const before = [...this.model.rows];
    let refused: AddressRefusal | undefined;
    for (const { number, key } of wanted) refused ??= this.adoptInModel(subnet, number, key);
    const named = wanted.map(({ number, key }) => ({ address: this.ip(subnet, number), key }));
    const work = this.addresses.adopt(SYSTEM, subnet.id, subnet.tenant, named);
    const refusal = await refusalOf(work);
    assert.equal(refusal?.code, refused && CODE_OF[refused]);
    if (refused) return void (this.model.rows = before);
    for (const { id, address } of await work) {
      const row = this.model.rows.find((one) => one.subnet === subnet && this.ip(subnet, one.address) === address);
      Object.assign(row as AddressRow, { id });
    }
  }

  private adoptInModel(subnet: ModelSubnet, address: number, key: string): AddressRefusal | undefined {
    if (address < subnet.hosts.first || (address > subnet.hosts.last && !subnet.isOpenEnded)) return 'OUT_OF_RANGE';
    const was = this.model.rows.find((row) => row.subnet === subnet && row.address === address);
    if (was && was.state !== 'QUARANTINED') return 'TAKEN';
    if (was) this.model.drop(was);
    const asked = { subnet, tenant: subnet.tenant, key, count: 1, isContiguous: false, isPartial: false, prefer: address, within: null };
    this.model.grant({ ...asked, isHeld: false, args: `adopted ${address}` }, [{ id: '' as IpAddressId, address }]);
    return undefined;
  }

  async rebuild({ subnet }: AddressStepOf<'rebuild'>): Promise<void> {
    await this.world.system((tx) => tx.sql('SELECT address_rebuild($1)', [this.subnet(subnet).id]));
  }

  async addRange({ subnet: chosen, at, size, kind }: AddressStepOf<'addRange'>): Promise<void> {
    const subnet = this.subnet(chosen);
    const extent = { first: this.number(subnet, at), last: this.number(subnet, at) + size - 1 };
    const { hosts, ranges } = subnet;
    const isInside = extent.first >= hosts.first && (subnet.isOpenEnded || extent.last <= hosts.last);
    const overlaps = ranges.some((range) => range.first <= extent.last && extent.first <= range.last);
    const range = { ...this.named(subnet, extent), kind, reason: 'printers' };
    const refusal = await refusalOf(this.world.system((tx) => this.world.get(SubnetService).addRange(tx, subnet.id, range)));
    assert.equal(refusal?.code, !isInside ? 'OUT_OF_RANGE' : overlaps ? 'OVERLAPS' : undefined);
    if (!refusal) subnet.ranges.push({ ...extent, kind });
  }

  async removeRange({ subnet: chosen, which }: AddressStepOf<'removeRange'>): Promise<void> {
    const subnet = this.subnet(chosen);
    const range = subnet.ranges[which % Math.max(1, subnet.ranges.length)];
    const first = this.ip(subnet, range?.first ?? subnet.hosts.first);
    const refusal = await refusalOf(this.world.system((tx) => this.world.get(SubnetService).removeRange(tx, subnet.id, first)));
    assert.equal(refusal?.code, range ? undefined : 'OUT_OF_RANGE');
    subnet.ranges = subnet.ranges.filter((one) => one !== range);
  }

  async quota({ tenant, max }: AddressStepOf<'quota'>): Promise<void> {
    const whose = this.world.tenants[tenant % this.world.tenants.length] as TenantId;
    const limit = max === null ? null : BigInt(max);
    await this.world.system((tx) => this.world.get(SubnetService).setQuota(tx, whose, this.ground.spaceId, limit));
    if (max === null) this.model.quotas.delete(whose);
    else this.model.quotas.set(whose, max);
  }

  private compare(request: Asked, planned: PlannedAddresses, answer: Answer, areFactsFresh: boolean): void {
    const said = `instead: ${answer.code} ${JSON.stringify(answer.facts)}`;
    switch (planned.outcome) {
      case 'REPLAYED':
        assert.equal(answer.outcome, 'REPLAYED', said);
        return assert.deepEqual(
          answer.rows,
          planned.rows.map(({ id, address }) => ({ id, address })),
        );
      case 'OK':
        assert.equal(answer.outcome, 'OK', said);
        assert.deepEqual(
          answer.rows.map(({ address }) => address),
          planned.addresses,
        );
        return this.model.grant(request, answer.rows);
      default:
        assert.equal(answer.code, CODE_OF[planned.outcome], `${planned.outcome}, ${said}`);
        if (areFactsFresh) expect(answer.facts).toMatchObject(this.factsOf(request, planned));
    }
  }

  private factsOf(request: Asked, planned: PlannedAddresses & { readonly room?: number; readonly address?: number }): object {
    const { subnet, count } = request;
    if (planned.outcome === 'QUOTA') return { room: planned.room };
    if (planned.outcome === 'TAKEN') {
      const row = this.model.rows.find((one) => one.subnet === subnet && one.address === planned.address);
      return { address: this.ip(subnet, planned.address ?? 0), ...(row && { state: row.state }) };
    }
    if (planned.outcome !== 'EXHAUSTED' || subnet.isOpenEnded) return {};
    const choice = this.model.choice(request);
    const longest = Math.max(0, ...runsOf(choice).map(({ first, last }) => last - first + 1));
    return { wanted: count, free: choice.length, largestFreeBlock: longest };
  }

  private async send({ door, subnet, tenant, key, prefer, within, count, isContiguous, isPartial, isHeld }: Asked): Promise<Answer> {
    const scope = tenantScope(tenant, 'model');
    const request: AddressRequest = {
      subnetId: subnet.id,
      tenantId: tenant,
      key: IdempotencyKey.parse(key),
      count,
      isContiguous,
      isPartial,
      ...(prefer !== null && { prefer: this.ip(subnet, prefer) }),
      ...(within !== null && { within: this.named(subnet, within) }),
      ...(isHeld && { ttlSeconds: HOLD_SECONDS }),
    };
    try {
      const { allocations, replayed } = await (door === 'service'
        ? this.addresses.allocate(scope, request)
        : this.world.db.inTransaction(scope, (tx) => this.addresses.allocateIn(tx, request)));
      const base = this.base(subnet);
      const rows = allocations.map(({ id, address }) => ({ id, address: Number(Ip.toBigInt(address) - base) }));
      return { outcome: replayed ? 'REPLAYED' : 'OK', rows };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { outcome: 'REFUSED', rows: [], code: error.code, facts: error.facts };
    }
  }

  private request(ask: AddressAsk, door: Asked['door'], more?: Pick<AddressTake, 'count' | 'isContiguous' | 'isPartial'>): Asked {
    const earlier = this.asked.filter((one) => one.door === door);
    if (ask.again !== null && earlier.length > 0) return { ...(earlier[ask.again % earlier.length] as Asked) };
    const subnet = this.subnet(ask.subnet);
    const tenant = ask.byOther ? (this.world.tenants.find((one) => one !== subnet.tenant) as TenantId) : subnet.tenant;
    const [prefer, isHeld] = [ask.prefer === null ? null : this.number(subnet, ask.prefer), ask.isHeld];
    const within = ask.within && this.within(subnet, ask.within);
    const { count, isContiguous, isPartial } = more ?? { count: 1, isContiguous: false, isPartial: false };
    const args = JSON.stringify([subnet.id, count, isContiguous, isPartial, prefer, within, isHeld]);
    const request: Asked = { subnet, tenant, key: this.key(ask.key), prefer, within, count, isContiguous, isPartial, isHeld, args, door };
    this.asked.push(request);
    return request;
  }

  private within(subnet: ModelSubnet, { at, size, isRange }: NonNullable<AddressAsk['within']>): Extent {
    const range = subnet.ranges[at % Math.max(1, subnet.ranges.length)];
    if (isRange && range) return { first: range.first, last: range.last };
    const first = this.number(subnet, at);
    return { first, last: first + size - 1 };
  }

  private subnet(choice: number): ModelSubnet {
    return this.model.subnets[choice % this.model.subnets.length] as ModelSubnet;
  }

  /** One of the subnet, or just outside of it. */
  private number({ hosts }: ModelSubnet, choice: number): number {
    return hosts.first - 2 + (choice % (Math.min(hosts.last, 400) - hosts.first + 5));
  }

  private base(subnet: ModelSubnet): bigint {
    return this.ground.bases.get(subnet) as bigint;
  }

  private ip(subnet: ModelSubnet, number: number): Ip {
    return Ip.fromBigInt(this.ground.family, this.base(subnet) + BigInt(number));
  }

  private named(subnet: ModelSubnet, { first, last }: Extent): { first: Ip; last: Ip } {
    return { first: this.ip(subnet, first), last: this.ip(subnet, last) };
  }

  private key(choice: number | null): string {
    return `k${choice === null || this.serial === 0 ? ++this.serial : 1 + (choice % this.serial)}-${this.name}`;
  }
}
