/**
 * The part of a fabric in which every error shows that a change of networks and their places brings. The fabric before was without error, so
 * one of its causes has changed; the others are here as well:
 *
 * - all facts but networks, attachments, VLANs and RDs;
 * - networks that could get into the way of a changed one: those of its VRFs, and of VRFs that leave by the same devices; those with one of
 *   its numbers, names, targets and groups; and those that a device names;
 * - of the changed networks, of protected ones and of those of one bundle with them: everything, wherever it is;
 * - on the devices of those, and on the other ends of their LAGs and pairs: what has the same VLAN, and what is untagged on a port;
 * - whatever has the same RD.
 *
 * A device that gets a VRF, and a device that is more than a switch or a host with bridges, are not judged by a part (`isFollowable`). What is
 * left out can only make an error that is none in the whole: then the whole is checked.
 */
import type { DeviceId, EviId, NetworkId } from '#engines/kernel';
import { anycastSubnets, type FabricIndex } from '../fabric-index.js';
import type { AttachmentFacts, DeviceFacts, FabricSnapshot, NetworkFacts } from '../snapshot.js';
import type { FabricChange } from './fabric-change.js';

/** Devices of which compiler and checks ask nothing but their networks: others look at networks in ways of their own. */
export const isPlain = ({ platform, openvswitch, libvirt, openbsd, comware, opennebula, switch: facts, adopted }: DeviceFacts): boolean =>
  (platform === 'ARISTA_EOS' || platform === 'DEBIAN_FRR') &&
  [openvswitch, libvirt, openbsd, comware, opennebula, adopted].every((subject) => subject === undefined) &&
  (facts?.tunnelPorts.length ?? 0) + (facts?.translations.length ?? 0) === 0;

/** @param last the index of the snapshot of before. */
export function isFollowable(last: FabricIndex, snapshot: FabricSnapshot, change: FabricChange): boolean {
  const networks = new Map(snapshot.networks.map((network) => [network.id, network]));
  for (const deviceId of change.devices) {
    const device = last.device.get(deviceId);
    if (!device || !isPlain(device)) return false;
  }
  return change.places.every(({ networkId, deviceId }) => {
    const device = last.device.get(deviceId);
    const network = networks.get(networkId);
    if (!device || !network || !isPlain(device)) return false;
    return network.vrfId === null || anycastSubnets(network).length === 0 || last.membersOfVrf.get(network.vrfId)?.has(deviceId) === true;
  });
}

/** @param index of the whole, as it is now. */
export function excerpt(index: FabricIndex, change: FabricChange): FabricSnapshot {
  const { snapshot } = index;
  const networks = concerned(snapshot, change);
  const evis = new Set<EviId>();
  for (const { id, eviId } of snapshot.networks) if (networks.has(id)) evis.add(eviId);
  for (const { id, eviId } of snapshot.vrfs) if (change.vrfs.has(id)) evis.add(eviId);
  const attachments =
    networks.size === change.networks.size ? change.places : snapshot.attachments.filter(({ networkId }) => networks.has(networkId));
  const mappings = new Set(snapshot.devices.flatMap(({ id }) => chosen(index.vlanMappingsOf(id), networks)));
  const vlans = new Set([...mappings].map(({ vlan }) => vlan));
  const distinguishers = new Set(snapshot.devices.flatMap(({ id }) => chosen(index.distinguishersOf(id), evis)));
  const taken = new Set(change.routeDistinguishers.added.map(({ rd }) => rd));
  if (taken.size > 0) for (const fact of snapshot.routeDistinguishers) if (taken.has(fact.rd)) distinguishers.add(fact);
  const beside: AttachmentFacts[] = [];
  for (const id of withPartners(snapshot, [...attachments, ...mappings, ...distinguishers])) {
    for (const mapping of index.vlanMappingsOf(id).values()) if (vlans.has(mapping.vlan)) mappings.add(mapping);
    for (const attachment of index.attachmentsOfDevice.get(id) ?? []) {
      if (attachment.tagging !== 'UNTAGGED' || networks.has(attachment.networkId)) continue;
      beside.push(attachment);
      for (const fact of chosen(index.vlanMappingsOf(id), new Set([attachment.networkId]))) mappings.add(fact);
      const eviId = index.network.get(attachment.networkId)?.eviId;
      for (const fact of chosen(index.distinguishersOf(id), new Set(eviId === undefined ? [] : [eviId]))) distinguishers.add(fact);
    }
  }
  const places = [...attachments, ...beside];
  const wanted = new Set([...networks, ...namedByDevices(snapshot)]);
  for (const { networkId } of [...places, ...mappings]) wanted.add(networkId);
  return {
    ...snapshot,
    networks: inTheWay(snapshot, change, wanted, new Set([...distinguishers].map(({ eviId }) => eviId))),
    attachments: places,
    vlanMappings: [...mappings],
    routeDistinguishers: [...distinguishers],
  };
}

