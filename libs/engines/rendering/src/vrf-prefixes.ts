/**
 * What a device announces of a VRF as EVPN type-5 routes (RFC 9136), each by name: the subnets of its gateways, its own addresses and
 * static routes in the VRF, and everything where it is an exit node.
 */
import type { DeviceIntent, VrfIntent } from '#engines/intent';
import { Cidr, compareNatural, Ip } from '#engines/kernel';

export interface VrfPrefixes {
  readonly '4': readonly Cidr[];
  readonly '6': readonly Cidr[];
}

export function vrfPrefixes(intent: DeviceIntent, vrf: VrfIntent): VrfPrefixes {
  const gateways = intent.l2vnis.filter((network) => network.vrf === vrf.name).flatMap((network) => network.gateways);
  const own = [...gateways, ...vrf.loopbacks.map(({ address }) => ({ address, prefixLength: Ip.family(address) === 4 ? 32 : 128 }))];
  const out = (vrf.exit?.gateways ?? []).map(({ address }) => ({ address, prefixLength: 0 }));
  const named = [...own, ...out].map(({ address, prefixLength }) => subnetOf(address, prefixLength));
  const prefixes = [...new Set([...named, ...vrf.staticRoutes.map(({ prefix }) => prefix)])].sort(compareNatural);
  return { '4': prefixes.filter((prefix) => Cidr.family(prefix) === 4), '6': prefixes.filter((prefix) => Cidr.family(prefix) === 6) };
}

function subnetOf(address: Ip, prefixLength: number): Cidr {
  const family = Ip.family(address);
  const host = BigInt((family === 4 ? 32 : 128) - prefixLength);
  return Cidr.parse(`${Ip.fromBigInt(family, (Ip.toBigInt(address) >> host) << host)}/${prefixLength}`);
}
