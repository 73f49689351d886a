/** The snapshot by key. Built once per compilation, so that neither checks nor compiler ever search a list for a list. */
import type { Cidr, DeviceId, EviId, NetworkId, RouteDistinguisher, VlanId, VrfId } from '#engines/kernel';
import { groupBy } from './group-by.js';
import type { FabricChange } from './incremental/fabric-change.js';
import type {
  AttachmentFacts,
  DeviceFacts,
  FabricSnapshot,
  LinkEnd,
  NetworkFacts,
  RdFacts,
  SubnetFacts,
  VlanMappingFacts,
  VrfFacts,
} from './snapshot.js';

export class FabricIndex {
  readonly device: ReadonlyMap<DeviceId, DeviceFacts>;
  readonly network: ReadonlyMap<NetworkId, NetworkFacts>;
  readonly vrf: ReadonlyMap<VrfId, VrfFacts>;
  readonly attachmentsOfDevice: ReadonlyMap<DeviceId, readonly AttachmentFacts[]>;
  readonly linkEndsOfDevice: ReadonlyMap<DeviceId, readonly (LinkEnd & { readonly prefix: Cidr | null })[]>;
  /** VTEPs where a network comes out, once each; devices without one only have it as a VLAN. */
  readonly membersOfNetwork: ReadonlyMap<NetworkId, ReadonlySet<DeviceId>>;
  /**
   * Devices that route a VRF: those with a network of the VRF that has an anycast gateway, with a route or an address of their own in it,
   * its exit nodes, and those that route a VRF which imports it.
   */
  readonly membersOfVrf: ReadonlyMap<VrfId, ReadonlySet<DeviceId>>;
  /** The same, by device. */
  readonly vrfsOfDevice: ReadonlyMap<DeviceId, readonly VrfFacts[]>;
  private readonly vlans: Map<DeviceId, Map<NetworkId, VlanMappingFacts>>;
  private readonly rds: Map<DeviceId, Map<EviId, RdFacts>>;

  /** @param last the index of the snapshot of before, which hands over what is the same and is not to be used any more. */
  constructor(
    readonly snapshot: FabricSnapshot,
    last: { readonly index: FabricIndex; readonly change: FabricChange } | null = null,
  ) {
    this.device = new Map(snapshot.devices.map((device) => [device.id, device]));
    this.network = new Map(snapshot.networks.map((network) => [network.id, network]));
    this.vrf = new Map(snapshot.vrfs.map((vrf) => [vrf.id, vrf]));
    this.linkEndsOfDevice = groupBy(
      snapshot.links.flatMap(({ prefix, ends }) => ends.map((end) => ({ ...end, prefix }))),
      (end) => end.deviceId,
    );
    if (last) {
      const { index, change } = last;
      this.attachmentsOfDevice = moved(index.attachmentsOfDevice, change);
      this.vlans = replaced(index.vlans, change.vlanMappings, ({ networkId }) => networkId);
      this.rds = replaced(index.rds, change.routeDistinguishers, ({ eviId }) => eviId);
    } else {
      this.attachmentsOfDevice = groupBy(snapshot.attachments, (attachment) => attachment.deviceId);
      this.vlans = byDevice(snapshot.vlanMappings, ({ networkId }) => networkId);
      this.rds = byDevice(snapshot.routeDistinguishers, ({ eviId }) => eviId);
    }
    const membersOfNetwork = new Map(last?.index.membersOfNetwork);
    for (const id of last?.change.networks ?? []) membersOfNetwork.delete(id);
    const members = new Map<NetworkId, Set<DeviceId>>();
    for (const { networkId, deviceId } of last?.change.places ?? snapshot.attachments) {
      if (this.device.get(deviceId)?.vtep) add(members, networkId, deviceId);
    }
    for (const [id, devices] of members) membersOfNetwork.set(id, devices);
    this.membersOfNetwork = membersOfNetwork;
    this.membersOfVrf = membersOfVrfs(snapshot, membersOfNetwork, last);
    const placed = snapshot.vrfs.flatMap((vrf) => [...(this.membersOfVrf.get(vrf.id) ?? [])].map((deviceId) => ({ vrf, deviceId })));
    this.vrfsOfDevice = new Map([...groupBy(placed, ({ deviceId }) => deviceId)].map(([id, list]) => [id, list.map(({ vrf }) => vrf)]));
  }

  vlanMappingsOf(deviceId: DeviceId): ReadonlyMap<NetworkId, VlanMappingFacts> {
    return this.vlans.get(deviceId) ?? new Map();
  }

  distinguishersOf(deviceId: DeviceId): ReadonlyMap<EviId, RdFacts> {
    return this.rds.get(deviceId) ?? new Map();
  }

