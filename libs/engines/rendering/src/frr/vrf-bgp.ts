/** A VRF: its L3 VNI and routes that are not learnt, and its BGP instance with what is announced of it as EVPN type 5 (RFC 9136). */
import type { BgpIntent, VrfIntent } from '#engines/intent';
import { block, lines } from '../text.js';
import type { VrfPrefixes } from '../vrf-prefixes.js';
import { explicitTargets, targets } from './explicit-targets.js';
import { everything, hasGateway, ip, ofFamily } from './families.js';
import { announceMap, FAMILIES, type Family } from './names.js';

export function vrfBlock(vrf: Pick<VrfIntent, 'name' | 'l3vni' | 'staticRoutes' | 'exit'>): string[] {
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
export function isMapped(prefixes: VrfPrefixes, { leaksFrom, exit }: Pick<VrfIntent, 'leaksFrom' | 'exit'>, family: Family): boolean {
  if (prefixes[family].length === 0) return false;
  return leaksFrom.length > 0 || (exit !== null && !exit.isPreferred && hasGateway(exit.gateways, family));
}

/** A VRF, with what is announced in it and by whom. */
export interface VrfSpoken
  extends Pick<VrfIntent, 'name' | 'rd' | 'importTargets' | 'exportTargets' | 'leaksFrom' | 'staticRoutes' | 'exit'>,
    Pick<BgpIntent, 'asn' | 'routerId'> {
  readonly prefixes: VrfPrefixes;
  /** Release, where it is known. */
  readonly frr: string | undefined;
}

export function vrfBgp(vrf: VrfSpoken): string[] {
  const { prefixes, frr } = vrf;
  const families = FAMILIES.filter((family) => prefixes[family].length > 0);
  return block(
    1,
    `router bgp ${vrf.asn} vrf ${vrf.name}`,
    [
      `bgp router-id ${vrf.routerId}`,
      ...FAMILIES.map((family) => unicast(vrf, prefixes[family], family)),
      '!',
      block(
        1,
        'address-family l2vpn evpn',
        [
          explicitTargets({ software: frr === undefined ? {} : { frr } }),
          ...families.map(
            (family) => `advertise ipv${family} unicast${isMapped(prefixes, vrf, family) ? ` route-map ${announceMap(vrf, family)}` : ''}`,
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
function unicast({ leaksFrom, staticRoutes, exit }: VrfSpoken, prefixes: readonly string[], family: Family): string[] {
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
