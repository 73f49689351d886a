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

export const isOwnZone = (id: string): boolean => ZONE.test(id);
/** Only VRFs have subnets of ours. */
export const mayRoute = (zone: string): boolean => zone.startsWith('trv');

export function isOwn({ kind, id, options }: SdnObject, vnets: ReadonlyMap<string, SdnObject>): boolean {
  if (kind === 'zones') return isOwnZone(id);
  if (kind === 'controllers') return CONTROLLER.test(id);
  if (kind === 'vnets') return isOwnZone(options['zone'] ?? '') && (options['alias'] ?? '').startsWith(ALIAS);
  const vnet = vnets.get(options['vnet'] ?? '');
  return vnet !== undefined && isOwn(vnet, vnets);
}

export const vnetsOf = (objects: ClusterObjects): ReadonlyMap<string, SdnObject> =>
  new Map(objects.flatMap((object) => (object.kind === 'vnets' ? [[object.id, object]] : [])));

/** Ours alone, with the options that are ours. */
export function ownObjects(objects: ClusterObjects): SdnObjects {
  const vnets = vnetsOf(objects);
  const of = (kind: SdnKind): Readonly<Record<string, SdnOptions>> =>
    Object.fromEntries(
      objects.flatMap((object) => (object.kind === kind && isOwn(object, vnets) ? [[object.id, ownOptions(kind, object.options)]] : [])),
    );
  return { controllers: of('controllers'), zones: of('zones'), vnets: of('vnets'), subnets: of('subnets') };
}

const ownOptions = (kind: SdnKind, options: SdnOptions): SdnOptions =>
  Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => OWNED[kind].includes(name) && value !== '' && !(name === 'vlanaware' && value === '0'),
    ),
  );

/** In an order in which nothing is removed that is in use, and nothing is made before what it stands on. */
export function stepsBetween(from: SdnObjects, to: SdnObjects): readonly SdnStep[] {
  const of = (kind: SdnKind, ...verbs: readonly SdnStep['verb'][]): SdnStep[] =>
    changes(kind, from[kind], to[kind]).filter(({ verb }) => verbs.includes(verb));
  return [
    ...of('subnets', 'remove'),
    ...of('vnets', 'remove'),
    ...KINDS.flatMap((kind) => of(kind, 'create', 'update')),
    ...of('zones', 'remove'),
    ...of('controllers', 'remove'),
  ];
}

function changes(kind: SdnKind, from: SdnObjects[SdnKind], to: SdnObjects[SdnKind]): SdnStep[] {
  const ids = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return ids.flatMap((id): SdnStep[] => {
    const [before, after] = [from[id], to[id]];
    const vnet = (options: SdnOptions) => (kind === 'subnets' ? { vnet: options['vnet'] ?? '' } : {});
    const remove = (options: SdnOptions): SdnStep => ({ verb: 'remove', kind, id, ...vnet(options), set: {}, unset: [], before: options });
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
    if (changed.some((name) => FIXED[kind].includes(name))) return [remove(before), create(after)];
    return [{ verb: 'update', kind, id, ...vnet(after), set, unset, before }];
  });
}

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
