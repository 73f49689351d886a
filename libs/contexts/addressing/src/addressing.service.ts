import { Injectable } from '@nestjs/common';
import {
  type AddressSpaceId,
  Cidr,
  DomainError,
  type FabricId,
  type Fqdn,
  type Ip,
  type IpAddressId,
  type Mac,
  type NetworkId,
  type PrefixId,
  type PrefixPoolId,
  Slug,
  type SubnetId,
  type TenantId,
  type ZonePrefix,
} from '#engines/kernel';
import { newId, type Tx, violatedConstraint } from '#platform';
import { nameOrMacTaken } from './address-allocation.service.js';
import { AddressRefusals } from './address-refusals.js';
import type { PrefixPool } from './domain/prefix-pool.js';
import { type PublishedNames, publishedNames } from './domain/published-names.js';
import type { GatewayMode, IpAddress, KeptSubnets, Subnet } from './domain/subnet.js';
import { PrefixPoolAdminService } from './prefix-pool-admin.service.js';
import { PrefixRefusals } from './prefix-refusals.js';
import { AddressAllocationStore } from './store/address-allocation.store.js';
import { AddressSpaceEntity } from './store/addressing.entity.js';
import { PrefixAllocationStore } from './store/prefix-allocation.store.js';
import { SubnetStore } from './store/subnet.store.js';
import { SubnetService } from './subnet.service.js';

export interface NewSubnet {
  readonly tenantId: TenantId;
  readonly networkId: NetworkId;
  readonly poolId: PrefixPoolId;
  /** Length of the prefix; the pool's default where it is not given. Not with `cidr`. */
  readonly length?: number;
  /** This prefix or none; it must lie in the pool. */
  readonly cidr?: Cidr;
  readonly gatewayMode: GatewayMode;
  /** First host address where it is not given. */
  readonly gatewayAddress?: Ip;
  readonly gatewayName: Fqdn | null;
  readonly dnsZone: Fqdn | null;
  readonly dnsZonePrefix?: ZonePrefix;
  readonly dnsTtlSeconds?: number;
  /** What the snapshot says of it beside its columns. */
  readonly facts?: { readonly snat?: boolean };
  /** Of the order; no caller of ours reaches it. */
  readonly key: string;
}

export interface NewAddress {
  readonly subnet: Subnet;
  readonly prefer?: Ip;
  readonly mac: Mac | null;
  readonly dnsName: Fqdn | null;
  readonly key: string;
}

/** What an order takes and gives back, in the transaction of the order and through the same functions as everybody else. */
@Injectable()
export class AddressingService {
  constructor(
    private readonly admin: PrefixPoolAdminService,
    private readonly prefixes: PrefixAllocationStore,
    private readonly prefixRefusals: PrefixRefusals,
    private readonly subnets: SubnetStore,
    private readonly opener: SubnetService,
    private readonly addresses: AddressAllocationStore,
    private readonly addressRefusals: AddressRefusals,
  ) {}

  async createSpace(tx: Tx, space: { fabricId: FabricId; slug: string; name: string }): Promise<AddressSpaceId> {
    const id = newId<AddressSpaceId>();
    await tx.manager.insert(AddressSpaceEntity, { id, fabricId: space.fabricId, slug: Slug.parse(space.slug), name: space.name });
    return id;
  }

  /** Of a fabric, by slug. */
  async spaces(tx: Tx, fabricId: FabricId): Promise<ReadonlyMap<string, AddressSpaceId>> {
    const rows = await tx.sql<{ id: AddressSpaceId; slug: string }>('SELECT id, slug FROM address_space WHERE fabric_id = $1', [fabricId]);
    return new Map(rows.map(({ id, slug }) => [slug, id]));
  }

  /** A pool of one range. @throws DomainError OVERLAPS | OUT_OF_RANGE | ALREADY_EXISTS. */
  createPrefixPool(
    tx: Tx,
    { cidr, ...pool }: Omit<Parameters<PrefixPoolAdminService['create']>[1], 'ranges'> & { readonly cidr: Cidr },
  ): Promise<PrefixPoolId> {
    return this.admin.create(tx, { ...pool, ranges: [cidr] });
  }

  poolBySlug(tx: Tx, slug: string): Promise<PrefixPool> {
    return this.admin.poolBySlug(tx, slug);
  }

  /** Of a space, for a prefix that is in use already. @throws DomainError OUT_OF_RANGE: says which pool would have to hold it. */
  poolHolding(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr): Promise<PrefixPoolId> {
    return this.admin.holding(tx, spaceId, cidr);
  }

  pools(tx: Tx): Promise<PrefixPool[]> {
    return this.admin.pools(tx);
  }

