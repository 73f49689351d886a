/** The default instance: sessions, loopback, EVPN instances. */
import type { BgpIntent, DeviceIntent } from '#engines/intent';
import type { Line } from '../piece.js';
import { block, lines } from '../text.js';
import { explicitTargets } from './explicit-targets.js';
import { evpnNeighbors, ofFamily, unicastNeighbors, waysBack } from './families.js';
import { FAMILIES, type Family, wayBackMap } from './names.js';
import { evpnLines, neighborLines, unicastLines } from './neighbors.js';
import { macVrfPieces } from './network-pieces.js';

export function routerBgp(intent: DeviceIntent, bgp: BgpIntent): Line[] {
  return block<Line>(
    1,
    `router bgp ${bgp.asn}`,
    [
      `bgp router-id ${bgp.routerId}`,
      'no bgp default ipv4-unicast', // a session speaks the families of its record, nothing by default
      hasSeveralOthers(bgp) && 'bgp bestpath as-path multipath-relax',
      ...bgp.neighbors.map((neighbor) => neighborLines(intent, bgp, neighbor)),
      ...FAMILIES.map((family) => unicast(intent, bgp, family)),
      evpn(intent, bgp),
    ],
    'exit',
  );
}

/** Two spines of two AS: paths of one length through both are used beside each other, as within one AS. */
function hasSeveralOthers({ asn, neighbors }: BgpIntent): boolean {
  return new Set(neighbors.map(({ remoteAsn }) => remoteAsn).filter((remoteAsn) => remoteAsn !== asn)).size > 1;
}

function unicast(intent: DeviceIntent, bgp: BgpIntent, family: Family): string[] {
  const active = unicastNeighbors(bgp, family);
  const back = waysBack(intent.vrfs, family);
  if (active.length === 0 && back.length === 0) return [];
  return lines(
    '!',
    block(
      1,
      `address-family ipv${family} unicast`,
      [
        active.length > 0 && ofFamily(bgp.originate, family).map((prefix) => `network ${prefix}`),
        ...active.map((neighbor) => unicastLines(bgp, neighbor, family)),
        back.length > 0 && `import vrf route-map ${wayBackMap(family)}`,
        ...back.map(({ name }) => `import vrf ${name}`),
      ],
      'exit-address-family',
    ),
  );
}

function evpn(intent: DeviceIntent, bgp: BgpIntent): Line[] {
  const active = evpnNeighbors(bgp);
  if (active.length === 0) return [];
  return lines<Line>(
    '!',
    block<Line>(
      1,
      'address-family l2vpn evpn',
      [
        ...active.map(evpnLines),
        'advertise-all-vni', // has to come before the first `vni`
        explicitTargets(intent),
        ...macVrfPieces(intent.l2vnis),
      ],
      'exit-address-family',
    ),
  );
}
