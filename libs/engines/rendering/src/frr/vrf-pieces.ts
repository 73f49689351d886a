/** VRFs of a host: their lines are the same on every host that has them, but for the route distinguisher and the router id. */
import type { BgpIntent, DeviceIntent, VrfIntent } from '#engines/intent';
import type { Ip, RouteDistinguisher } from '#engines/kernel';
import { GAP, type Piece, pieceOf, shared, Template } from '../piece.js';
import { type VrfPrefixes, vrfPrefixes } from '../vrf-prefixes.js';
import { vrfBgpOutline, vrfOutline } from './outline-vrf.js';
import { vrfBgp, vrfBlock, type VrfSpoken } from './vrf-bgp.js';

interface VrfSaid extends Pick<VrfIntent, 'name' | 'l3vni' | 'importTargets' | 'exportTargets' | 'leaksFrom' | 'staticRoutes' | 'exit'> {
  readonly prefixes: VrfPrefixes;
  readonly asn: BgpIntent['asn'];
  /** Release. */
  readonly frr: string | undefined;
}

const blockTemplate = shared<VrfSaid>()(
  'importTargets',
  ['name', 'l3vni', 'staticRoutes', 'exit'],
  (vrf) => new Template(0, vrfBlock(vrf), vrfOutline(vrf)),
);

const FIELDS = ['name', 'exportTargets', 'leaksFrom', 'staticRoutes', 'exit', 'prefixes', 'asn', 'frr'] as const;

const bgpTemplate = shared<VrfSaid>()('importTargets', FIELDS, (vrf) => {
  const spoken: VrfSpoken = { ...vrf, routerId: GAP as Ip, rd: GAP as RouteDistinguisher };
  return new Template(0, vrfBgp(spoken), vrfBgpOutline(spoken));
});

interface Pieces {
  readonly blocks: readonly Piece[];
  readonly instances: readonly Piece[];
}

/** Of each host the last ones, as long as its VRFs are the same objects: with other subnets in one of them the rest is the same all the same. */
const made = new WeakMap<
  readonly VrfIntent[],
  Pick<BgpIntent, 'asn' | 'routerId'> & Pieces & { readonly frr: string | undefined; readonly prefixes: readonly VrfPrefixes[] }
>();

const NONE: VrfIntent['staticRoutes'] = [];

/** `vrf NAME`, and `router bgp N vrf NAME`, with a separator between two. */
export function vrfPieces(intent: DeviceIntent, { asn, routerId }: BgpIntent): Pieces {
  const { vrfs, software } = intent;
  const prefixes = vrfs.map((vrf) => vrfPrefixes(intent, vrf));
  const frr = software.frr;
  const last = made.get(vrfs);
  const isSame =
    last?.asn === asn && last.routerId === routerId && last.frr === frr && prefixes.every((list, place) => list === last.prefixes[place]);
  if (isSame) return last;
  const said = vrfs.map(
    ({ name, l3vni, importTargets, exportTargets, leaksFrom, staticRoutes, exit }, place): VrfSaid => ({
      name,
      l3vni,
      importTargets,
      exportTargets,
      leaksFrom,
      staticRoutes: staticRoutes.length === 0 ? NONE : staticRoutes,
      exit,
      prefixes: prefixes[place] as VrfPrefixes,
      asn,
      frr,
    }),
  );
  const pieces = {
    blocks: pieceOf(said.map(blockTemplate), [], '!'),
    instances: pieceOf(
      said.map(bgpTemplate),
      vrfs.flatMap(({ rd }) => [routerId, rd]),
      '!',
    ),
  };
  made.set(vrfs, { asn, routerId, frr, prefixes, ...pieces });
  return pieces;
}
