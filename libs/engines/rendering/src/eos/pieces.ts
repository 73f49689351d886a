/** Lines of a network that many switches have alike: made and read again once for each VLAN that it has somewhere. */
import type { L2VniIntent, VrfIntent } from '#engines/intent';
import type { Cidr, Ip, RouteDistinguisher } from '#engines/kernel';
import { outline, type OutlineEntry } from '../outline.js';
import { GAP, type Piece, pieceOf, shared, Template } from '../piece.js';
import { block } from '../text.js';
import { placeAsString } from './place-as-string.js';
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

export type Kind = keyof NetworkTemplates;

/** Networks of one switch that stand together. Its pieces are made again only where one of the networks is another one. */
export class Group {
  private readonly made: { readonly kind: Kind; readonly chosen: readonly Said[]; readonly pieces: readonly Piece[] }[] = [];

  constructor(readonly said: readonly Said[]) {}

  private readonly choices = new Map<(network: L2VniIntent) => boolean, readonly Said[]>();

  /** Once for each question: most groups are the same as last time, and nobody looks at their networks again. */
  where(isWanted: (network: L2VniIntent) => boolean): readonly Said[] {
    let chosen = this.choices.get(isWanted);
    if (chosen === undefined) this.choices.set(isWanted, (chosen = this.said.filter(({ network }) => isWanted(network))));
    return chosen;
  }

  /** Who renders and who reads again choose each for himself what the piece is about. */
  piece(kind: Kind, chosen: readonly Said[]): readonly Piece[] {
    const found = this.made.find((one) => one.kind === kind && areSame(one.chosen, chosen));
    if (found) return found.pieces;
    const templates = chosen.map((one) => one[kind]);
    const separator = kind === 'vxlan' ? null : `${' '.repeat(kind === 'macVrf' ? STEP : 0)}!`;
    const pieces =
      kind === 'macVrf'
        ? pieceOf(
            templates,
            chosen.map(({ network }) => network.rd),
            separator,
          )
        : sharedPiece(templates, separator);
    this.made.push({ kind, chosen, pieces });
    return pieces;
  }
}

/** Switches of one VLAN domain with the same networks have whole groups alike. */
const VARIANTS = 8;
const sharedPieces = new WeakMap<Template, { readonly templates: readonly Template[]; readonly pieces: readonly Piece[] }[]>();

function sharedPiece(templates: readonly Template[], separator: string | null): readonly Piece[] {
  const [first] = templates;
  if (!first) return [];
  const variants = sharedPieces.get(first) ?? [];
  const found = variants.find((variant) => areSame(variant.templates, templates));
  if (found) return found.pieces;
  const made = { templates, pieces: pieceOf(templates, [], separator) };
  sharedPieces.set(first, [made, ...variants].slice(0, VARIANTS));
  return made.pieces;
}

/** As many neighbours as stand together: few enough that one change costs little, and enough that the rest costs less. */
const NEIGHBOURS = 32;
/** Of VLANs. */
const PLACES = 4096;
const byFirstNetwork = new WeakMap<L2VniIntent, Group>();
const byFirstSaid = new WeakMap<Said, Group>();
const groupsOf = new WeakMap<readonly L2VniIntent[], { readonly byVlan: readonly Group[]; readonly byName: readonly Group[] }>();

/** The networks of a switch by VLAN, and by VLAN as a string. */
export function groups(networks: readonly L2VniIntent[]): { readonly byVlan: readonly Group[]; readonly byName: readonly Group[] } {
  const found = groupsOf.get(networks);
  if (found) return found;
  const byVlan = neighbours(networks, ({ vlan }) => Number(vlan)).map((list) => {
    const before = list[0] && byFirstNetwork.get(list[0]);
    if (before && isOf(before, list)) return before;
    const group = new Group(saidAgain(before, list));
    if (list[0]) byFirstNetwork.set(list[0], group);
    return group;
  });
  const byName = neighbours(
    byVlan.flatMap(({ said }) => said),
    ({ network }) => placeAsString(Number(network.vlan)),
  ).map((list) => {
    const before = list[0] && byFirstSaid.get(list[0]);
    if (before && areSame(before.said, list)) return before;
    const group = new Group(list);
    if (list[0]) byFirstSaid.set(list[0], group);
    return group;
  });
  const made = { byVlan, byName };
  groupsOf.set(networks, made);
  return made;
}

