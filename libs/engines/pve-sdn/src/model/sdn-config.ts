/** What a Proxmox VE cluster is told about its networks: the content of /etc/pve/sdn, typed. Lists are in byte order of their ids. */
import type { Controller } from './controller.js';
import type { Fabric } from './fabric.js';
import type { Prefix, WrittenIp } from './written.js';
import type { Zone } from './zone.js';

export interface SdnConfig {
  /** Raised by every apply; written into the first line of interfaces.d/sdn. */
  readonly version: number;
  readonly zones: readonly Zone[];
  readonly vnets: readonly Vnet[];
  readonly subnets: readonly Subnet[];
  readonly controllers: readonly Controller[];
  readonly fabrics: readonly Fabric[];
  readonly prefixLists: readonly PrefixList[];
}

export interface Vnet {
  /** The bridge has exactly this name on every node: at most 8 characters. */
  readonly id: string;
  readonly zone: string;
  /** VLAN id or VNI, as the zone wants; null where there is none. */
  readonly tag: number | null;
  readonly vlanAware: boolean;
  readonly alias: string | null;
  /** Set when a guest is plugged in, not rendered. */
  readonly isolatePorts: boolean;
  readonly mac: string | null;
}

export interface Subnet {
  /** `<zone>-<network>-<length>`; only its byte order matters. */
  readonly id: string;
  readonly vnet: string;
  readonly prefix: Prefix;
  readonly gateway: WrittenIp | null;
  readonly snat: boolean;
  readonly dhcpRanges: readonly { readonly start: WrittenIp; readonly end: WrittenIp }[];
  readonly dhcpDnsServer: WrittenIp | null;
  readonly dnsZonePrefix: string | null;
}

export interface PrefixList {
  readonly id: string;
  /** In the order of the file, which is the order that is written. */
  readonly entries: readonly PrefixListEntry[];
}

export interface PrefixListEntry {
  readonly action: 'permit' | 'deny';
  readonly prefix: Prefix;
  readonly sequence: number;
  readonly le: number | null;
  readonly ge: number | null;
}
