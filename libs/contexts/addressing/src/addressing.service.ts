import { Injectable } from '@nestjs/common';
import {
  type AddressSpaceId,
  Cidr,
  DomainError,
  type FabricId,
  type Fqdn,
  Ip,
  type IpAddressId,
  type Mac,
  type NetworkId,
  notFound,
  type PrefixId,
  type PrefixPoolId,
  Slug,
  type SubnetId,
  type TenantId,
} from '#engines/kernel';
import { newId, type Tx, violatedConstraint } from '#platform';
import { addressTaken, outOfRange, overlaps, prefixPoolExhausted } from './domain/errors.js';
import type { PrefixPool } from './domain/prefix-pool.js';
import type { GatewayMode, IpAddress, NamedAddress, Subnet } from './domain/subnet.js';
import { freeExtents, hostRange } from './domain/subnet-layout.js';
import { AddressSpaceEntity, PrefixPoolEntity } from './store/addressing.entity.js';
import { PrefixStore } from './store/prefix.store.js';
import { SubnetStore } from './store/subnet.store.js';

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
  readonly key: string;
}

export interface NewAddress {
  readonly subnet: Subnet;
  readonly prefer?: Ip;
  readonly mac: Mac | null;
  readonly dnsName: Fqdn | null;
  readonly key: string;
}

/** Prefixes, subnets and addresses. The overlap of leaves is refused by the database (`prefix_leaf_disjoint`). */
@Injectable()
export class AddressingService {
  constructor(
    private readonly prefixes: PrefixStore,
    private readonly subnets: SubnetStore,
  ) {}

  async createSpace(tx: Tx, space: { fabricId: FabricId; slug: string; name: string }): Promise<AddressSpaceId> {
    const id = newId<AddressSpaceId>();
    await tx.manager.insert(AddressSpaceEntity, { id, fabricId: space.fabricId, slug: Slug.parse(space.slug), name: space.name });
    return id;
  }

