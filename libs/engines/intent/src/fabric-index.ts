/** The snapshot by key. Built once per compilation, so that neither checks nor compiler ever search a list for a list. */
import type { Cidr, DeviceId, EviId, NetworkId, RouteDistinguisher, VlanId, VrfId } from '#engines/kernel';
import { groupBy } from './group-by.js';
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
  private readonly vlans: ReadonlyMap<DeviceId, ReadonlyMap<NetworkId, VlanMappingFacts>>;
  private readonly rds: ReadonlyMap<DeviceId, ReadonlyMap<EviId, RdFacts>>;

  constructor(readonly snapshot: FabricSnapshot) {
    this.device = new Map(snapshot.devices.map((device) => [device.id, device]));
    this.network = new Map(snapshot.networks.map((network) => [network.id, network]));
    this.vrf = new Map(snapshot.vrfs.map((vrf) => [vrf.id, vrf]));
    this.attachmentsOfDevice = groupBy(snapshot.attachments, (attachment) => attachment.deviceId);
    this.linkEndsOfDevice = groupBy(
      snapshot.links.flatMap(({ prefix, ends }) => ends.map((end) => ({ ...end, prefix }))),
      (end) => end.deviceId,
    );
    this.vlans = byDevice(snapshot.vlanMappings, ({ networkId }) => networkId);
    this.rds = byDevice(snapshot.routeDistinguishers, ({ eviId }) => eviId);
    const membersOfNetwork = new Map<NetworkId, Set<DeviceId>>();
    for (const { networkId, deviceId } of snapshot.attachments) {
      if (this.device.get(deviceId)?.vtep) add(membersOfNetwork, networkId, deviceId);
    }
    const membersOfVrf = new Map<VrfId, Set<DeviceId>>();
    for (const network of snapshot.networks) {
      if (network.vrfId === null || anycastSubnets(network).length === 0) continue;
      for (const deviceId of membersOfNetwork.get(network.id) ?? []) add(membersOfVrf, network.vrfId, deviceId);
    }
    for (const vrf of snapshot.vrfs) for (const deviceId of namedIn(vrf)) add(membersOfVrf, vrf.id, deviceId);
    leakMembers(snapshot.vrfs, membersOfVrf);
    this.membersOfNetwork = membersOfNetwork;
    this.membersOfVrf = membersOfVrf;
    const placed = snapshot.vrfs.flatMap((vrf) => [...(membersOfVrf.get(vrf.id) ?? [])].map((deviceId) => ({ vrf, deviceId })));
    this.vrfsOfDevice = new Map([...groupBy(placed, ({ deviceId }) => deviceId)].map(([id, list]) => [id, list.map(({ vrf }) => vrf)]));
  }

  vlan(deviceId: DeviceId, networkId: NetworkId): VlanId | null {
    return this.vlans.get(deviceId)?.get(networkId)?.vlan ?? null;
  }

  rd(deviceId: DeviceId, eviId: EviId): RouteDistinguisher | null {
    return this.rds.get(deviceId)?.get(eviId)?.rd ?? null;
  }
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
