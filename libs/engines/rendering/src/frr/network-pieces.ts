/** EVPN instances of networks: their lines are the same on every host that has them, but for the route distinguisher. */
import type { L2VniIntent } from '#engines/intent';
import type { RouteDistinguisher } from '#engines/kernel';
import { type HostGroup, groupsByVni } from '../host-groups.js';
import { outline } from '../outline.js';
import { GAP, type Piece, pieceOf, shared, Template } from '../piece.js';
import { block } from '../text.js';
import { targets } from './explicit-targets.js';
import { targetKeys } from './outline-vrf.js';

/** In `router bgp` and `address-family l2vpn evpn`. */
const DEPTH = 2;

const macVrf = shared<L2VniIntent>()('importTargets', ['vni', 'exportTargets'], (network) => {
  const { vni } = network;
  const numbered = { ...network, rd: GAP as RouteDistinguisher };
  const expected = [...outline([], [`vni ${vni}`, 'exit-vni']), ...outline([`vni ${vni}`], targetKeys(numbered))];
  return new Template(DEPTH, block(1, `vni ${vni}`, targets(numbered), 'exit-vni'), expected);
});

const made = new WeakMap<HostGroup, readonly Piece[]>();

function ofGroup(group: HostGroup): readonly Piece[] {
  let pieces = made.get(group);
  if (pieces === undefined) {
    const announced = group.networks.filter(({ replication }) => replication === 'INGRESS_EVPN');
    pieces = pieceOf(
      announced.map(macVrf),
      announced.map(({ rd }) => rd),
    );
    made.set(group, pieces);
  }
  return pieces;
}

/** `vni N` of networks that EVPN announces. */
export const macVrfPieces = (networks: readonly L2VniIntent[]): readonly Piece[] => groupsByVni(networks).flatMap(ofGroup);
