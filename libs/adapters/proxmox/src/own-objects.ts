/**
 * Which objects of a cluster are ours, and what has to be written to make them as they shall be. Proxmox has a place for a remark only on VNets
 * (their alias); zones and controllers are ours by their names, subnets by their VNet.
 */
import type { SdnKind, SdnObjects, SdnOptions } from '#engines/rendering';
import type { SdnObject } from './sdn-api.js';

/** All that a cluster has, in one view. */
export type ClusterObjects = readonly SdnObject[];

export interface SdnStep {
  readonly verb: 'create' | 'update' | 'remove';
  readonly kind: SdnKind;
  readonly id: string;
  /** Of a subnet. */
  readonly vnet?: string;
  /** All options where it is created, those that change where it is not. */
  readonly set: SdnOptions;
  readonly unset: readonly string[];
  /** Ours as it is now. */
  readonly before: SdnOptions | null;
}

const ALIAS = 'trame ';
const ZONE = /^(?:trame[a-z0-9]{0,3}|trv[0-9a-z]{1,5})$/;
const CONTROLLER = /^trame/;

/** Other options of our objects stay as people have set them: exit nodes, IPAM, DNS. */
const OWNED: Readonly<Record<SdnKind, readonly string[]>> = {
  controllers: ['type', 'asn', 'peers'],
  zones: ['type', 'controller', 'vrf-vxlan', 'mac', 'nodes', 'peers', 'vxlan-port'],
  vnets: ['zone', 'tag', 'alias', 'vlanaware'],
  subnets: ['vnet', 'gateway'],
};
/** Cannot be changed once it is there. */
const FIXED: Readonly<Record<SdnKind, readonly string[]>> = { controllers: ['type'], zones: ['type'], vnets: [], subnets: ['vnet'] };
const KINDS: readonly SdnKind[] = ['controllers', 'zones', 'vnets', 'subnets'];

/** Not written, only shown: made of the others. */
const DERIVED: Readonly<Record<SdnKind, readonly string[]>> = {
  controllers: [],
  zones: [],
  vnets: ['type'],
  subnets: ['type', 'cidr', 'network', 'mask', 'zone', 'subnet'],
};

/** Zones and controllers that were ours by what was confirmed, or is wanted: a name alone can be somebody else's. `zones trame` */
export type KnownObjects = ReadonlySet<string>;

export const knownIn = (...documents: readonly SdnObjects[]): KnownObjects =>
  new Set(documents.flatMap(({ zones, controllers }) => [...names('zones', zones), ...names('controllers', controllers)]));

const names = (kind: SdnKind, objects: SdnObjects[SdnKind]): string[] => Object.keys(objects).map((id) => `${kind} ${id}`);

/** Nobody else could have written: whatever has a name of ours is ours. */
export const BY_NAME = 'BY_NAME';

/** Only VRFs have subnets of ours. */
export const mayRoute = (zone: string): boolean => zone.startsWith('trv');

export const isOwnVnet = ({ kind, options }: SdnObject): boolean =>
  kind === 'vnets' && ZONE.test(options['zone'] ?? '') && (options['alias'] ?? '').startsWith(ALIAS);

export type Ownership = (object: { readonly kind: string; readonly id: string; readonly vnet?: string | undefined }) => boolean;

/**
 * Whose an object is, by what stands beside it: VNets of ours say so, a zone is ours that has one of them, a controller that such a zone uses; a
 * zone or controller without that is ours if it is known.
 */
export function ownershipIn(objects: ClusterObjects, known: KnownObjects | typeof BY_NAME): Ownership {
  const vnets = objects.filter(isOwnVnet);
  const vnetIds = new Set(vnets.map(({ id }) => id));
  const used = new Set(vnets.map(({ options }) => options['zone']));
  const isZone = (id: string): boolean => ZONE.test(id) && (known === BY_NAME || known.has(`zones ${id}`) || used.has(id));
  const asked = new Set(objects.flatMap(({ kind, id, options }) => (kind === 'zones' && isZone(id) ? [options['controller']] : [])));
  return ({ kind, id, vnet }) => {
    if (kind === 'zones') return isZone(id);
    if (kind === 'controllers') return CONTROLLER.test(id) && (known === BY_NAME || known.has(`controllers ${id}`) || asked.has(id));
    if (kind === 'vnets') return vnetIds.has(id);
    return kind === 'subnets' && vnetIds.has(vnet ?? '');
  };
}

/** Which options of our objects: those that are ours, or those of people with them. */
export type OptionScope = 'OURS' | 'ALL';

