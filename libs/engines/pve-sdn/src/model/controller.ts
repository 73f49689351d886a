import type { WrittenIp } from './written.js';
import type { Underlay } from './zone.js';

export type Controller = EvpnController | BgpController | IsisController;

export interface EvpnController {
  readonly type: 'evpn';
  readonly id: string;
  readonly asn: number;
  readonly underlay: Underlay;
  /** The following are of 9.2; null, or `VTEP` and `auto`, otherwise. */
  readonly nodes: readonly string[] | null;
  readonly peerGroup: string;
  readonly mode: 'auto' | 'external' | 'internal';
  readonly ebgpMultihop: number | null;
  readonly routeMapIn: string | null;
  readonly routeMapOut: string | null;
}

export interface BgpController {
  readonly type: 'bgp';
  readonly id: string;
  readonly node: string;
  readonly asn: number;
  readonly peers: readonly WrittenIp[];
  readonly ebgp: boolean;
  readonly ebgpMultihop: number | null;
  readonly loopback: string | null;
  readonly multipathRelax: boolean;
  /** 9.2. */
  readonly routeMapIn: string | null;
  readonly routeMapOut: string | null;
}

export interface IsisController {
  readonly type: 'isis';
  readonly id: string;
  readonly node: string;
  readonly domain: string;
  readonly net: string;
  readonly interfaces: readonly string[];
  readonly loopback: string | null;
}
