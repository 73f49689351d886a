import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import {
  type AddressSpaceId,
  type Cidr,
  type DomainError,
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
import { AddressRefusals } from './address-refusals.js';
import type { AddressExtent, Outcome } from './domain/allocation.js';
import { inUse, versionConflict } from './domain/errors.js';
import type { Subnet } from './domain/subnet.js';
import { AddressAllocationStore } from './store/address-allocation.store.js';
import {
  AddressLookupStore,
  type AddressQuestion,
  type FoundAddress,
  type FoundRange,
  type Page,
  type RangeQuestion,
  type Realm,
  type StationAddress,
  type SubnetQuestion,
} from './store/address-lookup.store.js';
import { PrefixAllocationStore } from './store/prefix-allocation.store.js';

/** What stands in the way: of an address that was named, or the room that a quota leaves. */
export interface RefusedAddress {
  readonly outcome: Outcome;
  readonly address: Ip | null;
  readonly room: bigint | null;
}

/** For callers who know values and not ids: which subnet, which address, and what rests of both. Nothing outside of the realm is found. */
@Injectable()
export class AddressLookup {
  constructor(
    private readonly store: AddressLookupStore,
    private readonly addressStore: AddressAllocationStore,
    private readonly prefixStore: PrefixAllocationStore,
    private readonly refusals: AddressRefusals,
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

  /** DHCP ranges, in rising order. */
  dhcpRanges(tx: Tx, realm: Realm, question: RangeQuestion, page: Page): Promise<{ rows: FoundRange[]; count: number }> {
    return this.store.dhcpRanges(tx, realm, question, page);
  }

  /** What is said of a range. @throws nothing: a range that is gone stays gone. */
  async describeRange(
    tx: Tx,
    tenantId: TenantId,
    { subnetId, first }: Pick<FoundRange, 'subnetId' | 'first'>,
    reason: string,
  ): Promise<void> {
    await this.store.changeReason(tx, subnetId, first, reason);
    const detail = { first, reason };
    await this.audit.append(tx, { tenantId, action: 'subnet.range-changed', subjectKind: 'subnet', subjectId: subnetId, detail });
  }

  /** What is free, in rising order: of a DHCP range, or of the subnet without its ranges. */
  free(tx: Tx, subnetId: SubnetId, within: AddressExtent | null, limit: number): Promise<AddressExtent[]> {
    return this.store.free(tx, subnetId, within, limit);
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
   * Another station, name or description of an address that a caller outside holds. @param generation the one that was read. @param key by which its
   * caller knows it from now on, and no longer by the former station's; where another address has it, by none.
   * @throws NOT_FOUND | VERSION_CONFLICT | IN_USE (of an order, or a gateway) | ALREADY_EXISTS (name or MAC address).
   */
  async changeStation(
    tx: Tx,
    id: IpAddressId,
    generation: number,
    to: { readonly mac: Mac | null; readonly dnsName: Fqdn | null; readonly description: string | null },
    key?: string,
  ): Promise<void> {
    const before = await this.addressStore.byId(tx, id);
    if (!before) throw notFound('ipAddress', id);
    if (before.generation !== generation) throw versionConflict(before.generation);
    if (before.holderKind !== 'external') throw inUse(before.holderKind);
    const isChanged = await this.store.changeStation(tx, id, generation, to, key ?? null).catch((error: unknown) => {
      throw nameOrMacTaken(error, to) ?? error;
    });
    if (!isChanged) throw versionConflict(generation + 1);
    const { tenantId, subnetId, address } = before;
    await this.audit.append(tx, {
      tenantId,
      action: 'address.changed',
      subjectKind: 'ipAddress',
      subjectId: id,
      detail: { subnet: subnetId, address, mac: to.mac, dnsName: to.dnsName, description: to.description },
    });
  }

  /** Why an address was not given, in words. */
  refusal(tx: Tx, refused: RefusedAddress, request: Parameters<AddressRefusals['explain']>[2]): Promise<DomainError> {
    return this.refusals.explain(tx, refused, request);
  }

  /** By another address of the same family, whoever has it: nothing else of it is told. */
  isNameTaken(tx: Tx, name: Fqdn, besides: Pick<StationAddress, 'id' | 'address'>): Promise<boolean> {
    return tx.asSystem((whole) => this.store.isNameTaken(whole, name, besides));
  }
}
