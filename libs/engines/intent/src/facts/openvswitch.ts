/** Open vSwitch of a host, in the words of ovs-vswitchd.conf.db(5). */
import type { DeviceName, Ip, VlanId, Vni } from '#engines/kernel';

export interface OpenVswitchFacts {
  readonly bridges: readonly OvsBridgeFacts[];
}

export interface OvsBridgeFacts {
  readonly name: DeviceName;
  readonly datapath: 'system' | 'netdev';
  readonly failMode: 'standalone' | 'secure' | null;
  readonly hasRstp: boolean;
  readonly ports: readonly OvsPortFacts[];
  readonly mirrors: readonly OvsMirrorFacts[];
  readonly sflow: OvsSflowFacts | null;
}

export interface OvsPortFacts {
  readonly name: DeviceName;
  readonly vlanMode: 'access' | 'trunk' | 'native-tagged' | 'native-untagged' | 'dot1q-tunnel' | null;
  readonly tag: VlanId | null;
  readonly trunks: readonly VlanId[];
  readonly interfaces: readonly OvsInterfaceFacts[];
  /** More than one interface. */
  readonly bond: { readonly mode: 'active-backup' | 'balance-slb' | 'balance-tcp'; readonly lacp: 'active' | 'passive' | 'off' } | null;
}

export type OvsInterfaceFacts =
  | { readonly type: 'system'; readonly name: DeviceName }
  | {
      readonly type: 'internal';
      readonly name: DeviceName;
      readonly addresses: readonly { readonly address: Ip; readonly prefixLength: number }[];
    }
  | { readonly type: 'patch'; readonly name: DeviceName; readonly peer: DeviceName }
  | {
      readonly type: 'vxlan';
      readonly name: DeviceName;
      readonly vni: Vni;
      readonly remote: Ip;
      readonly local: Ip | null;
      readonly udpPort: number;
    };

export interface OvsMirrorFacts {
  readonly name: string;
  readonly selectAll: boolean;
  readonly selectSource: readonly DeviceName[];
  readonly selectDestination: readonly DeviceName[];
  readonly outputPort: DeviceName;
}

export interface OvsSflowFacts {
  readonly agent: DeviceName;
  /** `192.0.2.1:6343`. */
  readonly targets: readonly string[];
  readonly header: number;
  readonly sampling: number;
  readonly polling: number;
}
