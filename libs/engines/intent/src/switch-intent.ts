/** What switches do with cables beside routing: aggregated links, pairs, segments, ports of their own kind. Part of DeviceIntent. */
import type { Ip, Mac, PortName, Slug, VlanId } from '#engines/kernel';

export interface LagIntent {
  readonly name: PortName;
  readonly members: readonly PortName[];
  readonly mode: 'LACP' | 'STATIC';
  /** What is at the other end, each once. */
  readonly peers: readonly Slug[];
  /** On a switch of an Ethernet segment. */
  readonly segment: SegmentIntent | null;
  /** On a switch of an MLAG pair: the number that both give it, which is that of the Port-Channel. */
  readonly mlag: number | null;
}

/** RFC 7432 §5 and §7.6, all three of the one identifier of the segment. */
export interface SegmentIntent {
  /** `0000:0000:0001:1010:1010`. */
  readonly identifier: string;
  readonly importTarget: Mac;
  readonly systemId: Mac;
}

export interface MlagIntent {
  readonly domain: string;
  readonly vlan: VlanId;
  readonly peer: Slug;
  readonly peerLink: PortName;
  readonly peerLinkMembers: readonly PortName[];
  readonly address: Ip;
  readonly prefixLength: number;
  readonly peerAddress: Ip;
  readonly sharedVtep: Ip | null;
}

export interface SwitchIntent {
  readonly internalVlans: { readonly first: VlanId; readonly last: VlanId };
  readonly tunnelPorts: readonly PortName[];
  readonly translations: readonly { readonly port: PortName; readonly from: VlanId; readonly to: VlanId }[];
  readonly domain: { readonly id: string; readonly remoteId: string | null } | null;
  readonly clusterId: Ip | null;
  readonly hasPeerGroups: boolean;
}
