/** Aggregated links: one record for all ends, so that mode, members and VLANs cannot disagree. */
import type { DeviceId, Ip, Mac, PortName, VlanId } from '#engines/kernel';

export interface LagEnd {
  readonly deviceId: DeviceId;
  /** `Port-Channel5`, `bond0`, `Bridge-Aggregation1`. */
  readonly name: PortName;
  readonly members: readonly PortName[];
}

export interface LagFacts {
  /** STATIC has no protocol that would notice a wrong cable. */
  readonly mode: 'LACP' | 'STATIC';
  /**
   * Two ends, or more: then all but one are switches of one Ethernet segment or MLAG pair, and the other is what hangs on them: the one
   * that is no EOS switch, or the last.
   */
  readonly ends: readonly LagEnd[];
  /**
   * 6 octets, unique in the fabric, for a segment of several switches (RFC 7432 §5): ESI `0000:0000:<id>`, ES-import RT `<id>` and
   * LACP system id `<id>` are made of it. Null for a plain LAG, and for MLAG.
   */
  readonly segment: Mac | null;
}

/** Two EOS switches that act as one towards LAGs, with one shared VTEP address. */
export interface MlagFacts {
  readonly domain: string;
  readonly members: readonly [MlagMember, MlagMember];
  /** VLAN of the peer link, usually 4094. */
  readonly vlan: VlanId;
  /** Where tunnels to either end, beside the address that each has alone; absent = each for itself. */
  readonly sharedVtep?: Ip;
}
export interface MlagMember {
  readonly deviceId: DeviceId;
  readonly peerLink: PortName;
  readonly peerLinkMembers: readonly PortName[];
  /** On the SVI of the MLAG VLAN; both in one /31 or /30. */
  readonly address: Ip;
  readonly prefixLength: number;
}
