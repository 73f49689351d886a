import type { DeviceIntent, VrfIntent } from '#engines/intent';
import { Ip } from '#engines/kernel';

/** Subnets of its gateways, its own addresses and its static routes in the VRF: type 5 routes that a device is sure to announce. */
export function announcedPrefixes(device: DeviceIntent, vrf: VrfIntent): string[] {
  const gateways = device.l2vnis.filter((network) => network.vrf === vrf.name).flatMap((network) => network.gateways);
  const subnets = gateways.map(({ address, prefixLength }) => subnetOf(address, prefixLength));
  const own = vrf.loopbacks.map(({ address }) => `${address}/${Ip.family(address) === 4 ? 32 : 128}`);
  return [...new Set([...subnets, ...own, ...vrf.staticRoutes.map(({ prefix }) => prefix)])].sort();
}

function subnetOf(address: Ip, length: number): string {
  const family = Ip.family(address);
  const hostBits = BigInt((family === 4 ? 32 : 128) - length);
  return `${Ip.fromBigInt(family, (Ip.toBigInt(address) >> hostBits) << hostBits)}/${length}`;
}
