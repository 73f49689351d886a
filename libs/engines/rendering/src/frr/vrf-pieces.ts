/** VRFs of a host: their lines are the same on every host that has them, but for the route distinguisher and the router id. */
import type { BgpIntent, DeviceIntent, VrfIntent } from '#engines/intent';
import type { Ip, RouteDistinguisher } from '#engines/kernel';
import { GAP, type Piece, pieceOf, shared, Template } from '../piece.js';
import { type VrfPrefixes, vrfPrefixes } from '../vrf-prefixes.js';
import { vrfBgpOutline, vrfOutline } from './outline-vrf.js';
import { vrfBgp, vrfBlock, type VrfSpoken } from './vrf-bgp.js';

type VrfBlock = Pick<VrfIntent, 'name' | 'l3vni' | 'importTargets' | 'staticRoutes' | 'exit'>;

const blockTemplate = shared<VrfBlock>()(
  'importTargets',
  ['name', 'l3vni', 'staticRoutes', 'exit'],
  (vrf) => new Template(0, vrfBlock(vrf), vrfOutline(vrf)),
);

type VrfSaid = Omit<VrfSpoken, 'rd' | 'routerId'>;

const FIELDS = ['name', 'exportTargets', 'leaksFrom', 'staticRoutes', 'exit', 'prefixes', 'asn', 'frr'] as const;

const bgpTemplate = shared<VrfSaid>()('importTargets', FIELDS, (vrf) => {
  const spoken: VrfSpoken = { ...vrf, routerId: GAP as Ip, rd: GAP as RouteDistinguisher };
  return new Template(0, vrfBgp(spoken), vrfBgpOutline(spoken));
});

const NONE: VrfIntent['staticRoutes'] = [];
/** Without routes of its own a VRF is the same on many hosts. */
const routesOf = ({ staticRoutes }: VrfIntent): VrfIntent['staticRoutes'] => (staticRoutes.length === 0 ? NONE : staticRoutes);

const blockOf = (vrf: VrfIntent): VrfBlock => ({
  name: vrf.name,
  l3vni: vrf.l3vni,
  importTargets: vrf.importTargets,
  staticRoutes: routesOf(vrf),
  exit: vrf.exit,
});

const blocks = new WeakMap<readonly VrfIntent[], readonly Piece[]>();

/** `vrf NAME`, with a separator between two. */
export function vrfBlockPieces(vrfs: readonly VrfIntent[]): readonly Piece[] {
  let pieces = blocks.get(vrfs);
  if (pieces === undefined) {
    const templates = vrfs.map((vrf) => blockTemplate(blockOf(vrf)));
    blocks.set(vrfs, (pieces = pieceOf(templates, [], '!')));
  }
  return pieces;
}

interface Made extends Pick<BgpIntent, 'asn' | 'routerId'> {
  readonly frr: string | undefined;
  readonly prefixes: readonly VrfPrefixes[];
  readonly pieces: readonly Piece[];
}

/** Of each host the last ones, as long as its VRFs are the same objects: with other subnets in one of them the rest is the same all the same. */
const instances = new WeakMap<readonly VrfIntent[], Made>();

/** `router bgp N vrf NAME`, with a separator between two. */
export function vrfBgpPieces(intent: DeviceIntent, { asn, routerId }: BgpIntent): readonly Piece[] {
  const { vrfs, software } = intent;
  const prefixes = vrfs.map((vrf) => vrfPrefixes(intent, vrf));
  const frr = software.frr;
  const last = instances.get(vrfs);
  const isSame =
    last?.asn === asn && last.routerId === routerId && last.frr === frr && prefixes.every((list, place) => list === last.prefixes[place]);
  if (isSame) return last.pieces;
  const templates = vrfs.map((vrf, place) =>
    bgpTemplate({
      name: vrf.name,
      importTargets: vrf.importTargets,
      exportTargets: vrf.exportTargets,
      leaksFrom: vrf.leaksFrom,
      staticRoutes: routesOf(vrf),
      exit: vrf.exit,
      prefixes: prefixes[place] as VrfPrefixes,
      asn,
      frr,
    }),
  );
  const pieces = pieceOf(
    templates,
    vrfs.flatMap(({ rd }) => [routerId, rd]),
    '!',
  );
  instances.set(vrfs, { asn, routerId, frr, prefixes, pieces });
  return pieces;
}
