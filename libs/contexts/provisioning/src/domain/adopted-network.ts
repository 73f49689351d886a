/** Networks and VRFs that devices carry already, with the numbers that they have there. */
import type { AttachmentFacts, NetworkFacts, SubnetFacts } from '#engines/intent';
import type {
  AddressSpaceId,
  DeviceId,
  EviId,
  FabricId,
  Fqdn,
  Label,
  RouteDistinguisher,
  RouteTarget,
  Slug,
  TenantId,
  VlanDomainId,
  VlanId,
  Vni,
  VrfId,
  ZonePrefix,
} from '#engines/kernel';

export interface AdoptedVrf {
  readonly fabricId: FabricId;
  readonly tenantId: TenantId;
  readonly slug: Slug;
  readonly name: Label;
  /** As the devices call it. */
  readonly deviceName: string;
  readonly l3vni: Vni;
  readonly eviId: EviId;
  readonly targets: readonly AdoptedTarget[];
  readonly distinguishers: readonly AdoptedDistinguisher[];
}

export interface AdoptedNetwork extends Pick<NetworkFacts, 'mtu'> {
  readonly fabricId: FabricId;
  readonly tenantId: TenantId;
  readonly slug: Slug;
  readonly name: Label;
  readonly vrfId: VrfId | null;
  readonly vni: Vni;
  readonly eviId: EviId;
  readonly targets: readonly AdoptedTarget[];
  readonly distinguishers: readonly AdoptedDistinguisher[];
  readonly vlans: readonly { readonly vlanDomainId: VlanDomainId; readonly vlan: VlanId }[];
  readonly subnets: readonly AdoptedSubnet[];
  readonly places: readonly Pick<AttachmentFacts, 'deviceId' | 'port' | 'tagging'>[];
  readonly facts: Pick<NetworkFacts, 'replication' | 'multicastGroup' | 'bundle' | 'remoteTarget' | 'isProtected' | 'guestMacs'>;
}

export interface AdoptedSubnet extends Omit<SubnetFacts, 'dhcpRelay'> {
  readonly spaceId: AddressSpaceId;
  /** Names of its addresses in the zone are published as `<name>.<prefix>.<zone>`. No prefix without a zone. */
  readonly dnsZone?: Fqdn;
  readonly dnsZonePrefix?: ZonePrefix;
  readonly dnsTtlSeconds?: number;
}

export interface AdoptedDistinguisher {
  readonly deviceId: DeviceId;
  readonly rd: RouteDistinguisher;
}

/** Null: imported and exported. */
export interface AdoptedTarget {
  readonly target: RouteTarget;
  readonly direction: 'IMPORT' | 'EXPORT' | null;
}
