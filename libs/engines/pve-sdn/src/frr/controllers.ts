/** The part of frr.conf that the controllers ask for, in byte order of their ids: the first one makes the default router. */
import type { BgpController, EvpnController, IsisController } from '../model/controller.js';
import type { SdnConfig } from '../model/sdn-config.js';
import { familyOf, hostLength, isSameIp } from '../model/written.js';
import { localAddress, tunnelEnd } from '../node/local-address.js';
import { isOnNode } from '../node/node-controllers.js';
import type { NodeFacts } from '../node/node-facts.js';
import type { PveRelease } from '../node/pve-release.js';
import { routerId } from '../node/router-id.js';
import { addEntries, addLines, addOnce, family, type FrrDocument, router } from './frr-document.js';
import { isExternal, type Overlay } from './overlay.js';
import { controllerTargets, vtepMaps } from './vtep-maps.js';

export interface FrrContext {
  readonly document: FrrDocument;
  readonly config: SdnConfig;
  readonly facts: NodeFacts;
  readonly release: PveRelease;
  readonly overlay: Overlay | undefined;
}

/** Sessions over a loopback: it is not on the wire between the two. */
const LOOPBACK_HOPS = 10;

export function addControllers(context: FrrContext): void {
  const { config, facts, overlay } = context;
  for (const controller of config.controllers.filter((one) => isOnNode(config, one, facts.name))) {
    if (controller.type === 'isis') addIsis(context, controller);
    else if (overlay !== undefined && controller.type === 'bgp') addBgp(context, overlay, controller);
    else if (overlay !== undefined && controller.type === 'evpn') addEvpn(context, overlay, controller);
  }
}

function addEvpn(context: FrrContext, overlay: Overlay, controller: EvpnController): void {
  const { document, config, facts, release } = context;
  const end = tunnelEnd(config, facts, controller.underlay, overlay.loopback, release === '9.2');
  const isOutside = isExternal(controller, overlay);
  const group = controller.peerGroup;
  const source = controller.mode === 'auto' ? end.updateSource : null;
  const hops = controller.ebgpMultihop ?? (isOutside && source !== null ? LOOPBACK_HOPS : null);
  const bgp = router(document, '', {
    asn: overlay.asn,
    routerId: () => routerId(facts, end.address, end.device),
    settings: [
      'no bgp hard-administrative-reset',
      'no bgp default ipv4-unicast',
      'coalesce-time 1000',
      'no bgp graceful-restart notification',
    ],
  });
  bgp.neighbors.push(
    `neighbor ${group} peer-group`,
    `neighbor ${group} remote-as ${isOutside ? 'external' : controller.asn}`,
    `neighbor ${group} bfd`,
    ...(isOutside && hops !== null ? [`neighbor ${group} ebgp-multihop ${hops}`] : []),
    ...(source === null ? [] : [`neighbor ${group} update-source ${source}`]),
    ...end.peers
      .filter((peer) => end.address === null || !isSameIp(peer, end.address))
      .map((peer) => `neighbor ${peer} peer-group ${group}`),
  );
  const maps = vtepMaps(controller);
  const overlayFamily = family(bgp, 'l2vpn evpn');
  overlayFamily.neighbors.push(
    `neighbor ${group} activate`,
    `neighbor ${group} route-map ${maps.in} in`,
    `neighbor ${group} route-map ${maps.out} out`,
  );
  addOnce(overlayFamily.evpn, 'advertise-all-vni');
  // A patch of Proxmox' own FRR: the automatic route targets take this ASN, the same on all nodes, instead of the router's.
  if (isOutside && controller.asn !== overlay.asn) addOnce(overlayFamily.evpn, `autort as ${controller.asn}`);
  addEntries(document, maps.in, 'after', { action: 'permit', lines: call(controller.routeMapIn) });
  addEntries(document, maps.out, 'after', { action: 'permit', lines: outLines(context, overlay, controller) });
}

const call = (map: string | null): string[] => (map === null ? [] : [`call ${map}`]);

/** With several controllers each announces the zones that name it, and nothing else. */
function outLines({ document, config }: FrrContext, overlay: Overlay, controller: EvpnController): string[] {
  if (controller.routeMapOut !== null || overlay.evpn.length < 2) return call(controller.routeMapOut);
  const list = `pve_controller_${controller.id}`;
  const lines = controllerTargets(config, controller).map(
    (target, at) => `bgp extcommunity-list expanded ${list} seq ${(at + 1) * 5} permit ${target}`,
  );
  if (lines.length > 0) addLines(document.extcommunityLists, list, ...lines);
  return [`match extcommunity ${list} any`];
}

function addBgp({ document, facts }: FrrContext, overlay: Overlay, controller: BgpController): void {
  const { address, device } = localAddress(facts, controller.peers, controller.loopback);
  const bgp = router(document, '', {
    asn: overlay.asn,
    routerId: () => routerId(facts, address, device),
    settings: ['no bgp default ipv4-unicast', 'coalesce-time 1000'], // the other two stay away for good when bgp comes before evpn
  });
  if (controller.loopback !== null && controller.ebgp) bgp.settings.add('bgp disable-ebgp-connected-route-check');
  if (controller.multipathRelax) bgp.settings.add('bgp bestpath as-path multipath-relax');
  bgp.neighbors.push(
    'neighbor BGP peer-group',
    `neighbor BGP remote-as ${controller.ebgp ? 'external' : controller.asn}`,
    ...(controller.asn === overlay.asn ? [] : [`neighbor BGP local-as ${controller.asn} no-prepend replace-as`]),
    'neighbor BGP bfd',
    ...(controller.ebgp && controller.ebgpMultihop !== null ? [`neighbor BGP ebgp-multihop ${controller.ebgpMultihop}`] : []),
    ...controller.peers.map((peer) => `neighbor ${peer} peer-group BGP`),
  );
  const unicast = family(bgp, address !== null && familyOf(address) === 6 ? 'ipv6 unicast' : 'ipv4 unicast');
  unicast.neighbors.push(
    'neighbor BGP activate',
    'neighbor BGP soft-reconfiguration inbound',
    ...(controller.routeMapIn === null ? [] : [`neighbor BGP route-map ${controller.routeMapIn} in`]),
    ...(controller.routeMapOut === null ? [] : [`neighbor BGP route-map ${controller.routeMapOut} out`]),
  );
  if (controller.loopback === null || address === null) return;
  unicast.networks.push(`network ${address}/${hostLength(address)}`);
  addLines(document.prefixLists, 'loopbacks_ips', 'ip prefix-list loopbacks_ips seq 10 permit 0.0.0.0/0 le 32');
  addEntries(document, 'correct_src', 'after', {
    action: 'permit',
    lines: ['match ip address prefix-list loopbacks_ips', `set src ${address}`],
  });
  document.protocolMaps.set('bgp', { ip: 'correct_src' });
}

function addIsis({ document, facts }: FrrContext, { domain, net, interfaces }: IsisController): void {
  addLines(
    document.isisRouters,
    domain,
    `net ${net}`,
    'redistribute ipv4 connected level-1',
    'redistribute ipv6 connected level-1',
    'log-adjacency-changes',
  );
  for (const name of new Set(interfaces.map((one) => facts.kernelName(one))))
    addLines(document.isisInterfaces, name, `ip router isis ${domain}`);
}
