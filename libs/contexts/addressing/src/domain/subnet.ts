import type {
  AddressSpaceId,
  Cidr,
  Fqdn,
  Ip,
  IpAddressId,
  Mac,
  NetworkId,
  PrefixId,
  SubnetId,
  TenantId,
  VrfId,
  ZonePrefix,
} from '#engines/kernel';

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
  /** Names of its addresses that are in `dnsZone` are published as `<name>.<prefix>.<zone>`; never without a zone. */
  readonly dnsZonePrefix: ZonePrefix | null;
  /** Of its records, 1 to 604,800; null: that of the name server. */
  readonly dnsTtlSeconds: number | null;
}

/** How the names of a subnet are published. */
export type SubnetDns = Pick<Subnet, 'dnsZone' | 'dnsZonePrefix' | 'dnsTtlSeconds'>;

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

/** Subnets of a network with all that lies in them, as rows. */
export interface KeptSubnets {
  readonly prefixIds: readonly PrefixId[];
  readonly subnets: readonly object[];
  readonly ranges: readonly object[];
  readonly addresses: readonly object[];
}
