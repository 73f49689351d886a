import { Injectable } from '@nestjs/common';
import {
  type AllocationId,
  DomainError,
  type FabricId,
  Label,
  type NetworkId,
  notFound,
  type PoolId,
  RouteTarget,
  Slug,
  type TenantId,
  type VrfId,
} from '#engines/kernel';
import { AuditService } from '#contexts/events';
import { type ClaimedNumber, NumberingService } from '#contexts/numbering';
import { newId, type Tx, violatedConstraint } from '#platform';
import { INTENDED_STATES, type Network, type NetworkRefusal, type NetworkState, type Tenant, type Vrf } from './domain/network.js';
import { type PageRequest, TenancyStore } from './store/network.store.js';

export interface NewNetwork {
  readonly tenantId: TenantId;
  readonly fabricId: FabricId;
  readonly rtAdministrator: number;
  readonly vrfId: VrfId | null;
  readonly name: Label;
  readonly externalRef: string | null;
  readonly vni: ClaimedNumber;
  readonly evi: ClaimedNumber;
  readonly mtu: number;
}

export interface NewVrf {
  readonly tenantId: TenantId;
  readonly fabricId: FabricId;
  readonly rtAdministrator: number;
  readonly l3vniPoolId: PoolId;
  readonly eviPoolId: PoolId;
  readonly slug: string;
  readonly name: Label;
  readonly key: string;
}

/** Null: imported and exported. */
export interface RunningTarget {
  readonly target: RouteTarget;
  readonly direction: 'IMPORT' | 'EXPORT' | null;
}

/** What devices carry already, under its own name and numbers. */
export interface RunningVrf extends Omit<NewVrf, 'rtAdministrator' | 'l3vniPoolId' | 'eviPoolId' | 'key'> {
  readonly deviceName: string;
  readonly l3vni: ClaimedNumber;
  readonly evi: ClaimedNumber;
  readonly targets: readonly RunningTarget[];
}

/** The same of a network. */
export interface RunningNetwork extends Omit<NewNetwork, 'rtAdministrator' | 'externalRef'> {
  readonly slug: Slug;
  readonly targets: readonly RunningTarget[];
  readonly facts: object;
}

/** Of a network that is retired, what its row does not say. */
export interface KeptNetwork {
  readonly vniAllocationId: AllocationId | null;
  readonly eviAllocationId: AllocationId | null;
  readonly targets: readonly object[];
}

/** Tenants, VRFs and networks: who has what, under which numbers. Prefixes and places are other contexts'. */
@Injectable()
export class TenancyService {
  constructor(
    private readonly store: TenancyStore,
    private readonly numbering: NumberingService,
    private readonly audit: AuditService,
  ) {}

  /** @throws DomainError INVALID_VALUE | ALREADY_EXISTS. */
  async createTenant(tx: Tx, tenant: { slug: string; name: string; externalRef?: string | null }): Promise<Tenant> {
    const id = newId<TenantId>();
    try {
      await this.store.insertTenant(tx, {
        id,
        slug: Slug.parse(tenant.slug),
        name: Label.parse(tenant.name),
        externalRef: tenant.externalRef ?? null,
      });
    } catch (error) {
      if (violatedConstraint(error) !== 'tenant_slug_unique') throw error;
      throw new DomainError('ALREADY_EXISTS', `there is a tenant ${tenant.slug} already`, { slug: tenant.slug }, { cause: error });
    }
    await this.audit.append(tx, { tenantId: id, action: 'tenant.created', subjectKind: 'tenant', subjectId: id });
    return this.tenant(tx, id);
  }

  async tenant(tx: Tx, id: TenantId): Promise<Tenant> {
    const tenant = await this.store.tenant(tx, id);
    if (!tenant) throw notFound('tenant', id);
    return tenant;
  }

  /** In any order; those that are not there are left out. */
  tenantsById(tx: Tx, ids: readonly TenantId[]): Promise<Tenant[]> {
    return this.store.tenantsById(tx, ids);
  }

  async tenantBySlug(tx: Tx, slug: string): Promise<Tenant> {
    const tenant = await this.store.tenantBySlug(tx, slug);
    if (!tenant) throw notFound('tenant', slug);
    return tenant;
  }

  tenants(tx: Tx, page: PageRequest): Promise<Tenant[]> {
    return this.store.tenants(tx, page);
  }