  /** Carves a leaf out of a pool and makes a subnet with its gateway of it. @throws POOL_EXHAUSTED | OVERLAPS | OUT_OF_RANGE | QUOTA_EXCEEDED | NOT_FOUND. */
  async createSubnet(tx: Tx, subnet: NewSubnet): Promise<Subnet> {
    const { poolId, tenantId, key } = subnet;
    const [taken] = await this.prefixes.take(tx, {
      ids: [newId<PrefixId>()],
      poolId,
      tenantId,
      key,
      fingerprint: '',
      length: subnet.length ?? null,
      prefer: subnet.cidr ?? null,
      isContiguous: false,
      isPartial: false,
      ttlSeconds: null,
      role: 'SUBNET',
      holderKind: 'subnet',
      holder: null,
      externalRef: null,
    });
    if (!taken || taken.id === null || taken.cidr === null) {
      const request = {
        poolId,
        tenantId,
        key,
        ...(subnet.length !== undefined && { length: subnet.length }),
        ...(subnet.cidr && { prefer: subnet.cidr }),
      };
      throw await this.prefixRefusals.explain(tx, taken ?? { outcome: 'NOT_FOUND' }, request);
    }
    const pool = await this.admin.pool(tx, poolId);
    const opened = await this.opener.openOn(tx, {
      tenantId,
      networkId: subnet.networkId,
      vrfId: null,
      prefixId: taken.id,
      spaceId: pool.spaceId,
      cidr: taken.cidr,
      gatewayMode: subnet.gatewayMode,
      gatewayAddress: subnet.gatewayAddress ?? null,
      gatewayName: subnet.gatewayName,
      dnsZone: subnet.dnsZone,
      dnsZonePrefix: subnet.dnsZonePrefix ?? null,
      dnsTtlSeconds: subnet.dnsTtlSeconds ?? null,
      quarantineSeconds: pool.quarantineSeconds,
    });
    if (subnet.facts) await this.subnets.setFacts(tx, opened.id, subnet.facts);
    return opened;
  }

  /** Next free host address, or the preferred one. @throws POOL_EXHAUSTED | QUOTA_EXCEEDED | ALREADY_EXISTS | OUT_OF_RANGE. */
  async assign(tx: Tx, wanted: NewAddress): Promise<IpAddress> {
    const { subnet, key, mac, dnsName } = wanted;
    const request = { subnetId: subnet.id, tenantId: subnet.tenantId, key, ...(wanted.prefer !== undefined && { prefer: wanted.prefer }) };
    const [taken] = await this.addresses
      .take(tx, {
        ...request,
        prefer: wanted.prefer ?? null,
        ids: [newId<IpAddressId>()],
        fingerprint: '',
        isContiguous: false,
        isPartial: false,
        first: null,
        last: null,
        ttlSeconds: null,
        role: 'HOST',
        mac,
        dnsName,
        holderKind: 'network',
        holder: null,
        externalRef: null,
      })
      .catch((error: unknown) => {
        if (violatedConstraint(error) === 'ip_address_host_unique')
          throw new DomainError(
            'ALREADY_EXISTS',
            `${key.replace('host/', 'the host ')} is in ${subnet.cidr} already`,
            { key },
            { cause: error },
          );
        throw nameOrMacTaken(error, wanted) ?? error;
      });
    if (!taken || taken.id === null || taken.address === null)
      throw await this.addressRefusals.explain(tx, taken ?? { outcome: 'NOT_FOUND' }, request);
    return { id: taken.id, subnetId: subnet.id, address: taken.address, mac, dnsName, role: 'HOST' };
  }

  subnetsOf(tx: Tx, networkIds: readonly NetworkId[]): Promise<Subnet[]> {
    return this.subnets.ofNetworks(tx, networkIds);
  }

  addressesOf(tx: Tx, subnetIds: readonly SubnetId[]): Promise<IpAddress[]> {
    return this.subnets.addresses(tx, subnetIds);
  }

  /** Everything of the fabric that DNS should know, as it is called there. */
  async names(tx: Tx, fabricId: FabricId): Promise<PublishedNames> {
    return publishedNames(await this.subnets.names(tx, fabricId));
  }

  /** Addresses and subnets go; the prefixes wait in quarantine. */
  retireNetwork(tx: Tx, networkId: NetworkId): Promise<void> {
    return this.letGo(tx, networkId, false);
  }

  /** What `retireNetwork` forgets. */
  keepNetwork(tx: Tx, networkId: NetworkId): Promise<KeptSubnets> {
    return this.subnets.asRows(tx, networkId);
  }

  /**
   * The same prefixes out of quarantine, with the same addresses: all or none. Names that are somebody else's by now stay away, for what is on devices does not hang on them.
   * @returns those names, as they were kept. @throws DomainError NOT_FOUND | IN_USE | QUOTA_EXCEEDED; a violated `ip_address_dns_name_unique` where a name was taken in this moment.
   */
  async restoreNetwork(tx: Tx, kept: KeptSubnets): Promise<readonly Fqdn[]> {
    const resting = await this.prefixes.inOrderOfPools(tx, kept.prefixIds);
    if (resting.length < kept.prefixIds.length)
      throw new DomainError('NOT_FOUND', 'a prefix of it rests no more: it went back to its pool', { kind: 'prefix' });
    for (const id of resting) {
      const outcome = await this.prefixes.recall(tx, id);
      if (outcome === 'QUOTA')
        throw new DomainError('QUOTA_EXCEEDED', 'the tenant may not have its prefixes again: its quota is used up', { prefix: id });
      if (outcome !== 'OK') throw new DomainError('IN_USE', 'a prefix of it is in use again', { prefix: id });
    }
    return this.subnets.insertRows(tx, kept);
  }

  /** Nothing of it was ever live: no row stays and the space is free at once. */
  forgetNetwork(tx: Tx, networkId: NetworkId): Promise<void> {
    return this.letGo(tx, networkId, true);
  }

  private async letGo(tx: Tx, networkId: NetworkId, isUnused: boolean): Promise<void> {
    const subnets = await this.subnets.subnetsOfNetwork(tx, networkId);
    for (const subnet of subnets) await this.subnets.forget(tx, subnet.id);
    await this.prefixes.releaseAll(
      tx,
      subnets.map((subnet) => subnet.prefixId),
      isUnused,
    );
  }
}
