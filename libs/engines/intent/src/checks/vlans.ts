/** On one device, and on a pair of switches, a VLAN carries one network and a network has one VLAN: EOS refuses anything else, after half of the commands. */
import { compareNatural, type DeviceId, type NetworkId, type VlanId } from '#engines/kernel';
import { isOnOpenVswitch } from '../compile-openvswitch.js';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { AttachmentFacts, DeviceFacts, MlagFacts, VlanMappingFacts } from '../snapshot.js';

type MappingsOf = ReadonlyMap<DeviceId, readonly VlanMappingFacts[]>;

export function checkVlans(index: FabricIndex): Finding[] {
  const mappings = groupBy(index.snapshot.vlanMappings, ({ deviceId }) => deviceId);
  const mlags = index.snapshot.mlags ?? [];
  const mlagOf = new Map(mlags.flatMap((mlag) => mlag.members.map(({ deviceId }) => [deviceId, mlag] as const)));
  const found: Finding[] = [];
  for (const [id, attachments] of index.attachmentsOfDevice) found.push(...missing(index, index.device.get(id), attachments));
  for (const [id, uses] of mappings) found.push(...onDevice(index, id, uses, mlagOf.get(id)));
  for (const mlag of mlags) found.push(...onPair(index, mlag, mappings));
  for (const device of index.snapshot.devices) found.push(...switchPorts(index, device), ...internalRange(index, device));
  return found;
}

function missing(index: FabricIndex, device: DeviceFacts | undefined, attachments: readonly AttachmentFacts[]): Finding[] {
  const found: Finding[] = [];
  if (!device) return found;
  const vlans = index.vlanMappingsOf(device.id);
  for (const attachment of attachments) {
    const { id, networkId, tagging } = attachment;
    if (vlans.has(networkId)) continue;
    if (device.platform !== 'ARISTA_EOS' && tagging !== 'TAGGED' && !isOnOpenVswitch(index, device, attachment)) continue;
    const network = index.network.get(networkId);
    if (!network) continue;
    const message = `map network ${network.slug} to a VLAN of ${device.slug}, or attach it without a tag to a host`;
    found.push(error('VLAN_MISSING', `networks.${network.slug}.${device.slug}`, message, [id]));
  }
  return found;
}

const networkName = (index: FabricIndex, id: NetworkId): string => index.network.get(id)?.slug ?? id;

function onDevice(index: FabricIndex, id: DeviceId, uses: readonly VlanMappingFacts[], mlag: MlagFacts | undefined): Finding[] {
  const device = index.device.get(id);
  return [...reserved(device, uses, mlag), ...clashes(index, device?.slug ?? id, uses)];
}

function reserved(device: DeviceFacts | undefined, uses: readonly VlanMappingFacts[], mlag: MlagFacts | undefined): Finding[] {
  const found: Finding[] = [];
  if (device?.platform !== 'ARISTA_EOS') return found;
  for (const { vlan, networkId } of uses) {
    const message = reservedFor(device, vlan, mlag);
    if (message !== null) found.push(error('VLAN_RESERVED', `devices.${device.slug}.vlans.${vlan}`, message, [device.id, networkId]));
  }
  return found;
}

/** Hundreds of thousands of mappings are looked at, and hardly ever one is found: only what is there twice is taken apart. */
function clashes(index: FabricIndex, place: string, uses: readonly VlanMappingFacts[]): Finding[] {
  const networkOf: NetworkId[] = [];
  const vlanOf = new Map<NetworkId, VlanId>();
  const [first] = uses;
  // The index has one for each network: where that is all, no network has two.
  const isOnce = first !== undefined && index.vlanMappingsOf(first.deviceId).size === uses.length;
  let isClean = true;
  for (const { vlan, networkId } of uses) {
    isClean &&= (networkOf[vlan] ?? networkId) === networkId && (isOnce || (vlanOf.get(networkId) ?? vlan) === vlan);
    networkOf[vlan] = networkId;
    if (!isOnce) vlanOf.set(networkId, vlan);
  }
  if (isClean) return [];
  const shared = [...groupBy(uses, ({ vlan }) => vlan)].flatMap(([vlan, same]) => {
    const networks = [...new Set(same.map(({ networkId }) => networkId))];
    if (networks.length < 2) return [];
    const names = networks.map((network) => networkName(index, network)).sort(compareNatural);
    const message = `give each of ${listed(names)} its own VLAN on ${place}: they share ${vlan}`;
    return [error('VLAN_CLASH', `devices.${place}.vlans.${vlan}`, message, [...same.map(({ deviceId }) => deviceId), ...networks])];
  });
  const several = [...groupBy(uses, ({ networkId }) => networkId)].flatMap(([network, same]) => {
    const vlans = [...new Set(same.map(({ vlan }) => vlan))].sort((a, b) => a - b);
    if (vlans.length < 2) return [];
    const name = networkName(index, network);
    const message = `keep one of the VLANs ${listed(vlans.map(String))} for network ${name} on ${place}`;
    return [error('VLAN_CLASH', `networks.${name}.${place}`, message, [...same.map(({ deviceId }) => deviceId), network])];
  });
  return [...shared, ...several];
}

