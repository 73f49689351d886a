/** What a switch says of its BGP sessions: lines of `router bgp` in front of the EVPN instances, and the address families behind them. */
import type { AddressFamily, BgpIntent } from '#engines/intent';
import { Cidr } from '#engines/kernel';
import { block, lines, type Part } from '../text.js';
import { loopbackListName, loopbackPrefixes } from './loopback-filter.js';
import { hasRouterIdLoopback } from './names.js';
import { type Family, nextHopMapName, setsNextHop } from './next-hop-map.js';
import { keepsNextHop, sessionsOf, type Speaker, type Speaking } from './sessions.js';
import { STEP } from './step.js';

export function speakerLines(intent: Speaking, bgp: BgpIntent): string[] {
  return lines(
    `router-id ${bgp.routerId}`,
    'no bgp default ipv4-unicast', // a session speaks the families of its record, nothing by default
    intent.switch?.clusterId != null && `bgp cluster-id ${intent.switch.clusterId}`,
    hasEqualPaths(intent, bgp) && 'maximum-paths 4 ecmp 4',
    intent.switch?.domain != null && 'bgp bestpath d-path', // a route that has been through this domain does not come back into it
    ...sessionsOf(intent, bgp).lines,
  );
}

export function familyLines(intent: Speaking, bgp: BgpIntent): string[] {
  const { speakers } = sessionsOf(intent, bgp);
  return lines(evpn(intent, bgp, speakers), unicast(intent, bgp, speakers, '4'), unicast(intent, bgp, speakers, '6'));
}

/**
 * EOS installs one path unless told otherwise, and a leaf would use one spine. Several paths to one loopback come from neighbors that this
 * switch is no reflector of, or over parallel sessions with one neighbor; its clients have each a loopback of their own. Not where a pair
 * reflects to itself: a reflected path is longer by its cluster list only, which EOS compares after it has chosen the equal ones, so that
 * each half would send a share of its packets to the other.
 */
function hasEqualPaths({ mlag }: Speaking, { neighbors }: BgpIntent): boolean {
  const unicast = neighbors.filter(({ families }) => families.some((family) => family !== 'L2VPN_EVPN'));
  const isPairReflected = unicast.some(({ updateSource, routeReflectorClient }) => routeReflectorClient && updateSource === mlag?.address);
  const hasParallel = new Set(unicast.map(({ description }) => description)).size < unicast.length;
  return !isPairReflected && (hasParallel || unicast.filter(({ routeReflectorClient }) => !routeReflectorClient).length > 1);
}

const active = (speakers: readonly Speaker[], family: AddressFamily): readonly Speaker[] =>
  speakers.filter(({ session }) => session.families.includes(family));

/** Towards another AS a switch would put itself in the place of the VTEP. */
export const crossesAs = (bgp: BgpIntent): boolean =>
  bgp.neighbors.some((session) => session.remoteAsn !== bgp.asn && session.families.includes('L2VPN_EVPN') && !keepsNextHop(session));

function evpn(intent: Speaking, bgp: BgpIntent, speakers: readonly Speaker[]): Part {
  const spoken = active(speakers, 'L2VPN_EVPN');
  if (spoken.length === 0) return null;
  const domain = intent.switch?.domain ?? null;
  return [
    '!',
    ...block(STEP, 'address-family evpn', [
      crossesAs(bgp) && 'bgp next-hop-unchanged',
      domain !== null && 'neighbor default next-hop-self received-evpn-routes route-type ip-prefix inter-domain',
      ...spoken.map(({ name, session }) => [`neighbor ${name} activate`, session.domain === 'REMOTE' && `neighbor ${name} domain remote`]),
      domain !== null && `domain identifier ${domain.id}`,
      domain !== null && domain.remoteId !== null && `domain identifier ${domain.remoteId} remote`,
    ]),
  ];
}

/** Hosts that only this switch, or its pair, is. */
export function announced(intent: Speaking, bgp: BgpIntent): readonly Cidr[] {
  if (bgp.originate.length === 0) return []; // the underlay has another protocol
  const more = [hasRouterIdLoopback(intent) ? bgp.routerId : null, intent.mlag?.sharedVtep ?? null];
  return [
    ...bgp.originate,
    ...more.flatMap((address) => (address === null ? [] : [Cidr.parse(`${address}/${address.includes(':') ? 128 : 32}`)])),
  ];
}

function unicast(intent: Speaking, bgp: BgpIntent, speakers: readonly Speaker[], family: Family): Part {
  const spoken = active(speakers, `IPV${family}_UNICAST`);
  if (spoken.length === 0) return null;
  const isFiltered = loopbackPrefixes(bgp, family).length > 0;
  return [
    '!',
    ...block(STEP, `address-family ipv${family}`, [
      ...spoken.map(({ name, session }) => [
        `neighbor ${name} activate`,
        setsNextHop(session, family) && `neighbor ${name} route-map ${nextHopMapName(family)} out`,
        isFiltered && ['in', 'out'].map((direction) => `neighbor ${name} prefix-list ${loopbackListName(family)} ${direction}`),
        family === '4' && session.port !== null && `neighbor ${name} next-hop address-family ipv6 originate`, // RFC 8950
      ]),
      ...announced(intent, bgp)
        .filter((prefix) => prefix.includes(':') === (family === '6'))
        .map((prefix) => `network ${prefix}`), // never `redistribute connected`: it leaks the management network
    ]),
  ];
}
