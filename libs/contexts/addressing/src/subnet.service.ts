import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import {
  type AddressSpaceId,
  Cidr,
  DomainError,
  type Fqdn,
  invalidValue,
  Ip,
  type IpAddressId,
  type NetworkId,
  notFound,
  type PrefixId,
  type SubnetId,
  type TenantId,
  type VrfId,
  type ZonePrefix,
} from '#engines/kernel';
import { newId, sqlState, type Tx, violatedConstraint } from '#platform';
import { nameOrMacTaken } from './address-allocation.service.js';
import { AddressRefusals } from './address-refusals.js';
import type { AddressExtent } from './domain/allocation.js';
import { inUse, invalidState, namesInFlux, noRangeFrom, outOfRange, overlapsInVrf, versionConflict } from './domain/errors.js';
import type { AddressRange, GatewayMode, Subnet, SubnetDns } from './domain/subnet.js';
import { checkSubnetDns } from './domain/subnet-dns.js';
import { extentContains, hostRange, SUBNETS_LIE_WITHIN } from './domain/subnet-layout.js';
import { nameTaken } from './name-taken.js';
import { AddressAllocationStore } from './store/address-allocation.store.js';
import { PrefixAllocationStore } from './store/prefix-allocation.store.js';
import { type SubnetFill, SubnetStore } from './store/subnet.store.js';

export interface SubnetToOpen {
  /** A leaf that is allocated to the tenant (role SUBNET) and that nothing uses yet. */
  readonly prefixId: PrefixId;
  /** The one that was read. */
  readonly generation: number;
  readonly tenantId: TenantId;
  /** Where its addresses are routed; other prefixes that are seen there do not overlap it. */
  readonly vrfId?: VrfId;
  readonly gatewayMode: GatewayMode;
  /** First host address where it is not given. */
  readonly gatewayAddress?: Ip;
  readonly gatewayName?: Fqdn;
  readonly dnsZone?: Fqdn;
  /** Not without a zone. */
  readonly dnsZonePrefix?: ZonePrefix;
  /** 1 to 604,800. */
  readonly dnsTtlSeconds?: number;
  /** How long a released address rests; that of the prefix pool where it is not given. */
  readonly quarantineSeconds?: number;
}

/** What becomes a subnet, whoever asked for it. */
export interface SubnetOnPrefix {
  readonly tenantId: TenantId;
  readonly networkId: NetworkId | null;
  readonly vrfId: VrfId | null;
  readonly prefixId: PrefixId;
  readonly spaceId: AddressSpaceId;
  readonly cidr: Cidr;
  readonly gatewayMode: GatewayMode;
  readonly gatewayAddress: Ip | null;
  readonly gatewayName: Fqdn | null;
  readonly dnsZone: Fqdn | null;
  readonly dnsZonePrefix: ZonePrefix | null;
  readonly dnsTtlSeconds: number | null;
  readonly quarantineSeconds: number;
}

/** Subnets on leaves of the prefix tree: those of our networks, and those that are only accounted for. */
@Injectable()
export class SubnetService {
  constructor(
    private readonly store: SubnetStore,
    private readonly prefixes: PrefixAllocationStore,
    private readonly addresses: AddressAllocationStore,
    private readonly refusals: AddressRefusals,
    private readonly audit: AuditService,
  ) {}

