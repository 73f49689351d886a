/**
 * Networks of a switch that stand together in its text. What switches have alike in a group (templates, and answers to questions about them)
 * is worked out once for all of them; a switch adds its own values.
 */
import type { L2VniIntent } from '#engines/intent';
import { carried } from '../carried.js';
import { Piece, pieceOf } from '../piece.js';
import { type NetworkTemplates, saysSame, templatesOf } from './network-templates.js';
import { placeAsString } from './place-as-string.js';
import { STEP } from './step.js';

export type Kind = keyof NetworkTemplates;

/** What all switches that have these networks with these VLANs say of them: nothing else of a network can be asked for in a group. */
export type Common = Pick<
  L2VniIntent,
  | 'vlan'
  | 'vni'
  | 'gateways'
  | 'networkName'
  | 'mtu'
  | 'vrf'
  | 'importTargets'
  | 'exportTargets'
  | 'remoteTarget'
  | 'replication'
  | 'bundle'
  | 'multicastGroup'
>;

/** Networks of a group that were asked for, by their places in it. */
class Choice {
  private readonly pieces = new Map<Kind, readonly Piece[]>();

  constructor(
    private readonly templates: readonly NetworkTemplates[],
    readonly places: readonly number[],
  ) {}

  /** Templates without a gap of their own are one piece for all switches. */
  piece(kind: Kind, networks: readonly L2VniIntent[]): readonly Piece[] {
    if (kind === 'macVrf') return this.make(kind, networks);
    let pieces = this.pieces.get(kind);
    if (pieces === undefined) this.pieces.set(kind, (pieces = this.make(kind, [])));
    return pieces;
  }

  private make(kind: Kind, networks: readonly L2VniIntent[]): readonly Piece[] {
    const templates = this.places.map((place) => (this.templates[place] as NetworkTemplates)[kind]);
    const values = networks.length === 0 ? [] : this.places.map((place) => (networks[place] as L2VniIntent).rd);
    return pieceOf(templates, values, separatorOf(kind));
  }
}

const separatorOf = (kind: Kind): string | null => (kind === 'vxlan' ? null : `${' '.repeat(kind === 'macVrf' ? STEP : 0)}!`);

/** What a group has alike on all switches with the same networks. */
class Alike {
  readonly templates: readonly NetworkTemplates[];
  private readonly choices = new Map<(network: Common) => boolean, Choice>();
  private readonly answers = new Map<unknown, unknown>();

  /** @param examples networks of the first switch that had them */
  constructor(readonly examples: readonly L2VniIntent[]) {
    this.templates = examples.map(templatesOf);
  }

  choice(isWanted: (network: Common) => boolean): Choice {
    let choice = this.choices.get(isWanted);
    if (choice === undefined) {
      const made = this.choose(isWanted);
      // Who renders and who reads again ask in words of their own: the same answer is one choice, and its pieces are known by identity.
      choice = [...this.choices.values()].find((other) => isSameList(other.places, made.places)) ?? made;
      this.choices.set(isWanted, choice);
    }
    return choice;
  }

  choose(isWanted: (network: Common) => boolean): Choice {
    return new Choice(
      this.templates,
      this.examples.flatMap((network, place) => (isWanted(network) ? [place] : [])),
    );
  }

  answer<V>(question: (networks: readonly Common[]) => V): V {
    if (!this.answers.has(question)) this.answers.set(question, question(this.examples));
    return this.answers.get(question) as V;
  }

  isOf(networks: readonly L2VniIntent[]): boolean {
    if (networks.length !== this.examples.length) return false;
    for (let place = 0; place < networks.length; place++) {
      if (!saysSame(networks[place] as L2VniIntent, this.examples[place] as L2VniIntent)) return false;
    }
    return true;
  }
}

/** VLANs differ from domain to domain, and networks from switch to switch: as many choices are kept for the first network of a group. */
const VARIANTS = 8;
const alike = new WeakMap<NetworkTemplates, Alike[]>();

function alikeOf(networks: readonly L2VniIntent[]): Alike {
  const key = templatesOf(networks[0] as L2VniIntent);
  const variants = alike.get(key) ?? [];
  const found = variants.find((variant) => variant.isOf(networks));
  if (found) return found;
  const made = new Alike(networks);
  alike.set(key, [made, ...variants].slice(0, VARIANTS));
  return made;
}

