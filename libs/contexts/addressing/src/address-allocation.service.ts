import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { DomainError, invalidValue, Ip, type IpAddressId, isDomainError, notFound, type SubnetId, type TenantId } from '#engines/kernel';
import { atPath, Database, isWorthAnotherTry, MicroBatch, newId, type Scope, type Tx, violatedConstraint } from '#platform';
import { AddressRefusals } from './address-refusals.js';
import { checkCount, checkedHolder, checkTtl, fingerprintOf, newborn, refusedAt } from './allocation-request.js';
import type { AddressAllocation, AddressRequest, AdoptedAddress, Granted } from './domain/allocation.js';
import { inUse, invalidState, keyReused, versionConflict } from './domain/errors.js';
import { nameTaken } from './name-taken.js';
import { AddressAllocationStore, type BatchedAddress, type TakenAddress } from './store/address-allocation.store.js';

/**
 * Addresses for other systems. Plain requests for one address go through a micro-batch, all subnets together; everything else has a transaction of
 * its own. An address belongs to the tenant of its subnet. Who may ask for which tenant is decided before.
 */
@Injectable()
export class AddressAllocationService {
  private readonly batch: MicroBatch<BatchedAddress, TakenAddress>;

  constructor(
    private readonly db: Database,
    private readonly store: AddressAllocationStore,
    private readonly refusals: AddressRefusals,
    private readonly audit: AuditService,
  ) {
    this.batch = new MicroBatch({
      isWorthHalving: isWorthAnotherTry,
      identity: ({ tenantId, key }) => `${tenantId} ${key}`,
      send: (requests) => store.allocate(db, requests),
    });
  }

  /**
   * @throws DomainError NOT_FOUND | IDEMPOTENCY_KEY_REUSED | POOL_EXHAUSTED | QUOTA_EXCEEDED | ALREADY_EXISTS (the preferred address, the name or the
   * MAC address is taken) | OUT_OF_RANGE (not a host of the subnet, reserved, or in a DHCP range that was not named) | INVALID_VALUE.
   */
  async allocate(scope: Scope, request: AddressRequest): Promise<Granted<AddressAllocation>> {
    checkRequest(request);
    // A name or a MAC address that is taken must not fail the others of a batch.
    const isPlain =
      (request.count ?? 1) === 1 && request.mac === undefined && request.dnsName === undefined && (request.role ?? 'HOST') === 'HOST';
    if (!isPlain) return this.db.inTransaction(scope, (tx) => this.allocateIn(tx, request));
    const submitted: BatchedAddress = {
      id: newId<IpAddressId>(),
      actor: scope.actor,
      subnetId: request.subnetId,
      tenantId: request.tenantId,
      key: request.key,
      fingerprint: fingerprint(request),
      prefer: request.prefer ?? null,
      first: request.within?.first ?? null,
      last: request.within?.last ?? null,
      ttlSeconds: request.ttlSeconds ?? null,
      holder: request.holder ?? null,
      externalRef: request.externalRef ?? null,
    };
    const taken = await this.batch.submit(submitted).catch((error: unknown) => {
      throw takenElsewhere(error, request) ?? error;
    });
    if (taken.id === null) throw await this.db.inTransaction(scope, (tx) => this.refusals.explain(tx, taken, request));
    if (taken.outcome === 'REPLAYED' || !taken.at) {
      const granted = await this.db.inTransaction(scope, (tx) => this.granted(tx, [taken]));
      // A hold that was swept, or a value that was released, between the two looks: the key is free again.
      return granted.allocations.length > 0 ? granted : this.allocate(scope, request);
    }
    const { id, subnetId, tenantId, key, holder, externalRef } = submitted;
    const born = newborn(taken.at, submitted.ttlSeconds);
    const plain = { role: 'HOST', mac: null, dnsName: null, holderKind: 'external' } as const;
    return {
      allocations: [{ id, subnetId, tenantId, key, holder, externalRef, address: taken.address as Ip, ...plain, ...born }],
      replayed: false,
    };
  }

  /** The same in an open transaction, beside other effects of it. The caller takes subnets in the order of their ids. */
  async allocateIn(tx: Tx, request: AddressRequest): Promise<Granted<AddressAllocation>> {
    checkRequest(request);
    let taken: TakenAddress[];
    try {
      taken = await this.store.take(tx, {
        ids: Array.from({ length: request.count ?? 1 }, () => newId<IpAddressId>()),
        subnetId: request.subnetId,
        tenantId: request.tenantId,
        key: request.key,
        fingerprint: fingerprint(request),
        isContiguous: request.isContiguous ?? false,
        isPartial: request.isPartial ?? false,
        prefer: request.prefer ?? null,
        first: request.within?.first ?? null,
        last: request.within?.last ?? null,
        ttlSeconds: request.ttlSeconds ?? null,
        role: request.role ?? 'HOST',
        mac: request.mac ?? null,
        dnsName: request.dnsName ?? null,
        holderKind: 'external',
        holder: request.holder ?? null,
        externalRef: request.externalRef ?? null,
      });
    } catch (error) {
      throw takenElsewhere(error, request) ?? error;
    }
    const [first] = taken;
    if (!first || first.id === null) throw await this.refusals.explain(tx, first ?? { outcome: 'EXHAUSTED' }, request);
    const granted = await this.granted(tx, taken);
    if (!granted.replayed) await this.told(tx, 'address.allocated', granted.allocations);
    return granted;
  }