/** Nothing else of a network is compared with another one's, but for addresses of protected ones, which are compared with all. */
function inTheWay(
  { networks, vrfs }: FabricSnapshot,
  change: FabricChange,
  wanted: ReadonlySet<NetworkId>,
  evis: ReadonlySet<EviId>,
): readonly NetworkFacts[] {
  const exits = new Set(vrfs.flatMap(({ id, exitNodes = [] }) => (change.vrfs.has(id) ? exitNodes.map(({ deviceId }) => deviceId) : [])));
  const tables = new Set(change.vrfs);
  for (const { id, exitNodes = [] } of vrfs) if (exitNodes.some(({ deviceId }) => exits.has(deviceId))) tables.add(id);
  const taken = new Set<unknown>();
  for (const network of networks) {
    if (network.isProtected === true) return networks;
    if (change.networks.has(network.id)) for (const value of unique(network)) taken.add(value);
  }
  return networks.filter(
    (network) =>
      wanted.has(network.id) ||
      evis.has(network.eviId) ||
      (network.vrfId !== null && tables.has(network.vrfId)) ||
      unique(network).some((value) => taken.has(value)),
  );
}

/** What should be one network's alone. VNIs and EVI ids are numbers of two kinds; one that is taken for the other does no harm. */
const unique = ({ slug, vni, eviId, importTargets, exportTargets, remoteTarget, multicastGroup }: NetworkFacts): readonly unknown[] => [
  slug,
  vni,
  eviId,
  ...importTargets,
  ...exportTargets,
  ...(remoteTarget === undefined ? [] : [remoteTarget]),
  ...(multicastGroup === undefined ? [] : [multicastGroup]),
];

function namedByDevices({ devices }: FabricSnapshot): NetworkId[] {
  return devices.flatMap(({ switch: facts, openbsd, opennebula, libvirt }) => [
    ...[...(facts?.varpAddresses ?? []), ...(facts?.translations ?? []), ...(openbsd?.gateways ?? []), ...(opennebula?.networks ?? [])].map(
      ({ networkId }) => networkId,
    ),
    ...(libvirt?.networks ?? []).flatMap(({ profiles = [] }) => profiles.flatMap(({ networkIds }) => networkIds)),
  ]);
}

const chosen = <K, T>(facts: ReadonlyMap<K, T>, keys: ReadonlySet<K>): T[] => [...keys].flatMap((key) => facts.get(key) ?? []);

function concerned({ networks }: FabricSnapshot, change: FabricChange): ReadonlySet<NetworkId> {
  const bundles = new Set(networks.flatMap(({ id, bundle }) => (bundle !== undefined && change.networks.has(id) ? [bundle] : [])));
  const also = networks.filter(({ isProtected, bundle }) => isProtected === true || (bundle !== undefined && bundles.has(bundle)));
  return new Set([...change.networks, ...also.map(({ id }) => id)]);
}

function withPartners({ lags = [], mlags = [] }: FabricSnapshot, some: readonly { readonly deviceId: DeviceId }[]): ReadonlySet<DeviceId> {
  const all = new Set(some.map(({ deviceId }) => deviceId));
  for (const ends of [...lags.map((lag) => lag.ends), ...mlags.map((mlag) => mlag.members)]) {
    if (ends.some(({ deviceId }) => all.has(deviceId))) for (const { deviceId } of ends) all.add(deviceId);
  }
  return all;
}
