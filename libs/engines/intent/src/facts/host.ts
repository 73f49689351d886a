/** How a Debian host is wired beside the fabric: what stands in interfaces(5) of ifupdown2, and what Trame owns of it. */
import type { Cidr, DeviceName, Ip, VlanId } from '#engines/kernel';

/** The seven modes of the kernel's bonding driver, in its own words. */
export type BondMode = 'balance-rr' | 'active-backup' | 'balance-xor' | 'broadcast' | '802.3ad' | 'balance-tlb' | 'balance-alb';

export interface HostAddress {
  readonly address: Ip;
  readonly prefixLength: number;
}

export interface HostFacts {
  /** Device that is made for the VTEP address, a dummy: `lo1`. Null = `lo`, or whatever has that address already. */
  readonly loopback: DeviceName | null;
  /** Cards and other interfaces that are there without us, where they have more to say than that somebody uses them. */
  readonly ports: readonly HostInterfaceFacts[];
  readonly bonds: readonly HostBondFacts[];
  readonly bridges: readonly HostBridgeFacts[];
  readonly vlans: readonly HostVlanFacts[];
  readonly nat: readonly HostNatFacts[];
}

export interface HostInterfaceFacts {
  readonly name: DeviceName;
  readonly addresses: readonly HostAddress[];
  /** Default route over this interface; at most one per host and family. */
  readonly gateway: Ip | null;
  /** Bytes of IP MTU; null = as the kernel has it. */
  readonly mtu: number | null;
}

/** An option is null in every mode that does not have it. */
export interface HostBondFacts extends HostInterfaceFacts {
  readonly mode: BondMode;
  readonly members: readonly DeviceName[];
  /** Milliseconds between looks at the carrier, 1…255; 0 = never, and a dead cable is not noticed. */
  readonly miimon: number;
  /** Milliseconds that a carrier has to be back before the member is used again, a multiple of `miimon`. */
  readonly updelay: number | null;
  /** 802.3ad only. */
  readonly lacpRate: 'slow' | 'fast' | null;
  /** balance-xor, 802.3ad and balance-tlb only. */
  readonly hashPolicy: 'layer2' | 'layer2+3' | 'layer3+4' | 'encap2+3' | 'encap3+4' | null;
  /** active-backup, balance-tlb and balance-alb only. */
  readonly primary: DeviceName | null;
  /** 802.3ad only: members without which the bond is down, 1…; null = one is enough. */
  readonly minLinks: number | null;
}

export interface HostBridgeFacts extends HostInterfaceFacts {
  readonly ports: readonly DeviceName[];
  readonly isVlanAware: boolean;
  /** VLANs of a VLAN-aware bridge, as ranges; empty otherwise. */
  readonly vlans: readonly { readonly first: VlanId; readonly last: VlanId }[];
  readonly hasStp: boolean;
}

export interface HostVlanFacts extends HostInterfaceFacts {
  readonly parent: DeviceName;
  readonly vlan: VlanId;
  readonly protocol: '802.1q' | '802.1ad';
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
