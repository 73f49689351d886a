import type { Tagging } from '#engines/intent';
import type { AllocationId, AttachmentId, DeviceId, FabricId, Ip, NetworkId, TenantId, VlanDomainId, VtepId } from '#engines/kernel';

/** A device as a place where a network may come out. */
export interface AttachPoint {
  readonly deviceId: DeviceId;
  readonly fabricId: FabricId;
  readonly slug: string;
  readonly platform: 'DEBIAN_FRR' | 'ARISTA_EOS';
  readonly managed: 'OBSERVE' | 'SECTION' | 'FULL';
  readonly vtepId: VtepId | null;
  readonly vtepAddress: Ip | null;
  readonly vlanDomainId: VlanDomainId | null;
}

export interface Attachment {
  readonly id: AttachmentId;
  readonly tenantId: TenantId;
  readonly networkId: NetworkId;
  readonly deviceId: DeviceId;
  readonly port: string | null;
  readonly tagging: Tagging;
  readonly vlan: number | null;
  readonly routeDistinguisher: string | null;
}

/** Where a network was, as rows: ports, tagging, VLANs and route distinguishers. */
export interface KeptPlaces {
  readonly attachments: readonly object[];
  readonly distinguishers: readonly object[];
  readonly vlanMappings: readonly object[];
  readonly vlanAllocations: readonly AllocationId[];
}