  /** @throws DomainError OVERLAPS | OUT_OF_RANGE | ALREADY_EXISTS. */
  async createPrefixPool(
    tx: Tx,
    pool: {
      spaceId: AddressSpaceId;
      cidr: Cidr;
      slug: string;
      name: string;
      defaultLength: number;
      minLength: number;
      maxLength: number;
      quarantineSeconds?: number;
    },
  ): Promise<PrefixPoolId> {
    const prefixId = newId<PrefixId>();
    const id = newId<PrefixPoolId>();
    try {
      await this.prefixes.insert(tx, {
        id: prefixId,
        spaceId: pool.spaceId,
        cidr: pool.cidr,
        role: 'POOL',
        parentId: null,
        tenantId: null,
        key: null,
      });
      await tx.manager.insert(PrefixPoolEntity, {
        ...pool,
        id,
        prefixId,
        slug: Slug.parse(pool.slug),
        quarantineSeconds: pool.quarantineSeconds ?? 86_400,
      });
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === 'prefix_pool_disjoint' || constraint === 'prefix_cidr_unique') throw overlaps(pool.cidr, []);
      if (constraint === 'prefix_pool_lengths')
        throw outOfRange('prefix length', `/${Cidr.length(pool.cidr)} ≤ minLength ≤ defaultLength ≤ maxLength`);
      if (constraint === 'prefix_pool_slug_unique')
        throw new DomainError('ALREADY_EXISTS', `there is a prefix pool ${pool.slug} already`, { slug: pool.slug }, { cause: error });
      throw error;
    }
    await this.prefixes.seedFree(tx, id, pool.cidr);
    return id;
  }

  async pool(tx: Tx, id: PrefixPoolId): Promise<PrefixPool> {
    const pool = await this.prefixes.pool(tx, id);
    if (!pool) throw notFound('prefixPool', id);
    return pool;
  }

  async poolBySlug(tx: Tx, slug: string): Promise<PrefixPool> {
    const pool = await this.prefixes.poolBySlug(tx, slug);
    if (!pool) throw notFound('prefixPool', slug);
    return pool;
  }

  pools(tx: Tx): Promise<PrefixPool[]> {
    return this.prefixes.pools(tx);
  }

  /** Carves a leaf out of a pool and makes a subnet with its gateway of it. @throws POOL_EXHAUSTED | OVERLAPS | OUT_OF_RANGE | NOT_FOUND. */
  async createSubnet(tx: Tx, subnet: NewSubnet): Promise<Subnet> {
    const pool = await this.pool(tx, subnet.poolId);
    const cidr = await this.carve(tx, pool, subnet);
    const gatewayAddress = gatewayOf(cidr, subnet);
    const prefixId = newId<PrefixId>();
    const id = newId<SubnetId>();
    await this.prefixes.insert(tx, {
      id: prefixId,
      spaceId: pool.spaceId,
      cidr,
      role: 'SUBNET',
      parentId: pool.prefixId,
      tenantId: subnet.tenantId,
      key: subnet.key,
    });
    const row = {
      id,
      tenantId: subnet.tenantId,
      networkId: subnet.networkId,
      prefixId,
      spaceId: pool.spaceId,
      cidr,
      gatewayMode: subnet.gatewayMode,
      gatewayAddress,
      dnsZone: subnet.dnsZone,
    };
    await this.subnets.insert(tx, row, freeExtents(cidr, gatewayAddress));
    if (gatewayAddress !== null) {
      await this.insertAddress(tx, row, {
        address: gatewayAddress,
        mac: null,
        dnsName: subnet.gatewayName,
        role: 'GATEWAY',
        key: 'gateway',
      });
    }
    return row;
  }

  /** Next free host address, or the preferred one. @throws POOL_EXHAUSTED | ALREADY_EXISTS | OUT_OF_RANGE. */
  async assign(tx: Tx, wanted: NewAddress): Promise<IpAddress> {
    const { subnet } = wanted;
    if (wanted.prefer !== undefined && !isHostOf(subnet.cidr, wanted.prefer)) {
      const { first, last } = hostRange(subnet.cidr);
      throw outOfRange(`address ${wanted.prefer}`, `${first} to ${last} in ${subnet.cidr}`);
    }
    const address = await this.subnets.takeAddress(tx, subnet.id, wanted.prefer ?? null);
    if (address === undefined)
      throw wanted.prefer
        ? addressTaken(wanted.prefer)
        : prefixPoolExhausted({ slug: subnet.cidr, length: Cidr.family(subnet.cidr) === 4 ? 32 : 128, largestFreePrefixLength: null });
    return this.insertAddress(tx, subnet, { address, mac: wanted.mac, dnsName: wanted.dnsName, role: 'HOST', key: wanted.key });
  }

  subnetsOf(tx: Tx, networkIds: readonly NetworkId[]): Promise<Subnet[]> {
    return this.subnets.ofNetworks(tx, networkIds);
  }

  addressesOf(tx: Tx, subnetIds: readonly SubnetId[]): Promise<IpAddress[]> {
    return this.subnets.addresses(tx, subnetIds);
  }

  /** Everything of the fabric that DNS should know. */
  names(tx: Tx, fabricId: FabricId): Promise<NamedAddress[]> {
    return this.subnets.names(tx, fabricId);
  }

  /** Addresses and subnets go; the prefixes wait in quarantine. */
  async retireNetwork(tx: Tx, networkId: NetworkId): Promise<void> {
    await this.prefixes.quarantineOfNetwork(tx, networkId);
    await this.subnets.deleteOfNetwork(tx, networkId);
  }

  /** Nothing of it was ever live: no row stays and the space is free at once. */
  async forgetNetwork(tx: Tx, networkId: NetworkId): Promise<void> {
    const prefixIds = await this.prefixes.prefixIdsOfNetwork(tx, networkId);
    await this.subnets.deleteOfNetwork(tx, networkId);
    await this.prefixes.free(tx, prefixIds);
  }

  /** Puts prefixes whose quarantine is over back into their pools. @returns how many. */
  async sweepQuarantine(tx: Tx, limit = 200): Promise<number> {
    return this.prefixes.free(tx, await this.prefixes.reusable(tx, limit));
  }

  private async carve(tx: Tx, pool: PrefixPool, subnet: NewSubnet): Promise<Cidr> {
    const length = subnet.cidr ? Cidr.length(subnet.cidr) : (subnet.length ?? pool.defaultLength);
    if (!Number.isInteger(length) || length < pool.minLength || length > pool.maxLength) {
      throw outOfRange(`prefix length /${length}`, `the pool ${pool.slug} gives /${pool.minLength} to /${pool.maxLength}`);
    }
    if (subnet.cidr && (Cidr.family(subnet.cidr) !== Cidr.family(pool.cidr) || !Cidr.contains(pool.cidr, Cidr.network(subnet.cidr)))) {
      throw outOfRange(subnet.cidr, `a prefix within ${pool.cidr}`);
    }
    const cidr = await this.prefixes.take(tx, pool.id, length, subnet.cidr ?? null);
    if (cidr !== undefined) return cidr;
    if (subnet.cidr) throw overlaps(subnet.cidr, await this.prefixes.overlapping(tx, subnet.tenantId, pool.spaceId, subnet.cidr));
    throw prefixPoolExhausted({ slug: pool.slug, length, largestFreePrefixLength: await this.prefixes.largestFreeLength(tx, pool.id) });
  }

  private async insertAddress(
    tx: Tx,
    subnet: Subnet,
    address: { address: Ip; mac: Mac | null; dnsName: Fqdn | null; role: IpAddress['role']; key: string },
  ): Promise<IpAddress> {
    const id = newId<IpAddressId>();
    try {
      await this.subnets.insertAddress(tx, { id, tenantId: subnet.tenantId, spaceId: subnet.spaceId, subnetId: subnet.id, ...address });
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === 'ip_address_dns_name_unique')
        throw new DomainError('ALREADY_EXISTS', `the name ${address.dnsName} is in use`, { name: address.dnsName }, { cause: error });
      if (constraint === 'ip_address_key_unique')
        throw new DomainError(
          'ALREADY_EXISTS',
          `${address.key.replace('host/', 'the host ')} is in ${subnet.cidr} already`,
          { key: address.key },
          { cause: error },
        );
      if (constraint === 'ip_address_mac_unique')
        throw new DomainError(
          'ALREADY_EXISTS',
          `the MAC address ${address.mac} has an address in this subnet already`,
          { mac: address.mac },
          { cause: error },
        );
      throw error;
    }
    return { id, subnetId: subnet.id, address: address.address, mac: address.mac, dnsName: address.dnsName, role: address.role };
  }
}

function isHostOf(cidr: Cidr, address: Ip): boolean {
  if (!Cidr.contains(cidr, address)) return false;
  const { first, last } = hostRange(cidr);
  const value = Ip.toBigInt(address);
  return value >= Ip.toBigInt(first) && value <= Ip.toBigInt(last);
}

function gatewayOf(cidr: Cidr, subnet: NewSubnet): Ip | null {
  if (subnet.gatewayMode === 'NONE') return null;
  const { first, last } = hostRange(cidr);
  const address = subnet.gatewayAddress ?? first;
  if (!isHostOf(cidr, address)) throw outOfRange(`gateway ${address}`, `${first} to ${last} in ${cidr}`);
  return address;
}
