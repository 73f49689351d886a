/** libvirt of a host: the networks that domains name, and those that its hook makes on demand. */
import type { DeviceName, VlanId } from '#engines/kernel';

export interface LibvirtFacts {
  readonly networks: readonly LibvirtNetworkFacts[];
  /** True: the qemu hook builds bridge and tunnel of a network when the first domain that uses it starts, and removes them after the last. */
  readonly isOnDemand: boolean;
}

export interface LibvirtNetworkFacts {
  readonly name: string;
  readonly bridge: DeviceName;
  readonly isOpenVswitch: boolean;
  readonly portgroups: readonly LibvirtPortgroupFacts[];
}

export interface LibvirtPortgroupFacts {
  readonly name: string;
  readonly isDefault: boolean;
  readonly isTrunk: boolean;
  readonly tags: readonly VlanId[];
  readonly nativeTag: { readonly vlan: VlanId; readonly mode: 'tagged' | 'untagged' } | null;
}
