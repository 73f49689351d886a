import { Injectable } from '@nestjs/common';
import { AddressingService } from '#contexts/addressing';
import { AuditService, OutboxService } from '#contexts/events';
import { FabricService, PlaceService } from '#contexts/fabric';
import { type ClaimedNumber, type NumberClaim, NumberingService } from '#contexts/numbering';
import { type Network, TenancyService } from '#contexts/tenancy';
import type { FabricId, NetworkId, PoolId, PrefixPoolId, TenantId, VlanDomainId, VrfId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { AdoptedNetwork, AdoptedVrf } from './domain/adopted-network.js';

/**
 * What devices carry already becomes a tenant's, with the numbers that it has there: nothing is chosen and nothing is pushed, so a network is
 * ACTIVE at once. Locks are taken in the order of orders: number pools by id → prefix pools by id → the fabric's revision.
 */
@Injectable()
export class NetworkAdoptionService {
  constructor(
    private readonly numbering: NumberingService,
    private readonly tenancy: TenancyService,
    private readonly addressing: AddressingService,
    private readonly fabric: FabricService,
    private readonly places: PlaceService,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
  ) {}

  /** @throws DomainError OUT_OF_RANGE (a number is in no pool) | ALREADY_EXISTS | QUOTA_EXCEEDED. */
  async adoptVrf(tx: Tx, vrf: AdoptedVrf): Promise<VrfId> {
    const { fabricId, tenantId, eviId } = vrf;
    const claims = this.claims(tenantId, `adopted/vrf/${vrf.slug}`, 'vrf');
    const claimed = await this.numbering.claimAll(
      tx,
      new Map([
        ['l3vni', claims('l3vni', await this.numbering.poolHolding(tx, fabricId, 'L3VNI', vrf.l3vni), vrf.l3vni)],
        ['evi', claims('evi', await this.numbering.poolHolding(tx, fabricId, 'EVI', eviId), eviId)],
      ]),
    );
    const id = await this.tenancy.adoptVrf(tx, { ...vrf, ...numbersOf(claimed, 'l3vni', 'evi') });
    await this.places.adoptRds(tx, { tenantId, eviId, networkId: null, vrfId: id }, vrf.distinguishers);
    await this.audit.append(tx, {
      tenantId,
      action: 'vrf.adopted',
      subjectKind: 'vrf',
      subjectId: id,
      detail: { l3vni: vrf.l3vni, eviId },
    });
    await this.told(tx, fabricId);
    return id;
  }

  /** @throws DomainError OUT_OF_RANGE (a number or a prefix is in no pool) | ALREADY_EXISTS | IN_USE | OVERLAPS | NOT_FOUND | QUOTA_EXCEEDED. */
  async adoptNetwork(tx: Tx, network: AdoptedNetwork): Promise<NetworkId> {
    const { fabricId, tenantId, eviId, slug } = network;
    const { vni, evi, vlans } = await this.claimNumbers(tx, network);
    const created = await this.tenancy.adoptNetwork(tx, { ...network, vni, evi });
    await this.adoptSubnets(tx, created, network);
    await this.places.adoptPlaces(tx, created, network.places, vlans);
    await this.places.adoptRds(tx, { tenantId, eviId, networkId: created.id, vrfId: null }, network.distinguishers);
    const detail = { slug, vni: network.vni, eviId, subnets: network.subnets.map(({ cidr }) => cidr) };
    await this.audit.append(tx, { tenantId, action: 'network.adopted', subjectKind: 'network', subjectId: created.id, detail });
    await this.told(tx, fabricId);
    return created.id;
  }

  private async claimNumbers(
    tx: Tx,
    { fabricId, tenantId, slug, vni, eviId, vlans }: AdoptedNetwork,
  ): Promise<{ vni: ClaimedNumber; evi: ClaimedNumber; vlans: ReadonlyMap<VlanDomainId, ClaimedNumber> }> {
    const claims = this.claims(tenantId, `adopted/network/${slug}`, 'network');
    const ofVlans = this.claims(tenantId, `adopted/network/${slug}`, 'vlan_mapping');
    const wanted = new Map([
      ['vni', claims('vni', await this.numbering.poolHolding(tx, fabricId, 'VNI', vni), vni)],
      ['evi', claims('evi', await this.numbering.poolHolding(tx, fabricId, 'EVI', eviId), eviId)],
    ]);
    for (const { vlanDomainId, vlan } of vlans)
      wanted.set(
        vlanDomainId,
        ofVlans(`vlan/${vlanDomainId}`, await this.numbering.poolHolding(tx, fabricId, 'VLAN', vlan, vlanDomainId), vlan),
      );
    const claimed = await this.numbering.claimAll(tx, wanted);
    return {
      ...numbersOf(claimed, 'vni', 'evi'),
      vlans: new Map(vlans.map(({ vlanDomainId }) => [vlanDomainId, claimed.get(vlanDomainId) as ClaimedNumber])),
    };
  }

  private claims(tenantId: TenantId, key: string, holder: NumberClaim['holder']) {
    return (part: string, poolId: PoolId, prefer: number): NumberClaim => ({ poolId, tenantId, key: `${key}/${part}`, holder, prefer });
  }

  private async adoptSubnets(tx: Tx, network: Network, { subnets, slug }: AdoptedNetwork): Promise<void> {
    const placed: [PrefixPoolId, AdoptedNetwork['subnets'][number]][] = [];
    for (const subnet of subnets) placed.push([await this.addressing.poolHolding(tx, subnet.spaceId, subnet.cidr), subnet]);
    for (const [poolId, { cidr, gatewayMode, gatewayAddress, snat, dnsZone, dnsZonePrefix, dnsTtlSeconds }] of placed.sort(([a], [b]) =>
      a < b ? -1 : a > b ? 1 : 0,
    )) {
      await this.addressing.createSubnet(tx, {
        tenantId: network.tenantId,
        networkId: network.id,
        poolId,
        cidr,
        gatewayMode,
        ...(gatewayAddress !== null && { gatewayAddress }),
        gatewayName: null,
        dnsZone: dnsZone ?? null,
        ...(dnsZonePrefix !== undefined && { dnsZonePrefix }),
        ...(dnsTtlSeconds !== undefined && { dnsTtlSeconds }),
        ...(snat !== undefined && { facts: { snat } }),
        key: `adopted/network/${slug}/${cidr}`,
      });
    }
  }

  private async told(tx: Tx, fabricId: FabricId): Promise<void> {
    await this.fabric.raiseRevision(tx, fabricId);
    await this.outbox.append(tx, 'fabric.changed', fabricId);
    await this.outbox.append(tx, 'sync.wanted', fabricId);
  }
}

/** Each was claimed: a claim that fails throws. */
const numbersOf = <A extends string, B extends string>(claimed: ReadonlyMap<string, ClaimedNumber>, a: A, b: B) =>
  ({ [a]: claimed.get(a), [b]: claimed.get(b) }) as Record<A | B, ClaimedNumber>;
