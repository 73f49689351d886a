/** VRFs of a switch: their lines are the same on every switch that has them, but for the route distinguisher and the router id. */
import type { VrfIntent } from '#engines/intent';
import type { Cidr, Ip, RouteDistinguisher } from '#engines/kernel';
import { outline, section } from '../outline.js';
import { GAP, Piece, pieceOf, shared, Template } from '../piece.js';
import { vrfKeys } from './outline-instance.js';
import { STEP } from './step.js';
import { vrfInstance } from './vrf-instance.js';

/** A VRF, with what is announced in it. */
interface VrfSaid extends Pick<VrfIntent, 'name' | 'l3vni' | 'rd' | 'importTargets' | 'exportTargets' | 'leaksFrom'> {
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

/** Switches with the same VRFs have these lines alike. */
const VARIANTS = 8;
const alike = new WeakMap<Template, { readonly templates: readonly Template[]; readonly pieces: readonly Piece[] }[]>();

function sharedPiece(templates: readonly Template[], separator: string | null): readonly Piece[] {
  const [first] = templates;
  if (!first) return [];
  const variants = alike.get(first) ?? [];
  const found = variants.find((variant) => isSameList(variant.templates, templates));
  if (found) return found.pieces;
  const made = { templates, pieces: pieceOf(templates, [], separator) };
  alike.set(first, [made, ...variants].slice(0, VARIANTS));
  return made.pieces;
}

const lineOf = (kind: keyof VrfLines): ((vrfs: readonly VrfIntent[]) => readonly Piece[]) => {
  const made = new WeakMap<readonly VrfIntent[], readonly Piece[]>();
  return (vrfs) => {
    let pieces = made.get(vrfs);
    if (pieces === undefined) {
      const templates = vrfs.map((vrf) => vrfLines(vrf)[kind]);
      made.set(vrfs, (pieces = sharedPiece(templates, kind === 'instance' ? '!' : null)));
    }
    return pieces;
  };
};

/** One line for each VRF. */
export const vrfLine = { instance: lineOf('instance'), routing: lineOf('routing'), vxlan: lineOf('vxlan') };

/** Of each switch the last one, as long as its VRFs are the same objects: with other subnets in one of them the rest is the same all the same. */
const pieces = new WeakMap<
  readonly VrfIntent[],
  { readonly routerId: Ip; readonly prefixes: readonly (readonly Cidr[])[]; readonly piece: readonly Piece[] }
>();

/**
 * In `router bgp`, with gaps for the route distinguisher and the router id, and a separator between two.
 * @param prefixes what is announced in each of them
 */
export function vrfPiece(vrfs: readonly VrfIntent[], prefixes: readonly (readonly Cidr[])[], routerId: Ip): readonly Piece[] {
  const known = pieces.get(vrfs);
  if (known?.routerId === routerId && isSameList(known.prefixes, prefixes)) return known.piece;
  const each = vrfs.map((vrf, place) => ownPiece(vrf, prefixes[place] ?? [], routerId));
  const piece: Piece[] = [];
  for (let first = 0; first < each.length; first += NEIGHBOURS) piece.push(neighbours(each.slice(first, first + NEIGHBOURS)));
  pieces.set(vrfs, { routerId, prefixes, piece });
  return piece;
}

/** VRFs that stand together: a subnet that is another makes the text of these again, and not of all. */
const NEIGHBOURS = 8;
const joined = new WeakMap<Piece, { readonly parts: readonly Piece[]; readonly piece: Piece }>();

function neighbours(parts: readonly Piece[]): Piece {
  const first = parts[0] as Piece;
  const found = joined.get(first);
  if (found && isSameList(found.parts, parts)) return found.piece;
  const piece = Piece.joined(parts, `${' '.repeat(STEP)}!`);
  joined.set(first, { parts, piece });
  return piece;
}

const last = new WeakMap<VrfIntent, { readonly routerId: Ip; readonly prefixes: readonly Cidr[]; readonly piece: Piece }>();

function ownPiece(vrf: VrfIntent, prefixes: readonly Cidr[], routerId: Ip): Piece {
  const found = last.get(vrf);
  if (found?.routerId === routerId && found.prefixes === prefixes) return found.piece;
  const { name, l3vni, rd, importTargets, exportTargets, leaksFrom } = vrf;
  const piece = new Piece([vrfTemplates({ name, l3vni, rd, importTargets, exportTargets, leaksFrom, prefixes })], [rd, routerId]);
  last.set(vrf, { routerId, prefixes, piece });
  return piece;
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let place = 0; place < a.length; place++) if (a[place] !== b[place]) return false;
  return true;
}