/** Why no network may have the VLAN on that switch; null = it may. */
function reservedFor({ slug, switch: facts }: DeviceFacts, vlan: VlanId, mlag: MlagFacts | undefined): string | null {
  // Every port of a switch is in VLAN 1 until it is told otherwise: as a customer's VLAN it would join all unused ports.
  if (vlan === 1) return `choose a VLAN from 2 to 4094 on ${slug}: VLAN 1 holds every port that is not configured`;
  const range = facts?.internalVlans;
  if (range && vlan >= range.first && vlan <= range.last)
    return `choose a VLAN outside of ${range.first} to ${range.last} on ${slug}: EOS takes ${vlan} for routed ports and L3 VNIs`;
  // Both run without spanning tree between the two switches.
  if (mlag && (vlan === mlag.vlan || vlan === 4093 || vlan === 4094))
    return `choose another VLAN than ${vlan} on ${slug}: MLAG domain ${mlag.domain} keeps ${listed([...new Set([4093, 4094, mlag.vlan])].map(String))} for itself`;
  return null;
}

/** The peer link carries every VLAN, so the two switches have one set of VLANs. */
function onPair(index: FabricIndex, mlag: MlagFacts, mappings: MappingsOf): Finding[] {
  const [a, b] = mlag.members;
  const [left, right] = [index.device.get(a.deviceId), index.device.get(b.deviceId)];
  if (!left || !right || left === right) return [];
  const here = mappings.get(left.id) ?? [];
  const networkOf = new Map(here.map(({ vlan, networkId }) => [vlan, networkId]));
  const vlanOf = new Map(here.map(({ vlan, networkId }) => [networkId, vlan]));
  const names = `${left.slug} and ${right.slug}`;
  return (mappings.get(right.id) ?? []).flatMap(({ vlan, networkId }) => {
    const other = networkOf.get(vlan);
    const elsewhere = vlanOf.get(networkId);
    if (other !== undefined && other !== networkId) {
      const message = `give each of ${listed([networkName(index, other), networkName(index, networkId)].sort(compareNatural))} its own VLAN on the pair ${names}: they share ${vlan}`;
      return [error('VLAN_CLASH', `mlags.${mlag.domain}.vlans.${vlan}`, message, [left.id, right.id, other, networkId])];
    }
    if (elsewhere === undefined || elsewhere === vlan) return [];
    const message = `give network ${networkName(index, networkId)} one VLAN on the pair ${names}: it has ${elsewhere} and ${vlan}`;
    return [error('VLAN_CLASH', `mlags.${mlag.domain}.vlans.${vlan}`, message, [left.id, right.id, networkId])];
  });
}

/** Ports of their own kind: what they take in must be what is attached there. */
function switchPorts(index: FabricIndex, device: DeviceFacts): Finding[] {
  const facts = device.switch;
  if (!facts || facts.tunnelPorts.length + facts.translations.length === 0) return [];
  const { id, slug } = device;
  const byPort = groupBy(index.attachmentsOfDevice.get(id) ?? [], ({ port }) => port);
  const wrong = (port: string, message: string): Finding => error('ATTACHMENT_INVALID', `devices.${slug}.ports.${port}`, message, [id]);
  const tunnels = facts.tunnelPorts.flatMap((port) => {
    const uses = byPort.get(port) ?? [];
    if (uses.length === 0 || (uses.length === 1 && uses[0]?.tagging === 'UNTAGGED')) return [];
    return [
      wrong(port, `attach one network, untagged, to ${slug} ${port}: a tunnel port puts all that comes in, tags and all, into one VLAN`),
    ];
  });
  const translations = facts.translations.flatMap(({ port, from, networkId }) => {
    const uses = byPort.get(port) ?? [];
    const name = networkName(index, networkId);
    if (!uses.some((use) => use.networkId === networkId && use.tagging === 'TAGGED'))
      return [wrong(port, `attach network ${name} tagged to ${slug} ${port}, or take its translation from there`)];
    const taken = uses.find((use) => use.networkId !== networkId && use.tagging === 'TAGGED' && index.vlan(id, use.networkId) === from);
    const twice = facts.translations.some((other) => other.port === port && other.networkId !== networkId && other.from === from);
    if (!taken && !twice) return [];
    return [wrong(port, `translate another VLAN than ${from} to network ${name} on ${slug} ${port}: it stands for another network there`)];
  });
  return [...tunnels, ...translations];
}

/** EOS takes one internal VLAN for each routed port and each L3 VNI; without one left, the port stays down. */
function internalRange(index: FabricIndex, device: DeviceFacts): Finding[] {
  if (!device.switch) return [];
  const { id, slug } = device;
  const { first, last } = device.switch.internalVlans;
  const path = `devices.${slug}.internalVlans`;
  if (first > last)
    return [error('VLAN_RESERVED', path, `begin the internal VLANs of ${slug} with the smaller of ${first} and ${last}`, [id])];
  const ports = new Set((index.linkEndsOfDevice.get(id) ?? []).map(({ port }) => port)).size;
  const vrfs = index.vrfsOfDevice.get(id) ?? [];
  const needed = ports + vrfs.length;
  if (needed <= last - first + 1) return [];
  const message = `keep ${needed} internal VLANs on ${slug} instead of ${last - first + 1}: it has ${ports} routed ports and ${needed - ports} L3 VNIs`;
  return [error('VLAN_RESERVED', path, message, [id, ...vrfs.map((vrf) => vrf.id)])];
}
