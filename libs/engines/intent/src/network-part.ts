/** What a network says on all of its devices alike. Worked out once per network: a thousand of them on two hundred switches share it. */
import { compareNatural, DeviceName, type Ip, type NetworkId, type RouteTarget } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import { compileGateway, multicastGroup } from './compile-gateway.js';
import type { L2VniIntent, NetworkGatewayIntent } from './device-intent.js';
import { anycastSubnets, type FabricIndex } from './fabric-index.js';
import { bridgeName, vxlanName } from './interface-names.js';
import { known } from './known.js';
import type { DeviceFacts, NetworkFacts, ReplicationMode, SubnetFacts } from './snapshot.js';
import { type TunnelEnds, tunnelEnds } from './tunnel-ends.js';

export interface NetworkPart {
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
  readonly bridgeName: L2VniIntent['bridgeName'];
  readonly vxlanName: L2VniIntent['vxlanName'];
  readonly vrf: L2VniIntent['vrf'];
  readonly replication: ReplicationMode;
  readonly multicastGroup: Ip | null;
  readonly ends: TunnelEnds;
  readonly anycast: readonly SubnetFacts[];
  /** Null where a device has something of its own in them. */
  readonly gateways: readonly NetworkGatewayIntent[] | null;
}

const parts = new WeakMap<FabricIndex, Map<NetworkId, NetworkPart>>();

export function networkPart(index: FabricIndex, device: DeviceFacts, network: NetworkFacts): NetworkPart {
  let byNetwork = parts.get(index);
  if (byNetwork === undefined) parts.set(index, (byNetwork = new Map<NetworkId, NetworkPart>()));
  let part = byNetwork.get(network.id);
  if (part === undefined) byNetwork.set(network.id, (part = make(index, device, network)));
  return part;
}

function make(index: FabricIndex, device: DeviceFacts, network: NetworkFacts): NetworkPart {
  const anycast = anycastSubnets(network);
  const vrf = network.vrfId && anycast.length > 0 ? known(index.vrf.get(network.vrfId)) : null;
  const isShared = anycast.every(({ dhcpRelay }) => dhcpRelay === undefined);
  return {
    importTargets: [...new Set(network.importTargets)].sort(compareNatural),
    exportTargets: [...new Set(network.exportTargets)].sort(compareNatural),
    bridgeName: bridgeName(network.vni),
    vxlanName: vxlanName(network.vni),
    vrf: vrf && DeviceName.parse(vrf.deviceName),
    replication: network.replication ?? index.snapshot.fabric.replication,
    multicastGroup: multicastGroup(index.snapshot.fabric, network),
    ends: tunnelEnds(index, known(index.membersOfNetwork.get(network.id))),
    anycast,
    gateways: isShared ? gatewaysOn(index, withoutOwnAddresses(device), network, anycast) : null,
  };
}

/** A relay speaks from the loopback of its device, and VARP gives every switch an address of its own: then no two devices are alike. */
export function gatewaysOf(
  index: FabricIndex,
  device: DeviceFacts,
  network: NetworkFacts,
  part: NetworkPart,
): readonly NetworkGatewayIntent[] {
  const hasOwn = (device.switch?.varpAddresses.length ?? 0) > 0;
  return part.gateways === null || hasOwn ? gatewaysOn(index, device, network, part.anycast) : part.gateways;
}

function gatewaysOn(
  index: FabricIndex,
  device: DeviceFacts,
  network: NetworkFacts,
  anycast: readonly SubnetFacts[],
): NetworkGatewayIntent[] {
  return anycast.map((subnet) => compileGateway(index, device, network, subnet)).sort((a, b) => compareIps(a.address, b.address));
}

function withoutOwnAddresses({ switch: facts, ...device }: DeviceFacts): DeviceFacts {
  return facts ? { ...device, switch: { ...facts, varpAddresses: [] } } : device;
}