  /** Whether every fact of the snapshot is in the index once: what is said twice cannot be followed when one of the two goes. */
  get isExact(): boolean {
    const { attachments, vlanMappings, routeDistinguishers } = this.snapshot;
    let [places, vlans, rds] = [0, 0, 0];
    for (const list of this.attachmentsOfDevice.values()) places += list.length;
    for (const { size } of this.vlans.values()) vlans += size;
    for (const { size } of this.rds.values()) rds += size;
    return places === attachments.length && vlans === vlanMappings.length && rds === routeDistinguishers.length;
  }

  vlan(deviceId: DeviceId, networkId: NetworkId): VlanId | null {
    return this.vlans.get(deviceId)?.get(networkId)?.vlan ?? null;
  }

  rd(deviceId: DeviceId, eviId: EviId): RouteDistinguisher | null {
    return this.rds.get(deviceId)?.get(eviId)?.rd ?? null;
  }
}

function moved(
  lists: ReadonlyMap<DeviceId, readonly AttachmentFacts[]>,
  { attachments: { removed, added } }: FabricChange,
): ReadonlyMap<DeviceId, readonly AttachmentFacts[]> {
  const gone = new Set(removed.map(({ id }) => id));
  const come = groupBy(added, ({ deviceId }) => deviceId);
  const now = new Map(lists);
  for (const deviceId of new Set([...removed, ...added].map((attachment) => attachment.deviceId))) {
    const list = (now.get(deviceId) ?? []).filter(({ id }) => !gone.has(id)).concat(come.get(deviceId) ?? []);
    if (list.length > 0) now.set(deviceId, list);
    else now.delete(deviceId);
  }
  return now;
}

/** In place. */
function replaced<K, T extends { readonly deviceId: DeviceId }>(
  maps: Map<DeviceId, Map<K, T>>,
  { removed, added }: { readonly removed: readonly T[]; readonly added: readonly T[] },
  keyOf: (fact: T) => K,
): Map<DeviceId, Map<K, T>> {
  for (const fact of removed) maps.get(fact.deviceId)?.delete(keyOf(fact));
  for (const fact of added) {
    const facts = maps.get(fact.deviceId);
    if (facts) facts.set(keyOf(fact), fact);
    else maps.set(fact.deviceId, new Map([[keyOf(fact), fact]]));
  }
  return maps;
}

function membersOfVrfs(
  snapshot: FabricSnapshot,
  membersOfNetwork: ReadonlyMap<NetworkId, ReadonlySet<DeviceId>>,
  last: { readonly index: FabricIndex; readonly change: FabricChange } | null,
): ReadonlyMap<VrfId, ReadonlySet<DeviceId>> {
  const isOld = (id: VrfId): boolean => last !== null && !last.change.vrfs.has(id);
  const vrfs = snapshot.vrfs.filter(({ id }) => !isOld(id));
  const members = new Map<VrfId, Set<DeviceId>>();
  for (const network of snapshot.networks) {
    if (network.vrfId === null || isOld(network.vrfId) || anycastSubnets(network).length === 0) continue;
    for (const deviceId of membersOfNetwork.get(network.id) ?? []) add(members, network.vrfId, deviceId);
  }
  for (const vrf of vrfs) for (const deviceId of namedIn(vrf)) add(members, vrf.id, deviceId);
  leakMembers(vrfs, members);
  return last ? new Map([...[...last.index.membersOfVrf].filter(([id]) => isOld(id)), ...members]) : members;
}

function namedIn({ exitNodes = [], staticRoutes = [], loopbacks = [] }: VrfFacts): DeviceId[] {
  return [...exitNodes, ...loopbacks].map(({ deviceId }) => deviceId).concat(staticRoutes.flatMap(({ deviceIds }) => deviceIds));
}

/**
 * FRR sends what it has imported with the L3 VNI of the importing VRF, which the other VTEP need not have. So a device that imports a VRF
 * routes it as well and takes the routes over from there; as edges may form a chain, until nothing is new.
 */
function leakMembers(vrfs: readonly VrfFacts[], members: Map<VrfId, Set<DeviceId>>): void {
  const edges = vrfs.flatMap(({ id, importsFrom = [] }) => importsFrom.map((from) => ({ id, from })));
  for (let before = -1, now = 0; before !== now; ) {
    before = now;
    for (const { id, from } of edges) for (const deviceId of members.get(id) ?? []) add(members, from, deviceId);
    now = [...members.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

/** Subnets whose gateway sits on every VTEP of the network. */
export function anycastSubnets(network: NetworkFacts): readonly SubnetFacts[] {
  return network.subnets.filter((subnet) => subnet.gatewayMode === 'ANYCAST_VTEP');
}

function byDevice<K, T extends { readonly deviceId: DeviceId }>(list: readonly T[], keyOf: (fact: T) => K): Map<DeviceId, Map<K, T>> {
  const found = new Map<DeviceId, Map<K, T>>();
  for (const fact of list) {
    const facts = found.get(fact.deviceId);
    if (facts) facts.set(keyOf(fact), fact);
    else found.set(fact.deviceId, new Map([[keyOf(fact), fact]]));
  }
  return found;
}

function add<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}
