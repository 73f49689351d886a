import type { BgpController, Controller, EvpnController, IsisController } from '../model/controller.js';
import type { SdnConfig } from '../model/sdn-config.js';

/** An evpn controller over a fabric is on the nodes of the fabric: before 9.2 there is no other way to say where it is. */
export function isOnNode({ fabrics }: SdnConfig, controller: Controller, node: string): boolean {
  if (controller.type !== 'evpn') return controller.node === node;
  const { nodes, underlay } = controller;
  const isReached =
    'peers' in underlay || fabrics.some(({ id, nodes: members }) => id === underlay.fabric && members.some((one) => one.node === node));
  return isReached && (nodes === null || nodes.includes(node));
}

export const evpnControllersOf = (config: SdnConfig, node: string): readonly EvpnController[] =>
  config.controllers.filter((controller) => controller.type === 'evpn').filter((controller) => isOnNode(config, controller, node));

export const bgpControllerOf = (config: SdnConfig, node: string): BgpController | undefined =>
  config.controllers.filter((controller) => controller.type === 'bgp').find((controller) => controller.node === node);

const isisControllerOf = (config: SdnConfig, node: string): IsisController | undefined =>
  config.controllers.filter((controller) => controller.type === 'isis').find((controller) => controller.node === node);

/** Where tunnels start from: the loopback of the node's bgp controller; the one of isis counts only where there is no bgp controller. */
export function nodeLoopback(config: SdnConfig, node: string): string | null {
  const bgp = bgpControllerOf(config, node);
  return bgp === undefined ? (isisControllerOf(config, node)?.loopback ?? null) : bgp.loopback;
}
