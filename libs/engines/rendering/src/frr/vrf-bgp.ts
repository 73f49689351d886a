/** A VRF: its L3 VNI and routes that are not learnt, and its BGP instance with what is announced of it as EVPN type 5 (RFC 9136). */
import type { BgpIntent, DeviceIntent, VrfIntent } from '#engines/intent';
import { block, lines } from '../text.js';
import { vrfPrefixes } from '../vrf-prefixes.js';
import { explicitTargets, targets } from './explicit-targets.js';
import { everything, hasGateway, ip, ofFamily } from './families.js';
import { announceMap, FAMILIES, type Family } from './names.js';

export function vrfBlock(vrf: VrfIntent): string[] {
  const exit = vrf.exit?.gateways ?? [];
  return block(
    1,
    `vrf ${vrf.name}`,
    [
      `vni ${vrf.l3vni}`,
      ...FAMILIES.flatMap((family) => [
        // Straight to the gateway on the wire: the main table, with the management network in it, is never asked.
        ...exit
          .filter((gateway) => hasGateway([gateway], family))
          .map(({ port, address }) => `${ip(family)} route ${everything(family)} ${address} ${port} nexthop-vrf default`),
        ...vrf.staticRoutes
          .filter(({ prefix }) => ofFamily([prefix], family).length > 0)
          .map(({ prefix, nextHop }) => `${ip(family)} route ${prefix} ${nextHop}`),
      ]),
    ],
    'exit-vrf',
  );
}

/** Routes of the main table over the cable into a VRF. */
export function transitRoutes({ exit }: VrfIntent): string[] {
  if (!exit?.transit) return [];
  const { mainPort, vrfAddresses } = exit.transit;
  return FAMILIES.flatMap((family) => {
    const [far] = ofFamily(
      vrfAddresses.map(({ address }) => address),
      family,
    );
    return far === undefined ? [] : ofFamily(exit.prefixes, family).map((prefix) => `${ip(family)} route ${prefix} ${far} ${mainPort}`);
  });
}

/** Does a type-5 announcement of the VRF need a map: a default route that is not the preferred one, or routes that are another VRF's? */
export function isMapped(intent: DeviceIntent, vrf: VrfIntent, family: Family): boolean {
  if (vrfPrefixes(intent, vrf)[family].length === 0) return false;
  return vrf.leaksFrom.length > 0 || (vrf.exit !== null && !vrf.exit.isPreferred && hasGateway(vrf.exit.gateways, family));
}

export function vrfBgp(intent: DeviceIntent, bgp: BgpIntent, vrf: VrfIntent): string[] {
  const prefixes = vrfPrefixes(intent, vrf);
  const families = FAMILIES.filter((family) => prefixes[family].length > 0);
  return block(
    1,
    `router bgp ${bgp.asn} vrf ${vrf.name}`,
    [
      `bgp router-id ${bgp.routerId}`,
      ...FAMILIES.map((family) => unicast(vrf, prefixes[family], family)),
      '!',
      block(
        1,
        'address-family l2vpn evpn',
        [
          explicitTargets(intent),
          ...families.map(
            (family) => `advertise ipv${family} unicast${isMapped(intent, vrf, family) ? ` route-map ${announceMap(vrf, family)}` : ''}`,
          ),
          ...targets(vrf),
        ],
        'exit-address-family',
      ),
    ],
    'exit',
  );
}

/**
 * A VRF whose routes are taken over needs an instance, but what is taken over is never announced again: `advertise` has a map then. FRR
 * itself does not pass on what came from a third VRF.
 */
function unicast({ leaksFrom, staticRoutes, exit }: VrfIntent, prefixes: readonly string[], family: Family): string[] {
  // By name FRR would announce a default route for ever: it takes the kernel's `unreachable default` of the VRF for it (8.4.4).
  const routes = new Set<string>([...staticRoutes.map(({ prefix }) => prefix), ...(exit ? [everything(family)] : [])]);
  const connected = prefixes.filter((prefix) => !routes.has(prefix));
  const hasRoutes = connected.length < prefixes.length;
  const leaks = leaksFrom.filter(({ families }) => families.includes(family === '4' ? 4 : 6));
  if (prefixes.length === 0 && leaks.length === 0) return [];
  return lines(
    '!',
    block(
      1,
      `address-family ipv${family} unicast`,
      [
        ...connected.map((prefix) => `network ${prefix}`),
        hasRoutes && 'redistribute static',
        ...leaks.map(({ name }) => `import vrf ${name}`),
      ],
      'exit-address-family',
    ),
  );
}
