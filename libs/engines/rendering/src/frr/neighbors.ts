/** `neighbor` lines of the default instance. */
import type { BgpIntent, BgpNeighborIntent, DeviceIntent } from '#engines/intent';
import { secretPlaceholder } from '../secret-placeholder.js';
import { lines } from '../text.js';
import { isSinceFrr } from './frr-release.js';
import { bfdProfile, type Family, underlayMap } from './names.js';
import { ofFamily } from './families.js';

/** What FRR calls a neighbor: its address, or our port where it is found by router advertisements. */
export const peerName = ({ address, port }: BgpNeighborIntent): string => port ?? address;

export function neighborLines(intent: DeviceIntent, bgp: BgpIntent, neighbor: BgpNeighborIntent): string[] {
  const { port, remoteAsn, bfd, multihop, passwordSecret } = neighbor;
  const isForeign = remoteAsn !== bgp.asn;
  const prefix = `neighbor ${peerName(neighbor)}`;
  return lines(
    port === null ? `${prefix} remote-as ${remoteAsn}` : `${prefix} interface remote-as ${remoteAsn}`,
    `${prefix} description ${neighbor.description}`,
    bfd && [`${prefix} bfd`, `${prefix} bfd profile ${bfdProfile(bfd)}`],
    passwordSecret !== null && `${prefix} password ${secretPlaceholder(passwordSecret)}`,
    multihop !== null && isForeign && port === null && `${prefix} ebgp-multihop ${multihop}`, // of no meaning to others, and not kept by FRR
    port === null && `${prefix} update-source ${neighbor.updateSource}`,
    `${prefix} timers ${neighbor.keepaliveSeconds} ${neighbor.holdSeconds}`,
    // On by default since 10.0; a route server does not put its own AS in front (RFC 7947 §2.2.2.1), and its routes were dropped.
    neighbor.isRouteServer && isSinceFrr(intent, 10, 0) && `no ${prefix} enforce-first-as`,
  );
}

/** Of a unicast address family. */
export function unicastLines(bgp: BgpIntent, neighbor: BgpNeighborIntent, family: Family): string[] {
  const prefix = `neighbor ${peerName(neighbor)}`;
  const isFiltered = ofFamily(bgp.loopbacks, family).length > 0;
  return lines(
    `${prefix} activate`,
    neighbor.routeReflectorClient && `${prefix} route-reflector-client`,
    neighbor.routeServerClient && `${prefix} route-server-client`,
    neighbor.nextHopSelf && `${prefix} next-hop-self force`, // without `force` reflected routes keep their next hop
    isFiltered && [`${prefix} route-map ${underlayMap(family)} in`, `${prefix} route-map ${underlayMap(family)} out`],
    neighbor.routeServerClient && `${prefix} attribute-unchanged next-hop`, // comes with the client, and is printed
  );
}

/** Of EVPN: the next hop is the VTEP and nobody changes it; FRR keeps it towards another AS by itself. */
export function evpnLines(neighbor: BgpNeighborIntent): string[] {
  const prefix = `neighbor ${peerName(neighbor)}`;
  return lines(
    `${prefix} activate`,
    neighbor.routeReflectorClient && `${prefix} route-reflector-client`,
    neighbor.routeServerClient && `${prefix} route-server-client`,
  );
}
