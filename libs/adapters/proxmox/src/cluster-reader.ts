import { type SdnDocument, type SdnKind, type SdnObjects, sdnText } from '#engines/rendering';
import { BY_NAME, type ClusterObjects, isOwnVnet, type KnownObjects, mayRoute, ownershipIn, ownObjects } from './own-objects.js';
import type { PendingObject, SdnApi, SdnObject, SdnView } from './sdn-api.js';

export interface PendingSeen {
  readonly own: readonly PendingObject[];
  readonly foreign: readonly PendingObject[];
}

const FLAT: readonly SdnKind[] = ['controllers', 'zones', 'vnets'];
/** VNets that are asked for their subnets at once: there is no call for all. */
const AT_ONCE = 8;

/** Everything but subnets of VNets that are not ours: those are asked for VNet by VNet, and only our VRFs have any of ours. */
export async function readObjects(api: SdnApi, view: SdnView): Promise<ClusterObjects> {
  const flat = await readFlat(api, view);
  const subnets: SdnObject[] = [];
  for (const { id } of flat.filter(isRouted)) {
    const found = await api.objects('subnets', view, id);
    subnets.push(...found.map((object) => ({ ...object, options: { ...object.options, vnet: id } })));
  }
  return [...flat, ...subnets];
}

/** Everything, subnets of every VNet with it. */
export async function readWhole(api: SdnApi, view: SdnView): Promise<ClusterObjects> {
  const flat = await readFlat(api, view);
  const vnets = flat.filter(({ kind }) => kind === 'vnets').map(({ id }) => id);
  const subnets = await eachVnet(vnets, async (vnet) =>
    (await api.objects('subnets', view, vnet)).map((object) => ({ ...object, options: { ...object.options, vnet } })),
  );
  return [...flat, ...subnets];
}

/** Whatever somebody has written and not put in force, of all that an apply puts in force: subnets of every VNet, and fabrics, too. */
export async function readPending(api: SdnApi, known: KnownObjects | typeof BY_NAME): Promise<PendingSeen> {
  const { own, foreign, vnets } = await readShort(api, known);
  const routed = new Set(vnets.filter(isRouted).map(({ id }) => id));
  const ids = [...new Set(vnets.map(({ id }) => id))];
  const subnets = await eachVnet(ids, (id) => api.pending('subnets', id));
  const isOurs = ({ vnet }: PendingObject): boolean => routed.has(vnet ?? '');
  return {
    own: [...own, ...subnets.filter(isOurs)],
    foreign: [...foreign, ...subnets.filter((one) => !isOurs(one)), ...(await api.pendingElsewhere())],
  };
}

/** What of ours is not in force. */
export async function readOwnPending(api: SdnApi, known: KnownObjects): Promise<readonly PendingObject[]> {
  const { own, vnets } = await readShort(api, known);
  const subnets: PendingObject[] = [];
  for (const id of new Set(vnets.filter(isRouted).map((vnet) => vnet.id))) subnets.push(...(await api.pending('subnets', id)));
  return [...own, ...subnets];
}

/** Ours as the document has them: whatever is equal is one text. */
export function documentOf(cluster: string, objects: ClusterObjects): string {
  const own: SdnObjects = ownObjects(objects);
  const used = new Set(
    Object.values(own.zones).flatMap(({ controller }) => (controller === undefined || own.controllers[controller] ? [] : [controller])),
  );
  const needs = objects.flatMap(({ kind, id, options }) => (kind === 'controllers' && used.has(id) ? [[id, options['asn'] ?? '']] : []));
  const document: SdnDocument = { cluster, needs: Object.fromEntries(needs), ...own };
  return sdnText(document);
}

/** `vnet v10001 (changed)` */
export const named = (pending: readonly PendingObject[]): string => {
  const shown = pending.slice(0, 5).map(({ kind, id, state }) => `${kind.slice(0, -1)} ${id} (${state})`);
  return [...shown, ...(pending.length > 5 ? [`${pending.length - 5} more`] : [])].join(', ');
};

/** Without subnets. A VNet of ours that somebody has written over is ours still, and so is one that is to go. */
async function readShort(
  api: SdnApi,
  known: KnownObjects | typeof BY_NAME,
): Promise<PendingSeen & { readonly vnets: readonly SdnObject[] }> {
  const both = [...(await readFlat(api, 'RUNNING')), ...(await readFlat(api, 'CONFIG'))];
  const isOurs = ownershipIn(both, known);
  const all: PendingObject[] = [];
  for (const kind of FLAT) all.push(...(await api.pending(kind)));
  return {
    own: all.filter((one) => isOurs(one)),
    foreign: all.filter((one) => !isOurs(one)),
    vnets: both.filter(({ kind }) => kind === 'vnets'),
  };
}

async function eachVnet<T>(vnets: readonly string[], ask: (vnet: string) => Promise<readonly T[]>): Promise<readonly T[]> {
  const found: T[] = [];
  for (let at = 0; at < vnets.length; at += AT_ONCE) found.push(...(await Promise.all(vnets.slice(at, at + AT_ONCE).map(ask))).flat());
  return found;
}

async function readFlat(api: SdnApi, view: SdnView): Promise<readonly SdnObject[]> {
  const flat: SdnObject[] = [];
  for (const kind of FLAT) flat.push(...(await api.objects(kind, view)));
  return flat;
}

const isRouted = (object: SdnObject): boolean => isOwnVnet(object) && mayRoute(object.options['zone'] ?? '');
