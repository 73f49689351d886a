/** The SDN of a cluster that people made, read and never written: what an import takes over, and whose numbers are in use. */
import { DomainError } from '#engines/kernel';
import type { SdnKind } from '#engines/rendering';
import { readWhole } from './cluster-reader.js';
import { type ClusterObjects, isOwnVnet, ownershipIn } from './own-objects.js';
import type { SdnApi, SdnObject } from './sdn-api.js';

export interface ReadCluster {
  /** As the cluster calls itself; the node where there is only one. */
  readonly name: string;
  /** What its files say, as nodes have it in `.running-config`; without what Trame has written there. */
  readonly config: string;
  /** What runs otherwise than the files say, one line each, with the numbers that it holds until that is applied. */
  readonly pending: readonly string[];
  /** How many objects Trame has written: they are in its books, and left out. */
  readonly own: number;
}

/** Numbers that nobody else may have. */
const NUMBERS = ['tag', 'vrf-vxlan'];
const KINDS: readonly SdnKind[] = ['controllers', 'zones', 'vnets', 'subnets'];

/** @throws PveError; DomainError INVALID_STATE where the token may not see all of it: what is hidden would be taken for free. */
export async function readCluster(api: SdnApi): Promise<ReadCluster> {
  const { name } = await api.cluster();
  if (!(await api.maySeeAll())) {
    const message = `${name}: the token needs SDN.Audit on /sdn and below: what it cannot see would be taken for free`;
    throw new DomainError('INVALID_STATE', message, { cluster: name, needs: 'SDN.Audit on /sdn' });
  }
  const [config, running] = [await readWhole(api, 'CONFIG'), await readWhole(api, 'RUNNING')];
  const isOurs = ownIn([...config, ...running]);
  const theirs = config.filter((object) => !isOurs(object));
  return {
    name,
    config: runningConfig(theirs, await api.fabrics()),
    pending: pendingLines(
      theirs,
      running.filter((object) => !isOurs(object)),
    ),
    own: config.filter(isOurs).length,
  };
}

/** A zone of ours in which somebody has made a VNet is theirs, too, and a controller that such a zone uses. */
function ownIn(objects: ClusterObjects): (object: SdnObject) => boolean {
  const isNamed = ownershipIn(objects, new Set());
  const ownVnets = new Set(objects.filter(isOwnVnet).map(({ id }) => id));
  const isOwn = ({ kind, id, options }: SdnObject): boolean => isNamed({ kind, id, vnet: options['vnet'] });
  const shared = new Set(objects.flatMap(({ kind, id, options }) => (kind === 'vnets' && !ownVnets.has(id) ? [options['zone']] : [])));
  const isOwnZone = (object: SdnObject): boolean => isOwn(object) && !shared.has(object.id);
  const used = new Set(objects.flatMap((object) => (object.kind === 'zones' && !isOwnZone(object) ? [object.options['controller']] : [])));
  return (object) => {
    if (object.kind === 'zones') return isOwnZone(object);
    return isOwn(object) && !(object.kind === 'controllers' && used.has(object.id));
  };
}

function runningConfig(objects: ClusterObjects, fabrics: Readonly<Record<string, object>>): string {
  const of = (kind: SdnKind): object => ({
    ids: Object.fromEntries(
      objects.flatMap((object) =>
        object.kind === kind ? [[object.id, { ...valuesOf(object), type: object.options['type'] ?? kind.slice(0, -1) }]] : [],
      ),
    ),
  });
  const groups = Object.fromEntries(KINDS.map((kind) => [kind, of(kind)]));
  return `${JSON.stringify({ version: 0, ...groups, fabrics: { ids: fabrics } }, null, 2)}\n`;
}

/** Ranges are a list, one a line; `subnet` says again what the id says. */
const valuesOf = ({ kind, options }: SdnObject): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) =>
      kind === 'subnets' && name === 'subnet' ? [] : [[name, value.includes('\n') ? value.split('\n') : value]],
    ),
  );

function pendingLines(config: ClusterObjects, running: ClusterObjects): readonly string[] {
  const keyOf = ({ kind, id }: SdnObject): string => `${kind.slice(0, -1)} ${id}`;
  const [wanted, now] = [config, running].map((objects) => new Map(objects.map((object) => [keyOf(object), object]))) as [
    Map<string, SdnObject>,
    Map<string, SdnObject>,
  ];
  const numbers = (object: SdnObject, beside?: SdnObject): string =>
    NUMBERS.flatMap((name) => {
      const value = object.options[name];
      return value === undefined || value === beside?.options[name] ? [] : [` with ${name} ${value}`];
    }).join('');
  return [...new Set([...wanted.keys(), ...now.keys()])].sort().flatMap((key) => {
    const [after, before] = [wanted.get(key), now.get(key)];
    if (before === undefined) return [`${key} (new) is not applied`];
    if (after === undefined) return [`${key} (deleted) is not applied: it still runs${numbers(before)}`];
    const names = new Set([...Object.keys(before.options), ...Object.keys(after.options)]);
    if ([...names].every((name) => before.options[name] === after.options[name])) return [];
    const still = numbers(before, after);
    return [`${key} (changed) is not applied${still === '' ? '' : `: it still runs${still}`}`];
  });
}
