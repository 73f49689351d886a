/** Snapshot → intent of every device. Pure: no clock, no random, and every list is sorted, so equal snapshots give equal bytes. */
import { compareNatural, DomainError, type EviId, type Ip, type NetworkId, type Vni } from '#engines/kernel';
import { checkIndex } from './check-fabric.js';
import { compileHost, compileVtepDevice } from './compile-host.js';
import { compileComware, compileOpenBsd } from './compile-external.js';
import { compileLags, compileMlag, tunnelAddress, withPairSession } from './compile-lag.js';
import { compileLibvirt } from './compile-libvirt.js';
import { compileOpenNebula } from './compile-opennebula.js';
import { compileOpenVswitch, isOnOpenVswitch } from './compile-openvswitch.js';
import { compileProxmox } from './compile-proxmox.js';
import { compileSwitch } from './compile-switch.js';
import { compileBgp, compileIgp, compileUnderlayPorts, sessionsByDevice, type SessionsOfDevice } from './compile-underlay.js';
import { compileVrfs } from './compile-vrf.js';
import type { DeviceIntent, EdgePortIntent, FabricIntent, L2VniIntent } from './device-intent.js';
import { FabricIndex } from './fabric-index.js';
import type { Finding } from './finding.js';
import { groupBy } from './group-by.js';
import type { Kept } from './incremental/kept.js';
import { known } from './known.js';
import { gatewaysOf, networkPart } from './network-part.js';
import type { AttachmentFacts, DeviceFacts, FabricSnapshot, NetworkFacts, RdFacts, VlanMappingFacts } from './snapshot.js';

/**
 * @throws DomainError CHECK_FAILED with `facts.findings: Finding[]` when a check found an ERROR: nothing is rendered from a
 * fabric that cannot work.
 */
export function compileFabric(snapshot: FabricSnapshot): FabricIntent {
  return compileIndex(new FabricIndex(snapshot));
}

/** The same for whoever has the index already. */
export function compileIndex(index: FabricIndex): FabricIntent {
  const errors = checkIndex(index).filter((finding) => finding.severity === 'ERROR');
  if (errors.length > 0) throw checkFailed(errors);
  const { snapshot } = index;
  const sessions = sessionsByDevice(snapshot);
  return {
    revision: snapshot.revision,
    devices: [...snapshot.devices].sort((a, b) => compareNatural(a.slug, b.slug)).map((device) => compileDevice(index, sessions, device)),
  };
}

/** @throws DomainError NOT_FOUND when the fabric has no such device. */
export function deviceIntent(intent: FabricIntent, slug: string): DeviceIntent {
  const found = intent.devices.find((device) => device.slug === slug);
  if (!found) throw new DomainError('NOT_FOUND', 'there is no such device in the fabric', { kind: 'device', slug });
  return found;
}

function checkFailed(errors: readonly Finding[]): DomainError<'CHECK_FAILED'> {
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new DomainError('CHECK_FAILED', `${errors[0]?.message}${more}`, { findings: errors });
}

/**
 * @param kept holds for devices whose networks depend on nothing but their own facts, those of their VRF, and facts of devices and of the
 * fabric that are not another.
 */
export function compileDevice(index: FabricIndex, sessions: SessionsOfDevice, device: DeviceFacts, kept: Kept | null = null): DeviceIntent {
  const { fabric } = index.snapshot;
  const all = index.attachmentsOfDevice.get(device.id) ?? [];
  const attachments = device.openvswitch ? all.filter((one) => !isOnOpenVswitch(index, device, one)) : all;
  const placed = kept?.networks ?? attachments.map(({ networkId }) => networkId);
  const made = placed.length > 0 ? compileL2Vnis(index, device, new Set(placed)) : [];
  const l2vnis = inOrder(made, kept);
  return {
    deviceId: device.id,
    slug: device.slug,
    hostname: device.hostname,
    platform: device.platform,
    vtep: device.vtep && { address: device.vtep.address, udpPort: fabric.vtepUdpPort, replication: fabric.replication },
    ...(kept ? underlayOf(kept.intent) : compileUnderlay(index, sessions, device)),
    l2vnis,
    vrfs: compileVrfs(index, device, kept),
    edgePorts: kept?.hasSamePlaces ? kept.intent.edgePorts : compileEdgePorts(index, device, attachments),
    lags: compileLags(index, device),
    anycastGatewayMac: fabric.anycastGatewayMac,
    software: device.software ?? {},
    host: compileHost(index, device),
    vtepDevice: compileVtepDevice(index, device),
    openvswitch: compileOpenVswitch(index, device),
    libvirt: compileLibvirt(index, device, l2vnis),
    opennebula: compileOpenNebula(index, device),
    openbsd: compileOpenBsd(index, device),
    comware: compileComware(index, device),
    ...(device.proxmox && { proxmox: compileProxmox(device.proxmox) }),
    ...(device.adopted && { adopted: device.adopted }),
    mlag: compileMlag(index, device),
    switch: compileSwitch(index, device),
  };
}

