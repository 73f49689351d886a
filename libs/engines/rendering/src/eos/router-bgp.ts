/** `router bgp`, in the order in which EOS prints it: neighbors, MAC-VRFs as strings, address families, VRFs. */
import type { BgpIntent, BgpNeighborIntent, DeviceIntent, L2VniIntent, VrfIntent } from '#engines/intent';
import { block, lines } from '../text.js';
import { vrfPrefixes } from '../vrf-prefixes.js';
import { type Family, nextHopMapName, setsNextHop } from './next-hop-map.js';
import { sourceInterface } from './source-interface.js';
import { STEP } from './step.js';

export function routerBgp(intent: DeviceIntent, bgp: BgpIntent): string[] {
  const macVrfs = [...intent.l2vnis].sort((a, b) => (String(a.vlan) < String(b.vlan) ? -1 : 1)); // `vlan 163` before `vlan 63`
  return block(STEP, `router bgp ${bgp.asn}`, [
    `router-id ${bgp.routerId}`,
    'no bgp default ipv4-unicast', // a session speaks the families of its record, nothing by default
    ...bgp.neighbors.map((neighbor) => neighborLines(intent, neighbor)),
    ...macVrfs.map((network) => ['!', macVrf(network)]),
    evpn(bgp),
    unicast(bgp, '4'),
    unicast(bgp, '6'),
    ...intent.vrfs.map((vrf) => ['!', vrfBgp(intent, bgp, vrf)]),
  ]);
}

function neighborLines(intent: DeviceIntent, neighbor: BgpNeighborIntent): string[] {
  const prefix = `neighbor ${neighbor.address}`;
  return lines(
    `${prefix} remote-as ${neighbor.remoteAsn}`,
    `${prefix} update-source ${sourceInterface(intent, neighbor.updateSource)}`,
    `${prefix} description ${neighbor.description}`,
    neighbor.routeReflectorClient && `${prefix} route-reflector-client`,
    `${prefix} timers ${neighbor.keepaliveSeconds} ${neighbor.holdSeconds}`,
    `${prefix} send-community extended`, // route targets are extended communities: without it nobody imports anything
    `${prefix} maximum-routes 0`, // the default of 12,000 takes the session of a large fabric down
  );
}

function macVrf({ vlan, rd, importTargets, exportTargets }: L2VniIntent): string[] {
  const both = importTargets.filter((target) => exportTargets.includes(target));
  return block(STEP, `vlan ${vlan}`, [
    `rd ${rd}`,
    ...both.map((target) => `route-target both ${target}`),
    ...importTargets.filter((target) => !both.includes(target)).map((target) => `route-target import ${target}`),
    ...exportTargets.filter((target) => !both.includes(target)).map((target) => `route-target export ${target}`),
    'redistribute learned',
  ]);
}

function evpn(bgp: BgpIntent): string[] {
  const active = bgp.neighbors.filter(({ families }) => families.includes('L2VPN_EVPN'));
  if (active.length === 0) return [];
  return [
    '!',
    ...block(STEP, 'address-family evpn', [
      // Towards another AS a switch would put itself in the place of the VTEP.
      active.some(({ remoteAsn }) => remoteAsn !== bgp.asn) && 'bgp next-hop-unchanged',
      ...active.map(({ address }) => `neighbor ${address} activate`),
    ]),
  ];
}

function unicast(bgp: BgpIntent, family: Family): string[] {
  const active = bgp.neighbors.filter(({ families }) => families.includes(family === '4' ? 'IPV4_UNICAST' : 'IPV6_UNICAST'));
  if (active.length === 0) return [];
  const own = bgp.originate.filter((prefix) => prefix.includes(':') === (family === '6'));
  return [
    '!',
    ...block(STEP, `address-family ipv${family}`, [
      ...active.map((neighbor) => [
        `neighbor ${neighbor.address} activate`,
        setsNextHop(neighbor, family) && `neighbor ${neighbor.address} route-map ${nextHopMapName(family)} out`,
      ]),
      ...own.map((prefix) => `network ${prefix}`), // never `redistribute connected`: it leaks the management network
    ]),
  ];
}

function vrfBgp(intent: DeviceIntent, bgp: BgpIntent, vrf: VrfIntent): string[] {
  const prefixes = vrfPrefixes(intent, vrf);
  return block(STEP, `vrf ${vrf.name}`, [
    `rd ${vrf.rd}`,
    ...vrf.importTargets.map((target) => `route-target import evpn ${target}`),
    ...vrf.exportTargets.map((target) => `route-target export evpn ${target}`),
    `router-id ${bgp.routerId}`,
    ...[...prefixes['4'], ...prefixes['6']].map((prefix) => `network ${prefix}`),
  ]);
}