  /**
   * A subnet that no device of ours carries, for other systems.
   * @throws NOT_FOUND | VERSION_CONFLICT | IN_USE | INVALID_STATE (held, not bound) | OUT_OF_RANGE | OVERLAPS (seen in the same VRF) | QUOTA_EXCEEDED.
   */
  async open(tx: Tx, wanted: SubnetToOpen): Promise<Subnet> {
    const leaf = await this.prefixes.byId(tx, wanted.prefixId);
    if (!leaf || leaf.tenantId !== wanted.tenantId || leaf.role !== 'SUBNET') throw notFound('prefix', wanted.prefixId);
    if (leaf.holderKind !== 'external') throw inUse(leaf.holderKind);
    if (leaf.state !== 'BOUND') throw invalidState(leaf.state, ['BOUND']);
    if (!(await this.store.holdPrefix(tx, leaf.id, wanted.tenantId, wanted.generation))) throw versionConflict(leaf.generation);
    const pool = await this.store.poolFacts(tx, leaf.id);
    if (!pool) throw notFound('prefix', wanted.prefixId);
    const subnet = await this.openOn(tx, {
      tenantId: wanted.tenantId,
      networkId: null,
      vrfId: wanted.vrfId ?? null,
      prefixId: leaf.id,
      spaceId: pool.spaceId,
      cidr: leaf.cidr,
      gatewayMode: wanted.gatewayMode,
      gatewayAddress: wanted.gatewayAddress ?? null,
      gatewayName: wanted.gatewayName ?? null,
      dnsZone: wanted.dnsZone ?? null,
      dnsZonePrefix: wanted.dnsZonePrefix ?? null,
      dnsTtlSeconds: wanted.dnsTtlSeconds ?? null,
      quarantineSeconds: wanted.quarantineSeconds ?? pool.quarantineSeconds,
    });
    await this.told(tx, 'subnet.opened', subnet);
    return subnet;
  }

  /** The subnet with its gateway, in the transaction that allocated the leaf. @throws OUT_OF_RANGE | OVERLAPS | QUOTA_EXCEEDED | ALREADY_EXISTS (name) | INVALID_VALUE. */
  async openOn(tx: Tx, wanted: SubnetOnPrefix): Promise<Subnet> {
    const { gatewayName, quarantineSeconds, ...rest } = wanted;
    checkSubnetDns(wanted);
    const edge = SUBNETS_LIE_WITHIN[Cidr.family(wanted.cidr)];
    const { first, last } = Cidr.bounds(wanted.cidr);
    if (first < Ip.toBigInt(edge.first) || last > Ip.toBigInt(edge.last))
      throw outOfRange(wanted.cidr, `a subnet within ${edge.first} to ${edge.last}`);
    const subnet: Subnet = { ...rest, id: newId<SubnetId>(), gatewayAddress: gatewayOf(wanted.cidr, wanted) };
    const meeting = await this.store.meetInVrf(tx, subnet);
    if (meeting.length > 0) throw overlapsInVrf(subnet.cidr, meeting);
    await this.store.insert(tx, subnet, quarantineSeconds).catch((error: unknown) => {
      const constraint = violatedConstraint(error);
      if (constraint?.startsWith('vrf_route_disjoint')) throw overlapsInVrf(wanted.cidr, [], error);
      if (constraint === 'subnet_vrf_fkey') throw notFound('vrf', wanted.vrfId ?? '');
      throw error;
    });
    if (subnet.gatewayAddress !== null) await this.takeGateway(tx, subnet, subnet.gatewayAddress, gatewayName);
    return subnet;
  }

  /**
   * How its names are published from now on: all three are said anew. Names of addresses stay as they are kept.
   * @throws NOT_FOUND | INVALID_VALUE | ALREADY_EXISTS (one of them would be called as another tenant's is) | LOCKED (names are being given there: try again).
   */
  async setDns(tx: Tx, id: SubnetId, dns: SubnetDns): Promise<Subnet> {
    checkSubnetDns(dns);
    const { dnsZone, dnsZonePrefix, dnsTtlSeconds, ...subnet } = await this.subnet(tx, id);
    const isSet = await this.store.setDns(tx, id, dns).catch((error: unknown) => {
      throw sqlState(error) === '55P03' ? namesInFlux(error) : (nameTaken(error, null) ?? error);
    });
    if (!isSet) throw notFound('subnet', id);
    const changed: Subnet = { ...subnet, ...dns };
    await this.told(tx, 'subnet.dns-set', changed, { before: { dnsZone, dnsZonePrefix, dnsTtlSeconds }, after: dns });
    return changed;
  }

  /** Whether `setDns` was said of it. */
  isDnsSet(tx: Tx, id: SubnetId): Promise<boolean> {
    return this.store.isDnsSet(tx, id);
  }