  /**
   * L3 VNI and EVI id are claimed here: a VRF is made by people, seldom, and not inside an order. The same key and the same VRF give the
   * one that is there. @throws DomainError IDEMPOTENCY_KEY_REUSED | ALREADY_EXISTS | POOL_EXHAUSTED | NOT_FOUND.
   */
  async createVrf(tx: Tx, vrf: NewVrf): Promise<Vrf> {
    const claims = await this.numbering.claimAll(
      tx,
      new Map([
        ['l3vni', { poolId: vrf.l3vniPoolId, tenantId: vrf.tenantId, key: `vrf/${vrf.key}/l3vni`, holder: 'vrf' as const }],
        ['evi', { poolId: vrf.eviPoolId, tenantId: vrf.tenantId, key: `vrf/${vrf.key}/evi`, holder: 'vrf' as const }],
      ]),
    );
    const l3vni = claims.get('l3vni') as ClaimedNumber;
    const evi = claims.get('evi') as ClaimedNumber;
    if (l3vni.replayed || evi.replayed) return this.sameVrf(tx, vrf, l3vni);
    const id = newId<VrfId>();
    try {
      await this.store.insertVrf(tx, {
        id,
        tenantId: vrf.tenantId,
        fabricId: vrf.fabricId,
        slug: Slug.parse(vrf.slug),
        name: vrf.name,
        // Unique because the L3 VNI is, and never longer than 11 octets (vrf + 8 digits).
        deviceName: `vrf${l3vni.value}`,
        l3vniAllocationId: l3vni.allocationId,
        l3vni: l3vni.value,
        eviAllocationId: evi.allocationId,
        eviId: evi.value,
      });
    } catch (error) {
      if (violatedConstraint(error) !== 'vrf_slug_unique') throw error;
      throw new DomainError('ALREADY_EXISTS', `there is a VRF ${vrf.slug} already`, { slug: vrf.slug }, { cause: error });
    }
    await this.store.insertRouteTarget(tx, {
      ...vrf,
      target: RouteTarget.of(vrf.rtAdministrator, l3vni.value),
      networkId: null,
      vrfId: id,
    });
    await this.audit.append(tx, {
      tenantId: vrf.tenantId,
      action: 'vrf.created',
      subjectKind: 'vrf',
      subjectId: id,
      detail: { l3vni: l3vni.value },
    });
    return this.vrf(tx, id);
  }