/** In their places, and as many places in one block. */
function neighbours<T>(list: readonly T[], place: (item: T) => number): T[][] {
  const slots = new Array<T | undefined>(PLACES);
  for (const item of list) {
    const at = place(item);
    if (slots[at] !== undefined)
      return blocksOf(
        [...list].sort((a, b) => place(a) - place(b)),
        place,
      ); // networks without a VLAN share a place
    slots[at] = item;
  }
  const blocks: T[][] = [];
  for (let first = 0; first < PLACES; first += NEIGHBOURS) {
    const block: T[] = [];
    for (let at = first; at < first + NEIGHBOURS; at++) {
      const item = slots[at];
      if (item !== undefined) block.push(item);
    }
    if (block.length > 0) blocks.push(block);
  }
  return blocks;
}

const blocksOf = <T>(sorted: readonly T[], place: (item: T) => number): T[][] => [
  ...groupBy(sorted, (item) => Math.floor(place(item) / NEIGHBOURS)).values(),
];

function groupBy<T, K>(list: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const found = new Map<K, T[]>();
  for (const item of list) {
    const group = found.get(keyOf(item));
    if (group) group.push(item);
    else found.set(keyOf(item), [item]);
  }
  return found;
}

const isOf = ({ said }: Group, networks: readonly L2VniIntent[]): boolean =>
  said.length === networks.length && networks.every((network, place) => said[place]?.network === network);

/** What was said of a network stays the same object: the groups by name that it is in are not made again either. */
function saidAgain(before: Group | undefined, networks: readonly L2VniIntent[]): Said[] {
  let next = 0;
  return networks.map((network) => {
    for (let at = next; before && at < next + 2; at++) {
      const said = before.said[at];
      if (said?.network !== network) continue;
      next = at + 1;
      return said;
    }
    return saidOf(network);
  });
}

function saidOf(network: L2VniIntent): Said {
  const { vlan, svi: gateway, vxlan, macVrf } = templatesOf(network);
  return { network, vlan, svi: gateway, vxlan, macVrf };
}

function areSame<T>(a: readonly T[], b: readonly T[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let place = 0; place < a.length; place++) if (a[place] !== b[place]) return false;
  return true;
}

/** A VRF, with what is announced in it. */
export interface VrfSaid extends Pick<VrfIntent, 'name' | 'l3vni' | 'rd' | 'importTargets' | 'exportTargets' | 'leaksFrom'> {
  readonly prefixes: readonly Cidr[];
}

const vrfTemplates = shared<VrfSaid>()('prefixes', ['name', 'l3vni', 'importTargets', 'exportTargets', 'leaksFrom'], (vrf) => {
  const instance = { ...vrf, rd: GAP as RouteDistinguisher };
  return new Template(STEP, vrfInstance(instance, GAP), section(`vrf ${vrf.name}`, vrfKeys(instance, GAP)));
});

interface VrfLines {
  readonly instance: Template;
  readonly routing: Template;
  /** In `interface Vxlan1`. */
  readonly vxlan: Template;
}

const vrfLines = shared<VrfIntent>()('importTargets', ['name', 'l3vni'], ({ name, l3vni }): VrfLines => {
  const line = (depth: number, text: string): Template => new Template(depth, [text], outline([], [text]));
  return {
    instance: line(0, `vrf instance ${name}`),
    routing: line(0, `ip routing vrf ${name}`),
    vxlan: line(STEP, `vxlan vrf ${name} vni ${l3vni}`),
  };
});

/** One line for each VRF. */
export const vrfLine = (vrfs: readonly VrfIntent[], kind: keyof VrfLines): readonly Piece[] =>
  sharedPiece(
    vrfs.map((vrf) => vrfLines(vrf)[kind]),
    kind === 'instance' ? '!' : null,
  );

/** In `router bgp`, with gaps for the route distinguisher and the router id, and a separator between two. */
export const vrfPiece = (vrfs: readonly VrfSaid[], routerId: Ip): Piece[] =>
  pieceOf(
    vrfs.map(vrfTemplates),
    vrfs.flatMap(({ rd }) => [rd, routerId]),
    `${' '.repeat(STEP)}!`,
  );

const section = (head: string, keys: readonly string[]): OutlineEntry[] => [...outline([], [head]), ...outline([head], keys)];