class Group {
  readonly alike: Alike;
  private readonly made: { readonly choice: Choice; readonly pieces: readonly Piece[] }[] = [];

  /** @param block its number: groups stand in the order of their numbers */
  constructor(
    readonly block: number,
    readonly networks: readonly L2VniIntent[],
  ) {
    this.alike = alikeOf(networks);
  }

  where(isWanted: (network: Common) => boolean): readonly L2VniIntent[] {
    return this.alike.choice(isWanted).places.map((place) => this.networks[place] as L2VniIntent);
  }

  /** With the values of this switch. */
  own(kind: Kind, isWanted: (network: Common) => boolean): readonly Piece[] {
    const choice = this.alike.choice(isWanted);
    const found = this.made.find((one) => one.choice === choice);
    if (found) return found.pieces;
    const pieces = choice.piece(kind, this.networks);
    this.made.push({ choice, pieces });
    return pieces;
  }

  pieceOnce(kind: Kind, isWanted: (network: Common) => boolean): readonly Piece[] {
    return this.alike.choose(isWanted).piece(kind, this.networks);
  }
}

const isSameList = <T>(a: readonly T[], b: readonly T[]): boolean => a.length === b.length && a.every((one, at) => one === b[at]);

/** What switches have alike that have the same groups all through. */
class Together {
  private readonly pieces = new Map<Kind, Map<(network: Common) => boolean, Asked>>();
  private readonly answers = new Map<unknown, readonly unknown[]>();
  private readonly chosen = new Map<(network: Common) => boolean, boolean>();

  constructor(readonly groups: readonly Alike[]) {}

  /** One for all groups: whoever asks in other words for the same networks is given the same one. */
  piece(kind: Kind, isWanted: (network: Common) => boolean): readonly Piece[] {
    const known = this.pieces.get(kind) ?? new Map<(network: Common) => boolean, Asked>();
    this.pieces.set(kind, known);
    const found = known.get(isWanted);
    if (found) return found.piece;
    const parts = this.groups.flatMap((group) => group.choice(isWanted).piece(kind, []));
    const asked = [...known.values()].find((other) => isSameList(other.parts, parts)) ?? {
      parts,
      piece: parts.length === 0 ? [] : [Piece.joined(parts, separatorOf(kind))],
    };
    known.set(isWanted, asked);
    return asked.piece;
  }

  answer<V>(question: (networks: readonly Common[]) => V): readonly V[] {
    let answers = this.answers.get(question);
    if (answers === undefined) this.answers.set(question, (answers = this.groups.map((group) => group.answer(question))));
    return answers as readonly V[];
  }

  has(isWanted: (network: Common) => boolean): boolean {
    let has = this.chosen.get(isWanted);
    if (has === undefined) this.chosen.set(isWanted, (has = this.groups.some((group) => group.choice(isWanted).places.length > 0)));
    return has;
  }
}

interface Asked {
  readonly parts: readonly Piece[];
  readonly piece: readonly Piece[];
}

const together = new WeakMap<Alike, Together[]>();
const NONE = new Together([]);

function togetherOf(groups: readonly Group[]): Together {
  const [first] = groups;
  if (!first) return NONE;
  const variants = together.get(first.alike) ?? [];
  const found = variants.find(
    (variant) => variant.groups.length === groups.length && variant.groups.every((one, at) => one === groups[at]?.alike),
  );
  if (found) return found;
  const made = new Together(groups.map(({ alike: one }) => one));
  together.set(first.alike, [made, ...variants].slice(0, VARIANTS));
  return made;
}

/** Networks of a switch in the order of its text. */
export class Networks {
  private readonly together: Together;
  private readonly own = new Map<(network: Common) => boolean, readonly Piece[]>();

  constructor(readonly groups: readonly Group[]) {
    this.together = togetherOf(groups);
  }

  /** @param isWanted the same function each time: it is asked once for all switches. */
  where(isWanted: (network: Common) => boolean): readonly L2VniIntent[] {
    return this.together.has(isWanted) ? this.groups.flatMap((group) => group.where(isWanted)) : [];
  }

