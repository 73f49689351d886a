import type { BgpController, Controller, EvpnController, IsisController } from '../model/controller.js';
import type { SdnConfig } from '../model/sdn-config.js';

export function isOnNode(controller: Controller, node: string): boolean {
  return controller.type === 'evpn' ? controller.nodes === null || controller.nodes.includes(node) : controller.node === node;
}

export const evpnControllersOf = (config: SdnConfig, node: string): readonly EvpnController[] =>
  config.controllers.filter((controller) => controller.type === 'evpn').filter((controller) => isOnNode(controller, node));

export const bgpControllerOf = (config: SdnConfig, node: string): BgpController | undefined =>
  config.controllers.filter((controller) => controller.type === 'bgp').find((controller) => controller.node === node);

const isisControllerOf = (config: SdnConfig, node: string): IsisController | undefined =>
  config.controllers.filter((controller) => controller.type === 'isis').find((controller) => controller.node === node);

/** Where tunnels start from: the loopback of the node's bgp controller; the one of isis counts only where there is no bgp controller. */
export function nodeLoopback(config: SdnConfig, node: string): string | null {
  const bgp = bgpControllerOf(config, node);
  return bgp === undefined ? (isisControllerOf(config, node)?.loopback ?? null) : bgp.loopback;
}
