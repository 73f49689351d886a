import { Injectable } from '@nestjs/common';
import type { Stretch } from '#contexts/tenancy';
import { type AddressSpaceId, type Cidr, type Description, type Ip, type IpAddressId, notFound, type PrefixId } from '#engines/kernel';
import type { Tx } from '#platform';
import {
  AddressingListingStore,
  type ListedAddress,
  type ListedPrefix,
  type ListedRange,
  type RangeKey,
  type SubnetOfHost,
} from './store/addressing-listing.store.js';

/** What other systems are told of prefixes and addresses, in pages, and what people who write there may say of them. */
@Injectable()
export class AddressingListing {
  constructor(private readonly store: AddressingListingStore) {}

  prefixes(tx: Tx, stretch: Stretch<PrefixId>): Promise<ListedPrefix[]> {
    return this.store.prefixes(tx, stretch);
  }

  prefixesById(tx: Tx, ids: readonly PrefixId[]): Promise<ListedPrefix[]> {
    return this.store.prefixesById(tx, ids);
  }

  ranges(tx: Tx, stretch: Stretch<RangeKey>): Promise<ListedRange[]> {
    return this.store.ranges(tx, stretch);
  }

  rangesAt(tx: Tx, keys: readonly RangeKey[]): Promise<ListedRange[]> {
    return this.store.rangesAt(tx, keys);
  }

  addresses(tx: Tx, stretch: Stretch<IpAddressId>): Promise<ListedAddress[]> {
    return this.store.addresses(tx, stretch);
  }

  addressesById(tx: Tx, ids: readonly IpAddressId[]): Promise<ListedAddress[]> {
    return this.store.addressesById(tx, ids);
  }

  /** The subnet of each of these hosts; those that are no host of any are left out. */
  async subnetsOf(tx: Tx, spaceId: AddressSpaceId, addresses: readonly Ip[]): Promise<ReadonlyMap<Ip, SubnetOfHost>> {
    return new Map((await this.store.subnetsOf(tx, spaceId, addresses)).map((row) => [row.address, row]));
  }

  /** The smallest container around a prefix, where there is one. */
  async containerAround(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr): Promise<{ cidr: Cidr; isParent: boolean } | undefined> {
    return (await this.store.containersAround(tx, spaceId, cidr))[0];
  }

  /** The caller audits it, as the next. @throws NOT_FOUND. */
  async describe(
    tx: Tx,
    of: { readonly prefix: PrefixId } | { readonly ipAddress: IpAddressId },
    description: Description | null,
  ): Promise<void> {
    if ('prefix' in of) {
      if (!(await this.store.describe(tx, 'prefix', of.prefix, description))) throw notFound('prefix', of.prefix);
    } else if (!(await this.store.describe(tx, 'ip_address', of.ipAddress, description))) throw notFound('ipAddress', of.ipAddress);
  }

  async explainRange(tx: Tx, key: RangeKey, reason: Description | null): Promise<void> {
    if (!(await this.store.explainRange(tx, key, reason ?? ''))) throw notFound('subnet', key.subnetId);
  }
}
