/** What the controllers of a node come to: the ASN of its router, and whether its tunnels are peered inside or outside of it. */
import type { BgpController, EvpnController } from '../model/controller.js';
import type { SdnConfig } from '../model/sdn-config.js';
import { bgpControllerOf, evpnControllersOf, nodeLoopback } from '../node/node-controllers.js';
import { tunnelEnd } from '../node/local-address.js';
import type { NodeFacts } from '../node/node-facts.js';
import type { PveRelease } from '../node/pve-release.js';
import { routerId } from '../node/router-id.js';

export interface Overlay {
  /** Of the router in the default VRF, and of those in the VRFs of the zones. */
  readonly asn: number;
  readonly bgp: BgpController | undefined;
  readonly evpn: readonly EvpnController[];
  readonly loopback: string | null;
}

/** `undefined` on a node without evpn and bgp controllers. */
export function overlayOf(config: SdnConfig, node: string): Overlay | undefined {
  const evpn = evpnControllersOf(config, node);
  const bgp = bgpControllerOf(config, node);
  const asn = bgp !== undefined && evpn.some(({ mode }) => mode === 'auto') ? bgp.asn : (evpn[0]?.asn ?? bgp?.asn);
  return asn === undefined ? undefined : { asn, bgp, evpn, loopback: nodeLoopback(config, node) };
}

/** eBGP between the tunnel ends: each node has an ASN of its own, and the one of the controller is only for route targets. */
export const isExternal = ({ asn, mode }: EvpnController, overlay: Overlay): boolean =>
  mode === 'external' || (mode === 'auto' && asn !== overlay.asn);

export function evpnRouterId(
  config: SdnConfig,
  facts: NodeFacts,
  release: PveRelease,
  controller: EvpnController,
  loopback: string | null,
): string {
  const { address, device } = tunnelEnd(config, facts, controller.underlay, loopback, release === '9.2');
  return routerId(facts, address, device);
}
