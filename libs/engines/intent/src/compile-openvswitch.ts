/**
 * Open vSwitch of a host with what attachments ask of it: VLANs on its ports, and tunnels where the host is a VTEP of a network whose frames
 * are flooded to a list.
 */
import { compareNatural, DeviceName, digest, Ip, type VlanId } from '#engines/kernel';
import type { FabricIndex } from './fabric-index.js';
import { groupBy } from './group-by.js';
import { known } from './known.js';
import { tunnelAddress } from './compile-lag.js';
import { networkPart } from './network-part.js';
import { taggedInside } from './tagged-inside.js';
import type { AttachmentFacts, DeviceFacts, NetworkFacts, OpenVswitchFacts, OvsBridgeFacts, OvsPortFacts } from './snapshot.js';

/** Reserved by IEEE 802.1Q: no frame has it, so a trunk of it alone carries nothing. An empty list would be a trunk of everything. */
const NO_VLAN = 4095;

/**
 * An attachment is Open vSwitch's when it names a bridge or a port of it, or when it names no port and the network has a VLAN on the host:
 * Linux bridges of the fabric are one per network and need none.
 */
export function isOnOpenVswitch(index: FabricIndex, device: DeviceFacts, { port, networkId }: AttachmentFacts): boolean {
  if (!device.openvswitch) return false;
  return port === null ? index.vlan(device.id, networkId) !== null : bridgeOfPort(device.openvswitch, port) !== null;
}

/** The bridge with that name or with a port of that name. */
export function bridgeOfPort({ bridges }: OpenVswitchFacts, port: string): OvsBridgeFacts | null {
  return bridges.find((bridge) => bridge.name === port || bridge.ports.some(({ name }) => name === port)) ?? null;
}

/** Bridges where a network is attached; without a port it is the only one, and null where that is not said. */
export function bridgesOfNetwork(facts: OpenVswitchFacts, attachments: readonly AttachmentFacts[]): ReadonlySet<OvsBridgeFacts | null> {
  const only = facts.bridges.length === 1 ? (facts.bridges[0] ?? null) : null;
  return new Set(attachments.map(({ port }) => (port === null ? only : bridgeOfPort(facts, port))));
}

export function compileOpenVswitch(index: FabricIndex, device: DeviceFacts): OpenVswitchFacts | null {
  const { openvswitch: facts } = device;
  if (!facts) return null;
  const attachments = (index.attachmentsOfDevice.get(device.id) ?? []).filter((attachment) => isOnOpenVswitch(index, device, attachment));
  const tunnels = groupTunnels(index, device, facts, attachments);
  return {
    managedBy: facts.managedBy,
    bridges: facts.bridges
      .map((bridge) => compileBridge(index, device, bridge, attachments, tunnels.get(bridge.name) ?? []))
      .sort((a, b) => compareNatural(a.name, b.name)),
  };
}

function compileBridge(
  index: FabricIndex,
  device: DeviceFacts,
  bridge: OvsBridgeFacts,
  attachments: readonly AttachmentFacts[],
  tunnels: readonly OvsPortFacts[],
): OvsBridgeFacts {
  const stated = bridge.ports.some(({ name }) => name === bridge.name) ? bridge.ports : [ownPort(bridge.name), ...bridge.ports];
  const ports = stated.map((port) => {
    const here = attachments.filter(({ port: name, tagging }) => name === String(port.name) && tagging !== 'BRIDGE_ONLY');
    const vlans = (tagging: AttachmentFacts['tagging']): VlanId[] =>
      here.filter((one) => one.tagging === tagging).map(({ networkId }) => known(index.vlan(device.id, networkId)));
    return sorted(withVlans(port, vlans('UNTAGGED')[0] ?? null, vlans('TAGGED')));
  });
  return {
    ...bridge,
    ports: [...ports, ...tunnels].sort((a, b) => compareNatural(a.name, b.name)),
    mirrors: bridge.mirrors
      .map((mirror) => ({
        ...mirror,
        selectSource: [...mirror.selectSource].sort(compareNatural),
        selectDestination: [...mirror.selectDestination].sort(compareNatural),
        selectVlans: ascending(mirror.selectVlans),
      }))
      .sort((a, b) => compareNatural(a.name, b.name)),
    sflow: bridge.sflow && { ...bridge.sflow, targets: [...bridge.sflow.targets].sort(compareNatural) },
  };
}