  /** The key stands for a VRF already: the same answer, or none. */
  private async sameVrf(tx: Tx, wanted: NewVrf, l3vni: ClaimedNumber): Promise<Vrf> {
    const first = await this.store.vrfByL3Vni(tx, wanted.fabricId, l3vni.value);
    if (first?.slug === wanted.slug && first.name === wanted.name) return first;
    throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this idempotency key was used for another VRF', {
      firstSeenAt: first?.createdAt.toISOString() ?? null,
    });
  }

  async vrf(tx: Tx, id: VrfId): Promise<Vrf> {
    const vrf = await this.store.vrf(tx, id);
    if (!vrf) throw notFound('vrf', id);
    return vrf;
  }

  vrfs(tx: Tx, page: PageRequest): Promise<Vrf[]> {
    return this.store.vrfs(tx, page);
  }

  /** The slug carries the VNI: unique without asking, and the same word on every device and in DNS. */
  async createNetwork(tx: Tx, network: NewNetwork): Promise<Network> {
    const id = newId<NetworkId>();
    const stem = Slug.fromLabel(network.name) || 'net';
    await this.store.insertNetwork(tx, {
      id,
      tenantId: network.tenantId,
      fabricId: network.fabricId,
      vrfId: network.vrfId,
      slug: `${stem}-${network.vni.value}`,
      name: network.name,
      externalRef: network.externalRef,
      vniAllocationId: network.vni.allocationId,
      vni: network.vni.value,
      eviAllocationId: network.evi.allocationId,
      eviId: network.evi.value,
      mtu: network.mtu,
      state: 'PROVISIONING',
    });
    await this.store.insertRouteTarget(tx, {
      ...network,
      target: RouteTarget.of(network.rtAdministrator, network.vni.value),
      networkId: id,
      vrfId: null,
    });
    return this.network(tx, id);
  }

  /** A VRF that runs. @throws DomainError ALREADY_EXISTS (name, or a target of another). */
  async adoptVrf(tx: Tx, vrf: RunningVrf): Promise<VrfId> {
    const id = newId<VrfId>();
    await this.unlessTaken(`the VRF ${vrf.slug}`, async () => {
      await this.store.insertVrf(tx, {
        id,
        tenantId: vrf.tenantId,
        fabricId: vrf.fabricId,
        slug: Slug.parse(vrf.slug),
        name: vrf.name,
        deviceName: vrf.deviceName,
        l3vniAllocationId: vrf.l3vni.allocationId,
        l3vni: vrf.l3vni.value,
        eviAllocationId: vrf.evi.allocationId,
        eviId: vrf.evi.value,
      });
      for (const target of vrf.targets) await this.store.insertRouteTarget(tx, { ...vrf, ...target, networkId: null, vrfId: id });
    });
    return id;
  }

  /** A network that runs: it is ACTIVE without a push. @throws DomainError ALREADY_EXISTS (name, or a target of another). */
  async adoptNetwork(tx: Tx, network: RunningNetwork): Promise<Network> {
    const id = newId<NetworkId>();
    await this.unlessTaken(`the network ${network.slug}`, async () => {
      await this.store.insertNetwork(tx, {
        id,
        tenantId: network.tenantId,
        fabricId: network.fabricId,
        vrfId: network.vrfId,
        slug: network.slug,
        name: network.name,
        externalRef: null,
        vniAllocationId: network.vni.allocationId,
        vni: network.vni.value,
        eviAllocationId: network.evi.allocationId,
        eviId: network.evi.value,
        mtu: network.mtu,
        state: 'ACTIVE',
      });
      await this.store.setFacts(tx, id, network.facts);
      for (const target of network.targets) await this.store.insertRouteTarget(tx, { ...network, ...target, networkId: id, vrfId: null });
    });
    return this.network(tx, id);
  }

  private async unlessTaken(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const constraint = violatedConstraint(error) ?? '';
      if (!/^(?:network|vrf)_(?:slug|device_name)_unique$|^route_target_value_unique$/.test(constraint)) throw error;
      const taken = constraint.startsWith('route_target') ? 'a route target that another has' : 'a name that another has';
      throw new DomainError('ALREADY_EXISTS', `${what} has ${taken}`, { constraint }, { cause: error });
    }
  }

  /** @throws DomainError NOT_FOUND, for another tenant's network too. */
  async network(tx: Tx, id: NetworkId): Promise<Network> {
    const network = await this.store.network(tx, id);
    if (!network) throw notFound('network', id);
    return network;
  }

  /** The same, and nobody else changes it before this transaction ends. */
  async lockNetwork(tx: Tx, id: NetworkId): Promise<Network> {
    const network = await this.store.lockNetwork(tx, id);
    if (!network) throw notFound('network', id);
    return network;
  }

  /** @throws DomainError INVALID_VALUE: several fabrics have a network of that VNI. */
  async findNetwork(tx: Tx, by: { vni: number } | { externalRef: string }): Promise<Network | undefined> {
    const [network, another] = await this.store.networksBy(tx, by);
    if (!another) return network;
    throw new DomainError('INVALID_VALUE', 'several fabrics have a network of that VNI: ask for it by its id', {
      path: ['vni'],
      accepted: 'an id (net_…)',
    });
  }

  networksById(tx: Tx, ids: readonly NetworkId[]): Promise<Network[]> {
    return this.store.networksById(tx, ids);
  }

  networks(tx: Tx, page: PageRequest & { vrfId?: VrfId }): Promise<Network[]> {
    return this.store.networks(tx, page);
  }

  /** Ordered and not live yet, the oldest first. */
  underWay(tx: Tx, fabricId: FabricId): Promise<NetworkId[]> {
    return this.store.underWay(tx, fabricId);
  }

  /** The fabric cannot be built with it: it is no part of the intent until its state changes. @returns false when it is not under way (any more). */
  refuse(tx: Tx, id: NetworkId, refusal: NetworkRefusal): Promise<boolean> {
    return this.store.refuse(tx, id, refusal);
  }

  refusal(tx: Tx, id: NetworkId): Promise<NetworkRefusal | null> {
    return this.store.refusal(tx, id);
  }

  /** Every device that should carry it was verified. */
  activate(tx: Tx, id: NetworkId): Promise<boolean> {
    return this.store.setNetworkState(tx, id, INTENDED_STATES, 'ACTIVE');
  }

  /** Takes the network out of the intent; its numbers stay its own until the devices are proven clean. */
  beginDeprovision(tx: Tx, id: NetworkId): Promise<boolean> {
    return this.store.setNetworkState(tx, id, INTENDED_STATES satisfies readonly NetworkState[], 'DEPROVISIONING');
  }

  /** No device carries it any more: numbers into quarantine, the row stays as history. */
  async retire(tx: Tx, network: Network): Promise<void> {
    await this.store.retireNetwork(tx, network.id);
    await this.numbering.quarantine(tx, allocationsOf(network));
  }

  /** What `retire` forgets: enough for `revive` as long as the numbers rest. */
  async keep(tx: Tx, { id, vniAllocationId, eviAllocationId }: Network): Promise<KeptNetwork> {
    return { vniAllocationId, eviAllocationId, targets: await this.store.targetsAsRows(tx, id) };
  }

  /** The same network with the same numbers, part of the intent again. @throws DomainError NOT_FOUND | IN_USE | QUOTA_EXCEEDED of a number. */
  async revive(tx: Tx, id: NetworkId, { vniAllocationId, eviAllocationId, targets }: KeptNetwork): Promise<void> {
    if (vniAllocationId === null || eviAllocationId === null) throw notFound('allocation', id);
    await this.numbering.recall(tx, new Map([vniAllocationId, eviAllocationId].map((allocation) => [allocation, 'network'])));
    await this.store.reviveNetwork(tx, id, vniAllocationId, eviAllocationId, targets);
  }

  /** It was on its way out and stays. */
  resume(tx: Tx, id: NetworkId): Promise<boolean> {
    return this.store.setNetworkState(tx, id, ['DEPROVISIONING'], 'PROVISIONING');
  }

  /** It was never live: no row stays, the numbers are free at once. */
  async forget(tx: Tx, network: Network): Promise<void> {
    await this.store.deleteNetwork(tx, network.id);
    await this.numbering.free(tx, allocationsOf(network));
  }
}

const allocationsOf = (network: Network) => [network.vniAllocationId, network.eviAllocationId].filter((id) => id !== null);
