/** What a device must know of its networks when they work: made from its intent and from what the other members carry by now. */
import { type DeviceIntent, type L2VniIntent, type VrfIntent, vxlanOverhead } from '#engines/intent';
import { Ip } from '#engines/kernel';
import type { ExpectedMac, ExpectedPrefix, ExpectedRoute, Expectations } from '../ports/index.js';
import { announcedPrefixes } from './announced-prefixes.js';

/** Another device, as far as it matters here. */
export interface Peer {
  readonly slug: string;
  /** What was last confirmed on it; null: nothing of ours. */
  readonly intent: DeviceIntent | null;
  /** Why nothing is demanded of it, a whole sentence; null: it is on, and carries what its intent says. */
  readonly excuse: string | null;
  /** Guests that it has itself, by VNI; a VNI that is not there was not read. */
  readonly macs?: ReadonlyMap<number, readonly string[]>;
}

export interface Wanted {
  readonly expectations: Expectations;
  /** By VNI: what is not demanded, and why. One sentence each. */
  readonly excuses: ReadonlyMap<number, readonly string[]>;
}

/** A device is asked for the routes of so many RDs at once: what is beyond them is looked at by the timer, some networks at a time. */
const MOST_RDS = 300;

/**
 * @param peers the others of the fabric; what an intent names and nobody here has is not ours to demand.
 * @param vnis only these networks; all of the device where it is not given.
 */
export function expectationsOf(device: DeviceIntent, peers: readonly Peer[], vnis?: ReadonlySet<number>): Wanted {
  const networks = device.l2vnis.filter(({ vni }) => vnis === undefined || vnis.has(vni));
  const ends = byTunnel(peers);
  const excuses = new Map<number, string[]>();
  const excuse = (vni: number, sentence: string): void => void excuses.set(vni, [...(excuses.get(vni) ?? []), sentence]);
  const shared: Shared[] = [];
  for (const network of networks) {
    if (network.replication !== 'INGRESS_EVPN') {
      excuse(network.vni, `${network.replication} is not announced by EVPN: no VTEP and no route is expected.`);
      continue;
    }
    for (const vtep of network.remoteVteps) {
      const members = ends.get(vtep) ?? [];
      if (members.length === 0) excuse(network.vni, `No device that is looked at has the VTEP ${vtep}.`);
      for (const peer of members) {
        const theirs = peer.intent?.l2vnis.find(({ vni }) => vni === network.vni);
        if (peer.excuse !== null) excuse(network.vni, peer.excuse);
        else if (theirs) shared.push({ network, peer, vtep, theirs });
        else excuse(network.vni, `${peer.slug} does not carry it yet.`);
      }
    }
  }
  return { expectations: { ...ownPart(device, networks, peers), ...sharedPart(device, networks, shared, peers) }, excuses };
}

/** Address of its tunnels: two switches of a pair share one. */
export const tunnelOf = ({ vtep, mlag }: DeviceIntent): string | null => mlag?.sharedVtep ?? vtep?.address ?? null;

/** A network of this device, and another device that has it too. */
interface Shared {
  readonly network: L2VniIntent;
  readonly theirs: L2VniIntent;
  readonly peer: Peer;
  readonly vtep: string;
}

function byTunnel(peers: readonly Peer[]): Map<string, Peer[]> {
  const ends = new Map<string, Peer[]>();
  for (const peer of peers) {
    const tunnel = peer.intent && tunnelOf(peer.intent);
    if (tunnel) ends.set(tunnel, [...(ends.get(tunnel) ?? []), peer]);
  }
  return ends;
}

function ownPart(device: DeviceIntent, networks: readonly L2VniIntent[], peers: readonly Peer[]): Expectations {
  return {
    vnis: networks.map(({ vni }) => vni),
    neighbors: sessionsOf(device, peers),
    ...(device.mlag && { mlag: WELL }),
    evis: new Map(
      networks
        .filter(({ replication }) => replication === 'INGRESS_EVPN')
        .map(({ vni, rd, importTargets, exportTargets }) => [vni, { rd, importTargets, exportTargets }]),
    ),
    addresses: networks.flatMap((network) => gatewaysOf(device, network)),
  };
}

