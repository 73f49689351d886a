/** Snapshot → intent of every device. Pure: no clock, no random, and every list is sorted, so equal snapshots give equal bytes. */
import { Cidr, compareNatural, DeviceName, DomainError, type EviId, type RouteDistinguisher } from '#engines/kernel';
import { checkFabric } from './check-fabric.js';
import { compareIps } from './compare-ips.js';
import { compileBgp, compileUnderlayPorts, sessionsByDevice, type SessionsOfDevice } from './compile-underlay.js';
import type { DeviceIntent, EdgePortIntent, FabricIntent, L2VniIntent, VrfIntent } from './device-intent.js';
import { anycastSubnets, FabricIndex } from './fabric-index.js';
import type { Finding } from './finding.js';
import { groupBy } from './group-by.js';
import { bridgeName, vrfBridgeName, vrfVxlanName, vxlanName } from './interface-names.js';
import { known } from './known.js';
import { overlayMtu } from './overlay-mtu.js';
import { routerMac } from './router-mac.js';
import type { AttachmentFacts, DeviceFacts, FabricSnapshot, NetworkFacts, VrfFacts } from './snapshot.js';

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
    l2vnis: networks.map((network) => compileL2Vni(index, device, network)).sort((a, b) => a.vni - b.vni),
    vrfs: compileVrfs(index, device),
    edgePorts: compileEdgePorts(index, device, attachments),
    anycastGatewayMac: fabric.anycastGatewayMac,
    software: device.software ?? {},
    host: device.host ?? null,
    openvswitch: device.openvswitch ?? null,
    libvirt: device.libvirt ?? null,
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
    gateways: anycast
      .map((subnet) => ({ address: known(subnet.gatewayAddress), prefixLength: Cidr.length(subnet.cidr) }))
      .sort((a, b) => compareIps(a.address, b.address)),
    remoteVteps: others.map((id) => known(index.device.get(id)?.vtep).address).sort(compareIps),
  };
}

function compileVrfs(index: FabricIndex, device: DeviceFacts): readonly VrfIntent[] {
  return (index.vrfsOfDevice.get(device.id) ?? [])
    .map((vrf) => compileVrf(index, device, vrf))
    .sort((a, b) => compareNatural(a.name, b.name));
}

function compileVrf(index: FabricIndex, device: DeviceFacts, vrf: VrfFacts): VrfIntent {
  return {
    name: DeviceName.parse(vrf.deviceName),
    l3vni: vrf.l3vni,
    eviId: vrf.eviId,
    rd: rdOf(index, device, vrf.eviId),
    importTargets: [...new Set(vrf.importTargets)].sort(compareNatural),
    exportTargets: [...new Set(vrf.exportTargets)].sort(compareNatural),
    mtu: overlayMtu(index.snapshot.fabric),
    bridgeName: vrfBridgeName(vrf.l3vni),
    vxlanName: vrfVxlanName(vrf.l3vni),
    routerMac: routerMac(known(device.vtep).address),
  };
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