type Underlay = Pick<DeviceIntent, 'underlayPorts' | 'bgp' | 'igp'>;

const compileUnderlay = (index: FabricIndex, sessions: SessionsOfDevice, device: DeviceFacts): Underlay => ({
  underlayPorts: compileUnderlayPorts(index, device),
  bgp: withPairSession(index, device, compileBgp(index, sessions, device)),
  igp: compileIgp(index, device),
});

const underlayOf = ({ underlayPorts, bgp, igp }: DeviceIntent): Underlay => ({ underlayPorts, bgp, igp });

/** By VNI. What is kept stands in that order already, and is not looked at again. */
function inOrder(made: L2VniIntent[], kept: Kept | null): readonly L2VniIntent[] {
  const sorted = made.sort((a, b) => a.vni - b.vni);
  if (!kept) return sorted;
  const list = [...kept.intent.l2vnis];
  for (const vni of kept.vnis) {
    const place = placeOf(list, vni);
    if (list[place]?.vni === vni) list.splice(place, 1);
  }
  for (const network of sorted) list.splice(placeOf(list, network.vni), 0, network);
  return list;
}

/** Of the first network with that VNI, or a larger one. */
function placeOf(list: readonly L2VniIntent[], vni: Vni): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list[middle] as L2VniIntent).vni < vni) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** What the device alone has of its networks; asked for once, and not for each of them. */
interface Own {
  readonly vlans: ReadonlyMap<NetworkId, VlanMappingFacts>;
  readonly distinguishers: ReadonlyMap<EviId, RdFacts>;
  readonly tunnelAddress: Ip;
  readonly isSwitch: boolean;
  readonly isGateway: boolean;
}

function compileL2Vnis(index: FabricIndex, device: DeviceFacts, networks: Iterable<NetworkId>): L2VniIntent[] {
  const own: Own = {
    vlans: index.vlanMappingsOf(device.id),
    distinguishers: index.distinguishersOf(device.id),
    tunnelAddress: tunnelAddress(index, device),
    isSwitch: device.platform === 'ARISTA_EOS',
    isGateway: Boolean(device.switch?.domain),
  };
  const made: L2VniIntent[] = [];
  for (const id of networks) made.push(compileL2Vni(index, device, own, known(index.network.get(id))));
  return made;
}

function compileL2Vni(index: FabricIndex, device: DeviceFacts, own: Own, network: NetworkFacts): L2VniIntent {
  const part = networkPart(index, device, network);
  return {
    networkSlug: network.slug,
    networkName: network.name,
    vni: network.vni,
    eviId: network.eviId,
    rd: known(own.distinguishers.get(network.eviId)).rd,
    importTargets: part.importTargets,
    exportTargets: part.exportTargets,
    mtu: network.mtu,
    // A host bridges its taps directly; only its tagged ports have a VLAN, and they carry it themselves.
    vlan: own.isSwitch ? (own.vlans.get(network.id)?.vlan ?? null) : null,
    bridgeName: part.bridgeName,
    vxlanName: part.vxlanName,
    vrf: part.vrf,
    gateways: gatewaysOf(index, device, network, part),
    replication: part.replication,
    multicastGroup: part.multicastGroup,
    bundle: network.bundle ?? null,
    remoteTarget: own.isGateway ? (network.remoteTarget ?? null) : null,
    remoteVteps: part.ends.seenFrom(own.tunnelAddress),
  };
}

function compileEdgePorts(index: FabricIndex, device: DeviceFacts, attachments: readonly AttachmentFacts[]): readonly EdgePortIntent[] {
  const vlans = index.vlanMappingsOf(device.id);
  return [...groupBy(attachments, ({ port }) => port)]
    .flatMap(([port, members]) => (port === null ? [] : [{ port, members }]))
    .map(({ port, members }) => ({
      port,
      members: members
        .map(({ networkId, tagging }) => ({
          vni: known(index.network.get(networkId)).vni,
          vlan: device.platform === 'ARISTA_EOS' || tagging === 'TAGGED' ? (vlans.get(networkId)?.vlan ?? null) : null,
          tagging,
        }))
        .sort((a, b) => a.vni - b.vni),
    }))
    .sort((a, b) => compareNatural(a.port, b.port));
}
