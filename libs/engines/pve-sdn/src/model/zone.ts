import type { WrittenIp } from './written.js';

export type Zone = SimpleZone | VlanZone | QinqZone | VxlanZone | EvpnZone;

interface ZoneOfAnyType {
  /** At most 8 characters: it becomes a part of interface names (`vrfvx_<zone>`). */
  readonly id: string;
  /** Where the zone is; null = on every node. */
  readonly nodes: readonly string[] | null;
  /** Octets, used as it is: nothing is taken off for a tunnel. */
  readonly mtu: number | null;
  readonly ipam: string | null;
  readonly dns: string | null;
  readonly reverseDns: string | null;
  readonly dnsZone: string | null;
}

export interface SimpleZone extends ZoneOfAnyType {
  readonly type: 'simple';
  readonly dhcp: boolean;
}

export interface VlanZone extends ZoneOfAnyType {
  readonly type: 'vlan';
  readonly bridge: string;
  /** Set on the ports of guests when they are plugged in, not rendered; so in the other zones. */
  readonly disableMacLearning: boolean;
}

export interface QinqZone extends ZoneOfAnyType {
  readonly type: 'qinq';
  readonly bridge: string;
  readonly serviceTag: number;
  readonly vlanProtocol: '802.1q' | '802.1ad' | null;
  readonly disableMacLearning: boolean;
}

export interface VxlanZone extends ZoneOfAnyType {
  readonly type: 'vxlan';
  readonly underlay: Underlay;
  readonly vxlanPort: number | null;
}

export interface EvpnZone extends ZoneOfAnyType {
  readonly type: 'evpn';
  readonly controller: string;
  /** Further evpn controllers over which the zone's routes are announced (9.2). */
  readonly secondaryControllers: readonly string[];
  readonly l3vni: number;
  readonly vxlanPort: number | null;
  readonly anycastMac: string | null;
  readonly exitNodes: readonly string[];
  readonly primaryExitNode: string | null;
  readonly exitNodesLocalRouting: boolean;
  readonly advertiseSubnets: boolean;
  readonly disableArpNdSuppression: boolean;
  readonly rtImport: readonly string[];
  readonly disableMacLearning: boolean;
}

/** Who the tunnel ends are: a list of addresses, or the nodes of a fabric. */
export type Underlay = { readonly peers: readonly WrittenIp[] } | { readonly fabric: string };
