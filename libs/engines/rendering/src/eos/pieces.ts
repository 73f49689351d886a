/** Lines of a network that many switches have alike: made and read again once for each VLAN that it has somewhere. */
import type { L2VniIntent } from '#engines/intent';
import type { RouteDistinguisher } from '#engines/kernel';
import { outline, type OutlineEntry } from '../outline.js';
import { GAP, Piece, shared, Template } from '../piece.js';
import { block } from '../text.js';
import { evpnInstance, macVrfInstance } from './evpn-instances.js';
import { instanceKeys } from './outline-instance.js';
import { sviKeys } from './outline-svi.js';
import { STEP } from './step.js';
import { svi } from './svi.js';

interface NetworkPieces {
  readonly vlan: Piece;
  readonly svi: Piece;
  /** In `interface Vxlan1`. */
  readonly vxlan: Piece;
  /** In `router bgp`, with a gap for the route distinguisher. */
  readonly macVrf: Template;
}

const piecesOf = shared<L2VniIntent>()(
  'importTargets',
  ['exportTargets', 'remoteTarget', 'gateways', 'vlan', 'vni', 'networkName', 'mtu', 'vrf'],
  (network): NetworkPieces => {
    const { vlan, vni } = network;
    const instance = macVrfInstance({ ...network, rd: GAP as RouteDistinguisher });
    const inVxlan = `vxlan vlan ${vlan} vni ${vni}`;
    return {
      // Derived: at most 32 characters for every VNI, and nothing that a customer typed.
      vlan: new Piece(new Template(0, block(STEP, `vlan ${vlan}`, `name vni${vni}`), section(`vlan ${vlan}`, ['name']))),
      svi: new Piece(new Template(0, svi(network), section(`interface Vlan${vlan}`, sviKeys(network)))),
      vxlan: new Piece(new Template(STEP, [inVxlan], outline([], [inVxlan]))),
      macVrf: new Template(STEP, evpnInstance(instance), section(instance.head, instanceKeys(instance))),
    };
  },
);

export const vlanPiece = (network: L2VniIntent): Piece => piecesOf(network).vlan;
export const sviPiece = (network: L2VniIntent): Piece => piecesOf(network).svi;
export const vxlanPiece = (network: L2VniIntent): Piece => piecesOf(network).vxlan;
export const macVrfPiece = (network: L2VniIntent): Piece => new Piece(piecesOf(network).macVrf, network.rd);

/** In a VRF of `router bgp`. */
export const prefixesPiece = shared<{ readonly prefixes: readonly string[] }>()('prefixes', [], ({ prefixes }): Piece => {
  const lines = prefixes.map((prefix) => `network ${prefix}`);
  return new Piece(new Template(2 * STEP, lines, outline([], lines)));
});

const section = (head: string, keys: readonly string[]): OutlineEntry[] => [...outline([], [head]), ...outline([head], keys)];
