import { Injectable } from '@nestjs/common';
import { AddressingService, type Subnet } from '#contexts/addressing';
import { FabricService, NetworkCheckService, PlaceService } from '#contexts/fabric';
import { type ClaimedNumber, NumberingService } from '#contexts/numbering';
import { type Network, TenancyService, vxlanOverhead } from '#contexts/tenancy';
import { type DeviceId, Fqdn, type FabricId, invalidValue, type TenantId, type VlanDomainId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { ProvisionRequest, RequestedSubnet } from './domain/order.js';

export interface AllocatedNetwork {
  readonly network: Network;
  readonly deviceIds: readonly DeviceId[];
}

/**
 * Everything that an order needs, in the transaction of the order: numbers, network, prefixes, addresses, places.
 * Locks are taken in one order (number pools by id → prefix pools by id → the fabric's revision, raised after it).
 */
@Injectable()
export class OrderAllocator {
  constructor(
    private readonly numbering: NumberingService,
    private readonly tenancy: TenancyService,
    private readonly addressing: AddressingService,
    private readonly fabric: FabricService,
    private readonly places: PlaceService,
    private readonly checks: NetworkCheckService,
  ) {}

  /** @throws DomainError of the context that refuses; the transaction must then be rolled back as a whole. */
  async allocate(tx: Tx, tenantId: TenantId, fabricId: FabricId, request: ProvisionRequest): Promise<AllocatedNetwork> {
    if (request.vrfId !== null) await this.tenancy.vrf(tx, request.vrfId);
    await this.numbering.poolGiving(tx, request.vniPoolId, 'VNI', fabricId);
    const points = await this.places.attachPoints(tx, request.attachments);
    const needs = await this.places.vlanNeeds(tx, points, request.attachments);
    const claim = (poolId: (typeof needs)[number]['poolId'], part: string, holder: 'network' | 'vlan_mapping' = 'network') => ({
      poolId,
      tenantId,
      holder,
      key: `order/${request.idempotencyKey}/${part}`,
      ...(request.externalRef === null ? {} : { externalRef: request.externalRef }),
    });
    const claims = new Map([
      ['vni', claim(request.vniPoolId, 'vni')],
      ['evi', claim(await this.numbering.poolOf(tx, fabricId, 'EVI'), 'evi')],
      ...needs.map(
        (need) =>
          [
            need.vlanDomainId as string,
            {
              ...claim(need.poolId, `vlan/${need.vlanDomainId}`, 'vlan_mapping'),
              ...(need.prefer === null ? {} : { prefer: need.prefer }),
            },
          ] as const,
      ),
    ]);
    const claimed = await this.numbering.claimAll(tx, claims);
    const settings = await this.fabric.settings(tx, fabricId);
    const network = await this.tenancy.createNetwork(tx, {
      tenantId,
      fabricId,
      rtAdministrator: settings.rtAdministrator,
      vrfId: request.vrfId,
      name: request.name,
      externalRef: request.externalRef,
      vni: claimed.get('vni') as ClaimedNumber,
      evi: claimed.get('evi') as ClaimedNumber,
      mtu: settings.underlayMtu - vxlanOverhead(settings.underlayFamily),
    });
    // In the order of pool ids: one order of locks for all orders.
    const subnets = [...request.subnets.entries()].sort(([, a], [, b]) => (a.poolId < b.poolId ? -1 : a.poolId > b.poolId ? 1 : 0));
    for (const [index, subnet] of subnets) await this.addSubnet(tx, network, subnet, index, `${request.idempotencyKey}/${index}`);
    const vlans = new Map<VlanDomainId, ClaimedNumber>(
      needs.map((need) => [need.vlanDomainId, claimed.get(need.vlanDomainId) as ClaimedNumber]),
    );
    await this.places.attach(tx, network, points, request.attachments, vlans);
    await this.checks.check(tx, network);
    return { network, deviceIds: [...points.keys()].sort() };
  }

  private async addSubnet(tx: Tx, network: Network, wanted: RequestedSubnet, index: number, key: string): Promise<Subnet> {
    const nameOf = (label: string): Fqdn | null => (wanted.zone === null ? null : Fqdn.parse(`${label}.${network.slug}.${wanted.zone}`));
    const subnet = await this.addressing.createSubnet(tx, {
      tenantId: network.tenantId,
      networkId: network.id,
      poolId: wanted.poolId,
      ...(wanted.cidr === null ? {} : { cidr: wanted.cidr }),
      ...(wanted.length === null ? {} : { length: wanted.length }),
      gatewayMode: wanted.gateway,
      gatewayName: wanted.gateway === 'NONE' ? null : nameOf(index === 0 ? 'gw' : `gw${index + 1}`),
      dnsZone: wanted.zone,
      ...(wanted.dnsZonePrefix !== undefined && { dnsZonePrefix: wanted.dnsZonePrefix }),
      ...(wanted.dnsTtlSeconds !== undefined && { dnsTtlSeconds: wanted.dnsTtlSeconds }),
      key,
    });
    for (const { name } of wanted.hosts)
      if (/^gw\d*$/.test(name)) throw invalidValue('host name', name, 'another name: gw and gw2, gw3 … are gateways');
    // Hosts with a wanted address first: the others must not take it.
    for (const host of [...wanted.hosts].sort((a, b) => Number(b.address !== null) - Number(a.address !== null))) {
      await this.addressing.assign(tx, {
        subnet,
        ...(host.address === null ? {} : { prefer: host.address }),
        mac: host.mac,
        dnsName: nameOf(host.name),
        key: `host/${host.name}`,
      });
    }
    return subnet;
  }
}
