/** What is another between two snapshots of one fabric, as far as it can be followed to the devices that it concerns. */
import type { DeviceId, EviId, NetworkId, VrfId } from '#engines/kernel';
import type { AttachmentFacts, FabricSnapshot, RdFacts, VlanMappingFacts } from '../snapshot.js';
import { isSame, type ListDifference, listDifference } from './list-difference.js';

export interface FabricChange {
  readonly attachments: ListDifference<AttachmentFacts>;
  readonly vlanMappings: ListDifference<VlanMappingFacts>;
  readonly routeDistinguishers: ListDifference<RdFacts>;
  /** Networks that are new, gone or say something else, or of which something of the above is another. */
  readonly networks: ReadonlySet<NetworkId>;
  /** VRFs that such a network is or was in, of which an RD is another, and all that are joined to one of them by imports. */
  readonly vrfs: ReadonlySet<VrfId>;
  /** Where something of the above came or went. */
  readonly devices: ReadonlySet<DeviceId>;
  /** All places of `networks` now. */
  readonly places: readonly AttachmentFacts[];
}

/** Null where more than networks and their places is another: then nothing is followed, and everything is compiled. */
export function fabricChange(before: FabricSnapshot, after: FabricSnapshot): FabricChange | null {
  if (!isSame(restOf(before), restOf(after))) return null;
  const attachments = listDifference(before.attachments, after.attachments);
  const vlanMappings = listDifference(before.vlanMappings, after.vlanMappings);
  const routeDistinguishers = listDifference(before.routeDistinguishers, after.routeDistinguishers);
  const said = listDifference(before.networks, after.networks);
  const networks = new Set([...both(said)].map(({ id }) => id));
  const vrfs = new Set([...both(said)].flatMap(({ vrfId }) => vrfId ?? []));
  const owner = ownersOf(before, after);
  for (const { networkId } of [...both(attachments), ...both(vlanMappings)]) networks.add(networkId);
  for (const { eviId } of both(routeDistinguishers)) {
    for (const id of owner.networks.get(eviId) ?? []) networks.add(id);
    for (const id of owner.vrfs.get(eviId) ?? []) vrfs.add(id);
  }
  for (const { id, vrfId } of [...before.networks, ...after.networks]) if (vrfId !== null && networks.has(id)) vrfs.add(vrfId);
  return {
    attachments,
    vlanMappings,
    routeDistinguishers,
    networks,
    vrfs: joined(after, vrfs),
    places: after.attachments.filter(({ networkId }) => networks.has(networkId)),
    devices: new Set([...both(attachments), ...both(vlanMappings), ...both(routeDistinguishers)].map(({ deviceId }) => deviceId)),
  };
}

const both = <T>({ removed, added }: ListDifference<T>): readonly T[] => [...removed, ...added];

/** All that is in a snapshot, known to this file or not, but for what is followed. */
function restOf(snapshot: FabricSnapshot): object {
  return { ...snapshot, revision: 0, networks: [], attachments: [], vlanMappings: [], routeDistinguishers: [] };
}

function ownersOf(...snapshots: readonly FabricSnapshot[]): {
  readonly networks: ReadonlyMap<EviId, readonly NetworkId[]>;
  readonly vrfs: ReadonlyMap<EviId, readonly VrfId[]>;
} {
  const networks = new Map<EviId, NetworkId[]>();
  const vrfs = new Map<EviId, VrfId[]>();
  for (const snapshot of snapshots) {
    for (const { eviId, id } of snapshot.networks) networks.set(eviId, [...(networks.get(eviId) ?? []), id]);
    for (const { eviId, id } of snapshot.vrfs) vrfs.set(eviId, [...(vrfs.get(eviId) ?? []), id]);
  }
  return { networks, vrfs };
}

function joined({ vrfs }: FabricSnapshot, some: ReadonlySet<VrfId>): ReadonlySet<VrfId> {
  const all = new Set(some);
  for (let before = -1; before !== all.size; ) {
    before = all.size;
    for (const { id, importsFrom = [] } of vrfs) {
      if (!all.has(id) && !importsFrom.some((from) => all.has(from))) continue;
      all.add(id);
      for (const from of importsFrom) all.add(from);
    }
  }
  return all;
}
