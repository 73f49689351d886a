import { type SdnKind, type SdnDocument, type SdnObjects, sdnText } from '#engines/rendering';
import { type ClusterObjects, isOwn, mayRoute, ownObjects, vnetsOf } from './own-objects.js';
import type { PendingObject, SdnApi, SdnObject, SdnView } from './sdn-api.js';

export interface PendingSeen {
  readonly own: readonly PendingObject[];
  readonly foreign: readonly PendingObject[];
}

const FLAT: readonly SdnKind[] = ['controllers', 'zones', 'vnets'];
/** Only subnets ask whose VNet they are of. */
const NONE: ReadonlyMap<string, SdnObject> = new Map();

/** Everything but subnets of VNets that are not ours: those are asked for VNet by VNet, and only our VRFs have any of ours. */
export async function readObjects(api: SdnApi, view: SdnView): Promise<ClusterObjects> {
  const flat: SdnObject[] = [];
  for (const kind of FLAT) flat.push(...(await api.objects(kind, view)));
  const subnets: SdnObject[] = [];
  for (const { id } of routed(flat)) {
    const found = await api.objects('subnets', view, id);
    subnets.push(...found.map((object) => ({ ...object, options: { ...object.options, vnet: id } })));
  }
  return [...flat, ...subnets];
}

/** What somebody has written and not put in force. */
export async function readPending(api: SdnApi): Promise<PendingSeen> {
  const config = await api.objects('vnets', 'CONFIG');
  // A VNet of ours that somebody has written over is ours still, and so is one that is to go.
  const vnets = [...(await api.objects('vnets', 'RUNNING')), ...config];
  const own = new Set(vnets.filter((vnet) => isOwn(vnet, NONE)).map(({ id }) => id));
  const all: PendingObject[] = [];
  for (const kind of FLAT) all.push(...(await api.pending(kind)));
  const isOurs = ({ kind, id }: PendingObject): boolean =>
    kind === 'vnets' ? own.has(id) : isOwn({ kind, id, options: {}, digest: null }, NONE);
  const subnets: PendingObject[] = [];
  for (const { id } of routed(config)) subnets.push(...(await api.pending('subnets', id)));
  return { own: [...all.filter(isOurs), ...subnets], foreign: all.filter((one) => !isOurs(one)) };
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

function routed(objects: ClusterObjects): readonly SdnObject[] {
  const vnets = vnetsOf(objects);
  return objects.filter((object) => object.kind === 'vnets' && mayRoute(object.options['zone'] ?? '') && isOwn(object, vnets));
}