/** A port with a tag ignores its trunks unless it is said to be a trunk with a native VLAN. */
export function withVlans({ vlansFrom, ...port }: OvsPortFacts, untagged: VlanId | null, tagged: readonly VlanId[]): OvsPortFacts {
  const tag = untagged ?? port.tag;
  const trunks = [...port.trunks, ...tagged];
  if (vlansFrom === 'ATTACHMENTS' && tag === null && trunks.length === 0) {
    return { ...port, vlanMode: null, cvlans: [], outerTag: null, trunks: [NO_VLAN] };
  }
  const isNative = port.vlanMode === null && tag !== null && (tagged.length > 0 || (untagged !== null && trunks.length > 0));
  return { ...port, tag, trunks, vlanMode: isNative ? 'native-untagged' : port.vlanMode };
}

function sorted(port: OvsPortFacts): OvsPortFacts {
  return {
    ...port,
    trunks: ascending(port.trunks),
    cvlans: ascending(port.cvlans),
    interfaces: [...port.interfaces].sort((a, b) => compareNatural(a.name, b.name)),
  };
}

const ascending = <T extends number>(numbers: readonly T[]): T[] => [...new Set(numbers)].sort((a, b) => a - b);

const PLAIN = { vlanMode: null, tag: null, trunks: [], cvlans: [], outerTag: null, isProtected: false, bond: null } as const;

const ownPort = (name: DeviceName): OvsPortFacts => ({
  ...PLAIN,
  name,
  interfaces: [{ type: 'internal', name, mtu: null, addresses: [], gateway: null }],
});

function groupTunnels(
  index: FabricIndex,
  device: DeviceFacts,
  facts: OpenVswitchFacts,
  attachments: readonly AttachmentFacts[],
): ReadonlyMap<string, readonly OvsPortFacts[]> {
  const found = new Map<string, OvsPortFacts[]>();
  if (!device.vtep) return found;
  for (const [networkId, uses] of groupBy(attachments, (attachment) => attachment.networkId)) {
    const network = known(index.network.get(networkId));
    const [bridge] = bridgesOfNetwork(facts, uses);
    const { name } = known(bridge);
    found.set(name, [...(found.get(name) ?? []), ...tunnelsOf(index, device, network)]);
  }
  return found;
}

/**
 * One port per network and remote VTEP. They are protected, and that is all that keeps a frame to everybody from running in circles: a bridge
 * floods from tunnel to tunnel, and three VTEPs that all do so never end. A Linux vxlan device is one port and has no such ring.
 */
function tunnelsOf(index: FabricIndex, device: DeviceFacts, network: NetworkFacts): OvsPortFacts[] {
  const local = tunnelAddress(index, device);
  const { ends } = networkPart(index, device, network);
  return ends.seenFrom(local).map((remote) => {
    const name = tunnelName(network.vni, remote);
    return {
      ...PLAIN,
      name,
      // An access port drops frames that have a tag inside.
      vlanMode: taggedInside(index).has(network.id) ? 'dot1q-tunnel' : null,
      tag: index.vlan(device.id, network.id),
      isProtected: true,
      interfaces: [{ type: 'vxlan', name, vni: network.vni, remote, local, udpPort: index.snapshot.fabric.vtepUdpPort }],
    };
  });
}

/** 15 characters for every VNI: the VNI in base 36 (5 digits), and the IPv4 address in hexadecimal or 32 bits of the digest of an IPv6 one. */
export function tunnelName(vni: number, remote: Ip): DeviceName {
  const end = Ip.family(remote) === 4 ? Ip.toBigInt(remote).toString(16).padStart(8, '0') : digest(remote).slice(0, 8);
  return DeviceName.parse(`v${vni.toString(36)}-${end}`);
}