  /**
   * One answer for each group.
   * @param question the same function each time: it is asked once for all switches.
   */
  ask<V>(question: (networks: readonly Common[]) => V): readonly V[] {
    return this.together.answer(question);
  }

  /** Of the networks that are wanted. Who renders and who reads again choose each for himself. */
  piece(kind: Kind, isWanted: (network: Common) => boolean): readonly Piece[] {
    if (kind !== 'macVrf') return this.together.piece(kind, isWanted);
    let pieces = this.own.get(isWanted);
    if (pieces === undefined) this.own.set(isWanted, (pieces = this.groups.flatMap((group) => group.own(kind, isWanted))));
    return pieces;
  }

  /** For a question that nobody asks twice. */
  pieceOnce(kind: Kind, isWanted: (network: Common) => boolean): readonly Piece[] {
    return this.groups.flatMap((group) => group.pieceOnce(kind, isWanted));
  }
}

/** As many neighbours as stand together: few enough that one change costs little, and enough that the rest costs less. */
const NEIGHBOURS = 32;
/** Of VLANs. */
const PLACES = 4096;

type PlaceOf = (network: L2VniIntent) => number;

/** In their places, and as many places in one group. */
function neighbours(networks: readonly L2VniIntent[], place: PlaceOf): readonly Group[] {
  const slots = new Int32Array(PLACES); // position in the list, counted from 1
  for (let position = 0; position < networks.length; position++) {
    const at = place(networks[position] as L2VniIntent);
    if (slots[at] !== 0) return sortedOut(networks, place); // networks without a VLAN share a place
    slots[at] = position + 1;
  }
  const groups: Group[] = [];
  for (let first = 0; first < PLACES; first += NEIGHBOURS) {
    const block: L2VniIntent[] = [];
    for (let at = first; at < first + NEIGHBOURS; at++) {
      const position = slots[at] as number;
      if (position > 0) block.push(networks[position - 1] as L2VniIntent);
    }
    if (block.length > 0) groups.push(new Group(first / NEIGHBOURS, block));
  }
  return groups;
}

const blockOf = (network: L2VniIntent, place: PlaceOf): number => Math.floor(place(network) / NEIGHBOURS);
const inPlaces = (networks: readonly L2VniIntent[], place: PlaceOf): L2VniIntent[] =>
  [...networks].sort((a, b) => place(a) - place(b) || a.vni - b.vni);

function sortedOut(networks: readonly L2VniIntent[], place: PlaceOf): readonly Group[] {
  const blocks = new Map<number, L2VniIntent[]>();
  for (const network of inPlaces(networks, place)) {
    const block = blockOf(network, place);
    const list = blocks.get(block);
    if (list) list.push(network);
    else blocks.set(block, [network]);
  }
  return [...blocks].map(([block, list]) => new Group(block, list));
}

/** Only the groups from which a network went, or to which one came, are made again. */
function renewed(
  groups: readonly Group[],
  removed: readonly L2VniIntent[],
  added: readonly L2VniIntent[],
  place: PlaceOf,
): readonly Group[] {
  const gone = new Set(removed);
  const blocks = new Set([...removed, ...added].map((network) => blockOf(network, place)));
  const kept = groups.filter(({ block }) => !blocks.has(block));
  const made = [...blocks].flatMap((block) => {
    const before = groups.find((group) => group.block === block)?.networks ?? [];
    const now = [...before.filter((network) => !gone.has(network)), ...added.filter((network) => blockOf(network, place) === block)];
    return now.length === 0 ? [] : [new Group(block, inPlaces(now, place))];
  });
  return [...kept, ...made].sort((a, b) => a.block - b.block);
}

const networksBy = (place: PlaceOf): ((networks: readonly L2VniIntent[]) => Networks) =>
  carried<L2VniIntent, Networks>(
    (networks, before) =>
      new Networks(before ? renewed(before.value.groups, before.removed, before.added, place) : neighbours(networks, place)),
  );

/** The networks of a switch by VLAN. */
export const networksByVlan = networksBy(({ vlan }) => Number(vlan));
/** By VLAN as a string. */
export const networksByName = networksBy(({ vlan }) => placeAsString(Number(vlan)));
