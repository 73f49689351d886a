/** libvirt of a host: portgroups follow attachments, so that a tag in a domain's network and the VLAN of the fabric cannot disagree. */
import { compareNatural, DeviceName, digest, type NetworkId, type VlanId } from '#engines/kernel';
import { compileVtepDevice } from './compile-host.js';
import type { L2VniIntent } from './device-intent.js';
import type { FabricIndex } from './fabric-index.js';
import { known } from './known.js';
import type { FloodingIntent, LibvirtIntent, LibvirtNetworkIntent, OnDemandIntent } from './libvirt-intent.js';
import type {
  DeviceFacts,
  LibvirtFacts,
  LibvirtNetworkFacts,
  LibvirtPortgroupFacts,
  LibvirtProfileFacts,
  NetworkFacts,
} from './snapshot.js';

/** The prefix of every bridge of the fabric; another one may be said for those that are made on demand. */
export const BRIDGE_PREFIX = 'vnet';
const REMOVE_AFTER_SECONDS = 60;

/** @param l2vnis those of the device. Null where the device has no libvirt. */
export function compileLibvirt(index: FabricIndex, device: DeviceFacts, l2vnis: readonly L2VniIntent[]): LibvirtIntent | null {
  const { libvirt } = device;
  if (!libvirt) return null;
  const networks = [...libvirt.networks.map((network) => named(index, device, network)), ...offered(device, libvirt, l2vnis)];
  networks.sort((a, b) => compareNatural(a.name, b.name));
  return { networks, onDemand: libvirt.isOnDemand ? onDemand(index, device, libvirt, l2vnis, networks) : null };
}

/** Networks of the fabric that come out on a device without a port: for guests. */
export function guestNetworks(index: FabricIndex, device: DeviceFacts): readonly NetworkFacts[] {
  const attachments = index.attachmentsOfDevice.get(device.id) ?? [];
  return attachments.flatMap(({ networkId, port }) => (port === null ? (index.network.get(networkId) ?? []) : []));
}

/** Portgroups of a network in the order of their names: those of a person, of attachments, and of profiles. */
export function portgroupsOf(index: FabricIndex, device: DeviceFacts, network: LibvirtNetworkFacts): readonly LibvirtPortgroupFacts[] {
  const vlanOf = (id: NetworkId): VlanId | null => index.vlan(device.id, id);
  const followed = network.followsAttachments ? guestNetworks(index, device) : [];
  return [
    ...network.portgroups.map((portgroup) => ({ ...portgroup, tags: ascending(portgroup.tags) })),
    ...followed.flatMap(({ id, slug }) => access(slug, vlanOf(id))),
    ...(network.profiles ?? []).map((profile) => trunk(profile, vlanOf)),
  ].sort((a, b) => compareNatural(a.name, b.name));
}

function access(name: string, vlan: VlanId | null): LibvirtPortgroupFacts[] {
  return vlan === null ? [] : [{ name, isDefault: false, isTrunk: false, tags: [vlan], nativeTag: null }];
}

function trunk(
  { name, isDefault, networkIds, native }: LibvirtProfileFacts,
  vlanOf: (id: NetworkId) => VlanId | null,
): LibvirtPortgroupFacts {
  const nativeVlan = native && vlanOf(native.networkId);
  return {
    name,
    isDefault,
    isTrunk: true,
    tags: ascending(networkIds.flatMap((id) => vlanOf(id) ?? [])),
    nativeTag: native && nativeVlan ? { vlan: nativeVlan, mode: native.mode } : null,
  };
}

const ascending = (tags: readonly VlanId[]): readonly VlanId[] => [...tags].sort((a, b) => a - b);

function named(index: FabricIndex, device: DeviceFacts, network: LibvirtNetworkFacts): LibvirtNetworkIntent {
  const { name, uuid, bridge, isOpenVswitch } = network;
  return {
    name,
    uuid: uuid?.toLowerCase() ?? uuidOf(device, name),
    bridge,
    isOpenVswitch,
    portgroups: portgroupsOf(index, device, network),
  };
}

function offered(device: DeviceFacts, libvirt: LibvirtFacts, l2vnis: readonly L2VniIntent[]): LibvirtNetworkIntent[] {
  if (!libvirt.offersBridges) return [];
  return l2vnis.map((network) => ({
    name: network.networkSlug,
    uuid: uuidOf(device, network.networkSlug),
    bridge: guestBridge(libvirt, network),
    isOpenVswitch: false,
    portgroups: [],
  }));
}

/** Bridge that the guests of a network are plugged into on this host. */
const guestBridge = (libvirt: LibvirtFacts, { vni, bridgeName }: L2VniIntent): DeviceName =>
  libvirt.isOnDemand && libvirt.bridgePrefix ? DeviceName.parse(`${libvirt.bridgePrefix}${vni}`) : bridgeName;

function onDemand(
  index: FabricIndex,
  device: DeviceFacts,
  libvirt: LibvirtFacts,
  l2vnis: readonly L2VniIntent[],
  networks: readonly LibvirtNetworkIntent[],
): OnDemandIntent {
  return {
    removeAfterSeconds: libvirt.removeAfterSeconds ?? REMOVE_AFTER_SECONDS,
    bridgePrefix: libvirt.bridgePrefix ?? BRIDGE_PREFIX,
    networks: l2vnis.map((network) => {
      const bridge = guestBridge(libvirt, network);
      return {
        vni: network.vni,
        bridge,
        tunnel: network.vxlanName,
        mtu: network.mtu,
        udpPort: index.snapshot.fabric.vtepUdpPort,
        local: known(device.vtep).address,
        flooding: flooding(index, device, network),
        libvirtNetworks: networks.filter((other) => other.bridge === bridge).map(({ name }) => name),
      };
    }),
  };
}

function flooding(index: FabricIndex, device: DeviceFacts, network: L2VniIntent): FloodingIntent {
  if (network.replication === 'INGRESS_EVPN') return { kind: 'EVPN' };
  if (network.replication === 'INGRESS_STATIC') return { kind: 'STATIC', peers: network.remoteVteps };
  return { kind: 'MULTICAST', group: known(network.multicastGroup), port: known(compileVtepDevice(index, device)?.multicastPort) };
}

/** UUID version 8 (RFC 9562 §5.8) of a name: the same at every rendering, so that libvirt knows the network again. */
function uuidOf({ slug }: DeviceFacts, name: string): string {
  const hash = digest(`libvirt network ${slug} ${name}`);
  const variant = '89ab'[Number.parseInt(hash[16] ?? '0', 16) % 4];
  return [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `${variant}${hash.slice(17, 20)}`, hash.slice(20, 32)].join('-');
}
