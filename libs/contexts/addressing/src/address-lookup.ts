import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import {
  type AddressSpaceId,
  type Cidr,
  type Fqdn,
  type Ip,
  type IpAddressId,
  type Mac,
  notFound,
  type PrefixPoolId,
  type SubnetId,
  type TenantId,
} from '#engines/kernel';
import type { Tx } from '#platform';
import { nameOrMacTaken } from './address-allocation.service.js';
import type { AddressAllocation } from './domain/allocation.js';
import { inUse, versionConflict } from './domain/errors.js';
import type { Subnet } from './domain/subnet.js';
import { AddressAllocationStore } from './store/address-allocation.store.js';
import {
  AddressLookupStore,
  type AddressQuestion,
  type FoundAddress,
  type Page,
  type Realm,
  type SubnetQuestion,
} from './store/address-lookup.store.js';
import { PrefixAllocationStore } from './store/prefix-allocation.store.js';

/** For callers who know values and not ids: which subnet, which address, and what rests of both. Nothing outside of the realm is found. */
@Injectable()
export class AddressLookup {
  constructor(
    private readonly store: AddressLookupStore,
    private readonly addressStore: AddressAllocationStore,
    private readonly prefixStore: PrefixAllocationStore,
    private readonly audit: AuditService,
  ) {}

  /** In the order of their prefixes. `count` of all pages, at most 100,000. */
  subnets(tx: Tx, realm: Realm, question: SubnetQuestion, page: Page): Promise<{ rows: Subnet[]; count: number }> {
    return this.store.subnets(tx, realm, question, page);
  }

  /** What is given out, in rising order. */
  addresses(tx: Tx, realm: Realm, question: AddressQuestion, page: Page): Promise<{ rows: FoundAddress[]; count: number }> {
    return this.store.addresses(tx, realm, question, page);
  }

  ranges(tx: Tx, poolIds: readonly PrefixPoolId[]): Promise<{ poolId: PrefixPoolId; spaceId: AddressSpaceId; cidr: Cidr }[]> {
    return this.store.ranges(tx, poolIds);
  }

  /** An address that rests and was this tenant's is free at once: somebody names it again. @returns whether there was one. */
  async wakeAddress(tx: Tx, tenantId: TenantId, subnetId: SubnetId, address: Ip): Promise<boolean> {
    const id = await this.store.restingAddress(tx, tenantId, subnetId, address);
    if (id === undefined) return false;
    await this.addressStore.release(tx, id, { generation: null, isUnused: true, holderKind: null });
    await this.audit.append(tx, {
      tenantId,
      action: 'address.woken',
      subjectKind: 'ipAddress',
      subjectId: id,
      detail: { subnet: subnetId, address },
    });
    return true;
  }

  /** The same of a prefix. */
  async wakePrefix(tx: Tx, tenantId: TenantId, spaceId: AddressSpaceId, cidr: Cidr): Promise<boolean> {
    const id = await this.store.restingPrefix(tx, tenantId, spaceId, cidr);
    if (id === undefined) return false;
    await this.prefixStore.release(tx, id, { generation: null, isUnused: true, holderKind: null });
    await this.audit.append(tx, { tenantId, action: 'prefix.woken', subjectKind: 'prefix', subjectId: id, detail: { cidr } });
    return true;
  }

  /**
   * Another station, name or description of an address that a caller outside holds. @param generation the one that was read.
   * @throws NOT_FOUND | VERSION_CONFLICT | IN_USE (of an order, or a gateway) | ALREADY_EXISTS (name or MAC address).
   */
  async changeStation(
    tx: Tx,
    id: IpAddressId,
    generation: number,
    to: { readonly mac: Mac | null; readonly dnsName: Fqdn | null; readonly description: string | null },
  ): Promise<void> {
    const before = await this.addressStore.byId(tx, id);
    if (!before) throw notFound('ipAddress', id);
    if (before.generation !== generation) throw versionConflict(before.generation);
    if (before.holderKind !== 'external') throw inUse(before.holderKind);
    await this.store.changeStation(tx, id, to).catch((error: unknown) => {
      throw nameOrMacTaken(error, to) ?? error;
    });
    const { tenantId, subnetId, address } = before;
    await this.audit.append(tx, {
      tenantId,
      action: 'address.changed',
      subjectKind: 'ipAddress',
      subjectId: id,
      detail: { subnet: subnetId, address, mac: to.mac, dnsName: to.dnsName },
    });
  }

  /**
   * A held address becomes its station's. @param generation the one that was given. @returns it as it is now.
   * @throws NOT_FOUND (the hold has ended) | VERSION_CONFLICT | ALREADY_EXISTS (name or MAC address).
   */
  async bindStation(
    tx: Tx,
    id: IpAddressId,
    generation: number,
    to: { readonly mac: Mac | null; readonly dnsName: Fqdn | null; readonly description: string | null },
  ): Promise<AddressAllocation> {
    const isBound = await this.store.bindStation(tx, id, generation, to).catch((error: unknown) => {
      throw nameOrMacTaken(error, to) ?? error;
    });
    const now = await this.addressStore.byId(tx, id);
    if (!now) throw notFound('ipAddress', id);
    if (!isBound) throw versionConflict(now.generation);
    const { tenantId, subnetId, address } = now;
    const detail = { subnet: subnetId, address, mac: to.mac, dnsName: to.dnsName };
    await this.audit.append(tx, { tenantId, action: 'address.bound', subjectKind: 'ipAddress', subjectId: id, detail });
    return now;
  }

  /** By an address of the same family, as far as the scope of the transaction may know. */
  isNameTaken(tx: Tx, name: Fqdn, besides: Ip): Promise<boolean> {
    return this.store.isNameTaken(tx, name, besides);
  }
}