  /** HELD → BOUND. @param generation the one that was read. @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE. */
  bind(scope: Scope, id: IpAddressId, generation: number, holder: string | null = null): Promise<AddressAllocation> {
    return this.changed(scope, id, generation, 'address.bound', ['HELD'], (tx) =>
      this.store.bind(tx, id, generation, checkedHolder(holder)),
    );
  }

  /** From now on. @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE | INVALID_VALUE. */
  async extend(scope: Scope, id: IpAddressId, generation: number, ttlSeconds: number): Promise<AddressAllocation> {
    checkTtl(ttlSeconds);
    return this.changed(scope, id, generation, 'address.extended', ['HELD'], (tx) => this.store.extend(tx, id, generation, ttlSeconds));
  }

  /** To another holder; the tenant is the subnet's. @throws NOT_FOUND | VERSION_CONFLICT | INVALID_STATE | IN_USE. */
  async transfer(scope: Scope, id: IpAddressId, generation: number, holder: string | null): Promise<AddressAllocation> {
    const to = checkedHolder(holder);
    return this.changed(scope, id, generation, 'address.transferred', ['HELD', 'BOUND'], (tx) =>
      this.store.transfer(tx, id, generation, to),
    );
  }

  /**
   * Into quarantine; a hold, or an address of a subnet without quarantine, is free at once. Released already is released: no error.
   * @param generation the one that was read; null: whatever it is. @param reason for the audit.
   * @returns the allocation as it rests, or undefined when it is gone. @throws NOT_FOUND | VERSION_CONFLICT | IN_USE (a gateway, or of an order).
   */
  async release(
    scope: Scope,
    id: IpAddressId,
    generation: number | null,
    reason: string | null = null,
  ): Promise<AddressAllocation | undefined> {
    return this.db.inTransaction(scope, async (tx) => {
      const before = await this.allocation(tx, id);
      if (before.state === 'QUARANTINED') return before;
      const released = await this.store.release(tx, id, { generation, isUnused: false, holderKind: 'external' });
      if (released === 'NOT_FOUND') throw notFound('ipAddress', id);
      if (released === 'VERSION_CONFLICT') throw versionConflict((await this.allocation(tx, id)).generation);
      if (released === 'IN_USE') throw inUse(before.holderKind);
      await this.told(tx, 'address.released', [before], reason === null ? {} : { reason });
      return this.store.byId(tx, id);
    });
  }

  /**
   * Takes over addresses that stations have already, all or none, reserved or resting though they may be. For millions see `AddressingImporter`.
   * @throws ALREADY_EXISTS | OUT_OF_RANGE | NOT_FOUND | IDEMPOTENCY_KEY_REUSED; `facts.path` is the place of the address among them.
   */
  adopt(scope: Scope, subnetId: SubnetId, tenantId: TenantId, addresses: readonly AdoptedAddress[]): Promise<AddressAllocation[]> {
    return this.db.inTransaction(scope, (tx) => this.adoptIn(tx, subnetId, tenantId, addresses));
  }

  /** The same in an open transaction. The caller takes subnets in the order of their ids. */
  async adoptIn(tx: Tx, subnetId: SubnetId, tenantId: TenantId, addresses: readonly AdoptedAddress[]): Promise<AddressAllocation[]> {
    const ids: IpAddressId[] = [];
    const fresh = new Set<IpAddressId>();
    for (const [index, address] of addresses.entries()) {
      atPath([index, 'holder'], () => checkedHolder(address.holder ?? null));
      const { outcome, id } = await this.adoptOne(tx, subnetId, tenantId, address).catch((error: unknown) => {
        throw isDomainError(error) ? refusedAt(index, error) : error;
      });
      if (id === null || outcome === 'KEY_REUSED') {
        const refused = { subnetId, tenantId, key: address.key };
        throw refusedAt(index, await this.refusals.explain(tx, { outcome, address: address.address }, refused));
      }
      ids.push(id);
      if (outcome === 'OK') fresh.add(id);
    }
    const allocations = await this.store.byIds(tx, ids);
    await this.told(
      tx,
      'address.adopted',
      allocations.filter(({ id }) => fresh.has(id)),
    );
    return allocations;
  }

