import { Injectable } from '@nestjs/common';
import type { Stretch } from '#contexts/tenancy';
import { type Asn, type Description, type DeviceId, type FabricId, notFound, type VlanDomainId, type VtepId } from '#engines/kernel';
import type { Tx } from '#platform';
import {
  FabricListingStore,
  type ListedDevice,
  type ListedSharedVtep,
  type ListedVlan,
  type ListedVlanDomain,
  type ListedVtep,
  type VlanKey,
} from './store/fabric-listing.store.js';

/** What other systems are told of devices and VLANs, in pages, and what people who write there may say of them. */
@Injectable()
export class FabricListing {
  constructor(private readonly store: FabricListingStore) {}

  vlanDomains(tx: Tx, stretch: Stretch<VlanDomainId>): Promise<ListedVlanDomain[]> {
    return this.store.vlanDomains(tx, stretch);
  }

  vlanDomainsById(tx: Tx, ids: readonly VlanDomainId[]): Promise<ListedVlanDomain[]> {
    return this.store.vlanDomainsById(tx, ids);
  }

  vlanDomainsOf(tx: Tx, fabricId: FabricId): Promise<ListedVlanDomain[]> {
    return this.store.vlanDomainsOf(tx, fabricId);
  }

  vlans(tx: Tx, stretch: Stretch<VlanKey>): Promise<ListedVlan[]> {
    return this.store.vlans(tx, stretch);
  }

  vlansAt(tx: Tx, keys: readonly VlanKey[]): Promise<ListedVlan[]> {
    return this.store.vlansAt(tx, keys);
  }

  devices(tx: Tx, stretch: Stretch<DeviceId>): Promise<ListedDevice[]> {
    return this.store.devices(tx, stretch);
  }

  devicesById(tx: Tx, ids: readonly DeviceId[]): Promise<ListedDevice[]> {
    return this.store.devicesById(tx, ids);
  }

  vteps(tx: Tx, stretch: Stretch<VtepId>): Promise<ListedVtep[]> {
    return this.store.vteps(tx, stretch);
  }

  vtepsById(tx: Tx, ids: readonly VtepId[]): Promise<ListedVtep[]> {
    return this.store.vtepsById(tx, ids);
  }

  /** Pairs of switches, by the lower id of the two. */
  sharedVteps(tx: Tx, stretch: Stretch<DeviceId>): Promise<ListedSharedVtep[]> {
    return this.store.sharedVteps(tx, stretch);
  }

  sharedVtepsOf(tx: Tx, ids: readonly DeviceId[]): Promise<ListedSharedVtep[]> {
    return this.store.sharedVtepsOf(tx, ids);
  }

  /** Each once, in rising order. */
  async asns(tx: Tx, stretch: Stretch<Asn>): Promise<Asn[]> {
    return (await this.store.asns(tx, stretch)).map((row) => row.asn);
  }

  async asnsAmong(tx: Tx, asns: readonly Asn[]): Promise<Asn[]> {
    return (await this.store.asnsAmong(tx, asns)).map((row) => row.asn);
  }

  /** The caller audits it. @throws NOT_FOUND. */
  async describe(tx: Tx, id: DeviceId, description: Description | null): Promise<void> {
    if (!(await this.store.describe(tx, id, description))) throw notFound('device', id);
  }
}