  /** The subnet on a prefix, where there is one. */
  onPrefix(tx: Tx, prefixId: PrefixId): Promise<Subnet | undefined> {
    return this.store.onPrefix(tx, prefixId);
  }

  /** The prefix stays allocated. @throws NOT_FOUND | IN_USE (of a network, or addresses are given out or rest: another subnet on the prefix would give them again). */
  async close(tx: Tx, id: SubnetId): Promise<void> {
    const subnet = await this.subnet(tx, id);
    if (subnet.networkId !== null) throw inUse('network');
    await this.store.lock(tx, id);
    const { used, resting } = await this.store.usedBy(tx, id);
    if (used > 0) throw addressesGivenOut(subnet.cidr, used);
    if (resting > 0)
      throw new DomainError(
        'IN_USE',
        `${resting} addresses of ${subnet.cidr} were released and rest: close it when their quarantine is over`,
        {
          holderKind: 'address',
          resting,
        },
      );
    await this.store.forget(tx, id);
    await this.store.letGoPrefix(tx, subnet.prefixId);
    await this.told(tx, 'subnet.closed', subnet);
  }

  /**
   * The subnet and its prefix: that rests as a whole, so it does not matter that addresses of it rest.
   * @throws NOT_FOUND | IN_USE (of a network, or addresses are given out).
   */
  async closeWithPrefix(tx: Tx, id: SubnetId): Promise<void> {
    const subnet = await this.subnet(tx, id);
    if (subnet.networkId !== null) throw inUse('network');
    await this.store.lock(tx, id);
    const { used } = await this.store.usedBy(tx, id);
    if (used > 0) throw addressesGivenOut(subnet.cidr, used);
    await this.store.forget(tx, id);
    await this.store.letGoPrefix(tx, subnet.prefixId);
    await this.prefixes.release(tx, subnet.prefixId, { generation: null, isUnused: false, holderKind: 'external' });
    await this.told(tx, 'subnet.closed', subnet);
  }

  /** @throws NOT_FOUND. */
  async subnet(tx: Tx, id: SubnetId): Promise<Subnet> {
    const subnet = await this.store.subnet(tx, id);
    if (!subnet) throw notFound('subnet', id);
    return subnet;
  }

  /**
   * From now on nothing in the range is given out (RESERVED), or only to whoever names it (DHCP). What is given out already stays.
   * @throws NOT_FOUND | OUT_OF_RANGE | OVERLAPS (another range) | INVALID_VALUE.
   */
  async addRange(tx: Tx, id: SubnetId, range: AddressRange): Promise<void> {
    const subnet = await this.subnet(tx, id);
    const hosts = hostRange(subnet.cidr);
    if (!extentContains(hosts, range.first) || !extentContains(hosts, range.last))
      throw outOfRange(`range ${range.first} to ${range.last}`, `${hosts.first} to ${hosts.last} in ${subnet.cidr}`);
    if (Ip.toBigInt(range.first) > Ip.toBigInt(range.last)) throw invalidValue('range', `${range.first}-${range.last}`, 'first ≤ last');
    await this.store.lock(tx, id);
    await this.store.addRange(tx, subnet, range).catch((error: unknown) => {
      const constraint = violatedConstraint(error);
      if (constraint === 'address_range_disjoint' || constraint === 'address_range_pkey')
        throw new DomainError('OVERLAPS', 'the range overlaps another of the subnet', { overlapping: [subnet.cidr] }, { cause: error });
      throw error;
    });
    await this.told(tx, 'subnet.range-added', subnet, range);
  }

  /** @throws NOT_FOUND | OUT_OF_RANGE (no range begins there). */
  async removeRange(tx: Tx, id: SubnetId, first: Ip): Promise<void> {
    const subnet = await this.subnet(tx, id);
    await this.store.lock(tx, id);
    if (!(await this.store.removeRange(tx, id, first))) throw noRangeFrom(first, await this.store.ranges(tx, id));
    await this.told(tx, 'subnet.range-removed', subnet, { first });
  }