  /** @throws NOT_FOUND. */
  async allocation(tx: Tx, id: IpAddressId): Promise<AddressAllocation> {
    const allocation = await this.store.byId(tx, id);
    if (!allocation) throw notFound('ipAddress', id);
    return allocation;
  }

  allocationsOfKey(tx: Tx, tenantId: TenantId, key: string): Promise<AddressAllocation[]> {
    return this.store.byKey(tx, tenantId, key);
  }

  /** In rising order. */
  allocationsOfSubnet(tx: Tx, subnetId: SubnetId, after: Ip | null, limit: number): Promise<AddressAllocation[]> {
    return this.store.ofSubnet(tx, subnetId, after, limit);
  }

  private async adoptOne(tx: Tx, subnetId: SubnetId, tenantId: TenantId, address: AdoptedAddress) {
    try {
      return await this.store.adopt(tx, {
        id: newId<IpAddressId>(),
        subnetId,
        tenantId,
        address: address.address,
        key: address.key,
        fingerprint: fingerprintOf(['adopted', subnetId, address.address]),
        role: address.role ?? 'HOST',
        mac: address.mac ?? null,
        dnsName: address.dnsName ?? null,
        holder: address.holder ?? null,
        externalRef: address.externalRef ?? null,
      });
    } catch (error) {
      throw takenElsewhere(error, address) ?? error;
    }
  }

  private async granted(tx: Tx, taken: readonly TakenAddress[]): Promise<Granted<AddressAllocation>> {
    const ids = taken.flatMap(({ id }) => id ?? []);
    const byId = new Map((await this.store.byIds(tx, ids)).map((row) => [row.id, row]));
    return { allocations: ids.flatMap((id) => byId.get(id) ?? []), replayed: taken[0]?.outcome === 'REPLAYED' };
  }

  private async changed(
    scope: Scope,
    id: IpAddressId,
    generation: number,
    action: string,
    allowed: readonly string[],
    change: (tx: Tx) => Promise<boolean>,
  ): Promise<AddressAllocation> {
    return this.db.inTransaction(scope, async (tx) => {
      const before = await this.allocation(tx, id);
      if (before.holderKind !== 'external') throw inUse(before.holderKind);
      if (!(await change(tx))) {
        const now = await this.allocation(tx, id);
        throw now.generation !== generation ? versionConflict(now.generation) : invalidState(now.state, allowed);
      }
      const after = await this.allocation(tx, id);
      await this.told(tx, action, [after]);
      return after;
    });
  }

  private async told(tx: Tx, action: string, allocations: readonly AddressAllocation[], more: object = {}): Promise<void> {
    for (const { id, tenantId, subnetId, address } of allocations)
      await this.audit.append(tx, {
        tenantId,
        action,
        subjectKind: 'ipAddress',
        subjectId: id,
        detail: { subnet: subnetId, address, ...more },
      });
  }
}

function checkRequest({ count = 1, ttlSeconds, holder, dnsName, mac, within }: AddressRequest): void {
  checkCount(count);
  if (ttlSeconds !== undefined) checkTtl(ttlSeconds);
  if (count > 1 && (dnsName !== undefined || mac !== undefined)) throw invalidValue('count', count, '1 with a name or a MAC address');
  if (within && (Ip.family(within.first) !== Ip.family(within.last) || Ip.toBigInt(within.first) > Ip.toBigInt(within.last)))
    throw invalidValue('range', `${within.first}-${within.last}`, 'first ≤ last, both of one family');
  checkedHolder(holder ?? null);
}

function fingerprint(request: AddressRequest): string {
  const {
    subnetId,
    prefer,
    within,
    role = 'HOST',
    count = 1,
    isContiguous = false,
    isPartial = false,
    ttlSeconds,
    mac,
    dnsName,
    holder,
    externalRef,
  } = request;
  return fingerprintOf([
    subnetId,
    prefer,
    within?.first,
    within?.last,
    role,
    count,
    isContiguous,
    isPartial,
    ttlSeconds,
    mac,
    dnsName,
    holder,
    externalRef,
  ]);
}

/** The error of a unique name or station, in words; undefined for any other. */
export function nameOrMacTaken(
  error: unknown,
  { dnsName, mac }: { dnsName?: string | null; mac?: string | null },
): DomainError | undefined {
  if (violatedConstraint(error) !== 'ip_address_mac_unique') return nameTaken(error, dnsName ?? null);
  return new DomainError('ALREADY_EXISTS', `the MAC address ${mac} has an address in this subnet already`, { mac }, { cause: error });
}

/** A key that won in another subnet a moment ago stands for that request: one for this subnet would have waited for its lock. */
const takenElsewhere = (error: unknown, request: { key: string; dnsName?: string; mac?: string }): DomainError | undefined =>
  violatedConstraint(error) === 'ip_address_key_unique' ? keyReused(request.key) : nameOrMacTaken(error, request);
