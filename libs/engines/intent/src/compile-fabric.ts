/** Snapshot → intent of every device. Pure: no clock, no random, and every list is sorted, so equal snapshots give equal bytes. */
import { compareNatural, type DeviceId, DeviceName, DomainError, type EviId, type Ip, type RouteDistinguisher } from '#engines/kernel';
import { checkFabric } from './check-fabric.js';
import { compareIps } from './compare-ips.js';
import { compileGateway, multicastGroup } from './compile-gateway.js';
import { compileLags, compileMlag, tunnelAddress } from './compile-lag.js';
import { compileSwitch } from './compile-switch.js';
import { compileBgp, compileIgp, compileUnderlayPorts, sessionsByDevice, type SessionsOfDevice } from './compile-underlay.js';
import { compileVrfs } from './compile-vrf.js';
import type { DeviceIntent, EdgePortIntent, FabricIntent, L2VniIntent } from './device-intent.js';
import { anycastSubnets, FabricIndex } from './fabric-index.js';
import type { Finding } from './finding.js';
import { groupBy } from './group-by.js';
import { bridgeName, vxlanName } from './interface-names.js';
import { known } from './known.js';
import type { AttachmentFacts, DeviceFacts, FabricSnapshot, NetworkFacts } from './snapshot.js';

/**
 * @throws DomainError CHECK_FAILED with `facts.findings: Finding[]` when a check found an ERROR: nothing is rendered from a
 * fabric that cannot work.
 */
export function compileFabric(snapshot: FabricSnapshot): FabricIntent {
  const findings = checkFabric(snapshot);
  const errors = findings.filter((finding) => finding.severity === 'ERROR');
  if (errors.length > 0) throw checkFailed(errors);
  const index = new FabricIndex(snapshot);
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

function compileDevice(index: FabricIndex, sessions: SessionsOfDevice, device: DeviceFacts): DeviceIntent {
  const { fabric } = index.snapshot;
  const attachments = index.attachmentsOfDevice.get(device.id) ?? [];
  const networks = [...new Set(attachments.map((attachment) => attachment.networkId))].map((id) => known(index.network.get(id)));
  return {
    deviceId: device.id,
    slug: device.slug,
    hostname: device.hostname,
    platform: device.platform,
    vtep: device.vtep && { address: device.vtep.address, udpPort: fabric.vtepUdpPort, replication: fabric.replication },
    underlayPorts: compileUnderlayPorts(index, device),
    bgp: compileBgp(index, sessions, device),
    igp: compileIgp(index, device),
    l2vnis: networks.map((network) => compileL2Vni(index, device, network)).sort((a, b) => a.vni - b.vni),
    vrfs: compileVrfs(index, device),
    edgePorts: compileEdgePorts(index, device, attachments),
    lags: compileLags(index, device),
    anycastGatewayMac: fabric.anycastGatewayMac,
    software: device.software ?? {},
    host: device.host ?? null,
    openvswitch: device.openvswitch ?? null,
    libvirt: device.libvirt ?? null,
    ...(device.adopted && { adopted: device.adopted }),
    mlag: compileMlag(index, device),
    switch: compileSwitch(index, device),
  };
}

function compileL2Vni(index: FabricIndex, device: DeviceFacts, network: NetworkFacts): L2VniIntent {
  const anycast = anycastSubnets(network);
  const vrf = network.vrfId && anycast.length > 0 ? known(index.vrf.get(network.vrfId)) : null;
  const others = [...known(index.membersOfNetwork.get(network.id))].filter((id) => id !== device.id);
  return {
    networkSlug: network.slug,
    networkName: network.name,
    vni: network.vni,
    eviId: network.eviId,
    rd: rdOf(index, device, network.eviId),
    importTargets: [...new Set(network.importTargets)].sort(compareNatural),
    exportTargets: [...new Set(network.exportTargets)].sort(compareNatural),
    mtu: network.mtu,
    // A host bridges its taps directly; only its tagged ports have a VLAN, and they carry it themselves.
    vlan: device.platform === 'ARISTA_EOS' ? index.vlan(device.id, network.id) : null,
    bridgeName: bridgeName(network.vni),
    vxlanName: vxlanName(network.vni),
    vrf: vrf && DeviceName.parse(vrf.deviceName),
    gateways: anycast.map((subnet) => compileGateway(index, device, network, subnet)).sort((a, b) => compareIps(a.address, b.address)),
    replication: network.replication ?? index.snapshot.fabric.replication,
    multicastGroup: multicastGroup(index.snapshot.fabric, network),
    bundle: network.bundle ?? null,
    remoteTarget: device.switch?.domain ? (network.remoteTarget ?? null) : null,
    remoteVteps: remoteVteps(index, device, others),
  };
}

/** Two switches of a pair share a tunnel address, and the other one of the own pair is no tunnel at all. */
function remoteVteps(index: FabricIndex, device: DeviceFacts, others: readonly DeviceId[]): readonly Ip[] {
  const own = tunnelAddress(index, device);
  const addresses = others.map((id) => tunnelAddress(index, known(index.device.get(id)))).filter((address) => address !== own);
  return [...new Set(addresses)].sort(compareIps);
}

function compileEdgePorts(index: FabricIndex, device: DeviceFacts, attachments: readonly AttachmentFacts[]): readonly EdgePortIntent[] {
  const withPort = attachments.flatMap((attachment) => (attachment.port ? [{ ...attachment, port: attachment.port }] : []));
  return [...groupBy(withPort, (attachment) => attachment.port)]
    .map(([port, members]) => ({
      port,
      members: members
        .map(({ networkId, tagging }) => ({
          vni: known(index.network.get(networkId)).vni,
          vlan: device.platform === 'ARISTA_EOS' || tagging === 'TAGGED' ? index.vlan(device.id, networkId) : null,
          tagging,
        }))
        .sort((a, b) => a.vni - b.vni),
    }))
    .sort((a, b) => compareNatural(a.port, b.port));
}

function rdOf(index: FabricIndex, device: DeviceFacts, eviId: EviId): RouteDistinguisher {
  return known(index.rd(device.id, eviId));
}
