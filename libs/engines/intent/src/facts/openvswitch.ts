/** Open vSwitch of a host, in the words of ovs-vswitchd.conf.db(5). Ports of guests are no facts: hypervisors make and take them. */
import type { DeviceName, Ip, VlanId, Vni } from '#engines/kernel';

/**
 * Who makes the rows when the host starts. OVSDB: they are still there, because the database is a file; the others make them from
 * `/etc/network/interfaces.d/trame-ovs`. While the host runs, the database is changed in one transaction in all three cases.
 */
export type OvsManager = 'OVSDB' | 'IFUPDOWN2' | 'IFUPDOWN';

export interface OpenVswitchFacts {
  readonly managedBy: OvsManager;
  readonly bridges: readonly OvsBridgeFacts[];
}

export interface OvsBridgeFacts {
  readonly name: DeviceName;
  readonly datapath: 'system' | 'netdev';
  /** Null: standalone. */
  readonly failMode: 'standalone' | 'secure' | null;
  readonly hasRstp: boolean;
  /** The bridge's own port has the bridge's name; where it is not said, it has no VLAN and no address. */
  readonly ports: readonly OvsPortFacts[];
  readonly mirrors: readonly OvsMirrorFacts[];
  readonly sflow: OvsSflowFacts | null;
}

export type OvsVlanMode = 'access' | 'trunk' | 'native-tagged' | 'native-untagged' | 'dot1q-tunnel';

export interface OvsPortFacts {
  readonly name: DeviceName;
  /** Null: what Open vSwitch makes of it: access with a tag, otherwise trunk. */
  readonly vlanMode: OvsVlanMode | null;
  /** 0…4095, as the database has it. */
  readonly tag: number | null;
  /** 0…4095; empty on a trunk means every VLAN. */
  readonly trunks: readonly number[];
  /** Inner VLANs that a dot1q-tunnel port takes, 0…4095; empty means all. */
  readonly cvlans: readonly number[];
  /** Ethertype of the outer tag of a dot1q-tunnel port; null: 802.1ad. */
  readonly outerTag: '802.1ad' | '802.1q' | null;
  /** Nothing goes from one protected port of a bridge to another. */
  readonly isProtected: boolean;
  /** ATTACHMENTS: the port carries the VLANs of its attachments and those that stand here, and none when there is none. Absent: AS_STATED. */
  readonly vlansFrom?: 'AS_STATED' | 'ATTACHMENTS';
  readonly interfaces: readonly OvsInterfaceFacts[];
  /** Of more than one interface, or of one that speaks LACP. */
  readonly bond: OvsBondFacts | null;
}

export interface OvsBondFacts {
  readonly mode: 'active-backup' | 'balance-slb' | 'balance-tcp';
  readonly lacp: 'active' | 'passive' | 'off';
  /** Null: slow. */
  readonly lacpTime: 'slow' | 'fast' | null;
}

export type OvsInterfaceFacts = OvsSystemInterface | OvsInternalInterface | OvsPatchInterface | OvsVxlanInterface;

export interface OvsSystemInterface {
  readonly type: 'system';
  readonly name: DeviceName;
  /** Bytes; null: as it is. */
  readonly mtu: number | null;
}

export interface OvsInternalInterface {
  readonly type: 'internal';
  readonly name: DeviceName;
  readonly mtu: number | null;
  readonly addresses: readonly { readonly address: Ip; readonly prefixLength: number }[];
  readonly gateway: Ip | null;
}

export interface OvsPatchInterface {
  readonly type: 'patch';
  readonly name: DeviceName;
  readonly peer: DeviceName;
}

export interface OvsVxlanInterface {
  readonly type: 'vxlan';
  readonly name: DeviceName;
  readonly vni: Vni;
  readonly remote: Ip;
  readonly local: Ip | null;
  readonly udpPort: number;
}

/** One that names a guest's port waits for it, and is completed when the guest has started. */
export interface OvsMirrorFacts {
  /** 1 to 63 letters, digits, dots, dashes and underscores, no dash first. */
  readonly name: string;
  readonly selectAll: boolean;
  readonly selectSource: readonly DeviceName[];
  readonly selectDestination: readonly DeviceName[];
  /** Only frames of these VLANs; empty: of all. */
  readonly selectVlans: readonly VlanId[];
  /** Exactly one of port and VLAN. */
  readonly outputPort: DeviceName | null;
  readonly outputVlan: VlanId | null;
}

/** Null: what Open vSwitch takes by default (agent: the way to the first target; header 128, sampling 400, polling 10). */
export interface OvsSflowFacts {
  /** Interface, or address. */
  readonly agent: DeviceName | Ip | null;
  /** `192.0.2.1:6343`, `[2001:db8::1]:6343`. */
  readonly targets: readonly string[];
  readonly header: number | null;
  readonly sampling: number | null;
  readonly polling: number | null;
}
