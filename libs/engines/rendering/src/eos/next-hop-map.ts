/**
 * Next hop of reflected underlay routes. EOS has `neighbor … next-hop-self` per neighbor and not per address family: on a session that
 * also carries EVPN it would rewrite the VTEP, and no frame would arrive. An outbound route map in the unicast family does it for that
 * family alone.
 */
import type { BgpIntent, BgpNeighborIntent } from '#engines/intent';
import { block } from '../text.js';
import { STEP } from './step.js';

export type Family = '4' | '6';

export const nextHopMapName = (family: Family): string => (family === '4' ? 'TRAME-NEXT-HOP-SELF' : 'TRAME-NEXT-HOP-SELF-V6');

export function setsNextHop(neighbor: BgpNeighborIntent, family: Family): boolean {
  return neighbor.nextHopSelf && neighbor.families.includes(family === '4' ? 'IPV4_UNICAST' : 'IPV6_UNICAST');
}

export function nextHopMaps(bgp: BgpIntent): string[][] {
  return (['4', '6'] as const)
    .filter((family) => bgp.neighbors.some((neighbor) => setsNextHop(neighbor, family)))
    .map((family) =>
      block(STEP, `route-map ${nextHopMapName(family)} permit 10`, `set ${family === '4' ? 'ip' : 'ipv6'} next-hop peer-address`),
    );
}