/** Our objects alone. */
export function ownObjects(
  objects: ClusterObjects,
  known: KnownObjects | typeof BY_NAME = new Set(),
  scope: OptionScope = 'OURS',
): SdnObjects {
  const isOwn = ownershipIn(objects, known);
  const of = (kind: SdnKind): Readonly<Record<string, SdnOptions>> =>
    Object.fromEntries(
      objects.flatMap((object) =>
        object.kind === kind && isOwn({ ...object, vnet: object.options['vnet'] })
          ? [[object.id, optionsOf(kind, object.options, scope)]]
          : [],
      ),
    );
  return { controllers: of('controllers'), zones: of('zones'), vnets: of('vnets'), subnets: of('subnets') };
}

const optionsOf = (kind: SdnKind, options: SdnOptions, scope: OptionScope): SdnOptions =>
  Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) =>
        (scope === 'ALL' ? !DERIVED[kind].includes(name) : OWNED[kind].includes(name)) &&
        value !== '' &&
        !(name === 'vlanaware' && value === '0'),
    ),
  );

/** Somebody is changing options of our objects that are not ours. */
export function hasPeoplesEdits(running: SdnObjects, config: SdnObjects): boolean {
  return KINDS.some((kind) =>
    Object.entries(config[kind]).some(([id, after]) => {
      const before = running[kind][id];
      const options = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after)])];
      return before !== undefined && options.some((name) => !OWNED[kind].includes(name) && before[name] !== after[name]);
    }),
  );
}

/** The options of ours in an object as it was read. */
export const ownOptionsOf = (kind: SdnKind, options: SdnOptions): SdnOptions => optionsOf(kind, options, 'OURS');

/**
 * In an order in which nothing is removed that is in use, and nothing is made before what it stands on.
 * @param whole `from` with the options of people, which what is removed and made again gets again.
 */
export function stepsBetween(from: SdnObjects, to: SdnObjects, whole: SdnObjects = from): readonly SdnStep[] {
  const of = (kind: SdnKind, ...verbs: readonly SdnStep['verb'][]): SdnStep[] =>
    changes(kind, from[kind], to[kind], whole[kind]).filter(({ verb }) => verbs.includes(verb));
  return [
    ...of('subnets', 'remove'),
    ...of('vnets', 'remove'),
    ...KINDS.flatMap((kind) => of(kind, 'create', 'update')),
    ...of('zones', 'remove'),
    ...of('controllers', 'remove'),
  ];
}

function changes(kind: SdnKind, from: SdnObjects[SdnKind], to: SdnObjects[SdnKind], whole: SdnObjects[SdnKind]): SdnStep[] {
  const ids = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return ids.flatMap((id): SdnStep[] => {
    const [before, after] = [from[id], to[id]];
    const vnet = (options: SdnOptions) => (kind === 'subnets' ? { vnet: options['vnet'] ?? '' } : {});
    const remove = (options: SdnOptions): SdnStep => ({
      verb: 'remove',
      kind,
      id,
      ...vnet(options),
      set: {},
      unset: [],
      before: whole[id] ?? options,
    });
    const create = (options: SdnOptions): SdnStep => ({
      verb: 'create',
      kind,
      id,
      ...vnet(options),
      set: options,
      unset: [],
      before: null,
    });
    if (after === undefined) return before === undefined ? [] : [remove(before)];
    if (before === undefined) return [create(after)];
    const set = Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));
    const unset = Object.keys(before).filter((name) => after[name] === undefined);
    const changed = [...Object.keys(set), ...unset];
    if (changed.length === 0) return [];
    if (changed.some((name) => FIXED[kind].includes(name)))
      return [remove(before), create({ ...peoples(kind, whole[id] ?? {}), ...after })];
    return [{ verb: 'update', kind, id, ...vnet(after), set, unset, before }];
  });
}

const peoples = (kind: SdnKind, options: SdnOptions): SdnOptions =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !OWNED[kind].includes(name)));

export const isSame = (a: SdnObjects, b: SdnObjects): boolean => stepsBetween(a, b).length === 0;

/** One line an object, for people. */
export function printed(steps: readonly SdnStep[]): string {
  return steps.map((step) => `${describe(step)}\n`).join('');
}

function describe({ verb, kind, id, set, unset, before }: SdnStep): string {
  const name = `${kind.slice(0, -1)} ${id}`;
  const all = (options: SdnOptions): string =>
    Object.entries(options)
      .map(([option, value]) => ` ${option}=${value}`)
      .join('');
  if (verb === 'create') return `+ ${name}${all(set)}`;
  if (verb === 'remove') return `- ${name}${all(before ?? {})}`;
  const words = [
    ...Object.entries(set).map(([option, value]) => `${option} ${before?.[option] ?? 'unset'} -> ${value}`),
    ...unset.map((option) => `${option} ${before?.[option] ?? ''} -> unset`),
  ];
  return `~ ${name} ${words.join(', ')}`;
}
