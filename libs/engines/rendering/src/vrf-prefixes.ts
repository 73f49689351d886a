/** Subnets that a device routes in a VRF, made from its gateways: each is announced as an EVPN type-5 route (RFC 9136), by name. */
import type { DeviceIntent, VrfIntent } from '#engines/intent';
import { Cidr, compareNatural, Ip } from '#engines/kernel';

export interface VrfPrefixes {
  readonly '4': readonly Cidr[];
  readonly '6': readonly Cidr[];
}

export function vrfPrefixes(intent: DeviceIntent, vrf: VrfIntent): VrfPrefixes {
  const gateways = intent.l2vnis.filter((network) => network.vrf === vrf.name).flatMap((network) => network.gateways);
  const prefixes = [...new Set(gateways.map(({ address, prefixLength }) => subnetOf(address, prefixLength)))].sort(compareNatural);
  return { '4': prefixes.filter((prefix) => Cidr.family(prefix) === 4), '6': prefixes.filter((prefix) => Cidr.family(prefix) === 6) };
}

function subnetOf(address: Ip, prefixLength: number): Cidr {
  const family = Ip.family(address);
  const host = BigInt((family === 4 ? 32 : 128) - prefixLength);
  return Cidr.parse(`${Ip.fromBigInt(family, (Ip.toBigInt(address) >> host) << host)}/${prefixLength}`);
}
