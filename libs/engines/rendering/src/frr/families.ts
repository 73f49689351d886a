/** IPv4 beside IPv6: FRR has most things twice. */
import type { BgpIntent, BgpNeighborIntent, VrfIntent } from '#engines/intent';
import type { Cidr, Ip } from '#engines/kernel';
import type { Family } from './names.js';

/** As addresses of an address family, of what is both. */
export const ofFamily = <T extends Cidr | Ip>(all: readonly T[], family: Family): T[] =>
  all.filter((one) => one.includes(':') === (family === '6'));

export const everything = (family: Family): string => (family === '4' ? '0.0.0.0/0' : '::/0');
export const hostLength = (family: Family): number => (family === '4' ? 32 : 128);
/** `ip route`, `ipv6 route`. */
export const ip = (family: Family): string => (family === '4' ? 'ip' : 'ipv6');

export function unicastNeighbors(bgp: BgpIntent, family: Family): BgpNeighborIntent[] {
  return bgp.neighbors.filter(({ families }) => families.includes(family === '4' ? 'IPV4_UNICAST' : 'IPV6_UNICAST'));
}

export const evpnNeighbors = (bgp: BgpIntent): BgpNeighborIntent[] =>
  bgp.neighbors.filter(({ families }) => families.includes('L2VPN_EVPN'));

/** VRFs whose subnets the main table has to know, because their traffic comes back through it; a cable inside the host needs no BGP. */
export function waysBack(vrfs: readonly VrfIntent[], family: Family): VrfIntent[] {
  return vrfs.filter(({ exit }) => exit !== null && exit.transit === null && hasGateway(exit.gateways, family));
}

export const hasGateway = (gateways: readonly { readonly address: Ip }[], family: Family): boolean =>
  ofFamily(
    gateways.map(({ address }) => address),
    family,
  ).length > 0;
