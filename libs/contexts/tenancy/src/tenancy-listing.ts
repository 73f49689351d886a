import { Injectable } from '@nestjs/common';
import { type Description, type Label, type NetworkId, notFound, type RouteTarget, type TenantId, type VrfId } from '#engines/kernel';
import type { Tx } from '#platform';
import {
  type ListedNetwork,
  type ListedRouteTarget,
  type ListedTenant,
  type ListedVrf,
  type Stretch,
  TenancyListingStore,
} from './store/tenancy-listing.store.js';

/** What other systems are told of tenancy, in pages, and what people who write there may say of it. */
@Injectable()
export class TenancyListing {
  constructor(private readonly store: TenancyListingStore) {}

  tenants(tx: Tx, stretch: Stretch<TenantId>): Promise<ListedTenant[]> {
    return this.store.tenants(tx, stretch);
  }

  tenantsById(tx: Tx, ids: readonly TenantId[]): Promise<ListedTenant[]> {
    return this.store.tenantsById(tx, ids);
  }

  vrfs(tx: Tx, stretch: Stretch<VrfId>): Promise<ListedVrf[]> {
    return this.store.vrfs(tx, stretch);
  }

  vrfsById(tx: Tx, ids: readonly VrfId[]): Promise<ListedVrf[]> {
    return this.store.vrfsById(tx, ids);
  }

  networks(tx: Tx, stretch: Stretch<NetworkId>): Promise<ListedNetwork[]> {
    return this.store.networks(tx, stretch);
  }

  networksById(tx: Tx, ids: readonly NetworkId[]): Promise<ListedNetwork[]> {
    return this.store.networksById(tx, ids);
  }

  /** In the order of their texts, octet by octet. */
  routeTargets(tx: Tx, stretch: Stretch<RouteTarget>): Promise<ListedRouteTarget[]> {
    return this.store.routeTargets(tx, stretch);
  }

  routeTargetsByText(tx: Tx, texts: readonly RouteTarget[]): Promise<ListedRouteTarget[]> {
    return this.store.routeTargetsByText(tx, texts);
  }

  /** The caller audits it, as the next. @throws NOT_FOUND. */
  async describe(
    tx: Tx,
    of: { readonly tenant: TenantId } | { readonly vrf: VrfId } | { readonly network: NetworkId },
    description: Description | null,
  ): Promise<void> {
    const [kind, id] = Object.entries(of)[0] as ['tenant' | 'vrf' | 'network', string];
    if (!(await this.store.describe(tx, kind, id, description))) throw notFound(kind, id);
  }

  async renameTenant(tx: Tx, id: TenantId, name: Label): Promise<void> {
    if (!(await this.store.renameTenant(tx, id, name))) throw notFound('tenant', id);
  }
}