/** Of an unnumbered session the device says the port, and which neighbor is behind it is not known here. */
function sessionsOf({ bgp }: DeviceIntent, peers: readonly Peer[]): string[] {
  const on = new Set(peers.filter(({ intent, excuse }) => intent !== null && excuse === null).map(({ slug }) => slug));
  return (bgp?.neighbors ?? [])
    .filter(({ families, port, description }) => port === null && families.includes('L2VPN_EVPN') && on.has(description))
    .map(({ address }) => address);
}

const WELL = { state: 'active', negotiation: 'connected', peerLink: 'up', sanity: 'consistent' };

/** EOS lists the address that is the switch's own; the shared one of a VARP gateway, and IPv6, stand elsewhere. */
function gatewaysOf({ platform }: DeviceIntent, { gateways, bridgeName, vlan }: L2VniIntent): { port: string; address: string }[] {
  if (platform !== 'ARISTA_EOS') return gateways.map(({ address }) => ({ port: bridgeName, address }));
  return gateways
    .filter(({ address }) => Ip.family(address) === 4)
    .map(({ address, ownAddress }) => ({ port: `Vlan${vlan}`, address: ownAddress ?? address }));
}

function sharedPart(device: DeviceIntent, networks: readonly L2VniIntent[], shared: readonly Shared[], peers: readonly Peer[]) {
  const routes = new Map<number, ExpectedRoute[]>();
  const macs = new Map<number, ExpectedMac[]>();
  const remoteVteps = new Map<number, string[]>();
  const rds = new Set<string>();
  for (const { vni, replication } of networks) if (replication === 'INGRESS_EVPN') remoteVteps.set(vni, []);
  for (const { network, theirs, peer, vtep } of shared) {
    const { vni } = network;
    const target = theirs.exportTargets.find((one) => network.importTargets.includes(one));
    if (target === undefined) continue; // Spokes of one hub do not hear of each other.
    remoteVteps.set(vni, [...new Set([...(remoteVteps.get(vni) ?? []), vtep])]);
    if (rds.size >= MOST_RDS) continue;
    rds.add(theirs.rd);
    const route = { vtep, rd: theirs.rd, target };
    routes.set(vni, [...(routes.get(vni) ?? []), route]);
    const heard = peer.macs?.get(vni);
    if (heard) macs.set(vni, [...(macs.get(vni) ?? []), ...heard.map((mac) => ({ ...route, mac }))]);
  }
  const prefixes = prefixesOf(device, networks, peers);
  return {
    remoteVteps,
    ...(routes.size > 0 && { routes }),
    ...(macs.size > 0 && { macs }),
    ...(prefixes.size > 0 && { prefixes }),
    paths: pathsOf(device, shared),
  };
}

/** The largest packet of a guest, once to each VTEP that it may go to. */
function pathsOf(device: DeviceIntent, shared: readonly Shared[]) {
  const from = tunnelOf(device);
  if (from === null) return [];
  const largest = new Map<string, number>();
  for (const { network, vtep } of shared) largest.set(vtep, Math.max(largest.get(vtep) ?? 0, network.mtu));
  return [...largest].map(([to, mtu]) => ({ from, to, octets: mtu + vxlanOverhead(Ip.family(to as Ip)) }));
}

/** Of the VRFs that route the networks: what each other member announces. */
function prefixesOf(device: DeviceIntent, networks: readonly L2VniIntent[], peers: readonly Peer[]): Map<number, ExpectedPrefix[]> {
  const names = new Set(networks.map(({ vrf }) => vrf));
  const expected = new Map<number, ExpectedPrefix[]>();
  for (const vrf of device.vrfs.filter(({ name }) => names.has(name))) {
    const list = peers.flatMap((peer) => (peer.excuse === null && peer.intent ? announcedTo(vrf, peer.intent) : []));
    if (list.length > 0) expected.set(vrf.l3vni, list);
  }
  return expected;
}

function announcedTo(vrf: VrfIntent, peer: DeviceIntent): ExpectedPrefix[] {
  const [vtep, theirs] = [tunnelOf(peer), peer.vrfs.find(({ name }) => name === vrf.name)];
  const target = theirs?.exportTargets.find((one) => vrf.importTargets.includes(one));
  if (vtep === null || theirs === undefined || target === undefined) return [];
  return announcedPrefixes(peer, theirs).map((prefix) => ({ vtep, rd: theirs.rd, target, prefix }));
}
