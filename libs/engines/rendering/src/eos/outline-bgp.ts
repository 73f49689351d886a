/** What `router bgp` of a switch has to say. */
import type { BgpIntent, DeviceIntent } from '#engines/intent';
import { outline, type OutlineEntry } from '../outline.js';
import { bundles, hasMacVrf } from './evpn-instances.js';
import { networksByName } from './groups.js';
import { instanceKeys } from './outline-instance.js';
import { familiesPiece, speakersPiece } from './own-pieces.js';
import { vrfNetworks } from './router-bgp.js';
import { vrfPiece } from './vrf-pieces.js';

export function bgpOutline(intent: DeviceIntent, bgp: BgpIntent): OutlineEntry[] {
  const top = `router bgp ${bgp.asn}`;
  return [
    ...outline([], [top]),
    ...outline([top], speakersPiece(intent, bgp)),
    ...instances(intent, top),
    ...outline([top], familiesPiece(intent, bgp)),
    ...outline([top], vrfPiece(intent.vrfs, vrfNetworks(intent), bgp.routerId)),
  ];
}

function instances(intent: DeviceIntent, top: string): OutlineEntry[] {
  return [
    ...outline([top], networksByName(intent.l2vnis).piece('macVrf', hasMacVrf)),
    ...bundles(intent.l2vnis).flatMap((instance) => [
      ...outline([top], [instance.head]),
      ...outline([top, instance.head], instanceKeys(instance)),
    ]),
  ];
}
