/** Devices that end or carry networks without being ours: an OpenBSD firewall, a Comware switch. Part of DeviceIntent. */
import type { DeviceName, Ip, Label, PortName, VlanId, Vni } from '#engines/kernel';

export interface OpenBsdIntent {
  readonly tunnelAddress: Ip;
  readonly parent: DeviceName | null;
  /** By VNI. */
  readonly gateways: readonly OpenBsdGatewayIntent[];
}

export interface OpenBsdGatewayIntent {
  readonly vni: Vni;
  readonly name: Label;
  readonly mtu: number;
  readonly udpPort: number;
  /** Where frames go: the group of the network, or its one other VTEP; null while it has none. */
  readonly destination: Ip | null;
  /** By family and value. */
  readonly addresses: readonly { readonly address: Ip; readonly prefixLength: number }[];
}

export interface ComwareIntent {
  /** Of frames without a tag; no network has it. */
  readonly defaultVlan: VlanId;
  /** Aggregated links, by name, each with the VLANs that its other end needs. */
  readonly trunks: readonly { readonly name: PortName; readonly vlans: readonly VlanId[] }[];
}
