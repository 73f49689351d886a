/** `router bgp`, in the order in which EOS prints it: sessions, MAC-VRFs as strings, bundles, address families, VRFs. */
import type { BgpIntent, DeviceIntent } from '#engines/intent';
import type { Cidr } from '#engines/kernel';
import type { Line } from '../piece.js';
import { indent } from '../text.js';
import { remembered } from '../remembered.js';
import { prefixesOfVrfs } from '../vrf-prefixes.js';
import { bundles, evpnInstance, hasMacVrf } from './evpn-instances.js';
import { networksByName } from './groups.js';
import { vrfPiece } from './vrf-pieces.js';
import { familiesPiece, speakersPiece } from './own-pieces.js';
import { STEP } from './step.js';

export function routerBgp(intent: DeviceIntent, bgp: BgpIntent): Line[] {
  const text: Line[] = [`router bgp ${bgp.asn}`, ...speakersPiece(intent, bgp)];
  for (const piece of networksByName(intent.l2vnis).piece('macVrf', hasMacVrf)) text.push(SEPARATOR, piece);
  for (const instance of bundles(intent.l2vnis)) text.push(SEPARATOR, ...indent(STEP, evpnInstance(instance)));
  text.push(...familiesPiece(intent, bgp));
  for (const piece of vrfPiece(intent.vrfs, vrfNetworks(intent), bgp.routerId)) text.push(SEPARATOR, piece);
  return text;
}

const SEPARATOR = `${' '.repeat(STEP)}!`;

/** Of each VRF, subnets with a gateway here, routes that are set here, and the addresses that this switch alone has; IPv4 first. */
export const vrfNetworks = remembered<DeviceIntent, readonly (readonly Cidr[])[]>((intent) => prefixesOfVrfs(intent).map(({ all }) => all));
