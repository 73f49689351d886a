import { Injectable } from '@nestjs/common';
import {
  AddressAllocationService,
  type AddressRequest,
  PrefixAllocationService,
  type PrefixRequest,
  SubnetService,
} from '#contexts/addressing';
import { NumberAllocationService, NumberingService, type NumberKind, type NumberRequest } from '#contexts/numbering';
import {
  type Cidr,
  ID_PREFIXES,
  invalidValue,
  type IpAddressId,
  notFound,
  type PoolId,
  type PrefixPoolId,
  type SubnetId,
  type TenantId,
  type VlanDomainId,
} from '#engines/kernel';
import { Database, type Scope } from '#platform';
import { type Desk, deskOf, type NewOwner } from './desk.js';
import { type Given, givenAddress, givenNumber, givenPrefix, type Grant, toGrant } from './given.js';
import { rehearse } from './rehearse.js';

export interface AllocateOptions {
  /** Everything is done and undone again: the answer is true, and nothing of it stays. */
  readonly isDryRun: boolean;
}

/**
 * The counter: what other systems are given, and what becomes of it, whatever its kind. An allocation is named by its public id: `alc_…` a number,
 * `pfx_…` a prefix, `ip_…` an address. Who may do what for which tenant is decided before, see `tenantIn`.
 */
@Injectable()
export class AllocationService {
  /** By the prefix of public ids. */
  private readonly desks: ReadonlyMap<string, Desk>;

  constructor(
    private readonly db: Database,
    private readonly numbers: NumberAllocationService,
    private readonly numbering: NumberingService,
    private readonly prefixes: PrefixAllocationService,
    private readonly addresses: AddressAllocationService,
    private readonly subnets: SubnetService,
  ) {
    this.desks = new Map([
      [ID_PREFIXES.allocation, deskOf('allocation', numbers, givenNumber)],
      [ID_PREFIXES.prefix, deskOf('prefix', prefixes, givenPrefix)],
      [ID_PREFIXES.ipAddress, deskOf('ipAddress', this.keeperOfAddresses(), givenAddress)],
    ]);
  }

  /** @throws DomainError as `NumberAllocationService.allocate`. */
  async allocateNumbers(scope: Scope, request: NumberRequest, { isDryRun }: AllocateOptions): Promise<Grant> {
    const { numbers, db } = this;
    return toGrant(
      await (isDryRun ? rehearse(db, scope, (tx) => numbers.allocateIn(tx, request)) : numbers.allocate(scope, request)),
      givenNumber,
    );
  }

  /** @throws DomainError as `PrefixAllocationService.allocate`. */
  async allocatePrefixes(scope: Scope, request: PrefixRequest, { isDryRun }: AllocateOptions): Promise<Grant> {
    const { prefixes, db } = this;
    return toGrant(
      await (isDryRun ? rehearse(db, scope, (tx) => prefixes.allocateIn(tx, request)) : prefixes.allocate(scope, request)),
      givenPrefix,
    );
  }

  /** @throws DomainError as `AddressAllocationService.allocate`. */
  async allocateAddresses(scope: Scope, request: AddressRequest, { isDryRun }: AllocateOptions): Promise<Grant> {
    const { addresses, db } = this;
    return toGrant(
      await (isDryRun ? rehearse(db, scope, (tx) => addresses.allocateIn(tx, request)) : addresses.allocate(scope, request)),
      givenAddress,
    );
  }

  /** Whose the addresses of a subnet are. @throws DomainError NOT_FOUND. */
  async tenantOfSubnet(scope: Scope, id: SubnetId): Promise<TenantId> {
    return (await this.db.inTransaction(scope, (tx) => this.subnets.subnet(tx, id))).tenantId;
  }

  /** No round trip: what kind a pool gives is remembered. @throws DomainError NOT_FOUND | INVALID_VALUE (another kind). */
  async poolGives(poolId: PoolId, kinds: readonly NumberKind[]): Promise<void> {
    const kind = await this.numbers.kindOf(poolId);
    if (!kinds.includes(kind)) throw invalidValue('pool', `of ${kind}`, `a pool of ${kinds.join(' or ')}`);
  }

