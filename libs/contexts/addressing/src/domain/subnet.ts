import type { AddressSpaceId, Cidr, Fqdn, Ip, IpAddressId, Mac, NetworkId, PrefixId, SubnetId, TenantId, VrfId } from '#engines/kernel';

export type GatewayMode = 'ANYCAST_VTEP' | 'CENTRAL_VRRP' | 'EXTERNAL_FIREWALL' | 'NONE';
export type AddressRole = 'HOST' | 'GATEWAY' | 'VIP' | 'DHCP' | 'RESERVED';

export interface Subnet {
  readonly id: SubnetId;
  readonly tenantId: TenantId;
  /** Null: a subnet that is only accounted for; no device of ours carries it. */
  readonly networkId: NetworkId | null;
  readonly vrfId: VrfId | null;
  readonly prefixId: PrefixId;
  readonly spaceId: AddressSpaceId;
  readonly cidr: Cidr;
  readonly gatewayMode: GatewayMode;
  readonly gatewayAddress: Ip | null;
  readonly dnsZone: Fqdn | null;
}

/** DHCP: given only to whoever asks within the range. RESERVED: never given. */
export type AddressRangeKind = 'DHCP' | 'RESERVED';

export interface AddressRange {
  readonly first: Ip;
  readonly last: Ip;
  readonly kind: AddressRangeKind;
  readonly reason: string;
}

export interface IpAddress {
  readonly id: IpAddressId;
  readonly subnetId: SubnetId;
  readonly address: Ip;
  readonly mac: Mac | null;
  readonly dnsName: Fqdn | null;
  readonly role: AddressRole;
}

/** An address with a name, as DNS wants it. */
export interface NamedAddress {
  readonly address: Ip;
  readonly name: Fqdn;
}

/** Subnets of a network with all that lies in them, as rows. */
export interface KeptSubnets {
  readonly prefixIds: readonly PrefixId[];
  readonly subnets: readonly object[];
  readonly ranges: readonly object[];
  readonly addresses: readonly object[];
}
