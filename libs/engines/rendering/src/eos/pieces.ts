/** Lines of a network that many switches have alike: made and read again once for each VLAN that it has somewhere. */
import type { L2VniIntent, VrfIntent } from '#engines/intent';
import type { Cidr, Ip, RouteDistinguisher } from '#engines/kernel';
import { outline, type OutlineEntry } from '../outline.js';
import { GAP, type Piece, pieceOf, shared, Template } from '../piece.js';
import { block } from '../text.js';
import { byVlan } from './by-vlan.js';
import { evpnInstance, macVrfInstance } from './evpn-instances.js';
import { instanceKeys, vrfKeys } from './outline-instance.js';
import { sviKeys } from './outline-svi.js';
import { STEP } from './step.js';
import { svi } from './svi.js';
import { vrfInstance } from './vrf-instance.js';

interface NetworkTemplates {
  readonly vlan: Template;
  readonly svi: Template;
  /** In `interface Vxlan1`. */
  readonly vxlan: Template;
  /** In `router bgp`, with a gap for the route distinguisher. */
  readonly macVrf: Template;
}

const templatesOf = shared<L2VniIntent>()(
  'importTargets',
  ['vlan', 'gateways', 'networkName', 'mtu', 'vrf', 'vni', 'exportTargets', 'remoteTarget'],
  (network): NetworkTemplates => {
    const { vlan, vni } = network;
    const instance = macVrfInstance({ ...network, rd: GAP as RouteDistinguisher });
    const inVxlan = `vxlan vlan ${vlan} vni ${vni}`;
    return {
      // Derived: at most 32 characters for every VNI, and nothing that a customer typed.
      vlan: new Template(0, block(STEP, `vlan ${vlan}`, `name vni${vni}`), section(`vlan ${vlan}`, ['name'])),
      svi: new Template(0, svi(network), section(`interface Vlan${vlan}`, sviKeys(network))),
      vxlan: new Template(STEP, [inVxlan], outline([], [inVxlan])),
      macVrf: new Template(STEP, evpnInstance(instance), section(instance.head, instanceKeys(instance))),
    };
  },
);

/** A network of one switch, with what can be said of it. */
export interface Said extends NetworkTemplates {
  readonly network: L2VniIntent;
}

const saidOf = new WeakMap<readonly L2VniIntent[], readonly Said[]>();

/** By VLAN. Looked up once for each list of networks: whoever renders and whoever reads again choose from it each for himself. */
export function said(networks: readonly L2VniIntent[]): readonly Said[] {
  const found = saidOf.get(networks);
  if (found) return found;
  const made = byVlan(networks).map((network): Said => {
    const { vlan, svi: gateway, vxlan, macVrf } = templatesOf(network);
    return { network, vlan, svi: gateway, vxlan, macVrf };
  });
  saidOf.set(networks, made);
  return made;
}

/** In `router bgp`, with a separator between two. */
export const macVrfPiece = (networks: readonly Said[]): Piece[] =>
  pieceOf(
    networks.map(({ macVrf }) => macVrf),
    networks.map(({ network }) => network.rd),
    `${' '.repeat(STEP)}!`,
  );

interface VrfSaid extends Pick<VrfIntent, 'name' | 'l3vni' | 'importTargets' | 'exportTargets' | 'leaksFrom'> {
  readonly prefixes: readonly Cidr[];
}

const vrfTemplates = shared<VrfSaid>()('prefixes', ['name', 'l3vni', 'importTargets', 'exportTargets', 'leaksFrom'], (vrf) => {
  const instance = { ...vrf, rd: GAP as RouteDistinguisher };
  return new Template(STEP, vrfInstance(instance, GAP), section(`vrf ${vrf.name}`, vrfKeys(instance, GAP)));
});

/** In `router bgp`, with gaps for the route distinguisher and the router id, and a separator between two. */
export const vrfPiece = (vrfs: readonly (VrfSaid & Pick<VrfIntent, 'rd'>)[], routerId: Ip): Piece[] =>
  pieceOf(
    vrfs.map(vrfTemplates),
    vrfs.flatMap(({ rd }) => [rd, routerId]),
    `${' '.repeat(STEP)}!`,
  );

const section = (head: string, keys: readonly string[]): OutlineEntry[] => [...outline([], [head]), ...outline([head], keys)];