  ranges(tx: Tx, id: SubnetId): Promise<AddressRange[]> {
    return this.store.ranges(tx, id);
  }

  /** Host addresses and how many of them are free; without those in DHCP ranges. @throws NOT_FOUND. */
  async fill(tx: Tx, id: SubnetId): Promise<SubnetFill> {
    const fill = await this.store.fill(tx, id);
    if (!fill) throw notFound('subnet', id);
    return fill;
  }

  /** A page of what is free, in rising order. */
  free(tx: Tx, id: SubnetId, after: Ip | null, limit: number): Promise<AddressExtent[]> {
    return this.store.free(tx, id, after, limit);
  }

  /**
   * How many addresses of a space the tenant may have, gateways included. Null: as many as there are. Operator only.
   * @throws NOT_FOUND | INVALID_VALUE.
   */
  async setQuota(tx: Tx, tenantId: TenantId, spaceId: AddressSpaceId, max: bigint | null): Promise<void> {
    if (max !== null && max < 0n) throw invalidValue('quota', max, '0 or more');
    await this.store.setQuota(tx, tenantId, spaceId, max).catch((error: unknown) => {
      const constraint = violatedConstraint(error);
      if (constraint === 'address_quota_tenant_fkey') throw notFound('tenant', tenantId);
      if (constraint === 'address_quota_space_fkey') throw notFound('addressSpace', spaceId);
      throw error;
    });
    const detail = { space: spaceId, max: max === null ? null : String(max) };
    await this.audit.append(tx, { tenantId, action: 'address.quota-set', subjectKind: 'tenant', subjectId: tenantId, detail });
  }

  /** Undefined: as many as there are. */
  quota(tx: Tx, tenantId: TenantId, spaceId: AddressSpaceId): Promise<{ max: bigint; used: bigint } | undefined> {
    return this.store.quota(tx, tenantId, spaceId);
  }

  private async takeGateway(tx: Tx, subnet: Subnet, address: Ip, name: Fqdn | null): Promise<void> {
    const request = { subnetId: subnet.id, tenantId: subnet.tenantId, key: 'gateway', prefer: address };
    const [taken] = await this.addresses
      .take(tx, {
        ...request,
        ids: [newId<IpAddressId>()],
        fingerprint: '',
        isContiguous: false,
        isPartial: false,
        first: null,
        last: null,
        ttlSeconds: null,
        role: 'GATEWAY',
        mac: null,
        dnsName: name,
        holderKind: 'subnet',
        holder: null,
        externalRef: null,
      })
      .catch((error: unknown) => {
        throw nameOrMacTaken(error, { dnsName: name }) ?? error;
      });
    if (taken?.outcome !== 'OK') throw await this.refusals.explain(tx, taken ?? { outcome: 'NOT_FOUND' }, request);
  }

  private told(tx: Tx, action: string, subnet: Subnet, detail: object = {}): Promise<void> {
    return this.audit.append(tx, {
      tenantId: subnet.tenantId,
      action,
      subjectKind: 'subnet',
      subjectId: subnet.id,
      detail: { cidr: subnet.cidr, ...detail },
    });
  }
}

function gatewayOf(cidr: Cidr, { gatewayMode, gatewayAddress }: Pick<SubnetOnPrefix, 'gatewayMode' | 'gatewayAddress'>): Ip | null {
  if (gatewayMode === 'NONE') return null;
  const hosts = hostRange(cidr);
  if (hosts.first === hosts.last) throw outOfRange(`gateway of ${cidr}`, 'none (gateway mode NONE): its only address is a host');
  const address = gatewayAddress ?? hosts.first;
  if (!extentContains(hosts, address)) throw outOfRange(`gateway ${address}`, `${hosts.first} to ${hosts.last} in ${cidr}`);
  return address;
}

const addressesGivenOut = (cidr: Cidr, used: number): DomainError<'IN_USE'> =>
  new DomainError('IN_USE', `${used} addresses of ${cidr} are given out: release them first`, { holderKind: 'address', used });
