/** The part of frr.conf that EVPN zones ask for: a VRF and a router in it, and on exit nodes the way out. */
import { Ip, RouteTarget } from '#engines/kernel';
import type { EvpnController } from '../model/controller.js';
import type { SdnConfig } from '../model/sdn-config.js';
import { canonical, familyOf } from '../model/written.js';
import type { EvpnZone } from '../model/zone.js';
import type { FrrContext } from './controllers.js';
import { addEntries, addLines, addOnce, family, type FrrDocument, router } from './frr-document.js';
import { evpnRouterId, isExternal, type Overlay } from './overlay.js';
import { vtepMaps } from './vtep-maps.js';

export function addEvpnZones(context: FrrContext): void {
  const { document, config, facts, overlay } = context;
  if (overlay === undefined) return;
  for (const zone of config.zones.filter((one) => one.type === 'evpn')) {
    const controller = overlay.evpn.find(({ id }) => id === zone.controller);
    if (controller !== undefined) addZone(context, overlay, controller, zone);
  }
  for (const vnet of config.vnets) {
    const zone = config.zones.find(({ id }) => id === vnet.zone);
    if (zone?.type !== 'evpn' || !zone.exitNodesLocalRouting || !zone.exitNodes.includes(facts.name)) continue;
    for (const { prefix } of config.subnets.filter((subnet) => subnet.vnet === vnet.id)) {
      const [word, next] = familyOf(prefix.address) === 4 ? ['ip', '10.255.255.2'] : ['ipv6', 'fe80::2'];
      document.routes.push(`${word} route ${prefix.text} ${next} xvrf_${zone.id}`);
    }
  }
}

function addZone(context: FrrContext, overlay: Overlay, controller: EvpnController, zone: EvpnZone): void {
  const { document, config, facts, release } = context;
  const name = `vrf_${zone.id}`;
  const isExit = zone.exitNodes.includes(facts.name);
  addLines(document.vrfs, name, `vni ${zone.l3vni}`, ...(isExit ? nullRoutes(config, zone) : []));
  const vrf = router(document, name, {
    asn: overlay.asn,
    routerId: () => evpnRouterId(config, facts, release, controller, overlay.loopback),
    settings: ['no bgp hard-administrative-reset', 'no bgp graceful-restart notification'],
  });
  const redistribute = (): void => {
    for (const name of ['ipv4 unicast', 'ipv6 unicast'] as const) family(vrf, name).redistribute.push('redistribute connected');
  };
  if (isExit) {
    addExit(document, controller, zone, facts.name);
    if (!zone.exitNodesLocalRouting) {
      redistribute();
      const outer = document.routers.get('');
      for (const unicast of ['ipv4 unicast', 'ipv6 unicast'] as const) if (outer) family(outer, unicast).imports.push(`import vrf ${name}`);
    }
    family(vrf, 'l2vpn evpn').evpn.push('default-originate ipv4', 'default-originate ipv6');
  } else if (zone.advertiseSubnets) {
    redistribute();
    family(vrf, 'l2vpn evpn').evpn.push('advertise ipv4 unicast', 'advertise ipv6 unicast');
  }
  const own = isExternal(controller, overlay) && controller.asn !== overlay.asn ? [RouteTarget.of(controller.asn, zone.l3vni)] : [];
  const targets = [
    ...[...own, ...zone.rtImport].map((target) => `route-target import ${target}`),
    ...own.map((target) => `route-target export ${target}`),
  ];
  if (targets.length > 0) family(vrf, 'l2vpn evpn').evpn.push(...targets);
}

/**
 * Defaults of other exit nodes are not taken, so that packets do not go round; but where another node is the primary one, its
 * default is the better one for everybody (metric).
 */
function addExit(document: FrrDocument, controller: EvpnController, { primaryExitNode }: EvpnZone, node: string): void {
  const only = (word: 'ip' | 'ipv6', list: string, prefix: string): string => {
    const lines = document.prefixLists.get(list) ?? [];
    addOnce(lines, `${word} prefix-list ${list} seq 1 permit ${prefix}`);
    document.prefixLists.set(list, lines);
    return `match ${word} address prefix-list ${list}`;
  };
  const matches = [only('ip', 'only_default', '0.0.0.0/0'), only('ipv6', 'only_default_v6', '::/0')];
  const maps = vtepMaps(controller);
  if (primaryExitNode === null || primaryExitNode === node) {
    addEntries(document, maps.in, 'before', ...matches.map((match) => ({ action: 'deny' as const, lines: [match] })));
  } else {
    addEntries(document, maps.out, 'before', ...matches.map((match) => ({ action: 'permit' as const, lines: [match, 'set metric 200'] })));
  }
}

/** Zones do not reach one another through the main table of an exit node: the subnets of the others end here. By address, IPv4 first. */
function nullRoutes({ subnets, vnets }: SdnConfig, zone: EvpnZone): string[] {
  const zoneOf = new Map(vnets.map((vnet) => [vnet.id, vnet.zone]));
  const others = new Map(
    subnets.filter(({ vnet }) => zoneOf.get(vnet) !== zone.id).map(({ prefix }) => [canonical(prefix.address), prefix] as const),
  );
  return [...others]
    .sort(([a], [b]) => Ip.family(a) - Ip.family(b) || (Ip.toBigInt(a) < Ip.toBigInt(b) ? -1 : 1))
    .map(([ip, prefix]) => `${Ip.family(ip) === 4 ? 'ip' : 'ipv6'} route ${prefix.text} null0`);
}
