/** How a Debian host is wired beside the fabric: what stands in interfaces(5) of ifupdown2, and what Trame owns of it. */
import type { Cidr, DeviceName, Ip, VlanId } from '#engines/kernel';

/** The seven modes of the kernel's bonding driver, in its own words. */
export type BondMode = 'balance-rr' | 'active-backup' | 'balance-xor' | 'broadcast' | '802.3ad' | 'balance-tlb' | 'balance-alb';

export interface HostAddress {
  readonly address: Ip;
  readonly prefixLength: number;
}

export interface HostFacts {
  /** Device that carries the VTEP address; null = `lo`. A dummy is made when it has another name. */
  readonly loopback: DeviceName | null;
  readonly bonds: readonly HostBondFacts[];
  readonly bridges: readonly HostBridgeFacts[];
  readonly vlans: readonly HostVlanFacts[];
  readonly nat: readonly HostNatFacts[];
}

export interface HostBondFacts {
  readonly name: DeviceName;
  readonly mode: BondMode;
  readonly members: readonly DeviceName[];
  readonly addresses: readonly HostAddress[];
  readonly mtu: number | null;
  /** Milliseconds between looks at the carrier; 0 = never. */
  readonly miimon: number;
  /** 802.3ad only. */
  readonly lacpRate: 'slow' | 'fast' | null;
  /** balance-xor, 802.3ad and balance-tlb only. */
  readonly hashPolicy: 'layer2' | 'layer2+3' | 'layer3+4' | 'encap2+3' | 'encap3+4' | null;
  /** active-backup, balance-tlb and balance-alb only. */
  readonly primary: DeviceName | null;
  readonly minLinks: number | null;
}

export interface HostBridgeFacts {
  readonly name: DeviceName;
  readonly ports: readonly DeviceName[];
  readonly isVlanAware: boolean;
  /** VLANs of a VLAN-aware bridge, as ranges; empty otherwise. */
  readonly vlans: readonly { readonly first: VlanId; readonly last: VlanId }[];
  /** An address makes it a routed bridge: guests have the host as gateway. */
  readonly addresses: readonly HostAddress[];
  readonly gateway: Ip | null;
  readonly hasStp: boolean;
  readonly mtu: number | null;
}

export interface HostVlanFacts {
  readonly name: DeviceName;
  readonly parent: DeviceName;
  readonly vlan: VlanId;
  readonly protocol: '802.1q' | '802.1ad';
  readonly addresses: readonly HostAddress[];
  readonly mtu: number | null;
}

/** Source NAT of a routed bridge, and ports that are passed on to guests. Rules are made once, however often the interface comes up. */
export type HostNatFacts =
  | { readonly kind: 'MASQUERADE'; readonly source: Cidr; readonly out: DeviceName; readonly bridge: DeviceName }
  | { readonly kind: 'SNAT'; readonly source: Cidr; readonly out: DeviceName; readonly bridge: DeviceName; readonly to: Ip }
  | {
      readonly kind: 'DNAT';
      readonly in: DeviceName;
      readonly bridge: DeviceName;
      readonly protocol: 'tcp' | 'udp';
      readonly port: number;
      readonly to: Ip;
      readonly toPort: number;
    };