  kindOf(poolId: PoolId): Promise<NumberKind> {
    return this.numbers.kindOf(poolId);
  }

  /** @throws DomainError NOT_FOUND. */
  poolOfVlanDomain(scope: Scope, id: VlanDomainId): Promise<PoolId> {
    return this.db.inTransaction(scope, (tx) => this.numbering.poolOfVlanDomain(tx, id));
  }

  /** HELD → BOUND. @param generation the one that was read. @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE | IN_USE. */
  bind(scope: Scope, publicId: string, generation: number, holder: string | null): Promise<Given> {
    return this.desk(publicId).bind(scope, publicId, generation, holder);
  }

  /** From now on. @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE | IN_USE | INVALID_VALUE. */
  extend(scope: Scope, publicId: string, generation: number, ttlSeconds: number): Promise<Given> {
    return this.desk(publicId).extend(scope, publicId, generation, ttlSeconds);
  }

  /** @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE | IN_USE | IDEMPOTENCY_KEY_REUSED. */
  transfer(scope: Scope, publicId: string, generation: number, to: NewOwner): Promise<Given> {
    return this.desk(publicId).transfer(scope, publicId, generation, to);
  }

  /** @returns undefined when it was free at once. @throws NOT_FOUND | VERSION_CONFLICT | IN_USE. */
  release(scope: Scope, publicId: string, generation: number | null, reason: string | null): Promise<Given | undefined> {
    return this.desk(publicId).release(scope, publicId, generation, reason);
  }

  /** @throws NOT_FOUND, whatever the id is. */
  find(scope: Scope, publicId: string): Promise<Given> {
    const desk = this.desk(publicId);
    return this.db.inTransaction(scope, (tx) => desk.find(tx, publicId));
  }

  /** Numbers, then prefixes, then addresses: each may have the same key, and several values. */
  findByKey(scope: Scope, tenantId: TenantId, key: string): Promise<Given[]> {
    return this.db.inTransaction(scope, async (tx) => {
      const found: Given[] = [];
      for (const desk of this.desks.values()) found.push(...(await desk.findByKey(tx, tenantId, key)));
      return found;
    });
  }

  /** A page of what a pool has given, in rising order of value, as far as the scope may see it. */
  ofNumberPool(scope: Scope, poolId: PoolId, after: number | null, limit: number): Promise<Given[]> {
    return this.db.inTransaction(scope, async (tx) => (await this.numbers.allocationsOfPool(tx, poolId, after, limit)).map(givenNumber));
  }

  ofPrefixPool(scope: Scope, poolId: PrefixPoolId, after: Cidr | null, limit: number): Promise<Given[]> {
    return this.db.inTransaction(scope, async (tx) => (await this.prefixes.allocationsOfPool(tx, poolId, after, limit)).map(givenPrefix));
  }

  /** An address is its subnet's: it goes to another holder, not to another tenant. */
  private keeperOfAddresses() {
    const { addresses, db } = this;
    return {
      bind: addresses.bind.bind(addresses),
      extend: addresses.extend.bind(addresses),
      release: addresses.release.bind(addresses),
      allocation: addresses.allocation.bind(addresses),
      allocationsOfKey: addresses.allocationsOfKey.bind(addresses),
      transfer: async (scope: Scope, id: IpAddressId, generation: number, { tenantId, holder }: NewOwner) => {
        const { tenantId: owner } = await db.inTransaction(scope, (tx) => addresses.allocation(tx, id));
        if (owner !== tenantId)
          throw invalidValue('tenant', 'of another', 'the tenant of the subnet: an address goes where its subnet goes');
        return addresses.transfer(scope, id, generation, holder);
      },
    };
  }

  private desk(publicId: string): Desk {
    const desk = this.desks.get(publicId.slice(0, Math.max(publicId.indexOf('_'), 0)));
    if (!desk) throw notFound('allocation', publicId);
    return desk;
  }
}
