/** /etc/frr/frr.conf, the whole file, in the order and spelling of FRR's own `show running-config` (8.4.4). */
import type { BgpIntent, DeviceIntent } from '#engines/intent';
import type { Line } from '../piece.js';
import { lines } from '../text.js';
import { bfdBlock, igpInterfaces, igpRouter } from './igp.js';
import { prefixLists, routeMaps } from './policy.js';
import { routerBgp } from './router-bgp.js';
import { transitRoutes } from './vrf-bgp.js';
import { vrfBgpPieces, vrfBlockPieces } from './vrf-pieces.js';

/** @param bgp of the intent: without it a host has nothing to route with. */
export function renderFrr(intent: DeviceIntent, bgp: BgpIntent): Line[] {
  const { igp, vrfs } = intent;
  return lines<Line>(
    '! Owned by Trame: changes made here by hand are undone.',
    'frr defaults datacenter', // eBGP sessions need no policy; the timers are ours anyway
    `hostname ${intent.hostname}`,
    'log syslog informational',
    'service integrated-vtysh-config',
    '!',
    ...sections([
      vrfs.flatMap(transitRoutes),
      vrfBlockPieces(vrfs),
      ...(igp ? igpInterfaces(intent, igp) : []),
      routerBgp(intent, bgp),
      vrfBgpPieces(intent, bgp),
      igp ? igpRouter(intent, igp) : [],
      ...prefixLists(intent, bgp),
      ...routeMaps(intent, bgp),
      bfdBlock(intent),
    ]),
  );
}

const sections = (parts: readonly (readonly Line[])[]): Line[] => parts.flatMap((part) => (part.length > 0 ? [...part, '!'] : []));
