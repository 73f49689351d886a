/** `router bgp`, in the order in which EOS prints it: sessions, MAC-VRFs as strings, bundles, address families, VRFs. */
import type { BgpIntent, DeviceIntent } from '#engines/intent';
import type { Cidr } from '#engines/kernel';
import type { Line } from '../piece.js';
import { block } from '../text.js';
import { vrfPrefixes } from '../vrf-prefixes.js';
import { bundles, evpnInstance, hasMacVrf } from './evpn-instances.js';
import { groupsByName } from './groups.js';
import { vrfPiece } from './vrf-pieces.js';
import { familiesPiece, speakersPiece } from './own-pieces.js';
import { STEP } from './step.js';

export function routerBgp(intent: DeviceIntent, bgp: BgpIntent): Line[] {
  return block<Line>(STEP, `router bgp ${bgp.asn}`, [
    ...speakersPiece(intent, bgp),
    ...groupsByName(intent.l2vnis).map((group) => paragraph(group.piece('macVrf', hasMacVrf))),
    ...bundles(intent.l2vnis).map((instance) => ['!', ...evpnInstance(instance)]),
    ...familiesPiece(intent, bgp),
    paragraph(vrfPiece(intent.vrfs, vrfNetworks(intent), bgp.routerId)),
  ]);
}

/** Of each VRF, subnets with a gateway here, routes that are set here, and the addresses that this switch alone has; IPv4 first. */
export const vrfNetworks = (intent: DeviceIntent): readonly (readonly Cidr[])[] => intent.vrfs.map((vrf) => vrfPrefixes(intent, vrf).all);

const paragraph = (pieces: readonly Line[]): Line[] => (pieces.length > 0 ? ['!', ...pieces] : []);
