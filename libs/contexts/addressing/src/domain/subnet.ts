import type { AddressSpaceId, Cidr, Fqdn, Ip, IpAddressId, Mac, NetworkId, PrefixId, SubnetId, TenantId } from '#engines/kernel';

export type GatewayMode = 'ANYCAST_VTEP' | 'CENTRAL_VRRP' | 'EXTERNAL_FIREWALL' | 'NONE';

export interface Subnet {
  readonly id: SubnetId;
  readonly tenantId: TenantId;
  readonly networkId: NetworkId;
  readonly prefixId: PrefixId;
  readonly spaceId: AddressSpaceId;
  readonly cidr: Cidr;
  readonly gatewayMode: GatewayMode;
  readonly gatewayAddress: Ip | null;
  readonly dnsZone: Fqdn | null;
}

export interface IpAddress {
  readonly id: IpAddressId;
  readonly subnetId: SubnetId;
  readonly address: Ip;
  readonly mac: Mac | null;
  readonly dnsName: Fqdn | null;
  readonly role: 'HOST' | 'GATEWAY' | 'VIP' | 'DHCP' | 'RESERVED';
}

/** An address with a name, as DNS wants it. */
export interface NamedAddress {
  readonly address: Ip;
  readonly name: Fqdn;
}
