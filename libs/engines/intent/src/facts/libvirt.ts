/** libvirt of a host: the networks that domains name, and those whose bridge its qemu hook makes on demand. */
import type { DeviceName, NetworkId, VlanId } from '#engines/kernel';

export interface LibvirtFacts {
  readonly networks: readonly LibvirtNetworkFacts[];
  /** True: the qemu hook builds bridge and tunnel of a network when the first domain that uses it starts, and removes them after the last. */
  readonly isOnDemand: boolean;
  /** Seconds from the end of the last domain to the removal, 0…86400; absent: 60. */
  readonly removeAfterSeconds?: number;
  /** What stands before the VNI in the names of bridges made on demand, at most 7 letters; absent: `vnet`, as everywhere else. */
  readonly bridgePrefix?: string;
  /** Each network that comes out on this host is a libvirt network, too: a domain names it by its slug and not by a bridge. */
  readonly offersBridges?: boolean;
}

/** `<forward mode='bridge'/>`: libvirt plugs taps into a bridge that somebody else made. */
export interface LibvirtNetworkFacts {
  readonly name: string;
  /** Of the network that libvirt has already; it takes no second one of that name. Absent: derived from device and name. */
  readonly uuid?: string;
  readonly bridge: DeviceName;
  readonly isOpenVswitch: boolean;
  /** By hand: names and tags as somebody chose them. */
  readonly portgroups: readonly LibvirtPortgroupFacts[];
  /** Each network that has a VLAN on this host and comes out without a port gets a portgroup: its slug, and that VLAN. */
  readonly followsAttachments?: boolean;
  /** Trunks of such networks; the tags follow the VLANs of the host. */
  readonly profiles?: readonly LibvirtProfileFacts[];
}

export interface LibvirtPortgroupFacts {
  readonly name: string;
  /** Taken by domains that name none; at most one of a network. */
  readonly isDefault: boolean;
  readonly isTrunk: boolean;
  readonly tags: readonly VlanId[];
  /** The VLAN of frames without a tag; one of `tags`. */
  readonly nativeTag: { readonly vlan: VlanId; readonly mode: 'tagged' | 'untagged' } | null;
}

export interface LibvirtProfileFacts {
  readonly name: string;
  readonly isDefault: boolean;
  readonly networkIds: readonly NetworkId[];
  /** One of `networkIds`. */
  readonly native: { readonly networkId: NetworkId; readonly mode: 'tagged' | 'untagged' } | null;
}
